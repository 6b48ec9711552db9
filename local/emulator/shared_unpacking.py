"""Lets the emulated functions share what is unpacked of their layers and code.

MiniStack unpacks every layer anew for every worker: some 200 MB and two seconds each. Here a zip is unpacked once and
the workers' folders become links to it.
"""

import hashlib
import shutil
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

_KEPT = 12
"""So many unpacked zips are kept from one start to the next: two deployments' worth, with some to spare."""

_unpacking = threading.Lock()


def install(folder: Path) -> None:
    """Replace the ``zipfile`` that MiniStack's workers see; ``folder`` takes the unpacked zips."""
    from ministack.core import lambda_runtime  # imported late: MiniStack reads its settings at import

    class SharedZipFile(zipfile.ZipFile):
        """A zip whose content is unpacked at most once."""

        def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
            """Make ``path``, which must be an empty folder, a link to the unpacked content."""
            unpacked = folder / _content_key(self)
            with _unpacking:
                if unpacked.exists():
                    unpacked.touch()
                else:
                    partial = unpacked.with_suffix(".partial")
                    super().extractall(partial, members, pwd)
                    partial.rename(unpacked)
            Path(path).rmdir()
            Path(path).symlink_to(unpacked)

    folder.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    seen = types.SimpleNamespace(**{name: getattr(zipfile, name) for name in zipfile.__all__})
    seen.ZipFile = SharedZipFile
    lambda_runtime.zipfile = seen


def _forget_old(folder: Path) -> None:
    for partial in folder.glob("*.partial"):
        shutil.rmtree(partial)
    by_last_use = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in by_last_use[_KEPT:]:
        shutil.rmtree(old)


def _content_key(archive: zipfile.ZipFile) -> str:
    digest = hashlib.sha256()
    for member in archive.infolist():
        digest.update(f"{member.filename}\0{member.CRC}\0{member.file_size}\n".encode())
    return digest.hexdigest()
