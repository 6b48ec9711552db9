"""Builds the Lambda layers: wheels as locked, the core package as it stands, and bytecode for the interpreter meant.

``embedded`` is for the emulator's own interpreter, ``cloud`` for Lambda's. What is already built from the same inputs
is left alone. Nothing is deployed here.
"""

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.steps import SetupError, note, step

ROOT = Path(__file__).resolve().parent.parent
_UV = ROOT / ".avocet/tools/bin/uv"
_LOCKED = ("runtime", "inference", "data")
_CORE = "core"
LAYERS = (_CORE, *_LOCKED)
"""Every layer that is built."""
CLOUD_PYTHON = "3.13"
_CLOUD_PLATFORM = "x86_64-manylinux_2_28"
AWS_SERVICES = frozenset(
    {
        "cognito-idp",
        "dynamodb",
        "dynamodbstreams",
        "events",
        "lambda",
        "logs",
        "s3",
        "sagemaker",
        "secretsmanager",
        "sns",
        "sqs",
        "stepfunctions",
    }
)
"""The services whose descriptions the functions' client of AWS keeps: those that ``avocet.adapters.aws`` makes clients of."""
_RECIPE = "3"
"""Changes when the way layers are built does, so that all are built again."""


@dataclass(frozen=True)
class Target:
    """What the layers are built for.

    Attributes:
        name: Folder under ``build/layers``.
        python: Interpreter that compiles the bytecode; None leaves it out.
        wheel_options: What tells uv to fetch wheels for another machine than this one.
        compression: Of the zip, 1 (fast) to 9 (small).
    """

    name: str
    python: Path | None
    wheel_options: tuple[str, ...] = ()
    compression: int = 9

    @property
    def folder(self) -> Path:
        """Where its layers lie."""
        return ROOT / "build" / "layers" / self.name

    def key(self) -> str:
        """Return what of the target changes the layers' content."""
        bytecode = "none" if self.python is None else _tag_of(self.python)
        return "|".join((_RECIPE, self.name, bytecode, *self.wheel_options, *sorted(AWS_SERVICES)))


def embedded_target() -> Target:
    """Return the emulator's interpreter as the target."""
    return Target("embedded", ROOT / ".avocet/emulator-venv/bin/python", compression=1)


def cloud_target() -> Target:
    """Return Lambda's interpreter as the target; without one of its kind at hand, the bytecode is left out."""
    found = subprocess.run(
        [str(_UV), "python", "find", "--no-python-downloads", CLOUD_PYTHON],
        capture_output=True,
        text=True,
        check=False,
    )
    python = Path(found.stdout.strip()) if found.returncode == 0 else None
    if python is None:
        note(
            f"No Python {CLOUD_PYTHON} is at hand: the layers carry no bytecode, and cold starts take some 0.6 s more."
        )
    options = ("--python-version", CLOUD_PYTHON, "--python-platform", _CLOUD_PLATFORM, "--only-binary", ":all:")
    return Target("cloud", python, options)


def build(target: Target) -> dict[str, str]:
    """Build what is out of date and return every layer's digest.

    Raises:
        SetupError: When a package cannot be fetched.
    """
    digests = {_CORE: _digest_of_tree(target, ROOT / "layers/core")}
    for name in _LOCKED:
        digests[name] = _digest(target, (ROOT / "layers" / name / "requirements.txt",))
    due = [name for name, digest in digests.items() if not _is_built(target, name, digest)]
    if due:
        with step("Building layers: " + ", ".join(due)):
            for name in due:
                build_layer(target, name, digests[name])
    return digests


def _is_built(target: Target, name: str, digest: str) -> bool:
    recorded = target.folder / f"{name}.hash"
    return recorded.is_file() and recorded.read_text() == digest and (target.folder / f"{name}.zip").is_file()


def build_layer(target: Target, name: str, digest: str) -> None:
    """Build one layer for ``target``, and note beside it the ``digest`` of what it is built from."""
    target.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.folder) as work:
        content = Path(work) / "python"
        if name == _CORE:
            shutil.copytree(ROOT / "layers/core/python", content, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            _fetch(target, ROOT / "layers" / name / "requirements.txt", content)
            if (content / "botocore/data").is_dir():
                keep_what_functions_ask(content / "botocore/data")
        if target.python is not None:
            _compile(target.python, content, name)
        zip_folder(Path(work), target.folder / f"{name}.zip", target.compression)
    (target.folder / f"{name}.hash").write_text(digest)


def _compile(python: Path, content: Path, name: str) -> None:
    # Lambda's disk is read-only and its files' times are not ours, so the bytecode must hold without a look back.
    where = ("-s", str(content), "-p", "/opt/python", str(content))
    _call(
        [str(python), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", *where],
        f"compile the layer {name}",
    )


def zip_folder(folder: Path, path: Path, compression: int = 9) -> None:
    """Zip what is in ``folder``; the same content gives the same bytes."""
    partial = path.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=compression) as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)))
            entry.external_attr = (0o755 if os.access(file, os.X_OK) else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes(), compresslevel=compression)
    partial.replace(path)


def _fetch(target: Target, requirements: Path, into: Path) -> None:
    interpreter = ("--python", str(target.python)) if target.python and not target.wheel_options else ()
    _call(
        [
            str(_UV),
            "--quiet",
            "--no-progress",
            "pip",
            "install",
            "--target",
            str(into),
            "--no-deps",
            "--require-hashes",
            *interpreter,
            *target.wheel_options,
            "--requirements",
            str(requirements),
        ],
        f"fetch the packages of {requirements.relative_to(ROOT)}",
    )
    for unwanted in (into / "bin", into / ".lock"):
        shutil.rmtree(unwanted, ignore_errors=True) if unwanted.is_dir() else unwanted.unlink(missing_ok=True)
    # Tests of the packages are a quarter of their size and every emulated function unpacks them anew.
    for tests in [*into.glob("numpy/**/tests")]:
        shutil.rmtree(tests)


def keep_what_functions_ask(data: Path) -> None:
    """Leave out of botocore's descriptions of services what no function reads, and what is read leave as plain JSON.

    Making a client parses the description of its service, two thirds of it documentation, and of where all four hundred
    services are: most of what the client costs a cold start.
    """
    for service in [folder for folder in data.iterdir() if folder.is_dir() and folder.name not in AWS_SERVICES]:
        shutil.rmtree(service)
    for examples in [*data.glob("*/*/examples-1.json*")]:
        examples.unlink()
    for packed in [*data.rglob("*.json.gz")]:
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    places = json.loads((data / "endpoints.json").read_bytes())
    for partition in places["partitions"]:
        # Some services go by another name there.
        named = AWS_SERVICES | {"states", "streams.dynamodb", "api.sagemaker"}
        partition["services"] = {name: told for name, told in partition["services"].items() if name in named}
    (data / "endpoints.json").write_text(json.dumps(places))
    for described in data.rglob("*.json"):
        told = _undocumented(json.loads(described.read_bytes()))
        described.write_text(json.dumps(told, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def _undocumented(told: Any) -> Any:
    if isinstance(told, list):
        return [_undocumented(each) for each in told]
    if isinstance(told, dict):
        # Emptied, not left out: some of it is asked for by name. What a service calls so itself is no text.
        return {
            name: "" if name == "documentation" and isinstance(each, str) else _undocumented(each)
            for name, each in told.items()
        }
    return told


def _digest(target: Target, files: tuple[Path, ...]) -> str:
    digest = hashlib.sha256(target.key().encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest_of_tree(target: Target, folder: Path) -> str:
    digest = hashlib.sha256(target.key().encode())
    for path in sorted(_sources(folder)):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _tag_of(python: Path) -> str:
    program = "import sys; print(sys.implementation.cache_tag)"
    return subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def _call(command: list[str], purpose: str) -> None:
    finished = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        # Sets in bytecode lie in the order of their hashes, which must be the same for everybody who builds.
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONHASHSEED": "0"},
    )
    if finished.returncode != 0:
        said = (finished.stderr or finished.stdout).strip().splitlines()
        raise SetupError(f"could not {purpose}: {said[-1] if said else '?'}")


def main() -> None:
    """Build the layers of one target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=("embedded", "cloud"))
    wanted = parser.parse_args().target
    try:
        build(embedded_target() if wanted == "embedded" else cloud_target())
    except SetupError as error:
        sys.exit(f"avocet: {error}")


if __name__ == "__main__":
    main()
