"""The unpacking half of a sync as its function runs it."""

from functools import cache

from avocet.domain.labels import Resolution, resolve
from avocet.http import learning_wiring
from avocet.http.grown_list import grown_world_list
from avocet.http.sync_wiring import archives, sync_records, threads
from avocet.usecases.import_photos import ImportPhotos
from avocet.usecases.take_in_archive import TakeInArchive


def _resolve(label: str, scientific: str) -> Resolution:
    return resolve(label, scientific, grown_world_list())


@cache
def take_in() -> TakeInArchive:
    """Return the use case."""
    return TakeInArchive(
        store=archives(),
        work=learning_wiring.clean_objects(),
        records=sync_records(),
        import_photos=ImportPhotos(
            raw_objects=learning_wiring.raw_objects(),
            photos=learning_wiring.dataset_photos(),
            cases=learning_wiring.label_cases(),
            resolve=_resolve,
        ),
        jobs=learning_wiring.jobs(),
        notifier=learning_wiring.notifier(),
        spread=threads().map,
    )
