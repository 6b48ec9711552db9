"""Gives each peer the Python environment it needs, under ``.avocet/bench``; installed once, from hashes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_HOME = ROOT / ".avocet" / "bench"
_UV = ROOT / ".avocet" / "tools" / "bin" / "uv"


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, installing what ``requirements-<peer>.txt`` says if need be."""
    requirements = ROOT / "benchmarks" / f"requirements-{peer}.txt"
    environment = _HOME / f"{peer}-venv"
    stamp = environment / "installed.txt"
    python = environment / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        print(f"Installing the environment of the {peer} ...", flush=True)
        subprocess.run(
            [str(_UV), "venv", "--quiet", "--clear", "--python", sys.executable, str(environment)], check=True
        )
        subprocess.run(
            [
                *(str(_UV), "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes"),
                *("--python", str(python), "-r", str(requirements)),
            ],
            check=True,
        )
        stamp.write_text(requirements.read_text())
    return python
