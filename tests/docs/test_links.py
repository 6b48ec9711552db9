"""Every link leads somewhere, every named file is there, and every decision is in the index."""

import re
from urllib.parse import unquote

import pytest

from tests.docs.reading import ROOT, Page, pages

PAGES = pages()
_DECISIONS = ROOT / "docs/adr"
_ABROAD = ("http://", "https://", "mailto:")
# Where a file that a page names may lie; pages leave out what every reader knows.
_ROOTS = ("", "layers/core/python/avocet", "layers/core/python", "docs", "infra", "functions", "web", "web/src")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page):
    for link in page.links():
        if link.startswith(_ABROAD):
            continue
        place, _, anchor = unquote(link).partition("#")
        target = (page.path.parent / place).resolve() if place else page.path
        assert target.exists(), f"{page.name} links to {link}"
        if anchor and target.suffix == ".md":
            assert anchor in Page(target, target.read_text("utf-8")).anchors(), f"{page.name} links to {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_source_file_that_is_named_is_there(page):
    for piece in page.inline():
        name = piece.partition("::")[0]
        if re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|ts|tsx|mjs|yml|in)", name):
            beside = [page.path.parent / name, *(ROOT / root / name for root in _ROOTS)]
            assert any(path.exists() for path in beside), f"{page.name} names {name}"


def test_every_decision_has_a_number_of_its_own_and_is_in_the_index_by_its_title():
    index = (_DECISIONS / "README.md").read_text("utf-8")
    numbers = []
    for path in sorted(_DECISIONS.glob("[0-9]*.md")):
        number = int(path.name[:4])
        title = re.sub(r"^# (?:\d+[.:]? *)?", "", path.read_text("utf-8").splitlines()[0])
        assert f"| {number} | [{title}]({path.name}) |" in index, path.name
        numbers.append(number)
    assert len(numbers) == len(set(numbers))


def test_every_guide_can_be_reached_from_the_readme():
    by_path = {page.path: page for page in PAGES}
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        path = ahead.pop()
        if path in reached or path not in by_path:
            continue
        reached.add(path)
        links = (link for link in by_path[path].links() if not link.startswith(_ABROAD))
        ahead.extend((path.parent / unquote(link).partition("#")[0]).resolve() for link in links)
    guides = {path for path in by_path if path.is_relative_to(ROOT / "docs") or path.parent == ROOT}
    assert guides <= reached, sorted(str(path.relative_to(ROOT)) for path in guides - reached)
