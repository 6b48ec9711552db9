"""Log lines and metrics."""

import json

from avocet.observability import correlated, followed, log


def test_a_line_is_one_json_object_with_the_requests_id(capsys):
    with correlated("request-1"):
        log("something_happened", size_bytes=3)
    log("afterwards")
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first == {"level": "INFO", "event": "something_happened", "correlation_id": "request-1", "size_bytes": 3}
    assert second["correlation_id"] is None


def test_the_requests_id_is_there_to_be_handed_on():
    assert followed() == ""
    with correlated("request-1"):
        assert followed() == "request-1"


def test_a_metric_rides_on_its_line(capsys, monkeypatch):
    monkeypatch.setenv("AVOCET_STAGE", "dev")
    log("loaded", metrics={"ModelLoaded": 1, "LoadMs": 12.5})
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Avocet/dev", "one account may hold several environments"
    assert {m["Name"]: m["Unit"] for m in directive["Metrics"]} == {"ModelLoaded": "Count", "LoadMs": "Milliseconds"}
    assert (line["ModelLoaded"], line["LoadMs"]) == (1, 12.5)


def test_what_json_does_not_know_is_written_as_text(capsys):
    log(
        "odd",
        value={
            1,
        },
        error=ValueError("x"),
    )
    assert json.loads(capsys.readouterr().out)["value"] == "{1}"
