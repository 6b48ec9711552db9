"""Builds the page when its sources have changed."""

import hashlib
import subprocess
from pathlib import Path

from local.steps import SetupError, step

_WEB = Path(__file__).resolve().parent.parent / "web"
_IGNORED = {"node_modules", "dist", "test-results"}


def build_page() -> None:
    """Build ``web/dist`` from ``web/``, unless it is built from the same sources already.

    Raises:
        SetupError: When the page does not build.
    """
    if not (_WEB / "package.json").is_file():
        return
    stamp, digest = _WEB / "dist" / ".built-from", _digest()
    if stamp.is_file() and stamp.read_text() == digest:
        return
    with step("Building the page"):
        finished = subprocess.run(
            ["npm", "run", "--silent", "build"], cwd=_WEB, capture_output=True, text=True, check=False
        )
        if finished.returncode != 0:
            said = (finished.stdout + finished.stderr).strip().splitlines()
            raise SetupError(f"the page does not build: {said[-1] if said else '?'}")
        stamp.write_text(digest)


def _digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(_WEB.rglob("*")):
        if path.is_file() and not _IGNORED.intersection(path.relative_to(_WEB).parts):
            digest.update(str(path.relative_to(_WEB)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
