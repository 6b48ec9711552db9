"""Parameters, problems and examples that several areas share."""

from avocet.domain.contribution import ContributionStatus, Feedback
from avocet.domain.drift_report import BothLanguages
from avocet.domain.learning_curve import CurveKind, Phase
from avocet.http.me_views import DEFAULT_PAGE, MAX_PAGE
from avocet.http.operations.shape import Parameter
from avocet.http.schema.contributing import FeedbackTaken
from avocet.http.schema.curves import CurvePartView, CurvePointView
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, PHOTO_ID_PATTERN, TIMESTAMP_EXAMPLE
from avocet.http.schema.names import Names

PREDICTION_ID = Parameter(
    name="id",
    where="path",
    description="The id of the prediction, which is the id of its photo too.",
    schema={"type": "string", "pattern": PHOTO_ID_PATTERN},
    example=PHOTO_ID_EXAMPLE,
)

NAMES = Names("Recurvirostra avosetta", "Pied Avocet", "Avocette élégante")

FAMILY = Names("Recurvirostridae", "Stilts, Avocets", "Recurvirostridés")

TAKEN = FeedbackTaken(
    prediction_id=PHOTO_ID_EXAMPLE,
    photo_id=PHOTO_ID_EXAMPLE,
    feedback=Feedback.CORRECTED,
    species_id="pied-avocet",
    status=ContributionStatus.RECEIVED,
    given_at=TIMESTAMP_EXAMPLE,
    terms_version="2026-11",
    licence="CC-BY-4.0",
)

MALFORMED = "`bad-request`: the body is not a JSON object."

FOREIGN = "`not-found`: no such photo, or somebody else's."

EXPIRED = "`upload-expired`: more than 24 hours went by without feedback."

PHOTO_IN_DATASET = Parameter(
    name="id",
    where="path",
    description="The id of the photo.",
    schema={"type": "string", "pattern": PHOTO_ID_PATTERN},
    example=PHOTO_ID_EXAMPLE,
)

CURSOR = Parameter(
    name="cursor",
    where="query",
    description="What the page before answered as `next`.",
    schema={"type": "string", "maxLength": 200},
    example="MjAyNi0xMS0yM1QwOTozMDowMC4wMDAwMDArMDA6MDAgNWYyYjhjMWU5YTdkNGMzZmIwZTZkMWEyYzNiNGY1ZTY",
)


def limit(things: str) -> Parameter:
    """Return the parameter that says how many are wanted."""
    return Parameter(
        name="limit",
        where="query",
        description=f"How many {things} to return at most.",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
        example=DEFAULT_PAGE,
    )


CURVE_PARTS = (
    CurvePartView(
        CurveKind.EPOCHS,
        total=2,
        best=2,
        points=(
            CurvePointView(0, Phase.HEAD, None, None, 1.21, 0.767, None, None, {}),
            CurvePointView(1, Phase.LAST_BLOCKS, 1.54, 0.71, 1.18, 0.772, 0.00021, 184.2, {}),
            CurvePointView(2, Phase.EVERY_LAYER, 1.49, 0.74, 1.12, 0.781, 0.00012, 402.9, {}),
        ),
    ),
    CurvePartView(
        CurveKind.CANDIDATES,
        total=2,
        best=1,
        points=(
            CurvePointView(
                1,
                Phase.HEAD,
                0.41,
                0.96,
                0.62,
                0.91,
                None,
                None,
                {"known_penalty": 1.0, "new_penalty": 0.01, "rarity_power": 0.0},
            ),
            CurvePointView(
                2,
                Phase.HEAD,
                0.44,
                0.95,
                0.63,
                0.91,
                None,
                None,
                {"known_penalty": 1.0, "new_penalty": 0.03, "rarity_power": 0.0},
            ),
        ),
    ),
)

DRIFT_SENTENCE = BothLanguages(
    "1 species is recognised less well than before.", "1 espèce est moins bien reconnue qu'avant."
)
