"""Power cuts at chosen moments: what the embedded cloud writes is watched, and everything is killed when the moment has come."""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.emulated_cloud import EmulatedCloud, Home
from local.worker_process import WorkerProcess
from tests.deployed.waiting import until

_COMES_WITHIN_S = 600
_LOOK_EVERY_S = 0.002


@dataclass(frozen=True)
class Moment:
    """When to cut the power; whatever is left empty does not matter.

    Attributes:
        name: In words.
        table: Something is written to a table whose name has this in it,
        says: and what is written holds this.
        object: An object appears whose key fits this pattern.
        nth: The how manieth time.
    """

    name: str
    table: str = ""
    says: str = ""
    object: str = ""
    nth: int = 1

    def __str__(self) -> str:
        return self.name


class Writes:
    """What has been written since this was made: the emulator's journal, and the objects on its disk."""

    def __init__(self, home: Home) -> None:
        self._state = home.state
        self._read = {path: path.stat().st_size for path in self._journals()}
        self._rest: dict[Path, bytes] = {}
        self._before: dict[str, set[Path]] = {}

    def _journals(self) -> list[Path]:
        return sorted((self._state / "checkpoint").glob("journal-*.jsonl"))

    def to_tables(self) -> Iterator[str]:
        """Yield the text of each write since the last look; it names its table, a transaction several."""
        for path in self._journals():
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                data = self._rest.pop(path, b"") + file.read()
                self._read[path] = file.tell()
            whole, _, rest = data.rpartition(b"\n")
            self._rest[path] = rest
            for line in whole.splitlines():
                yield base64.b64decode(json.loads(line)["body"]).decode()

    def objects(self, pattern: str) -> int:
        """Return how many objects have appeared since the first look."""
        there = {path for path in self._state.glob(f"s3/*/*/{pattern}") if not path.name.endswith(".tmp")}
        return len(there - self._before.setdefault(pattern, there))


def cut_power(home: Home) -> None:
    """Kill the emulator, every function in it, the training worker and its training."""
    EmulatedCloud(home).kill()
    WorkerProcess(home).kill()


def cut_power_at(home: Home, moment: Moment, *begins: Callable[[], httpx.Response]) -> list[bool]:
    """Begin several things at once and kill everything when the moment has come; return which requests were answered well."""
    writes, counted = Writes(home), 0
    seen: list[str] = []
    if moment.object:
        writes.objects(moment.object)

    def has_come() -> bool:
        nonlocal counted
        if moment.object:
            return writes.objects(moment.object) >= moment.nth
        for text in writes.to_tables():
            seen.append(text[:200])
            counted += moment.table in text and moment.says in text
        return counted >= moment.nth

    with ThreadPoolExecutor(len(begins)) as threads:
        begun = [threads.submit(begin) for begin in begins]
        try:
            until(has_come, within_s=_COMES_WITHIN_S, every_s=_LOOK_EVERY_S)
        except AssertionError:
            raise AssertionError(f"the moment never came: {moment}; seen were {seen[-20:]}") from None
        finally:
            cut_power(home)
    return [_was_answered_well(each) for each in begun]


def _was_answered_well(request: "Future[httpx.Response]") -> bool:
    error = request.exception()
    if error is None:
        return request.result().is_success
    assert isinstance(error, httpx.HTTPError), error
    return False
