"""``make destroy``: takes an environment down after its name was typed; what the templates keep, it keeps, and it lists that."""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local import hosted, layers
from local.aws import Place
from local.deployment import Deployment
from local.steps import SetupError, note, step

_BUCKET = "AWS::S3::Bucket"
_KEPT = ("Retain", "RetainExceptOnCreate")
# How one that was kept is deleted for good, once nobody needs what is in it.
_BY_HAND = {
    _BUCKET: "empty it in the console (all versions), then: aws s3api delete-bucket --bucket {}",
    "AWS::DynamoDB::Table": (
        "aws dynamodb update-table --table-name {0} --no-deletion-protection-enabled; "
        "aws dynamodb delete-table --table-name {0}"
    ),
    "AWS::Cognito::UserPool": (
        "aws cognito-idp update-user-pool --user-pool-id {0} --deletion-protection INACTIVE; "
        "aws cognito-idp delete-user-pool --user-pool-id {0}"
    ),
}
_BATCH = 1000


@dataclass(frozen=True)
class Thing:
    """One resource that stands."""

    kind: str
    name: str


@dataclass
class Plan:
    """What taking an environment down would do.

    Attributes:
        stacks: Those that stand.
        emptied: Buckets that go, with everything in them.
        kept: What stays, as its stack's template says.
    """

    stacks: list[str] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    kept: list[Thing] = field(default_factory=list)


def plan(place: Place) -> Plan:
    """Look at what stands and return what would become of it; changes nothing."""
    found, cloudformation = Plan(), place.client("cloudformation")
    prefix = f"avocet-{place.environment}-"
    pages = cloudformation.get_paginator("describe_stacks").paginate()
    for stack in (stack["StackName"] for page in pages for stack in page["Stacks"]):
        if not stack.startswith(prefix):
            continue
        found.stacks.append(stack)
        template = cloudformation.get_template(StackName=stack)["TemplateBody"]
        policies = {name: made.get("DeletionPolicy", "Delete") for name, made in template["Resources"].items()}
        listed = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        for each in (each for page in listed for each in page["StackResourceSummaries"]):
            kind, name = each["ResourceType"], each.get("PhysicalResourceId", "")
            if policies.get(each["LogicalResourceId"]) in _KEPT:
                found.kept.append(Thing(kind, name))
            elif kind == _BUCKET and name:
                found.emptied.append(name)
    return found


def empty(s3: Any, bucket: str) -> int:
    """Delete every version of every object in ``bucket``; return how many there were."""
    number = 0
    for versions in _versions(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
        number += len(versions)
    return number


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    while True:
        page = s3.list_object_versions(Bucket=bucket, MaxKeys=_BATCH)
        versions = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if not versions:
            return
        yield versions


def destroy(place: Place, deployment: Deployment, *, confirmed: Callable[[str], bool]) -> None:
    """Take the environment of ``place`` down.

    Args:
        place: Where it stands.
        deployment: Its app.
        confirmed: Asks the person at the keyboard, told what would happen, to agree.

    Raises:
        SetupError: When nothing stands, nobody agreed, or a stack cannot be deleted.
    """
    found = plan(place)
    if not found.stacks:
        raise SetupError(f"nothing of {place.environment} stands here.")
    if not confirmed(_told(found)):
        raise SetupError("nothing was changed.")
    s3 = place.client("s3")
    with step("Emptying buckets") as detail:
        for bucket in found.emptied:
            detail(bucket)
            empty(s3, bucket)
    with step("Deleting the stacks"):
        deployment.destroy()
    deployment.forget()
    if found.kept:
        note("Kept; buckets, tables and the user pool are still paid for. To delete one for good:")
        for thing in found.kept:
            note(f"  {_BY_HAND.get(thing.kind, '{} (' + thing.kind + ', costs nothing)').format(thing.name)}")
    note("Kaggle's credentials in Secrets Manager and the CDK's own stack (CDKToolkit) are left alone.")


def _told(found: Plan) -> str:
    kept = [f"    {thing.name} ({thing.kind})" for thing in found.kept] or ["    nothing"]
    gone = [f"    {bucket}" for bucket in found.emptied] or ["    none"]
    return "\n".join(
        (
            f"  Stacks that will be deleted: {', '.join(found.stacks)}",
            "  Buckets that will be deleted with everything in them:",
            *gone,
            "  Kept:",
            *kept,
        )
    )


def _asked(environment: str) -> Callable[[str], bool]:
    def ask(told: str) -> bool:
        print(told, flush=True)
        return input(f"  Type {environment} to go on: ").strip() == environment

    return ask


def main() -> None:
    """Do what the command line says; a failure is one sentence and an exit code, never a trace."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=("dev", "prod"))
    environment = parser.parse_args().environment
    place = Place(environment)
    try:
        hosted.announce_account(place)
        deployment = Deployment(place, work_dir=layers.ROOT / "build" / environment, context={})
        destroy(place, deployment, confirmed=_asked(environment))
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except (ClientError, BotoCoreError) as error:
        sys.exit(f"avocet: AWS refused a call: {error}.")
    except (KeyboardInterrupt, EOFError):
        sys.exit("avocet: interrupted; run this again to go on.")


if __name__ == "__main__":
    main()
