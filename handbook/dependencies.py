"""Lists every package that the project asks for or ships, with its version, its licence and why; knows nothing of others."""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from handbook.markdown import table
from handbook.templates import ROOT, Templates

_PACKAGES = Path(__file__).with_name("packages.json")
_LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.M)
_NAME = re.compile(r"^[A-Za-z0-9_.-]+")

SHIPPED = "functions"
PAGE = "page"
TRAINING = "training"
TOOLS = "tools and tests"
_TITLES = {
    SHIPPED: "In the functions' layers",
    PAGE: "In the page",
    TRAINING: "In trainings and their record",
    TOOLS: "On the laptop and in tests",
}


@dataclass(frozen=True)
class Package:
    """A package that the project asks for or ships."""

    name: str
    version: str


class UnexplainedError(Exception):
    """A package has no entry that says why it is here."""


@cache
def reasons() -> Mapping[str, tuple[str, str]]:
    """Return licence and reason by the package's name."""
    return {
        name: (licence, why) for name, (licence, why) in json.loads(_PACKAGES.read_text("utf-8"))["packages"].items()
    }


def canonical(name: str) -> str:
    """Return a Python package's name as indexes write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(path: Path) -> dict[str, str]:
    """Return name and version of everything that a lock file of Python holds."""
    return {canonical(name): version for name, version in _LOCKED.findall(path.read_text("utf-8"))}


def _asked(path: Path) -> Iterator[str]:
    for line in path.read_text("utf-8").splitlines():
        if found := _NAME.match(line):
            yield canonical(found[0])


def packages() -> dict[str, list[Package]]:
    """Return the packages by what they are for."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(ROOT.glob("layers/*/requirements.txt")):
        # What comes along is shipped too, and counts.
        found[SHIPPED] |= locked(path)
    for folder in ("training_job", "training_job/records", "training_job/sagemaker"):
        found[TRAINING] |= _asked_and_locked(ROOT / folder)
    for folder in ("local/emulator", "local/tools", "fuzz"):
        found[TOOLS] |= _asked_and_locked(ROOT / folder)
    for number in ("ancestor", "floor"):
        into = locked(ROOT / f"benchmarks/requirements-{number}.txt")
        found[TOOLS] |= {name: into[name] for name in _asked(ROOT / f"benchmarks/requirements-{number}.in")}
    found[TOOLS] |= _of_project()
    for folder, runtime in (("", TOOLS), ("web", PAGE)):
        manifest = json.loads((ROOT / folder / "package.json").read_text("utf-8"))
        found[runtime] |= manifest.get("dependencies", {})
        found[TOOLS] |= manifest.get("devDependencies", {})
    for kind in (TRAINING, TOOLS):
        found[kind] = {name: version for name, version in found[kind].items() if name not in found[SHIPPED]}
    return {
        kind: [Package(name, version) for name, version in sorted(found[kind].items())]
        for kind in _TITLES
        if found[kind]
    }


def _asked_and_locked(folder: Path) -> dict[str, str]:
    versions = locked(folder / "requirements.txt")
    return {name: versions[name] for name in _asked(folder / "requirements.in") if name in versions}


def _of_project() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group if isinstance(each, str)),
    ]
    versions, found = locked(ROOT / "requirements.txt"), {}
    for each in asked:
        name, _, pinned = each.partition("==")
        name = canonical(_NAME.match(name)[0])  # type: ignore[index]
        found[name] = versions.get(name) or pinned
    return found


def listed(_templates: Templates) -> str:
    """Return the packages as tables.

    Raises:
        UnexplainedError: When one has no entry.
    """
    parts = []
    for kind, found in packages().items():
        rows = []
        for package in found:
            if package.name not in reasons():
                raise UnexplainedError(f"handbook/packages.json does not say why {package.name} is here")
            licence, why = reasons()[package.name]
            rows.append((f"`{package.name}`", package.version, licence, why))
        parts.append(f"## {_TITLES[kind]}\n\n{table(('package', 'version', 'licence', 'why'), rows)}\n")
    return "".join(parts)
