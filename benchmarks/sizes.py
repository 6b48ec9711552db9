"""What the functions carry: bytes of each built layer, and of the bytecode in it, against a budget."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Lambda unpacks at most 250 MB for a function and its layers together.
TOTAL_BUDGET_BYTES = 250 * 1024 * 1024
BUDGET_BYTES = {
    "core": 8 * 1024 * 1024,
    "runtime": 12 * 1024 * 1024,
    "inference": 165 * 1024 * 1024,
    "data": 40 * 1024 * 1024,
}


@dataclass(frozen=True)
class LayerSize:
    """One layer; sizes are unpacked ones unless they say otherwise."""

    name: str
    total_bytes: int
    bytecode_bytes: int
    zipped_bytes: int

    @property
    def budget_bytes(self) -> int:
        """What it may take."""
        return BUDGET_BYTES.get(self.name, 0)


def measure(target: str = "embedded") -> list[LayerSize]:
    """Return the sizes of the layers built for ``target``; empty where none are built."""
    return [_size(archive) for archive in sorted((ROOT / "build" / "layers" / target).glob("*.zip"))]


def _size(archive: Path) -> LayerSize:
    with zipfile.ZipFile(archive) as layer:
        files = layer.infolist()
    return LayerSize(
        archive.stem,
        sum(file.file_size for file in files),
        sum(file.file_size for file in files if file.filename.endswith(".pyc")),
        archive.stat().st_size,
    )
