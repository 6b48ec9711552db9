"""People who use the embedded cloud over HTTP all at once, each at their own pace, and remember everything they were told."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx

from avocet.domain.terms import CURRENT_TERMS_VERSION, LICENCES

_TOKEN_LIFE_S = 600.0
_QUERIES = ("avocet", "duck", "mésange", "corvus", "gull", "aigle", "warbler", "pie", "heron", "sterna")
_ACCEPTED = ("confirmed", "corrected", "unknown")
_SPECIES = "pied-avocet"


@dataclass
class Remembered:
    """What one person did and was told.

    Attributes:
        took_s: How long each answer took, by kind of request.
        waited: How often the API asked to come back later.
        errors: What went wrong, in words.
        predictions: Every prediction's id.
        given: Those that feedback was acknowledged for.
        unanswered: Those that feedback was sent for and no answer came back; it may have been taken or not.
        versions: Which model versions answered.
    """

    took_s: dict[str, list[float]] = field(default_factory=dict)
    waited: int = 0
    errors: list[str] = field(default_factory=list)
    predictions: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)


class Person:
    """Somebody with an account."""

    def __init__(self, local: Mapping[str, Any], photos: Sequence[bytes], seed: int) -> None:
        """Sign up like anybody else; ``local`` is the content of local.json."""
        self.remembered = Remembered()
        self._local = local
        self._photos = photos
        self._draw = random.Random(seed)
        self._http = httpx.Client(timeout=60, trust_env=False)
        self._name, self._password = f"{uuid.uuid4().hex[:12]}@example.org", f"Aa1!{uuid.uuid4().hex}"
        attributes = {
            "email": self._name,
            "custom:terms_version": CURRENT_TERMS_VERSION,
            "custom:licence": LICENCES[CURRENT_TERMS_VERSION],
        }
        named = [{"Name": name, "Value": value} for name, value in attributes.items()]
        asked_of_cognito(
            self._http, local, "SignUp", Username=self._name, Password=self._password, UserAttributes=named
        )
        self._pass = Pass(self._http, local, self._name, self._password)

    def act_until(self, ended: threading.Event, arrives_after_s: float) -> None:
        """Arrive after a while, then do one thing after another until ``ended``."""
        try:
            ended.wait(arrives_after_s)
            while not ended.is_set():
                self._act(ended)
        finally:
            self._http.close()

    def _act(self, ended: threading.Event) -> None:
        chance = self._draw.random()
        if chance < 0.5:
            self._identify(ended)
        elif chance < 0.85:
            query = {"query": self._draw.choice(_QUERIES), "lang": self._draw.choice(("en", "fr"))}
            self._ask("search", ended, "GET", "/species", params=query)
        elif chance < 0.95:
            self._ask("my photos", ended, "GET", "/me/contributions")
        else:
            self._ask("status", ended, "GET", "/status")

    def _identify(self, ended: threading.Event) -> None:
        photo = self._draw.choice(self._photos)
        made = self._ask(
            "prediction", ended, "POST", "/predictions", content=photo, headers={"Content-Type": "image/jpeg"}
        )
        if made is None:
            return
        photo_id = str(made["prediction_id"])
        self.remembered.predictions.add(photo_id)
        self.remembered.versions[made["model_version"]] += 1
        if self._draw.random() < 0.7:
            feedback = self._draw.choice(_ACCEPTED)
            body = {"feedback": feedback} | ({"species_id": _SPECIES} if feedback == "corrected" else {})
            if self._ask("feedback", ended, "POST", f"/predictions/{photo_id}/feedback", json=body) is not None:
                self.remembered.given.add(photo_id)
            else:
                self.remembered.unanswered.add(photo_id)

    def _ask(self, kind: str, ended: threading.Event, method: str, path: str, **options: Any) -> Any:
        """Return the answer's content; None when there was none to be had, which is remembered."""
        headers = dict(options.pop("headers", {})) | {"Authorization": f"Bearer {self._pass.token()}"}
        while True:
            began_s = time.perf_counter()
            try:
                response = self._http.request(method, self._local["api_url"] + path, headers=headers, **options)
            except httpx.HTTPError as error:
                self.remembered.errors.append(f"{kind}: {type(error).__name__}")
                return None
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS and not ended.is_set():
                self.remembered.waited += 1
                ended.wait(float(response.headers.get("Retry-After", "1")))
                continue
            if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
                return None
            if response.is_error:
                self.remembered.errors.append(f"{kind}: {response.status_code} {response.text[:200]}")
                return None
            self.remembered.took_s.setdefault(kind, []).append(time.perf_counter() - began_s)
            return response.json()


class Admin:
    """The demo admin, who has things to do meanwhile."""

    def __init__(self, local: Mapping[str, Any]) -> None:
        """Sign in with the account that local.json names."""
        self._local = local
        account = local["accounts"]["admin"]
        self._http = httpx.Client(timeout=120, trust_env=False)
        self._pass = Pass(self._http, local, account["username"], account["password"])

    def send(self, method: str, path: str, **options: Any) -> Any:
        """Return what the API answers.

        Raises:
            httpx.HTTPError: It refused.
        """
        url = self._local["api_url"] + path
        headers = {"Authorization": f"Bearer {self._pass.token()}"}
        return self._http.request(method, url, headers=headers, **options).raise_for_status().json()

    def job(self, kind: str, wait: Callable[[float], object]) -> str:
        """Have a job done; return how it ended."""
        job_id = self.send("POST", "/admin/jobs", json={"kind": kind})["job_id"]
        while (job := self.send("GET", f"/admin/jobs/{job_id}"))["state"] not in ("finished", "failed"):
            wait(2.0)
        return str(job["state"])


class Pass:
    """Somebody's ID token, which is another one before the first has come to its end."""

    def __init__(self, http: httpx.Client, local: Mapping[str, Any], name: str, password: str) -> None:
        """Ask nothing yet."""
        self._signs_in = partial(signed_in, http, local, name, password)
        self._token, self._signed_in_s = "", -_TOKEN_LIFE_S

    def token(self) -> str:
        """Return a token that is good for some minutes."""
        if time.monotonic() - self._signed_in_s > _TOKEN_LIFE_S:
            self._token, self._signed_in_s = self._signs_in(), time.monotonic()
        return self._token


def signed_in(http: httpx.Client, local: Mapping[str, Any], name: str, password: str) -> str:
    """Return an ID token."""
    parameters = {"USERNAME": name, "PASSWORD": password}
    answer = asked_of_cognito(http, local, "InitiateAuth", AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    return str(answer["AuthenticationResult"]["IdToken"])


def asked_of_cognito(http: httpx.Client, local: Mapping[str, Any], action: str, **body: Any) -> Any:
    """Return what the pool of accounts answers."""
    target = f"AWSCognitoIdentityProviderService.{action}"
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    response = http.post(local["cognito_url"], json={"ClientId": local["client_id"], **body}, headers=headers)
    return response.raise_for_status().json()
