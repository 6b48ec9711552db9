"""Campaigns of what admins bring into the dataset by hand: photos of labelled sets, names for their labels, and new taxa."""

import io
import json
import random
import string
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

from avocet.domain.contribution import raw_key
from avocet.domain.dataset import PhotoState
from avocet.domain.hashing import content_hash
from avocet.domain.imports import photo_id_of
from avocet.domain.jobs import JobKind
from avocet.domain.label_cases import LabelState, label_id_of
from avocet.http import grown_list, learning_wiring
from avocet.usecases.snapshot_store import ERASURES, TOMBSTONES
from tests.faults import collection, office
from tests.faults.clouds import Campaigns, Cloud, Harm, Trial, reading
from tests.made.bundles import GREEN
from tests.made.photos import BLUISH, GREENISH, REDDISH, jpeg

Answer = Mapping[str, Any]

_KNOWN = {"MALLARD DUCK": "mallard", "HOUSE SPARROW": "house-sparrow"}
_ODD = "BIRD OF NO LIST"
_PHOTOS = dict(zip([*_KNOWN, _ODD], (jpeg(look) for look in (REDDISH, GREENISH, BLUISH)), strict=True))


def _imported(here: Cloud) -> Trial:
    source, asked = _batch(here)
    ids = {label: photo_id_of(source, label, content_hash(data)) for label, data in _PHOTOS.items()}
    before = set(here.made.raw_keys())

    def harm() -> Harm:
        records = learning_wiring.dataset_photos().find_many(sorted(ids.values()))
        keys = set(here.made.raw_keys()) - before
        expected = {raw_key(ids[label], species_id) for label, species_id in _KNOWN.items()}
        expected.add(f"unresolved/{ids[_ODD]}.jpg")
        case = learning_wiring.label_cases().find(label_id_of(source, _ODD))
        states = [records[each].state for each in ids.values() if each in records]
        return Harm(
            lost=len(expected - keys)
            + (len(ids) - len(states))
            + int(states.count(PhotoState.UNRESOLVED) != 1)
            + int(case is None or case.state is not LabelState.OPEN),
            doubled=len(keys - expected) + (len(_records(here)) - len(ids)),
        )

    return Trial(lambda: here.call("dataset", asked), harm)


def _settled(here: Cloud) -> Trial:
    source = _import(here)
    label_id = label_id_of(source, _ODD)
    asked = here.by_admin(
        "PUT", "/admin/dataset/labels/{id}", path_parameters={"id": label_id}, body={"species_id": GREEN}
    )

    def harm() -> Harm:
        case = learning_wiring.label_cases().find(label_id)
        is_it = case is not None and (case.species_id, case.decided_by, case.is_applied) == (
            GREEN,
            here.admin_id,
            False,
        )
        return Harm(lost=int(not is_it), doubled=max(0, case.version - 2) if case else 0)

    return Trial(lambda: here.call("dataset", asked), harm)


def _species_added(here: Cloud) -> Trial:
    here.made.empty_dataset()
    name = "".join(random.Random(uuid.uuid4().hex).choices(string.ascii_lowercase, k=12))
    body = {"scientific": f"Novavis {name}", "en": f"{name.capitalize()} Avocet", "family": "Recurvirostridae"}
    asked = here.by_admin("POST", "/admin/species", body=body)

    def harm() -> Harm:
        added = [each for each in grown_list.added_taxa().load().taxa if each.scientific == body["scientific"]]
        return Harm(lost=int(not added), doubled=max(0, len(added) - 1))

    return Trial(lambda: here.call("dataset", asked), harm)


def _corrected(here: Cloud) -> Trial:
    photo_id = _photo_of("MALLARD DUCK", _import(here))
    asked = here.by_admin(
        "POST",
        "/admin/dataset/photos/{id}/correction",
        path_parameters={"id": photo_id},
        body={"species_id": GREEN},
    )

    def harm() -> Harm:
        photo = learning_wiring.dataset_photos().find(photo_id)
        is_it = photo is not None and photo.species_id == GREEN and photo.reviewed
        return Harm(lost=int(not is_it), doubled=max(0, photo.revision - 2) if photo else 0)

    return Trial(lambda: here.call("dataset", asked), harm)


def _erased(here: Cloud) -> Trial:
    office.clear_desk(here)
    photo_id = _photo_of("MALLARD DUCK", _import(here))
    asked = here.by_admin("DELETE", "/admin/dataset/photos/{id}", path_parameters={"id": photo_id})

    def harm() -> Harm:
        marks = [learning_wiring.clean_objects().get(prefix + photo_id) for prefix in (ERASURES, TOMBSTONES)]
        harm = office.one_begun(here, JobKind.REFRESH)
        return Harm(lost=harm.lost + marks.count(None), doubled=harm.doubled)

    return Trial(lambda: here.call("dataset", asked), harm)


def _import(here: Cloud) -> str:
    source, asked = _batch(here)
    answer = here.call("dataset", asked)
    assert answer["statusCode"] == 200, answer["body"]
    return source


def _batch(here: Cloud) -> tuple[str, dict[str, Any]]:
    """Return a set of its own with a photo of each label, and the request that brings it in."""
    here.made.empty_dataset()
    source, buffer = f"set-{uuid.uuid4().hex}", io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        entries = [
            {"file": f"{number}.jpg", "name": f"{label}/1.jpg", "label": label, "scientific": ""}
            for number, label in enumerate(_PHOTOS)
        ]
        packed.writestr("manifest.json", json.dumps(entries))
        for number, data in enumerate(_PHOTOS.values()):
            packed.writestr(f"{number}.jpg", data)
    asked = here.by_admin(
        "POST",
        "/admin/dataset/photos",
        query={"source": source},
        body=buffer.getvalue(),
        content_type="application/zip",
    )
    return source, asked


def _photo_of(label: str, source: str) -> str:
    return photo_id_of(source, label, content_hash(_PHOTOS[label]))


def _records(here: Cloud) -> list[str]:
    pages = here.made.dynamodb.get_paginator("scan").paginate(TableName="dataset")
    return [item["key"]["S"] for page in pages for item in page["Items"] if "photo#" in item["key"]["S"]]


def _known(here: Cloud) -> Mapping[str, Any]:
    photos = [{"label": label, "sha256": content_hash(data)} for label, data in _PHOTOS.items()]
    return here.by_admin("POST", "/admin/dataset/known", body={"source": _import(here), "photos": photos})


def _looked_at(here: Cloud) -> Mapping[str, Any]:
    office.clear_desk(here)
    collection.small(here).make_current()
    return here.by_admin("GET", "/admin/dataset")


def _labels(here: Cloud) -> Mapping[str, Any]:
    _import(here)
    return here.by_admin("GET", "/admin/dataset/labels")


CAMPAIGNS: Campaigns = {
    "dataset": {
        "a batch imported": _imported,
        "a label settled": _settled,
        "a species added": _species_added,
        "a photo corrected": _corrected,
        "a photo erased": _erased,
        "what is known of a set": reading("dataset", _known),
        "what it holds": reading("dataset", _looked_at),
        "its labels": reading("dataset", _labels),
    }
}
