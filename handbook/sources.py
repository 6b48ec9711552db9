"""Reads the Python sources for what pages tell of them: first sentences, and which use cases a function leads to."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from handbook.templates import ROOT

PACKAGE = ROOT / "layers/core/python"
_WIRING = "avocet.http"
_USE_CASES = "avocet.usecases"


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def first_sentence(path: Path) -> str:
    """Return the first line of a module's docstring, without its full stop."""
    return (ast.get_docstring(_parsed(path)) or "").split("\n")[0].rstrip(".")


def handler_of(verb: str) -> Path:
    """Return where the function's handler is."""
    return ROOT / "functions" / verb / "handler.py"


def use_cases_of(verb: str) -> tuple[str, ...]:
    """Return the names of the use cases that a function runs, itself or through what puts them together."""
    handler = _parsed(handler_of(verb))
    found = {name.removeprefix(f"{_USE_CASES}.") for name in _imported(handler, within=set(_names(handler)))}
    # Ports are what use cases stand on, not what they do.
    return tuple(sorted(name for name in found if not name.endswith("ports")))


def _imported(module: ast.Module, *, within: set[str]) -> Iterator[str]:
    """Yield the use cases behind those names of ``module`` that are ``within``, following wiring by name."""
    defined = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    pending, seen = set(within), set[str]()
    while pending:
        name = pending.pop()
        seen.add(name)
        if name in defined:
            pending |= set(_names(defined[name])) - seen
    for node in ast.walk(module):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        names = {alias.name for alias in node.names if (alias.asname or alias.name) in seen}
        if node.module == _WIRING:
            for name in names:
                path = PACKAGE / _WIRING.replace(".", "/") / f"{name}.py"
                yield from _imported(_parsed(path), within=_attributes(module, of=name))
        if node.module.startswith(_USE_CASES) and names:
            # `from avocet.usecases import refresh` names the module itself.
            yield from (node.module,) if node.module != _USE_CASES else (f"{_USE_CASES}.{name}" for name in names)
        elif node.module.startswith(f"{_WIRING}.") and names:
            path = PACKAGE / (node.module.replace(".", "/") + ".py")
            yield from _imported(_parsed(path), within=names)


def _attributes(module: ast.Module, *, of: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == of
    }


def _names(node: ast.AST) -> Iterator[str]:
    return (each.id for each in ast.walk(node) if isinstance(each, ast.Name))


def attributes_of(path: Path, class_name: str) -> dict[str, str]:
    """Return what the ``Attributes`` section of a class's docstring says of each attribute, on one line each."""
    (found,) = (node for node in _parsed(path).body if isinstance(node, ast.ClassDef) and node.name == class_name)
    _, _, section = (ast.get_docstring(found) or "").partition("Attributes:\n")
    said: dict[str, str] = {}
    for line in section.splitlines():
        if line.startswith("    ") and not line.startswith("     "):
            name, _, text = line.strip().partition(": ")
            said[name] = text
        elif line.strip() and said:
            said[list(said)[-1]] += " " + line.strip()
    return said


def files_that_say(text: str, *, under: tuple[str, ...]) -> tuple[str, ...]:
    """Return the Python files below the folders ``under`` that hold ``text``."""
    return tuple(
        str(path.relative_to(ROOT))
        for folder in under
        for path in sorted((ROOT / folder).rglob("*.py"))
        if text in path.read_text("utf-8")
    )
