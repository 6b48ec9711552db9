"""Puts what the code says into the pages, between marks; writes nothing outside them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from handbook import api, architecture, cost, dependencies, finding
from handbook.templates import ROOT, Templates

SECTIONS: Mapping[str, Mapping[str, Callable[[Templates], str]]] = {
    "docs/where.md": {
        "functions": finding.functions,
        "endpoints": finding.endpoints,
        "stores": finding.stores,
        "schedules": finding.schedules,
        "alarms": finding.alarms,
        "settings": finding.settings,
    },
    "docs/architecture.md": {"stacks": architecture.stacks, "starting": architecture.starting},
    "docs/api.md": {"reference": api.reference},
    "docs/dependencies.md": {"packages": dependencies.listed},
    "docs/cost.md": {"overview": cost.overview, "details": cost.details, "prices": cost.price_list},
}


class MissingMarkError(Exception):
    """A page lacks the marks between which a section belongs."""


def filled(path: Path, sections: Mapping[str, Callable[[Templates], str]], templates: Templates) -> str:
    """Return the page at ``path`` with its sections as the code has them now.

    Raises:
        MissingMarkError: When a section has no place in the page.
    """
    text = path.read_text("utf-8")
    for name, write in sections.items():
        mark = re.compile(rf"(<!-- {name}: make pages -->\n).*?(<!-- /{name} -->)", re.S)
        if not mark.search(text):
            raise MissingMarkError(f"{path.name} has no place for {name}")
        content = write(templates)
        text = mark.sub(lambda found, content=content: f"{found[1]}{content}{found[2]}", text)  # type: ignore[misc]
    return text


def stale(templates: Templates) -> dict[str, str]:
    """Return the pages that no longer say what the code does, each with what it ought to hold."""
    now = {name: filled(ROOT / name, sections, templates) for name, sections in SECTIONS.items()}
    return {name: text for name, text in now.items() if text != (ROOT / name).read_text("utf-8")}
