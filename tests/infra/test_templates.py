"""What the templates promise: nothing public, nothing lost, nobody with more rights than the verb needs."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

Template = dict[str, Any]
Stacks = dict[str, Template]

# AWS takes these for every resource or not at all.
WITHOUT_RESOURCE = {
    "cloudwatch:PutMetricData",
    "dynamodb:ListStreams",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


def of_type(stacks: Stacks, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for stack, template in stacks.items():
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield f"{stack}/{name}", resource


def properties(stacks: Stacks, kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource.get("Properties", {}) for name, resource in of_type(stacks, kind)}


def policy_statements(stacks: Stacks) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, policy in properties(stacks, "AWS::IAM::Policy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            yield name, statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("environment", ["local", "dev", "prod"])
def test_every_rule_of_the_solutions_pack_is_kept_or_waived_with_a_reason(templates, environment):
    # Synthesis raises on the first finding that nobody waived.
    assert {"page", "storage", "identity", "serving"} <= set(templates(environment))


def test_every_bucket_is_private_encrypted_and_over_tls_only(prod):
    buckets = properties(prod, "AWS::S3::Bucket")
    assert len(buckets) >= 7
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], name
    denying = [
        statement
        for policy in properties(prod, "AWS::S3::BucketPolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Condition"].get("Bool") == {"aws:SecureTransport": "false"}
    ]
    assert len(denying) == len(buckets)


def test_every_bucket_but_the_temporary_one_keeps_versions(prod):
    unversioned = [
        name for name, bucket in properties(prod, "AWS::S3::Bucket").items() if "VersioningConfiguration" not in bucket
    ]
    assert len(unversioned) == 1
    assert "Uploads" in unversioned[0]


def test_uploads_are_gone_within_48_hours(prod):
    (uploads,) = (bucket for name, bucket in properties(prod, "AWS::S3::Bucket").items() if "Uploads" in name)
    days = [
        rule["ExpirationInDays"] for rule in uploads["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule
    ]
    assert days == [1]


def test_only_the_page_may_post_to_uploads(prod):
    (uploads,) = (bucket for name, bucket in properties(prod, "AWS::S3::Bucket").items() if "Uploads" in name)
    (rule,) = uploads["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert "*" not in json.dumps(rule["AllowedOrigins"])


def test_data_outlives_its_stack_in_prod_and_nothing_does_in_dev(prod, dev):
    holding = ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool")
    for kind in holding:
        for name, resource in of_type(prod, kind):
            # What can be made again from the repository, or is gone after a day anyway, needs no keeping.
            if not re.search(r"page/Page|Uploads", name):
                assert resource["DeletionPolicy"] == "Retain", name
                assert resource["UpdateReplacePolicy"] == "Retain", name
        for name, resource in of_type(dev, kind):
            assert resource.get("DeletionPolicy") != "Retain", name


def test_every_table_can_be_restored_to_a_point_in_time_and_is_guarded_in_prod(prod, dev):
    tables = properties(prod, "AWS::DynamoDB::Table")
    assert len(tables) >= 3
    for name, table in tables.items():
        assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], name
        assert table["DeletionProtectionEnabled"], name
    assert not any(table.get("DeletionProtectionEnabled") for table in properties(dev, "AWS::DynamoDB::Table").values())


def test_the_photos_table_has_the_indexes_that_the_settings_name(prod):
    from avocet.settings import PHOTOS_BY_OWNER_INDEX, PHOTOS_OPEN_INTENTS_INDEX

    (photos,) = (table for name, table in properties(prod, "AWS::DynamoDB::Table").items() if "PhotosTable" in name)
    keys = {
        index["IndexName"]: [key["AttributeName"] for key in index["KeySchema"]]
        for index in photos["GlobalSecondaryIndexes"]
    }
    assert keys[PHOTOS_BY_OWNER_INDEX] == ["owner_id", "created_at"]
    assert keys[PHOTOS_OPEN_INTENTS_INDEX] == ["open_intent", "lease_until"]


def test_no_role_may_do_everything_or_reach_everything(prod):
    for name, statement in policy_statements(prod):
        actions = set(as_list(statement["Action"]))
        assert not any("*" in action for action in actions), name
        assert "*" not in as_list(statement["Resource"]) or actions <= WITHOUT_RESOURCE, (name, actions)


def test_a_function_that_only_reads_cannot_write(prod):
    writes = re.compile(r"(Put|Update|Delete|BatchWrite|Create)(Item|Object|Table)")
    for name, statement in policy_statements(prod):
        if re.match(r"serving/(GetPrediction|Species|Status|Stats)Role", name):
            assert not any(writes.search(action) for action in as_list(statement["Action"])), (name, statement)


def test_who_looks_after_people_reads_trust_and_never_changes_it(prod):
    granted = [
        (set(as_list(statement["Action"])), json.dumps(statement["Resource"]))
        for name, statement in policy_statements(prod)
        if re.match(r"serving/UsersRole", name)
    ]
    of_people = [actions for actions, resource in granted if "PeopleTable" in resource]
    assert of_people == [{"dynamodb:BatchGetItem"}]


def test_only_who_looks_after_people_may_change_accounts_and_only_erasing_may_remove_them(prod):
    may: dict[str, set[str]] = {}
    for name, statement in policy_statements(prod):
        for action in as_list(statement["Action"]):
            if action.startswith("cognito-idp:"):
                may.setdefault(action, set()).add(re.sub(r"Role.*", "", name))
                assert statement["Resource"] != "*"
    assert may["cognito-idp:AdminDeleteUser"] == {"serving/Fulfil"}
    for action in ("AdminCreateUser", "AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminEnableUser"):
        assert may[f"cognito-idp:{action}"] == {"serving/Users"}, action
    assert may["cognito-idp:AdminDisableUser"] == {"serving/Users", "serving/Me", "serving/Fulfil"}


def test_a_request_about_one_s_data_that_fails_comes_back_and_ends_where_somebody_sees_it(prod):
    queues = properties(prod, "AWS::SQS::Queue")
    (queue,) = (each for name, each in queues.items() if name.startswith("serving/DataRequests"))
    functions = properties(prod, "AWS::Lambda::Function")
    (fulfil,) = (each for name, each in functions.items() if name.startswith("serving/Fulfil"))
    assert queue["VisibilityTimeout"] > fulfil["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_every_function_has_its_own_role_log_and_limit(prod):
    functions = {
        name: function
        for name, function in properties(prod, "AWS::Lambda::Function").items()
        if function.get("Handler") == "handler.handler"
    }
    assert len(functions) >= 10
    assert len({json.dumps(function["Role"]) for function in functions.values()}) == len(functions)
    assert len({json.dumps(function["LoggingConfig"]["LogGroup"]) for function in functions.values()}) == len(functions)
    for name, function in functions.items():
        assert function["Runtime"] == "python3.13", name
        assert "ReservedConcurrentExecutions" not in function, name
    # API Gateway waits 29 seconds; what it does not call may take longer.
    answering = [function for name, function in functions.items() if re.match("serving/(?!Settle|Fulfil|Shadow)", name)]
    assert max(function["Timeout"] for function in answering) <= 29


def test_no_secret_stands_in_a_function_s_environment(prod):
    for name, function in properties(prod, "AWS::Lambda::Function").items():
        for variable in function.get("Environment", {}).get("Variables", {}):
            assert not re.search(r"SECRET|PASSWORD|TOKEN|KEY", variable), name


def test_threads_of_a_function_share_two_heaps(prod):
    functions = properties(prod, "AWS::Lambda::Function")
    ours = [function for function in functions.values() if function.get("Handler") == "handler.handler"]
    assert {function["Environment"]["Variables"]["MALLOC_ARENA_MAX"] for function in ours} == {"2"}


def test_a_lease_outlives_the_function_that_holds_it(prod):
    from avocet.settings import FEEDBACK_LEASE_S, SETTLE_LEASE_S

    for name, function in properties(prod, "AWS::Lambda::Function").items():
        if "Feedback" in name:
            assert function["Timeout"] < FEEDBACK_LEASE_S
        if "Settle" in name:
            assert function["Timeout"] < SETTLE_LEASE_S


def test_a_laptop_that_does_much_else_leaves_every_function_its_time(local, prod):
    by_place = [
        {
            each["Description"].rpartition(": ")[2]: each["Timeout"]
            for each in properties(stacks, "AWS::Lambda::Function").values()
            if each.get("Handler") == "handler.handler"
        }
        for stacks in (local, prod)
    ]
    here, there = by_place
    assert min(here.values()) == 29
    # What is given more than that anyway is left it, and nothing changes where Lambda itself runs.
    assert {verb: max(29, there[verb]) for verb in here} == here
    assert min(there.values()) == 5


def test_who_asks_for_a_job_is_not_cut_off_before_the_gateway_gives_up(prod):
    (jobs,) = (
        function
        for name, function in properties(prod, "AWS::Lambda::Function").items()
        if name.split("/")[1].startswith("JobsFunction")
    )
    assert jobs["Timeout"] == 29


def test_what_runs_on_a_schedule_leaves_its_failures_in_a_dead_letter_queue(prod):
    for name, rule in properties(prod, "AWS::Events::Rule").items():
        assert all("DeadLetterConfig" in target for target in rule["Targets"]), name
    kept = properties(prod, "AWS::Lambda::EventInvokeConfig")
    for verb in ("Settle", "Shadow", "SweepJobs", "FinishTraining", "CheckDrift", "TellAlarm"):
        (config,) = (config for name, config in kept.items() if f"/{verb}Function" in name)
        assert config["DestinationConfig"]["OnFailure"]["Destination"], verb


def test_no_layer_crosses_a_stack(prod):
    for name, template in prod.items():
        exported = json.dumps(template.get("Outputs", {}))
        assert "LayerVersion" not in exported, name
        own = {key for key, made in template["Resources"].items() if made["Type"] == "AWS::Lambda::LayerVersion"}
        for function in properties({name: template}, "AWS::Lambda::Function").values():
            assert all(layer.get("Ref") in own for layer in function.get("Layers", ()))


def test_nothing_answers_without_a_token_but_what_is_public_by_design(prod):
    resources = prod["serving"]["Resources"]

    def path_of(reference: Any) -> str:
        if "Ref" not in reference:
            return ""
        resource = resources[reference["Ref"]]["Properties"]
        return f"{path_of(resource['ParentId'])}/{resource['PathPart']}"

    public = {
        (method["HttpMethod"], path_of(method["ResourceId"]))
        for method in properties(prod, "AWS::ApiGateway::Method").values()
        if method.get("AuthorizationType", "NONE") == "NONE" and method["HttpMethod"] != "OPTIONS"
    }
    assert public == {
        ("GET", "/species"),
        ("GET", "/species/{id}"),
        ("GET", "/status"),
        ("GET", "/stats"),
        ("GET", "/openapi.json"),
    }


def test_every_documented_operation_has_a_route_and_every_route_is_documented():
    from pathlib import Path

    from infra.stacks.serving import ROUTES

    document = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())
    documented = {
        (method.upper(), path, operation.get("security") == [])
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "post", "put", "delete", "patch"}
    }
    assert documented == {(route.method, route.path, route.is_public) for route in ROUTES}


def test_every_route_is_throttled_on_its_own(prod):
    from infra.stacks.serving import ROUTES

    (stage,) = properties(prod, "AWS::ApiGateway::Stage").values()
    settings = {(setting["HttpMethod"], setting["ResourcePath"]) for setting in stage["MethodSettings"]}
    for route in ROUTES:
        # CloudFormation writes the slashes of a path as ~1, behind one that stays.
        assert (route.method, "/" + route.path.replace("/", "~1")) in settings, route
    assert stage["AccessLogSetting"]["DestinationArn"]


def test_the_api_s_own_refusals_are_problems_that_the_page_can_read(prod):
    answers = properties(prod, "AWS::ApiGateway::GatewayResponse")
    kinds = {answer["ResponseType"] for answer in answers.values()}
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "EXPIRED_TOKEN", "THROTTLED"} <= kinds
    for name, answer in answers.items():
        header = answer["ResponseParameters"]
        assert header["gatewayresponse.header.Content-Type"] == "'application/problem+json'", name
        assert "'*'" not in json.dumps(header["gatewayresponse.header.Access-Control-Allow-Origin"]), name
        assert json.loads(answer["ResponseTemplates"]["application/json"])["type"].startswith("/problems/")


def test_sign_up_asks_for_a_strong_password_and_records_the_terms(prod):
    (pool,) = properties(prod, "AWS::Cognito::UserPool").values()
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert policy["RequireLowercase"]
    assert policy["RequireUppercase"]
    assert policy["RequireNumbers"]
    assert policy["RequireSymbols"]
    assert set(pool["LambdaConfig"]) == {"PreSignUp", "PreTokenGeneration"}
    assert {
        attribute["Name"]: attribute["Mutable"] for attribute in pool["Schema"] if not attribute.get("Required")
    } == {
        "terms_version": False,
        "licence": False,
        "terms_accepted_at": False,
    }
    assert pool["DeletionProtection"] == "ACTIVE"


def test_tokens_live_15_minutes_and_the_client_has_no_secret(prod):
    (client,) = properties(prod, "AWS::Cognito::UserPoolClient").values()
    assert client["IdTokenValidity"] == 15
    assert client["TokenValidityUnits"]["IdToken"] == "minutes"
    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_nobody_s_sign_up_is_confirmed_by_itself_outside_the_embedded_cloud(prod, dev, local):
    def confirming(stacks: Stacks) -> list[str]:
        return [
            name
            for name, function in properties(stacks, "AWS::Lambda::Function").items()
            if "AVOCET_CONFIRM_SIGN_UPS" in function.get("Environment", {}).get("Variables", {})
        ]

    assert confirming(prod) == confirming(dev) == []
    assert confirming(local)


def test_the_page_is_https_only_and_cannot_be_framed(prod):
    (distribution,) = properties(prod, "AWS::CloudFront::Distribution").values()
    behaviour = distribution["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    (headers,) = properties(prod, "AWS::CloudFront::ResponseHeadersPolicy").values()
    policy = json.dumps(headers["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentSecurityPolicy"])
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http://" not in policy


def test_the_templates_hold_only_what_the_emulator_takes(local):
    kinds = {resource["Type"] for template in local.values() for resource in template["Resources"].values()}
    refused = {"AWS::CloudWatch::CompositeAlarm", "AWS::Budgets::Budget", "AWS::Cognito::UserPoolUser"}
    assert not kinds & refused
    assert not any(kind.startswith(("Custom::", "AWS::SageMaker::")) for kind in kinds)


def test_an_environment_that_does_not_exist_is_refused():
    from infra.environments import UnknownEnvironmentError, environment

    with pytest.raises(UnknownEnvironmentError, match="staging"):
        environment("staging")


def test_an_own_domain_and_an_own_sender_of_mail_reach_page_and_pool():
    from dataclasses import replace
    from pathlib import Path

    from aws_cdk import App, assertions

    from infra.avocet_app import build
    from infra.environments import IncompleteDomainError, environment

    arn = "arn:aws:acm:us-east-1:123456789012:certificate/abc"
    named = {"domain_name": "birds.example.org", "certificate_arn": arn, "mail_sender": "birds@example.org"}
    root = Path(__file__).parents[2]
    app = App(context=json.loads((root / "cdk.json").read_text())["context"])
    build(
        app,
        replace(environment("prod"), **named),
        functions_dir=root / "functions",
        layers_dir=root / "build/layers/none",
        template_only=True,
    )
    page = assertions.Template.from_stack(app.node.find_child("avocet-prod-page")).to_json()  # type: ignore[arg-type]
    (distribution,) = properties({"page": page}, "AWS::CloudFront::Distribution").values()
    assert distribution["DistributionConfig"]["Aliases"] == ["birds.example.org"]
    viewers = distribution["DistributionConfig"]["ViewerCertificate"]
    assert (viewers["AcmCertificateArn"], viewers["MinimumProtocolVersion"]) == (arn, "TLSv1.2_2021")
    assert page["Outputs"]["PageUrl"]["Value"] == "https://birds.example.org"
    identity = assertions.Template.from_stack(app.node.find_child("avocet-prod-identity")).to_json()  # type: ignore[arg-type]
    (pool,) = properties({"identity": identity}, "AWS::Cognito::UserPool").values()
    assert "birds@example.org" in pool["EmailConfiguration"]["From"]
    assert pool["EmailConfiguration"]["EmailSendingAccount"] == "DEVELOPER"
    for half in (
        {"domain_name": "birds.example.org"},
        {**named, "certificate_arn": arn.replace("us-east-1", "eu-west-1")},
    ):
        with pytest.raises(IncompleteDomainError):
            replace(environment("prod"), **half)


def test_an_admin_needs_a_second_factor_everywhere_but_in_the_embedded_cloud(prod, dev, local):
    def setting(stacks: Stacks) -> str | None:
        (trigger,) = (each for name, each in properties(stacks, "AWS::Lambda::Function").items() if "PreToken" in name)
        value = trigger["Environment"]["Variables"].get("AVOCET_ADMINS_NEED_SECOND_FACTOR")
        return value if value is None else str(value)

    assert [setting(stacks) for stacks in (prod, dev, local)] == ["yes", "yes", None]
    may_look = {
        name.partition("Role")[0].rstrip("0123456789ABCDEF")
        for name, statement in policy_statements(prod)
        if "cognito-idp:AdminGetUser" in as_list(statement["Action"])
    }
    assert may_look == {"identity/SeesSecondFactors", "serving/Users"}


def test_layers_that_are_not_built_are_never_deployed(tmp_path):
    from infra.constructs.layers import LayerAssets, LayerNotBuiltError

    with pytest.raises(LayerNotBuiltError, match="make layers"):
        LayerAssets(tmp_path).code("core")


def test_choosing_a_champion_cannot_change_a_bundle_or_an_evaluation(prod):
    for name, statement in policy_statements(prod):
        if name.startswith("serving/ModelsRole"):
            actions = set(as_list(statement["Action"]))
            assert not {action for action in actions if action.startswith("s3:")} - {"s3:GetObject", "s3:ListBucket"}
            if "ModelsTable" in json.dumps(statement["Resource"]):
                assert "dynamodb:DeleteItem" not in actions, "the line of champions is never shortened"
            assert "states:StartExecution" not in actions


def test_who_shows_a_species_may_read_its_picture_and_no_other_photo(prod):
    statements = [s for name, s in policy_statements(prod) if name.startswith("serving/SpeciesRole")]
    read = [
        json.dumps(resource)
        for statement in statements
        for resource in as_list(statement["Resource"])
        if "s3:GetObject" in as_list(statement["Action"]) and "Clean" in json.dumps(resource)
    ]
    assert read
    assert all('"/references/*"' in resource or '"/tombstones/*"' in resource for resource in read), read
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    assert not actions & {"s3:PutObject", "s3:DeleteObject", "dynamodb:PutItem"}


def test_the_models_table_has_the_index_that_the_settings_name(prod):
    from avocet.settings import MODELS_LISTED_INDEX

    (models,) = (table for name, table in properties(prod, "AWS::DynamoDB::Table").items() if "ModelsTable" in name)
    (index,) = models["GlobalSecondaryIndexes"]
    assert index["IndexName"] == MODELS_LISTED_INDEX
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["listed_as", "registered_at"]
