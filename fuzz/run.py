"""Fuzzes the photo decoder and every other parser of outside data: `make fuzz SECONDS=600`, or one with `ONLY=name`.

Builds the fuzzer's environment and corpora first. Half of the time is the photo decoder's, the others share the rest.

Where atheris has no wheel for this Python it says so and ends well: the seeded campaign in tests/hostile runs anywhere.
"""

import argparse
import os
import site
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".avocet" / "fuzz-venv"
WORK = ROOT / "build" / "fuzz"
REQUIREMENTS = ROOT / "fuzz" / "requirements.txt"
MAX_SEED_BYTES = 20_000
IMAGING = "imaging"
MIN_SECONDS = 5


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


def _write_seeds() -> list[str]:
    """Give the fuzzer sound input for each parser, small enough to be read hundreds of times a second; return their names."""
    sys.path[:0] = [str(ROOT), str(ROOT / "layers/core/python")]
    from fuzz.parsers import PARSERS
    from tests.hostile import generate

    seeds = {
        IMAGING: {
            case.name.replace("/", "-").replace("?", "_"): case.data
            for case in generate.built_cases()
            if len(case.data) <= MAX_SEED_BYTES
        }
    }
    for name, parser in PARSERS.items():
        seeds[name] = {f"sound-{number}": data for number, data in enumerate(parser.examples)}
    for name, files in seeds.items():
        folder = WORK / name / "corpus"
        folder.mkdir(parents=True, exist_ok=True)
        (WORK / name / "findings").mkdir(exist_ok=True)
        for file, data in files.items():
            (folder / file).write_bytes(data)
    return list(seeds)


def _fuzz(name: str, seconds: int) -> bool:
    """Fuzz one parser; return whether nothing was found."""
    print(f"Fuzzing {name} for {seconds} s; its corpus grows in build/fuzz/{name}/corpus.", flush=True)
    program = ["fuzz/fuzz_imaging.py"] if name == IMAGING else ["fuzz/fuzz_parsers.py", name]
    findings = WORK / name / "findings"
    # What our code imports besides comes from the environment that this runs in; what both have is of one version.
    paths = os.pathsep.join((str(ROOT / "layers/core/python"), str(ROOT), *site.getsitepackages()))
    found = subprocess.run(
        [
            str(ENVIRONMENT / "bin/python"),
            *program,
            str(WORK / name / "corpus"),
            f"-artifact_prefix={findings}/",
            f"-max_total_time={seconds}",
            f"-max_len={MAX_SEED_BYTES * 2}",
            # By the wall clock, on a machine others may be using; processor time is judged inside.
            "-timeout=60",
            "-rss_limit_mb=768",
            "-print_final_stats=1",
            "-verbosity=0",
        ],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
    )
    if found.returncode:
        print(f"Something was found: see {findings.relative_to(ROOT)}. Mend it, and add it to tests/hostile.")
    return not found.returncode


def main() -> int:
    """Return 0 when nothing was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--only", help="one of them: imaging, or a name in fuzz/parsers.py")
    options = parser.parse_args()
    if not _install():
        print(
            f"Skipped: atheris cannot be installed for Python {sys.version_info.major}.{sys.version_info.minor} here."
        )
        return 0
    names = _write_seeds()
    if options.only:
        if options.only not in names:
            parser.error(f"there are {', '.join(names)}")
        return int(not _fuzz(options.only, options.seconds))
    each = max(MIN_SECONDS, options.seconds // 2 // (len(names) - 1))
    sound = [_fuzz(name, options.seconds // 2 if name == IMAGING else each) for name in names]
    return int(not all(sound))


if __name__ == "__main__":
    raise SystemExit(main())
