"""``make release``: builds what is deployed into build/release, the same bytes each time; tags, pushes and deploys nothing."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from local import layers, web
from local.aws import Place
from local.steps import SetupError, note, step

ROOT = Path(__file__).resolve().parent.parent
_INTO = ROOT / "build/release"
_CDK = ROOT / "node_modules/.bin/cdk"
_ENVIRONMENTS = ("dev", "prod")
# The last are traces of how the templates came about, with paths of this machine in them.
_NOT_SHIPPED = ("__pycache__", ".*", "asset.*", "*.pyc", "*.metadata.json")


def version() -> str:
    """Return the version that the project gives itself."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def notes(changelog: str, number: str) -> str:
    """Return what the changelog says of a version.

    Raises:
        SetupError: When it says nothing, or names no day.
    """
    found = re.search(rf"^## {re.escape(number)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)", changelog, re.M | re.S)
    if found is None or not found[1].strip():
        raise SetupError(f"CHANGELOG.md has nothing under '## {number} - YYYY-MM-DD'; write down what changed.")
    return found[1].strip() + "\n"


def require_tag(tags: list[str], number: str) -> None:
    """Refuse a commit that is tagged as another version than the one it gives itself.

    Raises:
        SetupError: When tag and version differ.
    """
    named = [tag for tag in tags if re.fullmatch(r"v\d+\.\d+\.\d+.*", tag)]
    if named and f"v{number}" not in named:
        raise SetupError(f"this commit is tagged {', '.join(named)}, but pyproject.toml says {number}.")


def pack(folder: Path, path: Path) -> None:
    """Zip what is shipped of ``folder``: the same content gives the same bytes, whenever and by whomever it was written."""
    with tempfile.TemporaryDirectory() as work:
        content = Path(work) / "content"
        shutil.copytree(folder, content, ignore=shutil.ignore_patterns(*_NOT_SHIPPED))
        layers.zip_folder(content, path)


def sums(folder: Path) -> str:
    """Return the digest of each file in ``folder``, as ``sha256sum`` writes and checks them."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(folder.iterdir())
        if path.name != "SHA256SUMS"
    )


def build(into: Path) -> None:
    """Build everything into ``into``.

    Raises:
        SetupError: When version, changelog and tag do not agree, or a part cannot be built.
    """
    number = version()
    said = notes((ROOT / "CHANGELOG.md").read_text("utf-8"), number)
    tagged = subprocess.run(
        ["git", "tag", "--points-at", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    require_tag(tagged.stdout.split(), number)
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    target = layers.cloud_target()
    layers.build(target)
    web.build_page()
    with step(f"Packing {number}"):
        for name in layers.LAYERS:
            shutil.copyfile(target.folder / f"{name}.zip", into / f"layer-{name}.zip")
        for name, folder in (("functions", "functions"), ("page", "web/dist"), ("starter", "models/starter")):
            pack(ROOT / folder, into / f"{name}.zip")
    for environment in _ENVIRONMENTS:
        with step(f"Writing the templates of {environment}"), tempfile.TemporaryDirectory() as out:
            _synthesise(environment, Path(out))
            pack(Path(out), into / f"templates-{environment}.zip")
    (into / "NOTES.md").write_text(said, "utf-8")
    (into / "SHA256SUMS").write_text(sums(into), "utf-8")
    note(f"{number} is in {into.relative_to(ROOT)}:")
    for line in sums(into).splitlines():
        note(f"  {line[:12]}  {line.split()[-1]}")


def _synthesise(environment: str, out: Path) -> None:
    finished = subprocess.run(
        [_CDK, "synth", "--quiet", "--no-notices", "--context", f"environment={environment}", "--output", out],
        cwd=ROOT,
        env=Place(environment).tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        said = (finished.stderr or finished.stdout).strip().splitlines()
        raise SetupError(f"the templates of {environment} cannot be written: {said[-1] if said else '?'}")


def main() -> None:
    """Build a release; a failure is one sentence and an exit code, never a trace."""
    try:
        build(_INTO)
    except SetupError as error:
        sys.exit(f"avocet: {error}")
    except KeyboardInterrupt:
        sys.exit("avocet: interrupted; run this again.")


if __name__ == "__main__":
    main()
