"""Every package has a reason and the licence that it says it has; nothing is among them that may not be shipped or used."""

import importlib.metadata
import json
import re

import pytest

from handbook.dependencies import PAGE, ROOT, SHIPPED, canonical, locked, packages, reasons

NAMED = {package.name for found in packages().values() for package in found}
INSTALLED = {canonical(each.name): each.metadata for each in importlib.metadata.distributions()}
# How packages write what has one name.
_WORDS = {
    "Apache-2.0": r"apache",
    "BSD-2-Clause": r"bsd",
    "BSD-3-Clause": r"bsd",
    "MIT": r"\bmit\b",
    "MIT-0": r"mit-0|mit no attribution|\bmit\b",
    "MIT-CMU": r"mit-cmu|hpnd",
    "MPL-2.0": r"mpl|mozilla",
}


def said_of_itself(name: str) -> str:
    metadata = INSTALLED[name]
    classifiers = [each for each in metadata.get_all("Classifier", []) if each.startswith("License")]
    return " ".join([metadata.get("License-Expression") or "", metadata.get("License") or "", *classifiers]).lower()


def test_every_package_has_a_reason_and_every_reason_a_package():
    assert set(reasons()) == NAMED
    for name, (licence, why) in reasons().items():
        assert licence, name
        assert len(why.split()) >= 2, name


@pytest.mark.parametrize("name", sorted(NAMED & set(INSTALLED)))
def test_a_licence_is_what_the_package_says_of_itself(name):
    for part in re.split(r" OR | AND ", reasons()[name][0]):
        assert re.search(_WORDS[part], said_of_itself(name)), (part, said_of_itself(name))


@pytest.mark.parametrize("folder", [".", "web"])
def test_licences_of_node_s_packages_are_those_of_their_lock_file(folder):
    lock = json.loads((ROOT / folder / "package-lock.json").read_text("utf-8"))["packages"]
    manifest = lock[""]
    for name in (*manifest.get("dependencies", {}), *manifest.get("devDependencies", {})):
        assert reasons()[name][0] == lock[f"node_modules/{name}"]["license"], name
    allowed = {
        "MIT",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "ISC",
        "0BSD",
        "BlueOak-1.0.0",
        "MPL-2.0",
        "CC-BY-4.0",
    }
    for name, package in lock.items():
        assert not name or package["license"] in allowed, name


def test_nothing_under_the_gpl_alone_is_among_the_tools():
    for name in set(locked(ROOT / "requirements.txt")) & set(INSTALLED):
        said = said_of_itself(name)
        free = re.search(r"mit|bsd|apache|mpl|mozilla|isc|psf|python software|artistic|unlicense|hpnd|zlib|0bsd", said)
        assert free or not re.search(r"\bgpl|general public", said), (name, said)


def test_what_is_shipped_is_small_and_free_for_everybody():
    of = packages()
    for package in (*of[SHIPPED], *of[PAGE]):
        assert not re.match(r"A?GPL|SSPL|BUSL", reasons()[package.name][0]), package
    assert len(of[SHIPPED]) <= 20
    assert len(of[PAGE]) <= 6
