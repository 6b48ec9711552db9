"""A function's process as Lambda freezes it: answers one line a request with the version that serves and its threads."""

import json
import shutil
import sys
import threading
import time
from pathlib import Path

from avocet.adapters import champion
from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list


class Place:
    """A folder with a pointer and bundles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> str | None:
        return (self.folder / "champion").read_text()

    def fetch(self, model_version: str, folder: Path) -> None:
        shutil.copytree(self.folder / model_version, folder, dirs_exist_ok=True)


def main() -> None:
    """Answer until stdin ends."""
    place = Place(Path(sys.argv[1]))
    champion.LOOK_EVERY_S = float(sys.argv[2])
    cached = champion.CachedChampion(
        pointer=place,
        bundles=place,
        load=lambda folder: load_bundle(folder, world_list()),
        wall_clock_s=time.time,
    )
    for _ in sys.stdin:
        answer = {"version": cached.current().model_version, "threads": threading.active_count()}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


main()
