"""What the admins are told arrives in the embedded cloud's inbox, in both languages, and each chooses what they want."""

import json
import uuid

import httpx

from tests.deployed.cloud import Cloud, Person, succeeded
from tests.deployed.test_dataset import job_closed, nothing_runs
from tests.deployed.waiting import until


def letters(cloud: Cloud, kind: str) -> list[dict[str, str]]:
    answer = httpx.get(str(cloud.local["inbox_url"]), params={"kind": kind}, trust_env=False, timeout=60)
    found: list[dict[str, str]] = answer.json()["letters"]
    return found


def test_a_finished_job_is_told_in_english_and_in_french(cloud: Cloud, admin: Person) -> None:
    job_id = job_closed(admin, succeeded(admin.post("/admin/jobs", json={"kind": "verify"}), 202))["job_id"]

    def told() -> dict[str, str] | None:
        found = [letter for letter in letters(cloud, "data") if job_id in letter["text"]]
        return {letter["language"]: letter["subject"] for letter in found} if len(found) >= 2 else None

    # They go out once the job is closed.
    assert until(told, within_s=300) == {
        "en": "Avocet: dataset verification finished",
        "fr": "Avocet : vérification du jeu de données : terminé",
    }


def test_an_admin_chooses_what_to_be_told_and_the_topic_filters_by_it(cloud: Cloud, admin: Person) -> None:
    def choose(*kinds: str) -> dict[str, object]:
        body = {"kinds": kinds, "language": "fr"}
        return succeeded(cloud.request("PUT", "/admin/notifications", token=admin.id_token, json=body))

    def policies() -> list[dict[str, list[str]]]:
        sns = cloud.aws("sns")
        listed = sns.list_subscriptions_by_topic(TopicArn=cloud.outputs["AdminTopicArn"])["Subscriptions"]
        mine = [each["SubscriptionArn"] for each in listed if each["Endpoint"] == admin.username]
        got = [sns.get_subscription_attributes(SubscriptionArn=name)["Attributes"] for name in mine]
        return [json.loads(each["FilterPolicy"]) for each in got]

    # No mail leaves this place; that it would is the topic's affair.
    for kinds in (("data",), ("drift", "health"), ("drift", "health")):
        assert choose(*kinds)["delivery"] == "inbox"
    assert policies() == [{"kind": ["drift", "health"], "language": ["fr"]}]
    assert succeeded(admin.get("/admin/notifications"))["kinds"] == ["drift", "health"]
    assert choose()["delivery"] == "off"
    assert policies() == []


def test_an_alarm_that_rings_is_told_in_words_of_its_own_and_so_is_its_end(cloud: Cloud) -> None:
    cloudwatch = cloud.aws("cloudwatch")

    def told() -> set[str]:
        return {letter["subject"] for letter in letters(cloud, "health")}

    for state, subjects in (
        ("ALARM", {"Avocet: a new model cannot be loaded", "Avocet : un nouveau modèle ne peut pas être chargé"}),
        (
            "OK",
            {
                "Avocet: over: a new model cannot be loaded",
                "Avocet : terminé : un nouveau modèle ne peut pas être chargé",
            },
        ),
    ):
        cloudwatch.set_alarm_state(AlarmName="avocet-local-failed-swaps", StateValue=state, StateReason="a drill")
        assert until(lambda wanted=subjects: told() >= wanted, within_s=300)


def test_one_id_leads_from_the_request_to_the_last_step_of_the_job(cloud: Cloud, admin: Person) -> None:
    action, logs = f"page-{uuid.uuid4()}", cloud.aws("logs")
    # One that is queued would be joined, under the id of whoever asked first.
    until(lambda: nothing_runs(admin), within_s=600)
    asked = admin.post("/admin/jobs", json={"kind": "verify"}, headers={"X-Correlation-Id": action})
    assert asked.headers["X-Correlation-Id"] == action
    assert succeeded(asked, 202)["kind"] == "verify"
    pages = logs.get_paginator("describe_log_groups").paginate()
    groups = {group["logGroupName"] for page in pages for group in page["logGroups"]}

    def wrote_it(verb: str) -> bool:
        """Whether a function of that verb wrote the id; a group is named after its stack and its verb."""
        return any(
            logs.filter_log_events(logGroupName=name, filterPattern=f'"{action}"')["events"]
            for name in groups
            if f"/{verb}Log" in name
        )

    assert until(lambda: all(wrote_it(verb) for verb in ("Jobs", "VerifyDataset", "CloseJob")), within_s=300)
