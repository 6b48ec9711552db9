"""``make loop``: the whole promise in one sitting, step by step, with the very commands a person would type.

People contribute photos of a species that the model does not know; they are reviewed, taken into the dataset, trained on;
the new model is compared, promoted, names the bird, and is taken back again. It has an embedded cloud of its own, made
afresh, and touches no other. What a person does on the page (the answers to their photos) is sent as the page sends it.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.surroundings import Surroundings
from local import cloud
from local.aws import Place
from local.deployment import Deployment
from local.emulated_cloud import ROOT, Home
from local.forgetting import publish_without
from local.steps import SetupError

_AVOCET = ROOT / ".venv/bin/avocet"
_SAMPLE = ROOT.parent / "shared/data/birds-sample"
_PORT = 4571
# Ten seconds until a function looks, and what loading the model takes on a machine that does much else.
_SWAP_LIMIT_S = 180.0
# So many photos of the new species are given; one more is kept to ask about. A species is let in once it has as many as the
# smallest one, so one of the others gets no more than that.
_GIVEN = 3
_PHOTOS_EACH = 4


@dataclass(frozen=True)
class Material:
    """Photos to tell the story with.

    Attributes:
        folder: Kaggle's layout, without the new species.
        contributed: Photos of the new species that people give.
        asked: A photo of it that nobody gives.
        species_id: The new species.
    """

    folder: Path
    contributed: Sequence[Path]
    asked: Path
    species_id: str


@dataclass
class Story:
    """Tells and does, one step after the other.

    Attributes:
        home: The embedded cloud it happens in.
        material: The photos.
    """

    home: Home
    material: Material
    began_s: float = field(default_factory=time.monotonic)
    _number: int = 0

    def tell(self) -> None:
        """Do it all; a step that does not do what it promises ends the story.

        Raises:
            SetupError: Naming the step.
        """
        self._say("A cloud of its own, made afresh")
        cloud.reset(self.home)
        shutil.rmtree(self.home.folder / "command-line", ignore_errors=True)
        cloud.up(self.home)
        self._say(f"A model that has never heard of the {self.material.species_id}")
        version = self._publish_forgetful()
        self._avocet("login", "--admin")
        self._avocet("models", "promote", version, "--reason", "a model that does not know one species")
        self._wait_until_it_serves(version)
        self._say("The dataset: a folder of photos becomes its first snapshot")
        self._avocet("dataset", "import", str(self.material.folder))
        self._refresh()
        self._say("A photo of the species: the model says that it does not know it")
        self._expect_unfamiliar()
        self._say(f"A birder gives {len(self.material.contributed)} photos of it and names it")
        self._contribute()
        self._say("A newcomer's photos wait for somebody who looks; an admin looks")
        self._refresh()
        self._review()
        self._say("They enter the dataset, and the species is trainable")
        self._refresh()
        self._avocet("dataset", "diff")
        self._say("A new head is trained on it")
        self._avocet("train", "--recipe", "head", "--follow")
        self._say("Is the new model better?")
        self._avocet("models", "compare", "challenger")
        self._say("It is promoted, and names the bird")
        challenger = self._challenger()
        self._avocet("models", "promote", "challenger", "--reason", "it knows one species more")
        self._wait_until_it_serves(challenger)
        self._expect_named()
        self._say("And back again")
        self._avocet("models", "rollback", "--reason", "to show that it can be taken back")
        self._wait_until_it_serves(version)
        self._expect_unfamiliar()
        print(f"\nAll of it took {time.monotonic() - self.began_s:.0f} s. The embedded cloud goes on: ", end="")
        print(f"AVOCET_HOME={self.home.folder} AVOCET_PORT={self.home.port} make stop ends it.", flush=True)

    # -- what a person types -----------------------------------------------------------------------------------------

    def _avocet(self, *words: str) -> None:
        print(f"\n$ avocet {shlex.join(words)}", flush=True)
        done = subprocess.run([str(_AVOCET), *words], cwd=ROOT, env=self._environment(), check=False)
        if done.returncode:
            raise SetupError(f"`avocet {words[0]}` ended with {done.returncode}, so the story ends here.")

    def _ask(self, *words: str) -> Any:
        """Run a command for its JSON alone."""
        done = subprocess.run(
            [str(_AVOCET), *words, "--json"],
            cwd=ROOT,
            env=self._environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise SetupError(f"`avocet {shlex.join(words)}` failed: {done.stderr.strip()[-300:]}")
        return json.loads(done.stdout)

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AVOCET_")}
        # Sign-ins of its own: whoever runs this stays who they are elsewhere.
        return {
            **kept,
            "AVOCET_HOME": str(self.home.folder),
            "AVOCET_CONFIG_DIR": str(self.home.folder / "command-line"),
        }

    def _refresh(self) -> None:
        self._avocet("jobs", "start", "refresh", "--wait")

    # -- what a person does on the page ------------------------------------------------------------------------------

    def _contribute(self) -> None:
        local = json.loads((self.home.folder / "local.json").read_text("utf-8"))
        with httpx.Client(base_url=local["api_url"], timeout=60, trust_env=False) as api:
            token = _token_of(local, "user")
            for photo in self.material.contributed:
                headers = {"Authorization": f"Bearer {token}", "Content-Type": "image/jpeg"}
                said = _answer(api.post("/predictions", content=photo.read_bytes(), headers=headers))
                answer = {"feedback": "corrected", "species_id": self.material.species_id}
                _answer(
                    api.post(
                        f"/predictions/{said['prediction_id']}/feedback",
                        json=answer,
                        headers={"Authorization": headers["Authorization"]},
                    )
                )
                print(f"  {photo.name}: it is a {self.material.species_id}", flush=True)

    def _review(self) -> None:
        """Accept what waits, through the requests that ``avocet review`` sends."""
        print("\n$ avocet review", flush=True)
        environment = self._environment()
        surroundings = Surroundings(
            environment=environment,
            cwd=ROOT,
            config_dir=Path(environment["AVOCET_CONFIG_DIR"]),
            package_dir=ROOT / "cli",
        )
        accepted = 0
        with surroundings.connect() as connection:
            while items := connection.api.get("/admin/review", {"limit": len(self.material.contributed)})["items"]:
                for item in items:
                    connection.api.send("POST", f"/admin/review/{item['photo_id']}", {"action": "accept"})
                    print(f"  a  {item['photo_id']}: accepted as {item['said']['species_id']}", flush=True)
                    accepted += 1
        if accepted < len(self.material.contributed):
            raise SetupError(f"{accepted} of {len(self.material.contributed)} photos waited for a review.")

    def _expect_unfamiliar(self) -> None:
        self._avocet("identify", str(self.material.asked))
        if not self._identified()["unfamiliar"]:
            raise SetupError("the model should not have known this bird.")

    def _expect_named(self) -> None:
        self._avocet("identify", str(self.material.asked))
        said = self._identified()
        if said["unfamiliar"] or said["predictions"][0]["species_id"] != self.material.species_id:
            raise SetupError("the new model does not name the bird.")

    def _identified(self) -> Mapping[str, Any]:
        (only,) = self._ask("identify", str(self.material.asked))["photos"]
        found: Mapping[str, Any] = only["prediction"]
        return found

    def _challenger(self) -> str:
        models = self._ask("models", "list")["models"]
        return str(next(model["version"] for model in models if model["role"] == "challenger"))

    def _wait_until_it_serves(self, version: str) -> None:
        """Functions look for a new champion every ten seconds."""
        print(f"  waiting until {version} answers ", end="", flush=True)
        deadline = time.monotonic() + _SWAP_LIMIT_S
        while self._identified()["model_version"] != version:
            if time.monotonic() > deadline:
                raise SetupError(f"{version} does not answer after {_SWAP_LIMIT_S:.0f} s.")
            print(".", end="", flush=True)
            time.sleep(1)
        print(flush=True)

    # -- behind the scenes -------------------------------------------------------------------------------------------

    def _publish_forgetful(self) -> str:
        place = Place("local", self.home.endpoint)
        outputs = Deployment(place, work_dir=self.home.folder, context={}).outputs()
        return publish_without(place, outputs, self.material.species_id)

    def _say(self, title: str) -> None:
        self._number += 1
        print(f"\n── {self._number}. {title}  ({time.monotonic() - self.began_s:.0f} s)", flush=True)


def gather(photos: Path, label: str, species_id: str, into: Path, *, few: int | None = None) -> Material:
    """Copy what the story needs out of a folder in Kaggle's layout; of ``few`` other species where that is given.

    Raises:
        SetupError: The folder is not there, or has too few photos of the species.
    """
    train = photos / "train"
    own = sorted((train / label).glob("*.jpg")) if train.is_dir() else []
    if len(own) <= _GIVEN:
        raise SetupError(
            f"{photos} must hold train/<LABEL>/*.jpg with more than {_GIVEN} photos of {label}; name one with PHOTOS=."
        )
    others = [folder for folder in sorted(train.iterdir()) if folder.is_dir() and folder.name != label]
    for number, folder in enumerate(others[:few]):
        target = into / "train" / folder.name
        target.mkdir(parents=True)
        for photo in sorted(folder.glob("*.jpg"))[: _PHOTOS_EACH if number else _GIVEN]:
            shutil.copyfile(photo, target / photo.name)
    return Material(into, own[:_GIVEN], own[_GIVEN], species_id)


def _token_of(local: Mapping[str, Any], role: str) -> str:
    account = local["accounts"][role]
    answer = httpx.post(
        local["cognito_url"],
        json={
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": local["client_id"],
            "AuthParameters": {"USERNAME": account["username"], "PASSWORD": account["password"]},
        },
        headers={
            "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            "Content-Type": "application/x-amz-json-1.1",
        },
        trust_env=False,
        timeout=60,
    )
    return str(_answer(answer)["AuthenticationResult"]["IdToken"])


def _answer(response: httpx.Response) -> Any:
    if response.is_error:
        raise SetupError(f"the API answered {response.status_code}: {response.text[:300]}")
    return response.json()


def main() -> None:
    """Tell the story; a failure is one sentence."""
    parser = argparse.ArgumentParser(prog="make loop", description=__doc__)
    parser.add_argument("--photos", type=Path, default=_SAMPLE, help="a folder in Kaggle's layout")
    parser.add_argument("--label", default="MANDRIN DUCK", help="the new species' folder in it")
    parser.add_argument("--species", default="mandarin-duck", help="and its id")
    parser.add_argument("--few", type=int, help="make the dataset of so many other species only")
    arguments = parser.parse_args()
    home = Home(
        Path(os.environ.get("AVOCET_HOME") or ROOT / ".avocet/loop").resolve(),
        int(os.environ.get("AVOCET_PORT") or _PORT),
    )
    with tempfile.TemporaryDirectory() as name:
        try:
            material = gather(arguments.photos, arguments.label, arguments.species, Path(name), few=arguments.few)
            Story(home, material).tell()
        except SetupError as error:
            sys.exit(f"avocet: {error}")


if __name__ == "__main__":
    main()
