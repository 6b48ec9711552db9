"""The dataset: snapshots, labels, imports."""

from avocet.domain.dataset import PhotoState, Split
from avocet.domain.label_cases import LabelState
from avocet.http.operations.common import MALFORMED, PHOTO_IN_DATASET
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.contributing import CorrectionRequest
from avocet.http.schema.dataset import (
    DatasetView,
    ImportAnswer,
    KnownPhoto,
    KnownPhotos,
    KnownRequest,
    PhotoInDataset,
    SnapshotView,
    SplitCount,
    SyncView,
    UnresolvedLabel,
)
from avocet.http.schema.erasure import ErasureTaken
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.labels import LabelDecision, LabelList, LabelView, ProposedTaxon, TaxonAdded, TaxonRequest
from avocet.http.schema.names import Names

_LABEL = LabelView(
    label_id=PHOTO_ID_EXAMPLE,
    source="kaggle",
    label="AVOCETT",
    scientific="",
    photos=4,
    state=LabelState.OPEN,
    species_id=None,
    awaits_refresh=False,
    proposals=(ProposedTaxon("pied-avocet", Names("Recurvirostra avosetta", "Pied Avocet", "Avocette élégante")),),
)

_SNAPSHOT = SnapshotView(
    snapshot_id="0" * 64,
    parent_id=None,
    depth=0,
    photos=30,
    changes={"add": 30, "relabel": 0, "remove": 0},
    species={"pied-avocet": SplitCount(20, 5, 5)},
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="dataset",
        name="show_dataset",
        method="get",
        path="/admin/dataset",
        summary="Where the dataset stands",
        description="For admins.",
        successes={
            200: Success(
                description="The current snapshot and what waits.",
                shape=DatasetView,
                example=DatasetView(
                    _SNAPSHOT,
                    30,
                    {"kaggle": 30},
                    0,
                    {},
                    is_being_written=False,
                    sync=SyncView(
                        "up-to-date", "The newest version of the set is here.", 3, None, TIMESTAMP_EXAMPLE, None
                    ),
                ),
            )
        },
    ),
    Operation(
        verb="dataset",
        name="show_snapshot",
        method="get",
        path="/admin/dataset/snapshots/{id}",
        summary="One snapshot",
        description="For admins.",
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the snapshot.",
                schema={"type": "string", "pattern": "^[0-9a-f]{64}$"},
                example="0" * 64,
            ),
        ),
        successes={200: Success(description="The snapshot.", shape=SnapshotView, example=_SNAPSHOT)},
        problems={404: "`no-snapshot`: there is none of that id."},
    ),
    Operation(
        verb="dataset",
        name="list_labels",
        method="get",
        path="/admin/dataset/labels",
        summary="Labels that a person has to settle, or did",
        description="Labels of imported sets that named no species by themselves. For admins.",
        successes={200: Success(description="The labels.", shape=LabelList, example=LabelList((_LABEL,)))},
    ),
    Operation(
        verb="dataset",
        name="settle_label",
        method="put",
        path="/admin/dataset/labels/{id}",
        summary="Say what the photos under a label show",
        description="The next refresh carries it out, and later imports heed it. For admins.",
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the label.",
                schema={"type": "string", "pattern": PHOTO_ID_PATTERN},
                example=PHOTO_ID_EXAMPLE,
            ),
        ),
        body=(LabelDecision, LabelDecision("pied-avocet")),
        successes={200: Success(description="Noted.", shape=LabelView, example=_LABEL)},
        problems={
            400: MALFORMED,
            404: "`no-label`: there is no such label.",
            409: "`label-in-use`: its photos are on their way into the dataset and cannot be left out; `busy`.",
            422: "`invalid-request`: say one of both; `unknown-species`: the world list does not hold it.",
        },
    ),
    Operation(
        verb="dataset",
        name="add_species",
        method="post",
        path="/admin/species",
        summary="Add a taxon outside the world list",
        description="It has its id for ever. Asking again for the very same one changes nothing. For admins.",
        body=(TaxonRequest, TaxonRequest("Recurvirostra nova", "New Avocet", "Recurvirostridae")),
        successes={
            201: Success(
                description="Added.",
                shape=TaxonAdded,
                example=TaxonAdded(
                    "new-avocet",
                    Names("Recurvirostra nova", "New Avocet", None),
                    "species",
                    "Recurvirostridae",
                    None,
                ),
            )
        },
        problems={
            400: MALFORMED,
            409: "`taxon-exists`: the world list holds one of the names already; `busy`.",
            422: "`invalid-request`, `invalid-taxon`: a value is missing, malformed or does not fit.",
        },
    ),
    Operation(
        verb="dataset",
        name="known_photos",
        method="post",
        path="/admin/dataset/known",
        summary="Which photos are here already",
        description="So that an import that was cut short sends only what is missing. For admins.",
        body=(KnownRequest, KnownRequest("kaggle", (KnownPhoto("GREAT TIT", "0" * 64),))),
        successes={200: Success(description="In the order asked.", shape=KnownPhotos, example=KnownPhotos((False,)))},
        problems={400: MALFORMED, 422: "`invalid-request`, `invalid-source`: a value is missing or malformed."},
    ),
    Operation(
        verb="dataset",
        name="import_photos",
        method="post",
        path="/admin/dataset/photos",
        summary="Import labelled photos",
        description=(
            "The body is a zip: numbered files and a `manifest.json` that says of each its file, name, label and scientific "
            "name. Up to 500 photos and 4 MB. Sending it again changes nothing. For admins."
        ),
        parameters=(
            Parameter(
                name="source",
                where="query",
                is_required=True,
                description="Which set the photos are from.",
                schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,39}$"},
                example="kaggle",
            ),
        ),
        takes_zip=True,
        successes={
            200: Success(
                description="What became of each.",
                shape=ImportAnswer,
                example=ImportAnswer(1, 0, (UnresolvedLabel("ODD BIRD", ("great-tit",)),), {}, ()),
            )
        },
        problems={
            413: "`batch-too-large`: it unpacks to more than 64 MB.",
            422: "`invalid-batch`, `invalid-source`, `invalid-request`.",
        },
    ),
    Operation(
        verb="dataset",
        name="correct_imported_photo",
        method="post",
        path="/admin/dataset/photos/{id}/correction",
        summary="Say what an imported photo really shows",
        description="The next refresh acts on it; the photo keeps its split. For admins.",
        parameters=(PHOTO_IN_DATASET,),
        body=(CorrectionRequest, CorrectionRequest("pied-avocet")),
        successes={
            200: Success(
                description="Noted.",
                shape=PhotoInDataset,
                example=PhotoInDataset(
                    PHOTO_ID_EXAMPLE, "kaggle", "pied-avocet", "AVOCET", PhotoState.NEW, None, Split.TRAIN, "0" * 64
                ),
            )
        },
        problems={
            400: MALFORMED,
            404: "`not-found`: no imported photo has that id.",
            409: "`busy`: too many changes at once.",
            422: "`invalid-request`; `unknown-species`.",
        },
    ),
    Operation(
        verb="dataset",
        name="erase_photo",
        method="delete",
        path="/admin/dataset/photos/{id}",
        summary="Erase a photo for good",
        description="No reader hands it out from now on; the refresh that this starts removes every byte. For admins.",
        parameters=(PHOTO_IN_DATASET,),
        successes={
            202: Success(
                description="Taken.", shape=ErasureTaken, example=ErasureTaken(PHOTO_ID_EXAMPLE, PHOTO_ID_EXAMPLE)
            )
        },
        problems={404: "`not-found`: no photo can have that id.", 409: "`busy`.", 429: "`too-many-jobs`."},
    ),
)
