"""What the emulator says of its neighbours: the page's origin to be let in, and the way to MLflow."""

import json

import pytest

from local.emulator.beside import is_page, record_of

LOCAL = {"page_url": "http://d1.cloudfront.localhost:4566", "mlflow_url": "http://127.0.0.1:5001", "accounts": {}}
RUN = "5f2b8c1e9a7d4c3fb0e6d1a2c3b4f5e6"


@pytest.fixture
def home(tmp_path):
    (tmp_path / "local.json").write_text(json.dumps(LOCAL))
    return tmp_path


def test_only_the_page_may_read_the_inbox(home, tmp_path_factory):
    assert is_page(home, LOCAL["page_url"])
    for other in (
        "",
        "null",
        "http://d1.cloudfront.localhost",
        "https://d1.cloudfront.localhost:4566",
        "http://evil.test",
    ):
        assert not is_page(home, other)
    assert not is_page(tmp_path_factory.mktemp("empty"), "")


def test_a_run_s_id_leads_to_its_record_while_mlflow_runs_and_nothing_else_leads_anywhere(home):
    assert record_of(home, RUN) == f"http://127.0.0.1:5001/#/runs/{RUN}"
    for wrong in ("", "../x", "a/b", f"{RUN}\r\nset-cookie:x", "a" * 65):
        assert record_of(home, wrong) is None
    (home / "local.json").write_text(json.dumps(LOCAL | {"mlflow_url": None}))
    assert record_of(home, RUN) is None
