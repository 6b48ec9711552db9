"""Every command that a page tells people to type exists, with its options; those that cost nothing are run."""

import ast
import importlib
import importlib.util
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
import typer.main

from cli.main import app
from tests.docs.reading import ROOT, Page, pages

PAGES = pages()
_MAKEFILE = (ROOT / "Makefile").read_text()
_VARIABLE = re.compile(r"^[A-Z_]+=")
# Further than these a line holds a remark, an alternative, or what the command answers.
_ENDS = re.compile(r"\s#|\s{3,}|\s\|\s|\s&&\s|;|\s>")


def commands(page: Page, *names: str) -> Iterator[list[str]]:
    """Yield the words after one of ``names``, for each time the page has somebody type it."""
    for line in page.lines_of_code():
        text = line.strip().removeprefix("$ ").strip()
        words = _ENDS.split(text, maxsplit=1)[0].split()
        while words and _VARIABLE.match(words[0]):
            words.pop(0)
        if words and words[0] in names:
            try:
                yield shlex.split(" ".join(words))[1:]
            except ValueError as error:
                pytest.fail(f"{page.name}: {line!r}: {error}")


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", _MAKEFILE, re.M))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists_and_heeds_the_variables_it_is_given(page):
    for words in commands(page, "make"):
        for word in words:
            if _VARIABLE.match(word):
                name = word.partition("=")[0]
                assert f"$({name})" in _MAKEFILE or f"$(or $({name})" in _MAKEFILE, f"make {' '.join(words)}"
            elif not word.startswith("-"):
                assert word in targets(), f"make {' '.join(words)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_of_avocet_exists_with_its_options(page):
    for words in commands(page, "avocet", ".venv/bin/avocet"):
        command = typer.main.get_command(app)
        rest = list(words)
        while rest and hasattr(command, "commands"):
            named = rest.pop(0)
            if named.startswith("-"):
                rest.insert(0, named)
                break
            assert named in command.commands, f"avocet {' '.join(words)}"
            command = command.commands[named]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        for word in rest:
            if word.startswith("-") and word != "-":
                option = word.partition("=")[0]
                assert option in known | {"--help", "-h"}, f"avocet {' '.join(words)}: no {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_that_is_run_exists_and_knows_its_options(page):
    for words in commands(page, "python", "python3", ".venv/bin/python"):
        if not words or words[0] != "-m":
            continue
        name = words[1]
        spec = importlib.util.find_spec(name)
        assert spec is not None, f"{page.name}: python -m {name}"
        source = source_of(spec.origin or "")
        for word in words[2:]:
            if word.startswith("--"):
                assert f'"{word.partition("=")[0]}"' in source, f"python -m {' '.join(words[1:])}"


@cache
def source_of(origin: str) -> str:
    """Return the source of a module, or of what a package runs."""
    package = origin.removesuffix("__init__.py")
    path = origin if package == origin else f"{package}__main__.py"
    return (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_piece_of_python_can_be_read_and_imports_what_is_there(page):
    for block in page.blocks():
        if block.language == "python":
            for node in ast.walk(ast.parse(block.text)):
                if isinstance(node, ast.ImportFrom) and node.module:
                    module = importlib.import_module(node.module)
                    for alias in node.names:
                        assert hasattr(module, alias.name), f"{page.name}: {node.module}.{alias.name}"


def test_every_target_that_the_help_lists_is_listed_with_what_it_does():
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[1] for line in said.splitlines() if line.startswith("  make ")}
    phony = set(" ".join(re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", _MAKEFILE, re.M)).replace("\\\n", " ").split())
    assert listed <= targets()
    assert listed <= phony


def test_every_command_of_avocet_is_told_in_the_pages():
    told = {" ".join(words) for page in PAGES for words in commands(page, "avocet", ".venv/bin/avocet")}
    text = "\n".join(page.text for page in PAGES)
    for name, command in typer.main.get_command(app).commands.items():
        assert any(each.startswith(name) for each in told), f"no page tells of `avocet {name}`"
        for sub in getattr(command, "commands", {}):
            assert f"{name} {sub}" in told or re.search(rf"avocet {name}\b[^`\n]*\b{sub}\b", text), (
                f"no page tells of `avocet {name} {sub}`"
            )


def test_what_the_command_line_is_said_to_know_it_says_itself():
    for words in (["--version"], ["--help"]):
        finished = subprocess.run([ROOT / ".venv/bin/avocet", *words], capture_output=True, text=True)
        assert finished.returncode == 0, finished.stderr
