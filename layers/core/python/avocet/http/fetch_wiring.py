"""The fetching half of a sync as its function runs it: the only place that takes Kaggle's client in."""

from functools import cache

from avocet.adapters import system
from avocet.adapters.aws import secretsmanager_client
from avocet.adapters.kaggle import KaggleSet, read_credentials
from avocet.http import learning_wiring
from avocet.http.sync_wiring import archives, sync_records, threads
from avocet.http.wiring import settings
from avocet.usecases.fetch_archive import FetchArchive


def _host() -> KaggleSet:
    # Anew each time: the secret may have been stored, changed or taken away since.
    credentials = read_credentials(secretsmanager_client(), settings().kaggle_credentials)
    return KaggleSet(credentials, settings().kaggle_dataset)


@cache
def fetch() -> FetchArchive:
    """Return the use case."""
    settings().require("kaggle_credentials", "kaggle_dataset")
    return FetchArchive(
        host=_host,
        store=archives(),
        records=sync_records(),
        notifier=learning_wiring.notifier(),
        clock=system.now,
        spread=threads().map,
    )
