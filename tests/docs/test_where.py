"""The page that says where things come from leaves nothing out, and is written by the code it tells of."""

import pytest

from avocet.settings import Settings
from handbook.finding import started_by
from handbook.markdown import table
from handbook.pages import SECTIONS, MissingMarkError, filled
from handbook.sources import attributes_of, first_sentence, handler_of, use_cases_of
from handbook.templates import ROOT, Templates

WHERE = (ROOT / "docs/where.md").read_text("utf-8")
VERBS = sorted(path.parent.name for path in ROOT.glob("functions/*/handler.py"))


@pytest.fixture
def small() -> Templates:
    """Two stacks: a queue and its topic here, a function over there that empties the queue."""
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Description": "Avocet (prod): work",
            "Handler": "handler.handler",
            "Role": {"Fn::GetAtt": ["WorkRole01234567", "Arn"]},
        },
    }
    imported = {"Fn::ImportValue": "here:Queue"}
    policy = {
        "PolicyDocument": {"Statement": [{"Action": "sqs:ReceiveMessage", "Resource": imported}]},
        "Roles": [{"Ref": "WorkRole01234567"}],
    }
    mapping = {"EventSourceArn": imported, "FunctionName": {"Ref": "Work89ABCDEF"}}
    return Templates(
        "prod",
        {
            "here": {
                "Resources": {"Queue89ABCDEF": {"Type": "AWS::SQS::Queue"}, "Topic": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {"Out": {"Value": {"Ref": "Queue89ABCDEF"}, "Export": {"Name": "here:Queue"}}},
            },
            "there": {
                "Resources": {
                    "Work89ABCDEF": function,
                    "Policy": {"Type": "AWS::IAM::Policy", "Properties": policy},
                    "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
                }
            },
        },
    )


def test_references_are_followed_from_one_stack_into_another(small):
    queue, topic = (next(small.of_kind(f"AWS::{kind}")) for kind in ("SQS::Queue", "SNS::Topic"))
    mapping = next(small.of_kind("AWS::Lambda::EventSourceMapping"))
    assert small.verbs_allowed(queue) == ("work",)
    assert small.verbs_allowed(topic) == ()
    assert small.verbs_in(mapping) == ("work",)
    assert started_by(small, mapping) == queue.name == "Queue"


@pytest.mark.parametrize("verb", VERBS)
def test_every_function_is_found_with_what_it_does(verb):
    assert f"[`{verb}`](../functions/{verb}/handler.py) | {first_sentence(handler_of(verb))} |" in WHERE


def test_every_alarm_leads_to_what_to_do():
    rows = [line for line in WHERE.partition("<!-- alarms")[2].splitlines() if line.startswith("| `")]
    alarms = [row for row in rows if "[watching](../infra/stacks/watching.py)" in row and "AVOCET_" not in row]
    assert len(alarms) >= 8
    assert [row for row in alarms if "none yet" in row] == []


def test_every_setting_is_found():
    told = attributes_of(ROOT / "layers/core/python/avocet/settings.py", "Settings")
    assert set(told) == set(Settings.__dataclass_fields__)
    for name in told:
        assert f"| `AVOCET_{name.upper()}` | " in WHERE


def test_a_function_leads_to_its_use_cases_also_through_what_puts_them_together():
    assert "predict" in use_cases_of("predict")
    assert {"erase_person", "export_own_data"} <= set(use_cases_of("fulfil"))
    for verb in VERBS:
        for name in use_cases_of(verb):
            assert (ROOT / f"layers/core/python/avocet/usecases/{name}.py").is_file(), (verb, name)


def test_a_page_without_a_place_for_a_section_is_refused(tmp_path, small):
    page = tmp_path / "page.md"
    page.write_text("<!-- one: make pages -->\nold\n<!-- /one -->\n")
    assert "new" in filled(page, {"one": lambda _: "new\n"}, small)
    with pytest.raises(MissingMarkError, match="two"):
        filled(page, {"two": lambda _: ""}, small)


def test_a_bar_in_a_cell_does_not_end_it():
    assert table(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"


def test_every_page_that_is_written_is_there():
    assert all((ROOT / name).is_file() for name in SECTIONS)
