"""Reads the project's pages as a reader does: headings, links, and whatever is set as code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_NOT_OURS = {"node_modules", ".venv", ".venv-training", ".avocet", "build", "cdk.out", "dist"}

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```", re.M | re.S)
_INDENTED = re.compile(r"(?:^ {4}\S[^\n]*\n?)+", re.M)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[(?:[^\]]*)\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.M)


@dataclass(frozen=True)
class Code:
    """A piece set as code; ``language`` is that of its fence, empty elsewhere."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One page of Markdown."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    def blocks(self) -> Iterator[Code]:
        """Yield the blocks of code."""
        for fence in _FENCE.finditer(self.text):
            yield Code(fence["language"], fence["body"])
        for block in _INDENTED.finditer(_FENCE.sub("", self.text)):
            yield Code("", block[0])

    def inline(self) -> Iterator[str]:
        """Yield what is set as code within a sentence."""
        yield from _INLINE.findall(_FENCE.sub("", self.text))

    def lines_of_code(self) -> Iterator[str]:
        """Yield each line of a block and each piece within a sentence, without prompt and remark."""
        for block in self.blocks():
            # A backslash at its end makes a line one with the next.
            yield from block.text.replace("\\\n", " ").splitlines()
        yield from self.inline()

    def links(self) -> Iterator[str]:
        """Yield where the links lead."""
        yield from _LINK.findall(_INLINE.sub("", _FENCE.sub("", self.text)))

    def anchors(self) -> set[str]:
        """Return what can be linked to within the page, named as GitHub names it."""
        found: set[str] = set()
        for heading in _HEADING.findall(_FENCE.sub("", self.text)):
            words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
            slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
            number = 0
            while (name := slug if not number else f"{slug}-{number}") in found:
                number += 1
            found.add(name)
        return found


def pages() -> list[Page]:
    """Return every page of the repository."""
    paths = (path for path in ROOT.rglob("*.md") if not _NOT_OURS & set(path.relative_to(ROOT).parts))
    return [Page(path, path.read_text("utf-8")) for path in sorted(paths)]
