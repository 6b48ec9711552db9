"""``make training-request``: shows what a deployed environment sends SageMaker for a training; makes no call to AWS.

It reads the settings out of the synthesised template, as the deployed function gets them, and refuses the embedded cloud,
where a worker takes trainings from a queue.
"""

import argparse
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from avocet.adapters.sagemaker_training import SageMakerTrainings, machines_in
from avocet.domain.training import FullSettings, TrainingRequest, training_name
from avocet.settings import Settings

ACCOUNT, REGION = "123456789012", "eu-west-1"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::Partition": "aws",
}


def request(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the request that the learning stack of ``template`` would send.

    Args:
        template: As CloudFormation gets it.
        parameters: What the training is asked for with, its recipe among it.
    """
    (function,) = [
        each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::Function" and name.startswith("StartTraining")
    ]
    variables = {name: _said(value, template) for name, value in function["Environment"]["Variables"].items()}
    settings = Settings.from_environment(variables)
    launcher = SageMakerTrainings(
        client=cast("Any", None),
        logs=cast("Any", None),
        models=cast("Any", None),
        role=settings.training_role,
        code=settings.training_code,
        region=REGION,
        stage=settings.stage,
        machines=machines_in(settings.training_machines),
        clock=lambda: datetime.now(UTC),
    )
    name, snapshot = training_name("0" * 32, 1), "SNAPSHOT"
    asked = TrainingRequest(
        name=name,
        hyperparameters={**parameters, "snapshot_id": snapshot, "champion": "CHAMPION"},
        input_uri=f"s3://{settings.clean_bucket}/snapshots/{snapshot}/",
        output_uri=f"s3://{settings.models_bucket}/training/",
        environment={
            "AVOCET_CLEAN_BUCKET": settings.clean_bucket,
            "AVOCET_MODELS_BUCKET": settings.models_bucket,
            "TRAINING_JOB_NAME": name,
        },
    )
    return launcher.request_of(asked)


def _said(value: Any, template: Mapping[str, Any]) -> str:
    """Return a value of the template as CloudFormation would fill it in; a resource is told by its name."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return str(_PSEUDO.get(argument, argument))
    if function == "Fn::GetAtt":
        return f"arn:aws:iam::{ACCOUNT}:role/{argument[0]}" if argument[1] == "Arn" else ".".join(argument)
    if function == "Fn::Join":
        return str(argument[0]).join(_said(part, template) for part in argument[1])
    if function == "Fn::FindInMap":
        table, *keys = (_said(part, template) for part in argument)
        return str(template["Mappings"][table][keys[0]][keys[1]])
    if function == "Fn::ImportValue":
        return str(argument).rpartition(":")[2]
    if function == "Fn::Sub":
        text = str(argument)
        for name, said in _PSEUDO.items():
            text = text.replace(f"${{{name}}}", said)
        return text
    return json.dumps(value)


def main() -> None:
    """Print the request of an environment and a recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", choices=("dev", "prod"))
    parser.add_argument("--recipe", choices=("head", "full"), default="full")
    arguments = parser.parse_args()
    os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")
    parameters = {"recipe": arguments.recipe}
    if arguments.recipe == "full":
        parameters["backbone"] = FullSettings().backbone.value
    print(json.dumps(request(_synthesised(arguments.environment), parameters), indent=2))


def _synthesised(environment_name: str) -> Mapping[str, Any]:
    from aws_cdk import App

    from infra.avocet_app import build
    from infra.environments import environment
    from local.deployment import ROOT

    app = App(context=json.loads((ROOT / "cdk.json").read_text())["context"])
    build(
        app,
        environment(environment_name),
        functions_dir=ROOT / "functions",
        layers_dir=ROOT / "build/layers/none",
        template_only=True,
    )
    (stack,) = [each for each in app.synth().stacks if each.stack_name.endswith("-learning")]
    return cast("Mapping[str, Any]", stack.template)


if __name__ == "__main__":
    main()
