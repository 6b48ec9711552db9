"""Models: list, comparison, confusion, shadow, promotion."""

from dataclasses import replace

from avocet.domain.advice import Advice, Verdict
from avocet.domain.dataset import Split
from avocet.domain.drift_report import BothLanguages
from avocet.domain.models import Change
from avocet.http.operations.common import CURVE_PARTS, MALFORMED, NAMES
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.comparison import (
    ComparedModelView,
    DifferenceView,
    MeasuresView,
    ModelComparison,
    SpeciesDuelView,
    WeakSpeciesView,
)
from avocet.http.schema.confusion import CalibrationBin, ConfusionView, JudgedPhoto, JudgedPhotos, JudgedSpecies
from avocet.http.schema.curves import ModelCurve
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, SPECIES_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.models import ModelDetail, ModelList, ModelView, PromotionRequest, RollbackRequest, TenureView
from avocet.http.schema.names import Names
from avocet.http.schema.shadow import (
    ConfidenceView,
    ShadowAgainst,
    ShadowAnswer,
    ShadowDisagreement,
    ShadowSpecies,
    ShadowView,
    ShareView,
)

_FAMILY_NAMES = Names("Recurvirostridae", "Stilts and Avocets", "Échasses et avocettes")

_MODEL = ModelView(
    version="starter-1a2b3c4d",
    role="champion",
    recipe="starter",
    backbone="efficientnetv2-b0",
    created_at=TIMESTAMP_EXAMPLE,
    registered_at=TIMESTAMP_EXAMPLE,
    snapshot_id=None,
    parent_version=None,
    job_id=None,
    mlflow_run_id=None,
    bundle_sha256="0" * 64,
    bundle_bytes=26_603_189,
    species_count=524,
    figures={"validation_accuracy": 0.9046},
)

_TENURE = TenureView(
    revision=1,
    version="starter-1a2b3c4d",
    change=Change.SHIPPED,
    chosen_by="shipped starter",
    chosen_at=TIMESTAMP_EXAMPLE,
    reason="It came with this release.",
)

_NOISE = DifferenceView(champion=0.90, challenger=0.91, low=-0.01, high=0.03, verdict=Verdict.NOISE)

_MODEL_VERSION = Parameter(
    name="version",
    where="path",
    description="The version, or an alias.",
    schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"},
    example="challenger",
)

_SNAPSHOT_ASKED = Parameter(
    name="snapshot",
    where="query",
    description="Whose photos; one of the version's evaluations names it.",
    is_required=True,
    schema={"type": "string", "pattern": "^[0-9a-f]{64}$"},
    example="0" * 64,
)

_SPLIT_ASKED = Parameter(
    name="split",
    where="query",
    description="Which of its splits.",
    schema={"type": "string", "enum": [each.value for each in Split], "default": Split.TEST.value},
    example="test",
)

_STILT = JudgedSpecies(
    "black-winged-stilt", Names("Himantopus himantopus", "Black-winged Stilt", "Échasse blanche"), _FAMILY_NAMES
)

_CONFUSION = ConfusionView(
    version="starter-1a2b3c4d",
    snapshot_id="0" * 64,
    split=Split.TEST,
    photos=10,
    species=(_STILT, JudgedSpecies("pied-avocet", NAMES, _FAMILY_NAMES)),
    matrix={"pied-avocet": {"black-winged-stilt": 1, "pied-avocet": 9}},
    bins=(CalibrationBin(10, 0.88, 0.9),),
)

_SHADOW = ShadowView(
    version="head-2b3c4d5e",
    state="scoring",
    share=0.1015625,
    trouble=None,
    against=(
        ShadowAgainst(
            champion="starter-1a2b3c4d",
            is_champion_now=True,
            last_scored_at=TIMESTAMP_EXAMPLE,
            photos=400,
            agreement=ShareView(0.9, 0.8668, 0.9257, 400),
            in_three=ShareView(0.975, 0.9547, 0.9863, 400),
            same=ConfidenceView(0.91, 0.93),
            other=ConfidenceView(0.52, 0.61),
            unfamiliar_champion=31,
            unfamiliar_challenger=22,
            unfamiliar_both=18,
            challenger_ms=24.1,
            named=60,
            champion_right=ShareView(0.85, 0.7389, 0.919, 60),
            challenger_right=ShareView(0.9, 0.7985, 0.9534, 60),
            only_champion_right=2,
            only_challenger_right=5,
            p_value=0.4531,
            species=(ShadowSpecies("black-winged-stilt", _STILT.names, 12, 4, "pied-avocet", NAMES, 3),),
            disagreements=(
                ShadowDisagreement(
                    prediction_id=PHOTO_ID_EXAMPLE,
                    created_at=TIMESTAMP_EXAMPLE,
                    champion=ShadowAnswer("black-winged-stilt", _STILT.names, 0.48, unfamiliar=False),
                    challenger=ShadowAnswer("pied-avocet", NAMES, 0.66, unfamiliar=False),
                    named=None,
                ),
            ),
        ),
    ),
)

_COMPARISON = ModelComparison(
    snapshot_id="0" * 64,
    champion=ComparedModelView(_MODEL, None, None, None, (WeakSpeciesView("pied-avocet", 5, 0.5, 0.5, 0.5),)),
    challenger=ComparedModelView(replace(_MODEL, version="head-2b3c4d5e", role="challenger"), None, None, None, ()),
    all_species=MeasuresView(300, {"accuracy": _NOISE}),
    shared_species=MeasuresView(300, {"accuracy": _NOISE}),
    shared_count=524,
    only_champion=(),
    only_challenger=("kakapo",),
    won=(SpeciesDuelView("pied-avocet", 5, 3, 4, 1.0, Verdict.NOISE),),
    lost=(),
    milliseconds={"starter-1a2b3c4d": 14.1, "head-2b3c4d5e": 14.2},
    advice=Advice.EITHER,
    reason="On 300 photos the difference is noise (+1.0 points, 95 % interval -1.0 to +3.0); more test photos would tell.",
    reason_words=BothLanguages(
        "On 300 photos the difference is noise (+1.0 points, 95 % interval -1.0 to +3.0); more test photos would tell.",
        "Sur 300 photos, la différence tient du hasard (+1,0 points, intervalle à 95 % de -1,0 à +3,0) ; davantage de "
        "photos de test trancheraient.",
    ),
    caveats=(),
    caveats_words=(),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="models",
        name="list_models",
        method="get",
        path="/admin/models",
        summary="Every model version, and who was champion when",
        description="For admins.",
        successes={
            200: Success(
                description="The versions.",
                shape=ModelList,
                example=ModelList("starter-1a2b3c4d", None, (_MODEL,), (_TENURE,)),
            )
        },
    ),
    Operation(
        verb="models",
        name="one_model",
        method="get",
        path="/admin/models/{version}",
        summary="What is known of one model version",
        description="`challenger` stands for the version that it is. For admins.",
        parameters=(_MODEL_VERSION,),
        successes={
            200: Success(description="The version.", shape=ModelDetail, example=ModelDetail(_MODEL, (_TENURE,), ()))
        },
        problems={404: "`no-such-model`: there is none of that name."},
    ),
    Operation(
        verb="models",
        name="show_model_curve",
        method="get",
        path="/admin/models/{version}/learning-curve",
        summary="The learning curve of a version's training",
        description="A whole network's epochs, and the heads that were tried. For admins.",
        parameters=(_MODEL_VERSION,),
        successes={
            200: Success(
                description="The curve; without parts where none was kept.",
                shape=ModelCurve,
                example=ModelCurve("full-3c4d5e6f", CURVE_PARTS),
            )
        },
        problems={404: "`no-such-model`: there is none of that name."},
    ),
    Operation(
        verb="models",
        name="show_confusion",
        method="get",
        path="/admin/models/{version}/confusion",
        summary="Which species a version took for which",
        description="The confusion matrix and the calibration of one stored evaluation. For admins.",
        parameters=(_MODEL_VERSION, _SNAPSHOT_ASKED, _SPLIT_ASKED),
        successes={200: Success(description="The sums.", shape=ConfusionView, example=_CONFUSION)},
        problems={
            404: "`no-such-model`; `no-evaluation`: it has yet to answer these photos.",
            422: "`invalid-request`.",
        },
    ),
    Operation(
        verb="models",
        name="show_shadow",
        method="get",
        path="/admin/models/{version}/shadow",
        summary="What a version said of people's own photos, unseen by them",
        description="The challenger answers a share of live photos after the champion did. Agreement says how much would "
        "change for people, and not which of the two is right. For admins.",
        parameters=(_MODEL_VERSION,),
        successes={200: Success(description="Its answers beside each champion's.", shape=ShadowView, example=_SHADOW)},
        problems={404: "`no-such-model`: there is none of that name, or no challenger."},
    ),
    Operation(
        verb="models",
        name="show_judged_photos",
        method="get",
        path="/admin/models/{version}/photos",
        summary="The photos behind a cell of the confusion matrix",
        description="Those that the version was surest about first, with links that end after 15 minutes. For admins.",
        parameters=(
            _MODEL_VERSION,
            _SNAPSHOT_ASKED,
            _SPLIT_ASKED,
            Parameter(
                name="species",
                where="query",
                description="What the photos show.",
                is_required=True,
                schema={"type": "string", "pattern": SPECIES_ID_PATTERN},
                example="pied-avocet",
            ),
            Parameter(
                name="answer",
                where="query",
                description="What the version answered; every wrong answer where it is left out.",
                schema={"type": "string", "pattern": SPECIES_ID_PATTERN},
                example="black-winged-stilt",
            ),
        ),
        successes={
            200: Success(
                description="The photos.",
                shape=JudgedPhotos,
                example=JudgedPhotos(
                    (JudgedPhoto(PHOTO_ID_EXAMPLE, "pied-avocet", "black-winged-stilt", 0.71, "https://..."),), 0
                ),
            )
        },
        problems={
            404: "`no-such-model`; `no-evaluation`: it has yet to answer these photos.",
            422: "`invalid-request`.",
        },
    ),
    Operation(
        verb="models",
        name="show_champion",
        method="get",
        path="/admin/models/champion",
        summary="What is known of the champion",
        description="For admins.",
        successes={
            200: Success(description="The champion.", shape=ModelDetail, example=ModelDetail(_MODEL, (_TENURE,), ()))
        },
        problems={404: "`no-such-model`: nobody was chosen yet."},
    ),
    Operation(
        verb="models",
        name="compare_models",
        method="get",
        path="/admin/models/comparison",
        summary="A version against the champion",
        description=(
            "On the same test photos, with 95 % intervals (paired bootstrap) so that noise is called noise, and a "
            "recommendation. Both must have answered the photos; the refusal names the job to start. For admins."
        ),
        parameters=(
            Parameter(
                name="version",
                where="query",
                description="The version, or `challenger`.",
                schema={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$", "default": "challenger"},
                example="challenger",
            ),
        ),
        successes={200: Success(description="The comparison.", shape=ModelComparison, example=_COMPARISON)},
        problems={
            404: "`no-such-model`; `no-evaluation`: one of them has yet to answer the photos.",
            409: "`already-champion`: that is the champion itself.",
        },
    ),
    Operation(
        verb="models",
        name="choose_champion",
        method="put",
        path="/admin/models/champion",
        summary="Promote a model version",
        description=(
            "The bundle's hash, its whole self-test and its species are checked before the champion moves; predictions follow "
            "within 15 seconds. The reason is kept on record. For admins."
        ),
        body=(PromotionRequest, PromotionRequest("challenger", "Better on owls, and knows the kakapo.")),
        successes={200: Success(description="It serves.", shape=TenureView, example=_TENURE)},
        problems={
            400: MALFORMED,
            404: "`no-such-model`: there is none of that name.",
            409: "`already-champion`; `no-challenger`; `champion-moved`: somebody else was faster, and the detail says who.",
            422: "`invalid-request`; `bundle-refused`: the bundle is broken or foreign, and the champion stays.",
        },
    ),
    Operation(
        verb="models",
        name="roll_back",
        method="post",
        path="/admin/models/rollback",
        summary="Put the champion before this one back",
        description=(
            "As often as there are earlier ones. The request names the champion to leave, so that asking once more goes no "
            "further back: whoever has already left that champion is answered with the one that serves since. For admins."
        ),
        body=(RollbackRequest, RollbackRequest(2, "It mistakes every gull for a tern.")),
        successes={200: Success(description="The earlier one serves.", shape=TenureView, example=_TENURE)},
        problems={
            400: MALFORMED,
            404: "`no-such-model`: the earlier champion is not registered.",
            409: (
                "`nothing-to-roll-back`; `champion-moved`: another champion serves than the one to leave, and the detail says "
                "who chose it."
            ),
            422: "`invalid-request`; `bundle-refused`: the earlier bundle is broken, and the champion stays.",
        },
    ),
)
