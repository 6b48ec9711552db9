"""The shadow in the templates: fed by the table's stream, filtered at its source, and unable to change anybody's record."""

import json
from typing import Any

import pytest

from infra.environments import Environment, environment

Template = dict[str, Any]


@pytest.fixture(scope="session")
def serving(prod: dict[str, Template]) -> Template:
    return prod["serving"]


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def statements(template: Template, role: str) -> list[dict[str, Any]]:
    found = [
        statement
        for name, policy in of_type(template, "AWS::IAM::Policy").items()
        if name.startswith(f"{role}Role")
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert found, role
    return [
        {**each, "Action": set([each["Action"]] if isinstance(each["Action"], str) else each["Action"])}
        for each in found
    ]


def mapping(template: Template) -> dict[str, Any]:
    (found,) = [
        each for name, each in of_type(template, "AWS::Lambda::EventSourceMapping").items() if name.startswith("Shadow")
    ]
    return found


def test_the_stream_tells_which_photo_changed_and_nothing_else_of_it(prod):
    tables = of_type(prod["storage"], "AWS::DynamoDB::Table")
    streams = {name: table["StreamSpecification"] for name, table in tables.items() if "StreamSpecification" in table}
    assert [*streams.values()] == [{"StreamViewType": "KEYS_ONLY"}]
    assert next(iter(streams)).startswith("PhotosTable")


def test_photos_outside_the_sample_start_nothing(prod, local):
    for template, place in ((prod["serving"], environment("prod")), (local["serving"], environment("local"))):
        (only,) = mapping(template)["FilterCriteria"]["Filters"]
        asked = json.loads(only["Pattern"])
        told = [each["prefix"] for each in asked["dynamodb"]["Keys"]["photo_id"]["S"]]
        assert told == [*place.shadow_sample]
        assert asked["eventName"] == ["INSERT", "MODIFY"]
        # AWS takes no longer patterns.
        assert len(only["Pattern"]) <= 4096
        (function,) = [
            each
            for name, each in of_type(template, "AWS::Lambda::Function").items()
            if name.startswith("ShadowFunction")
        ]
        assert function["Environment"]["Variables"]["AVOCET_SHADOW_SAMPLE"] == ",".join(told)


def test_a_sample_of_nothing_listens_to_nothing():
    assert Environment(name="quiet", shadow_share=0).shadow_sample == ()
    assert len(json.dumps(Environment(name="x", shadow_share=0.999).shadow_sample)) < 3000


def test_one_batch_of_a_shard_at_a_time_and_what_fails_is_given_up_where_somebody_looks(serving):
    made = mapping(serving)
    assert made["ParallelizationFactor"] == 1
    assert made["BisectBatchOnFunctionError"] is True
    assert (made["MaximumRetryAttempts"], made["MaximumRecordAgeInSeconds"]) == (5, 3600)
    assert "DeadLetters" in json.dumps(made["DestinationConfig"]["OnFailure"])


def test_the_shadow_writes_its_own_items_only_and_no_photo(serving):
    for statement in statements(serving, "Shadow"):
        writes = {each for each in statement["Action"] if each.startswith("dynamodb:") and "Item" in each} - {
            "dynamodb:GetItem"
        }
        if writes:
            assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#shadow#*"]}}
    may = set().union(*(each["Action"] for each in statements(serving, "Shadow")))
    assert not {each for each in may if each.startswith("s3:") and each not in ("s3:GetObject", "s3:ListBucket")}
    assert not {each for each in may if each.split(":")[0] in ("sns", "cognito-idp", "states", "events")}


def test_who_answers_people_has_no_part_in_it(serving):
    for verb in ("Predict", "Feedback", "GetPrediction"):
        said = json.dumps([str(each) for each in statements(serving, verb)])
        assert "#shadow#" not in said
        assert "dynamodb:GetRecords" not in said


def test_who_shows_models_reads_the_shadows_items_and_no_photo(serving):
    of_photos = [each for each in statements(serving, "Models") if "PhotosTable" in json.dumps(each["Resource"])]
    assert of_photos
    for statement in of_photos:
        assert statement["Action"] <= {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}
        assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#shadow#*"]}}
