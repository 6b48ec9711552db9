"""Looks every locked package up among known vulnerabilities; lets through only what is on a list, and only until its last day."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
_ALLOWED = Path(__file__).with_name("vulnerabilities.json")
# What is measured beside us and shipped to nobody.
_NOT_OURS = ("benchmarks",)
_LONGEST_DAYS = 90


class LookUpError(Exception):
    """A package could not be looked up; nothing is then known of it."""


@dataclass(frozen=True, order=True)
class Finding:
    """A vulnerability of a package that a lock file holds."""

    package: str
    identifier: str
    where: str


@dataclass(frozen=True)
class Allowed:
    """A finding that is let through.

    Attributes:
        package: Whose.
        identifier: As the advisory is called.
        reason: Why it does no harm here, or why nothing can be done yet.
        until: The last day on which it is let through.
    """

    package: str
    identifier: str
    reason: str
    until: date


def allowed(text: str) -> tuple[Allowed, ...]:
    """Read the list of what is let through.

    Raises:
        ValueError: When an entry gives no reason.
    """
    entries = tuple(
        Allowed(each["package"], each["id"], each["reason"].strip(), date.fromisoformat(each["until"]))
        for each in json.loads(text)["allowed"]
    )
    for entry in entries:
        if not entry.reason:
            raise ValueError(f"{entry.identifier} of {entry.package} is let through without a reason")
    return entries


def complaints(findings: Iterable[Finding], let_through: Sequence[Allowed], today: date) -> list[str]:
    """Return what must be acted on: findings that nobody lets through, entries that ran out, are too long or are needless."""
    found = sorted(set(findings))
    by_name = {(entry.package, entry.identifier): entry for entry in let_through}
    said = []
    for finding in found:
        entry = by_name.get((finding.package, finding.identifier))
        if entry is None:
            said.append(f"{finding.package} in {finding.where}: {finding.identifier}")
        elif entry.until < today:
            said.append(
                f"{finding.package} in {finding.where}: {finding.identifier} was let through until {entry.until}"
            )
    known = {(finding.package, finding.identifier) for finding in found}
    for name, entry in by_name.items():
        if name not in known:
            said.append(
                f"{entry.identifier} of {entry.package} is let through and no longer found: take it off the list"
            )
        elif (entry.until - today).days > _LONGEST_DAYS:
            said.append(f"{entry.identifier} of {entry.package} is let through for more than {_LONGEST_DAYS} days")
    return said


def python_findings(answer: Mapping[str, Any], where: str) -> list[Finding]:
    """Read what pip-audit answered."""
    return [
        Finding(package["name"], found["id"], where)
        for package in answer["dependencies"]
        for found in package.get("vulns", ())
    ]


def node_findings(answer: Mapping[str, Any], where: str) -> list[Finding]:
    """Read what ``npm audit`` answered; what is only vulnerable through another package is named once, there."""
    return [
        Finding(name, str(via["url"]).rpartition("/")[2], where)
        for name, package in answer["vulnerabilities"].items()
        for via in package["via"]
        if isinstance(via, dict)
    ]


def look_up() -> list[Finding]:
    """Ask about every package of every lock file.

    Raises:
        LookUpError: When somebody could not be asked.
    """
    findings = []
    for path in sorted(ROOT.rglob("requirements*.txt")):
        where = path.relative_to(ROOT)
        if where.parts[0].startswith(".") or where.parts[0] in ("node_modules", "build", *_NOT_OURS):
            continue
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(path), "--disable-pip", "--require-hashes"]
        findings += python_findings(_answer([*command, "--format", "json", "--progress-spinner", "off"]), str(where))
    for folder in (ROOT, ROOT / "web"):
        where = (folder / "package-lock.json").relative_to(ROOT)
        findings += node_findings(_answer(["npm", "audit", "--json", "--prefix", str(folder)]), str(where))
    return findings


def _answer(command: Sequence[str]) -> dict[str, Any]:
    # Both end with an error when they found something, and answer all the same.
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(finished.stdout)
    except ValueError as error:
        said = (finished.stderr or finished.stdout).strip().splitlines()
        raise LookUpError(f"{' '.join(command[:4])}: {said[-1] if said else 'no answer'}") from error
    if "dependencies" not in answer and "vulnerabilities" not in answer:
        raise LookUpError(f"{' '.join(command[:4])}: {finished.stdout.strip()[:200]}")
    return answer


def main() -> None:
    """Look everything up and end with an error when something must be acted on."""
    try:
        said = complaints(look_up(), allowed(_ALLOWED.read_text("utf-8")), datetime.now(tz=UTC).date())
    except (LookUpError, ValueError) as error:
        sys.exit(f"avocet: {error}")
    if said:
        sys.exit("\n".join(said))
    print("No known vulnerability that is not let through.")


if __name__ == "__main__":
    main()
