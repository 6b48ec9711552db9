"""A deployment that exists only in memory: Cognito, the API and the uploads' storage behind one transport."""

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from cli.main import app
from cli.surroundings import Surroundings

API = "http://127.0.0.1:4566/restapis/abc/v1/_user_request_/v1"
COGNITO = "http://127.0.0.1:4566"
STORAGE = "http://127.0.0.1:4566/uploads-bucket"
CLIENT_ID = "client1"
DEMO = {
    "user": {"username": "demo@example.com", "password": "Demo-password-1"},
    "admin": {"username": "admin@example.com", "password": "Admin-password-1"},
}

Answer = Callable[[httpx.Request], httpx.Response]


def prediction(photo: bytes = b"", **changes: Any) -> dict[str, Any]:
    names: list[tuple[str, str, str | None, str, float]]
    names = [("pied-avocet", "Pied Avocet", "Avocette élégante", "Recurvirostra avosetta", 0.93)]
    names += [("black-winged-stilt", "Black-winged Stilt", None, "Himantopus himantopus", 0.04)]
    names += [("ruddy-turnstone", "Ruddy Turnstone", "Tournepierre à collier", "Arenaria interpres", 0.01)]
    return {
        "prediction_id": "0" * 32,
        "model_version": "starter-12345678",
        "predictions": [
            {"species_id": id_, "names": {"en": en, "fr": fr, "scientific": science}, "score": score}
            for id_, en, fr, science, score in names
        ],
        "coarser": None,
        "unfamiliar": False,
        **changes,
    }


def problem(status: int, code: str, detail: str, **headers: str) -> httpx.Response:
    body = {"type": f"/problems/{code}", "title": "No", "status": status, "detail": detail, "instance": "req-1"}
    return httpx.Response(
        status, content=json.dumps(body), headers={"Content-Type": "application/problem+json", **headers}
    )


@dataclass
class FakeCloud:
    """Answers as the deployed stack would; each part can be told to answer otherwise."""

    passwords: dict[str, str] = field(
        default_factory=lambda: {account["username"]: account["password"] for account in DEMO.values()}
    )
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    id_tokens: dict[str, str] = field(default_factory=dict)
    token_life_s: int = 900
    on_prediction: Answer = lambda request: httpx.Response(201, json=prediction())
    requests: list[httpx.Request] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        with self.lock:
            self.requests.append(request)
        if "X-Amz-Target" in request.headers:
            return self._cognito(request.headers["X-Amz-Target"].split(".")[1], json.loads(request.content))
        url = str(request.url.copy_with(query=None))
        if url == STORAGE:
            return self._store(request)
        path = url.removeprefix(API)
        if path == "/status":
            return httpx.Response(
                200,
                json={
                    "model": {"version": "starter-12345678"},
                    "message": {"en": "Ready.", "fr": "Prêt."},
                    "photos": 3,
                },
            )
        if path == "/species":
            return self._species(request)
        if self.owner(request) is None:
            return problem(401, "not-signed-in", "Sign in first.")
        if path == "/uploads":
            return httpx.Response(
                201, json={"upload_id": "u1", "url": STORAGE, "fields": {"key": "photos/u1"}, "max_bytes": 25_000_000}
            )
        return self.on_prediction(request)

    def owner(self, request: httpx.Request) -> str | None:
        return self.id_tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))

    def called(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if str(request.url).startswith(API + path)]

    def sign_ins(self, flow: str) -> int:
        return sum(flow.encode() in request.content for request in self.requests)

    def _cognito(self, action: str, body: dict[str, Any]) -> httpx.Response:
        if action == "RevokeToken":
            self.refresh_tokens.pop(body["Token"], None)
            return httpx.Response(200, json={})
        parameters = body["AuthParameters"]
        if body["AuthFlow"] == "REFRESH_TOKEN_AUTH":
            user = self.refresh_tokens.get(parameters["REFRESH_TOKEN"])
            return self._tokens(user) if user else self._refused()
        user = parameters["USERNAME"]
        return self._tokens(user, new=True) if self.passwords.get(user) == parameters["PASSWORD"] else self._refused()

    def _refused(self) -> httpx.Response:
        return httpx.Response(400, json={"__type": "NotAuthorizedException", "message": "Incorrect"})

    def _tokens(self, user: str, *, new: bool = False) -> httpx.Response:
        with self.lock:
            claims = {"email": user, "cognito:groups": ["user"], "n": len(self.id_tokens)}
            middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
            token = f"e30.{middle}.c2ln"
            self.id_tokens[token] = user
            result: dict[str, Any] = {"IdToken": token, "ExpiresIn": self.token_life_s}
            if new:
                result["RefreshToken"] = f"refresh-{len(self.refresh_tokens)}-{user}"
                self.refresh_tokens[result["RefreshToken"]] = user
        return httpx.Response(200, json={"AuthenticationResult": result})

    def _store(self, request: httpx.Request) -> httpx.Response:
        assert "Authorization" not in request.headers, "the person's token is none of the storage's business"
        self.uploads["u1"] = request.content
        return httpx.Response(204)

    def _species(self, request: httpx.Request) -> httpx.Response:
        assert "Authorization" not in request.headers
        found = [one | {"rank": "species"} for one in prediction()["predictions"]]
        wanted = request.url.params["query"].lower()
        found = [one for one in found if wanted in one["names"]["en"].lower()]
        return httpx.Response(200, json={"species": found})


@dataclass
class Terminal:
    """A person's machine: a working folder, a private folder, and the command."""

    cloud: FakeCloud
    cwd: Path
    config_dir: Path
    environment: dict[str, str]
    waits_s: list[float]
    transport: httpx.BaseTransport | None = None

    def avocet(self, *arguments: str | Path, typed: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments], input=typed, obj=self.surroundings())

    def surroundings(self) -> Surroundings:
        return Surroundings(
            environment=self.environment,
            cwd=self.cwd,
            config_dir=self.config_dir,
            package_dir=self.cwd.parent / "installed" / "cli",
            transport=self.transport or httpx.MockTransport(self.cloud),
            wait=self.waits_s.append,
        )

    def photo(self, name: str, content: bytes = b"a photo") -> Path:
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def embedded_cloud(self, folder: Path | None = None) -> Path:
        local = (folder or self.cwd / ".avocet") / "local.json"
        local.parent.mkdir(parents=True, exist_ok=True)
        document: dict[str, Any] = {
            "api_url": API,
            "page_url": "http://p.cloudfront.localhost:4566",
            "cognito_url": COGNITO,
        }
        document |= {"client_id": CLIENT_ID, "inbox_url": None, "mlflow_url": None, "accounts": DEMO}
        local.write_text(json.dumps(document), "utf-8")
        return local
