"""Fuzzes the photo decoder for a while: `make fuzz SECONDS=600`. Builds the fuzzer's environment and corpus first.

Where atheris has no wheel for this Python it says so and ends well: the seeded campaign in tests/hostile runs anywhere.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".avocet" / "fuzz-venv"
CORPUS = ROOT / "build" / "fuzz" / "corpus"
FINDINGS = ROOT / "build" / "fuzz" / "findings"
REQUIREMENTS = ROOT / "fuzz" / "requirements.txt"
MAX_SEED_BYTES = 20_000


def _install() -> bool:
    """Make the environment; say False where atheris cannot be had for this Python."""
    stamp = ENVIRONMENT / "installed.txt"
    if stamp.exists() and stamp.read_text() == REQUIREMENTS.read_text():
        return True
    print("Installing the fuzzer ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    pip = [str(ENVIRONMENT / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "install", "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS)], check=False
    )
    if installed.returncode:
        return False
    stamp.write_text(REQUIREMENTS.read_text())
    return True


def _write_seeds() -> None:
    """Give the fuzzer one file of every kind, small enough to be decoded hundreds of times a second."""
    sys.path.insert(0, str(ROOT))
    from tests.hostile import generate

    CORPUS.mkdir(parents=True, exist_ok=True)
    for case in generate.built_cases():
        if len(case.data) <= MAX_SEED_BYTES:
            (CORPUS / case.name.replace("/", "-").replace("?", "_")).write_bytes(case.data)


def main() -> int:
    """Return 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    if not _install():
        print(
            f"Skipped: atheris cannot be installed for Python {sys.version_info.major}.{sys.version_info.minor} here."
        )
        return 0
    _write_seeds()
    FINDINGS.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join((str(ROOT / "layers/core/python"), str(ROOT)))
    print(f"Fuzzing for {options.seconds} s; the corpus grows in {CORPUS.relative_to(ROOT)}.", flush=True)
    found = subprocess.run(
        [
            str(ENVIRONMENT / "bin/python"),
            str(ROOT / "fuzz/fuzz_imaging.py"),
            str(CORPUS),
            f"-artifact_prefix={FINDINGS}/",
            f"-max_total_time={options.seconds}",
            f"-max_len={MAX_SEED_BYTES * 2}",
            # By the wall clock, on a machine others may be using; five seconds of processor time are judged inside.
            "-timeout=60",
            "-rss_limit_mb=768",
            "-print_final_stats=1",
            "-verbosity=0",
        ],
        env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    if found.returncode:
        print(
            f"Something was found: see {FINDINGS.relative_to(ROOT)}. Add it to tests/hostile/seeds once it is mended."
        )
    return found.returncode


if __name__ == "__main__":
    raise SystemExit(main())
