"""``make deploy``: the same app, the same page and the same starter model into a real AWS account."""

import argparse
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from local import backup, layers, publish, summary, web
from local.aws import Place
from local.deployment import Deployment
from local.steps import SetupError, note, step


def deploy(environment: str) -> None:
    """Deploy ``environment`` to the account whose credentials are set.

    Raises:
        SetupError: When there are no credentials or no region, or a step fails.
    """
    started = time.monotonic()
    place = Place(environment)
    announce_account(place)
    web.build_page()
    layers.build(layers.cloud_target())
    deployment = Deployment(place, work_dir=layers.ROOT / "build" / environment, context={})
    deployment.end_leftover()
    if not deployment.is_bootstrapped():
        with step("Bootstrapping the CDK"):
            deployment.bootstrap()
    with step("Deploying the stacks"):
        deployment.deploy()
    outputs = deployment.outputs()
    with step("Publishing the page and the model"):
        publish.publish_page(place, outputs)
        version = publish.publish_starter(place, outputs)
    summary.show(
        publish.addresses(place, outputs),
        outputs.page_url,
        model_version=version,
        has_page=publish.has_page(),
        accounts={},
    )
    print(f"  Deployed in {time.monotonic() - started:.0f} s.", flush=True)


def erase_again(environment: str) -> None:
    """Erase again whoever and whatever was ever erased in ``environment``, after its tables were restored.

    Raises:
        SetupError: There are no credentials, a stack is missing, or it takes too long.
    """
    place = Place(environment)
    announce_account(place)
    outputs = Deployment(place, work_dir=layers.ROOT / "build" / environment, context={}).outputs()
    erased = backup.marked(place, outputs)
    with step(f"Erasing {len(erased.people)} people and {len(erased.photos)} photos again"):
        backup.erase_again(place, outputs, erased)


def announce_account(place: Place) -> None:
    """Say whose account is about to be changed.

    Raises:
        SetupError: When no region is set, or AWS does not know who asks.
    """
    if not place.region:
        raise SetupError("no AWS region is set; export AWS_REGION or choose a profile that has one.")
    try:
        caller = place.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise SetupError(f"AWS does not know who you are ({error}); sign in or export credentials first.") from error
    note(f"Account {caller['Account']}, region {place.region}, as {caller['Arn']}.")


def main() -> None:
    """Do what the command line says; a failure is one sentence and an exit code, never a trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=("dev", "prod"))
    parser.add_argument("--erase-again", action="store_true", help="deploy nothing; see docs/backup.md")
    options = parser.parse_args()
    try:
        (erase_again if options.erase_again else deploy)(options.environment)
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"avocet: AWS refused a call: {error}.")
    except KeyboardInterrupt:
        sys.exit("avocet: interrupted; run this again to go on.")


if __name__ == "__main__":
    main()
