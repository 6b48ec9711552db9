"""Running the service: its description, dead letters, drift reports."""

from avocet.domain.drift import Direction, DriftState, Measure
from avocet.domain.drift_report import (
    BothLanguages,
    DataChange,
    DriftingSpecies,
    DriftReport,
    ExamplePhoto,
    OverallFigures,
    ShareFigure,
    SpeciesFigures,
)
from avocet.http.operations.common import DRIFT_SENTENCE
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.drift import DriftReportLine, DriftReportList
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE
from avocet.http.schema.letters import DeadLetterList, DeadLetterView


def _drift_species(recall: ShareFigure) -> SpeciesFigures:
    precision, f1 = ShareFigure(0.93, 0.8, 0.98, 28), ShareFigure(0.74, 0.6, 0.85, 42)
    return SpeciesFigures(
        "pied-avocet", "Pied Avocet", "Avocette élégante", "Recurvirostra avosetta", 40, precision, recall, f1
    )


_DRIFT_REPORT = DriftReport(
    report_id="000000000042",
    job_id=PHOTO_ID_EXAMPLE,
    made_at=TIMESTAMP_EXAMPLE,
    state=DriftState.DRIFTING,
    sentence=DRIFT_SENTENCE,
    advice=BothLanguages("Look at the photos.", "Regardez les photos."),
    model_version="starter-1a2b3c4d",
    snapshot_id="0" * 64,
    reference_snapshot_id="1" * 64,
    test_photos=12_700,
    newly_scored=400,
    new_photos=400,
    judged_species=10,
    accuracy=ShareFigure(0.921, 0.916, 0.926, 12_700),
    overall=OverallFigures(
        expected_accuracy=0.92,
        accuracy=ShareFigure(0.88, 0.84, 0.91, 400),
        accuracy_p=0.002,
        accuracy_moved=Direction.WORSE,
        reference_calibration_gap=0.01,
        calibration_gap=0.04,
        calibration_p=0.2,
        is_calibration_adrift=False,
    ),
    drifting=(
        DriftingSpecies(
            Measure.RECALL,
            Direction.WORSE,
            0.00002,
            _drift_species(ShareFigure(0.95, 0.77, 0.99, 20)),
            _drift_species(ShareFigure(0.63, 0.47, 0.76, 40)),
            (ExamplePhoto(PHOTO_ID_EXAMPLE, "black-winged-stilt", "https://photos.example.org/1"),),
        ),
    ),
    best=(),
    worst=(_drift_species(ShareFigure(0.63, 0.47, 0.76, 40)),),
    changes=DataChange(400, 3, {"kaggle": 400}, ()),
    left_catalogue=(),
    live_accuracy=ShareFigure(0.9, 0.86, 0.93, 250),
    live=(),
    page_url="https://reports.example.org/",
    page_url_fr="https://reports.example.org/fr",
)

_LETTER = DeadLetterView(
    "5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
    "serving",
    "data-requests",
    "export",
    TIMESTAMP_EXAMPLE,
    "failed every time it was tried",
)

_LETTER_ID = Parameter(
    name="id",
    where="path",
    description="The id of the letter.",
    schema={"type": "string"},
    example="5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
)

_NO_LETTER = "`no-letter`: there is none of that id, or somebody else is at it just now."

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="openapi",
        method="get",
        path="/openapi.json",
        summary="This description",
        description="OpenAPI 3.1.",
        is_public=True,
        successes={200: Success(description="An OpenAPI document.")},
    ),
    Operation(
        verb="tend_dead_letters",
        name="list_dead_letters",
        method="get",
        path="/admin/dead-letters",
        summary="List what was given up on",
        description=(
            "For admins. Requests and events that failed every time they were tried, the oldest first, up to 100 of each "
            "queue. They are kept for 14 days."
        ),
        successes={200: Success(description="The letters.", shape=DeadLetterList, example=DeadLetterList((_LETTER,)))},
    ),
    Operation(
        verb="tend_dead_letters",
        name="replay_dead_letter",
        method="post",
        path="/admin/dead-letters/{id}",
        summary="Send a dead letter again",
        description="For admins. To whom it was for; once its cause is mended. Whatever comes twice is done once.",
        parameters=(_LETTER_ID,),
        successes={202: Success(description="It was sent.", shape=DeadLetterView, example=_LETTER)},
        problems={404: _NO_LETTER, 409: "`not-replayable`: nobody knows whom it was for."},
    ),
    Operation(
        verb="tend_dead_letters",
        name="discard_dead_letter",
        method="delete",
        path="/admin/dead-letters/{id}",
        summary="Throw a dead letter away",
        description="For admins. What can never succeed; that a person is erased cannot be thrown away.",
        parameters=(_LETTER_ID,),
        successes={200: Success(description="It is gone.", shape=DeadLetterView, example=_LETTER)},
        problems={404: _NO_LETTER, 409: "`not-discardable`: a person asked to be erased."},
    ),
    Operation(
        verb="drift_reports",
        method="get",
        path="/admin/drift-reports",
        summary="List the checks of the model",
        description="For admins. The newest first, one line each.",
        successes={
            200: Success(
                description="The newest reports.",
                shape=DriftReportList,
                example=DriftReportList(
                    (
                        DriftReportLine(
                            "000000000042",
                            TIMESTAMP_EXAMPLE,
                            "drifting",
                            {"en": DRIFT_SENTENCE.en, "fr": DRIFT_SENTENCE.fr},
                            "starter-1a2b3c4d",
                            "0" * 64,
                            400,
                            1,
                            0.921,
                        ),
                    )
                ),
            )
        },
    ),
    Operation(
        verb="drift_reports",
        name="one_drift_report",
        method="get",
        path="/admin/drift-reports/{id}",
        summary="Read a check of the model",
        description=(
            "For admins. Species that drift come first, the largest loss first; links to photos and to the readable page last "
            "15 minutes."
        ),
        parameters=(
            Parameter(
                name="id",
                where="path",
                description="The id of the report, or `latest`.",
                schema={"type": "string", "pattern": "^([0-9]{12}|latest)$"},
                example="latest",
            ),
        ),
        successes={200: Success(description="The report.", shape=DriftReport, example=_DRIFT_REPORT)},
        problems={404: "`no-report`: there is no such report."},
    ),
)
