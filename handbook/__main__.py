"""``make pages``: writes into the pages what the code says; ``--check`` writes nothing and refuses pages that are behind."""

import argparse
import hashlib
import sys

from handbook.templates import ROOT, synthesise

# Everything that a page takes from.
_SOURCES = (
    "infra/**/*.py",
    "functions/**/*.py",
    "handbook/*",
    "layers/**/*.py",
    "layers/*/requirements.txt",
    "docs/*.md",
    "docs/runbooks/*.md",
    "docs/openapi.json",
    "*.txt",
    "pyproject.toml",
    "web/package*.json",
    "training_job/**/requirements.txt",
    "local/**/requirements.txt",
)
_SEEN = ROOT / "build/pages.seen"
# Every page is written for the environment with everything in it.
_ENVIRONMENT = "prod"


def _digest() -> str:
    digest = hashlib.sha256()
    for pattern in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    """Write the pages, or say which of them are behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    checks = parser.parse_args().check
    # The templates take ten seconds, and most changes touch nothing that a page tells of.
    if checks and _SEEN.is_file() and _SEEN.read_text() == _digest():
        return
    # Here, since the construct library takes seconds to load.
    from handbook.pages import SECTIONS, stale

    behind = stale(synthesise(_ENVIRONMENT))
    if checks and behind:
        sys.exit(f"{', '.join(behind)} no longer say what the code does: run `make pages` and commit what it writes.")
    for name, text in behind.items():
        (ROOT / name).write_text(text, "utf-8")
        print(f"{name}: written anew.")
    if not behind and not checks:
        print(f"{', '.join(SECTIONS)}: as the code says.")
    _SEEN.parent.mkdir(exist_ok=True)
    _SEEN.write_text(_digest())


if __name__ == "__main__":
    main()
