"""The campaign of the shadow: a challenger answers a photo, and what somebody named it is held against both."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from avocet.adapters import aws
from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.domain.shadow import Shadowed, Side
from avocet.http import model_wiring
from avocet.usecases.register_model import described
from tests.faults.clouds import MODEL, Campaigns, Cloud, Harm, Trial
from tests.made.bundles import GREEN, RED, make_bundle

_CHALLENGER = "head-00000002"


def book() -> DynamoShadowBook:
    """Return what challengers said in the cloud of this process."""
    return DynamoShadowBook(aws.dynamodb_client(), "photos")


def note(here: Cloud, photo_id: str) -> None:
    """Keep of a photo what a challenger may have said."""
    sides = (Side(MODEL, RED, 0.9, is_unfamiliar=False), Side(_CHALLENGER, GREEN, 0.8, is_unfamiliar=False))
    book().add(Shadowed(photo_id, here.now(), *sides, in_three=True, challenger_ms=1.0), here.now())


def _shadowed(here: Cloud) -> Trial:
    files = make_bundle(_CHALLENGER, sharpness=-20.0)
    for name, data in files.items():
        here.made.s3.put_object(Bucket="models", Key=f"bundles/{_CHALLENGER}/{name}", Body=data)
    model_wiring.register_model()(described(files, registered_at=here.now()))
    photo_id = here.given()
    before = _counted()

    def ask() -> Mapping[str, Any]:
        here.call("shadow", {"Records": [{"dynamodb": {"Keys": {"photo_id": {"S": photo_id}}}}]})
        return {"statusCode": 200, "body": "{}"}

    def harm() -> Harm:
        grown = [_counted()[name] - before[name] for name in ("photos", "named")]
        kept = book().find(photo_id)
        return Harm(
            lost=sum(max(0, 1 - count) for count in grown) + int(kept is None or kept.named != RED),
            doubled=sum(max(0, count - 1) for count in grown),
        )

    return Trial(ask, harm)


def _counted() -> Counter[str]:
    pairs = book().pairs(_CHALLENGER, [MODEL])
    return Counter(pairs[MODEL].counts if pairs else {})


CAMPAIGNS: Campaigns = {"shadow": {"a photo with its answer": _shadowed}}
