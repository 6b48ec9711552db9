"""What everybody may see: how the service is, and its numbers."""

from avocet.domain.drift import DriftState
from avocet.domain.drift_report import BothLanguages
from avocet.domain.jobs import JobKind
from avocet.http.operations.common import DRIFT_SENTENCE, NAMES
from avocet.http.operations.shape import Operation, Success
from avocet.http.schema.formats import TIMESTAMP_EXAMPLE
from avocet.http.schema.stats import AnswersOfWeek, GrowthOfDay, ModelFigures, PendingSpecies, PublicStats, SpeciesCount
from avocet.http.status_views import ModelHealth, ServiceStatus

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="status",
        method="get",
        path="/status",
        summary="Whether birds can be named right now",
        description="What goes on, and how the model does, in plain words, in English and in French.",
        is_public=True,
        successes={
            200: Success(
                description="The state of the service.",
                shape=ServiceStatus,
                example=ServiceStatus(
                    "ready",
                    BothLanguages("Birds can be named.", "Les oiseaux peuvent être identifiés."),
                    "starter-1a2b3c4d",
                    BothLanguages(
                        "The model is being checked; identifying birds goes on as usual.",
                        "Le modèle est contrôlé ; l'identification des oiseaux continue normalement.",
                    ),
                    (JobKind.CHECK_DRIFT,),
                    ModelHealth(
                        state=DriftState.DRIFTING,
                        is_watched=True,
                        checked_at=TIMESTAMP_EXAMPLE,
                        sentence=DRIFT_SENTENCE,
                    ),
                ),
            )
        },
    ),
    Operation(
        verb="stats",
        method="get",
        path="/stats",
        summary="What people have given so far",
        description=(
            "Contributions are counted as feedback is finished, each photo once. The dataset's numbers follow each refresh, "
            "the models' each training."
        ),
        is_public=True,
        successes={
            200: Success(
                description="The counts.",
                shape=PublicStats,
                example=PublicStats(
                    1234,
                    2096,
                    523,
                    {"contribution": 120, "kaggle": 1976},
                    growth=(GrowthOfDay("2026-11-25", 2096, 523, {"contribution": 120, "kaggle": 1976}),),
                    largest_species=(SpeciesCount("pied-avocet", NAMES, 31),),
                    pending_species=(PendingSpecies("pied-avocet", NAMES, 12, 30),),
                    models=(ModelFigures("starter-1a2b3c4d", TIMESTAMP_EXAMPLE, 0.87, 0.95, None, is_champion=True),),
                    answers=(AnswersOfWeek("2026-11-23", 90, 25, 5),),
                ),
            )
        },
    ),
)
