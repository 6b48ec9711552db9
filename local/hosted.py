"""``make deploy``: the same app, the same page and the same starter model into a real AWS account."""

import argparse
import sys
import time

from botocore.exceptions import BotoCoreError, ClientError

from local import layers, publish, summary, web
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
    _announce_account(place)
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


def _announce_account(place: Place) -> None:
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
    environment = parser.parse_args().environment
    try:
        deploy(environment)
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"avocet: AWS refused a call: {error}.")
    except KeyboardInterrupt:
        sys.exit("avocet: interrupted; run this again to go on.")


if __name__ == "__main__":
    main()
