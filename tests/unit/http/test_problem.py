"""Problems: every error that can reach a client has its status, and none of them tells a trace."""

import importlib
import json

from avocet.domain.contribution import AnswerInProgressError, PhotoExpiredError, TooManyBytesError
from avocet.domain.errors import AvocetError
from avocet.domain.imaging import PhotoTooSmallError
from avocet.http.edge import serve
from avocet.http.events import Response
from avocet.http.problem import status_of
from tests.made.events import PAGE_ORIGIN, event

_SERVING = (
    "avocet.domain.contribution",
    "avocet.domain.imaging",
    "avocet.domain.terms",
    "avocet.http",
    "avocet.usecases.give_feedback",
    "avocet.usecases.ports",
)


def answered(action, asked=None):
    answer = serve(asked or event("GET", "/x"), action, page_origin=PAGE_ORIGIN)
    return answer, json.loads(answer["body"])


def raising(error):
    def action(_request):
        raise error

    return action


def _kinds(kind: type[AvocetError]) -> list[type[AvocetError]]:
    return [kind, *(grandchild for child in kind.__subclasses__() for grandchild in _kinds(child))]


def test_every_error_of_the_rest_api_has_a_code_of_its_own_and_is_the_clients_to_act_on():
    for name in _SERVING:
        importlib.import_module(name)
    kinds = [kind for kind in _kinds(AvocetError)[1:] if kind.__module__.startswith(_SERVING)]
    # Too many bytes are one problem, seen before or after decoding.
    codes = [kind.code for kind in kinds if kind is not TooManyBytesError]
    assert len(set(codes)) == len(codes) > 20
    ours = {kind.code for kind in kinds if status_of(kind.__new__(kind)) >= 500}
    assert ours == {"internal", "no-model"}


def test_a_problem_says_what_to_do_and_names_the_request():
    asked = event("GET", "/x")
    answer, body = answered(raising(PhotoExpiredError("Send the photo again.")), asked)
    assert answer["statusCode"] == body["status"] == 410
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert answer["headers"]["Access-Control-Allow-Origin"] == PAGE_ORIGIN
    assert body["type"] == "/problems/upload-expired"
    assert body["detail"] == "Send the photo again."
    assert body["instance"] == answer["headers"]["X-Correlation-Id"] == asked["requestContext"]["requestId"]


def test_a_conflict_that_passes_says_when():
    answer, _ = answered(raising(AnswerInProgressError(17)))
    assert answer["statusCode"] == 409
    assert answer["headers"]["Retry-After"] == "17"


def test_what_nobody_thought_of_is_a_fault_of_ours_without_a_word_of_it(capsys):
    answer, body = answered(raising(RuntimeError("secret inside")))
    assert answer["statusCode"] == body["status"] == 500
    assert "secret" not in answer["body"]
    assert "Traceback" not in answer["body"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failed = next(line for line in lines if line["event"] == "failed")
    assert failed["correlation_id"] == body["instance"]
    assert failed["UnexpectedError"] == 1
    assert any("test_problem.py" in place for place in failed["where"])


def test_a_special_case_answers_as_the_general_one():
    assert status_of(PhotoTooSmallError("x")) == 422


def test_a_success_is_logged_once_with_its_time(capsys):
    answer, _ = answered(lambda _request: Response(200, "{}"))
    assert answer["statusCode"] == 200
    (line,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["status"]) == ("request", 200)
    assert line["duration_ms"] >= 0
