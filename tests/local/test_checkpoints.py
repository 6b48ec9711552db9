"""The files that the embedded cloud is kept in, written by several threads and killed at any moment."""

import random
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator import checkpoints
from local.emulator.checkpoints import CheckpointStore


def kept(folder: Path) -> dict[str, bytes | None]:
    """What a process that starts now finds."""
    store = CheckpointStore(folder)
    return {service: store.load(service) for service in store.manifest.files}


@pytest.fixture
def written_through(monkeypatch: pytest.MonkeyPatch) -> list[tuple[CheckpointStore, dict[str, bytes], int]]:
    """Commits to be made while another one is between writing its files and naming them."""
    waiting: list[tuple[CheckpointStore, dict[str, bytes], int]] = []
    write = checkpoints._write_durably

    def write_while_others_commit(path: Path, content: bytes) -> None:
        write(path, content)
        while waiting and path.name != "manifest.json":
            store, states, sequence = waiting.pop()
            store.commit(states, sequence=sequence)

    monkeypatch.setattr(checkpoints, "_write_durably", write_while_others_commit)
    return waiting


def test_a_commit_leaves_the_files_of_one_that_is_being_written(
    tmp_path: Path, written_through: list[tuple[CheckpointStore, dict[str, bytes], int]]
) -> None:
    store = CheckpointStore(tmp_path)
    earlier, later = store.next_sequence(), store.next_sequence()
    written_through.append((store, {"cognito": b"somebody signed up"}, later))
    store.commit({"s3": b"buckets", "lambda": b"functions"}, sequence=earlier)
    assert kept(tmp_path) == {"s3": b"buckets", "lambda": b"functions", "cognito": b"somebody signed up"}


def test_an_earlier_state_never_takes_the_place_of_a_later_one(
    tmp_path: Path, written_through: list[tuple[CheckpointStore, dict[str, bytes], int]]
) -> None:
    store = CheckpointStore(tmp_path)
    store.commit({"ssm": b"not there"}, sequence=store.next_sequence())
    earlier, later = store.next_sequence(), store.next_sequence()
    # Put, seen by a checkpoint, and taken back while the checkpoint is written: as it was before, and yet later.
    written_through.append((store, {"ssm": b"not there"}, later))
    store.commit({"ssm": b"there"}, sequence=earlier)
    assert kept(tmp_path) == {"ssm": b"not there"}


@given(
    commits=st.lists(
        st.dictionaries(st.sampled_from(["sqs", "ssm", "s3"]), st.sampled_from([b"a", b"b"]), min_size=1), max_size=8
    ),
    order=st.randoms(use_true_random=False),
)
def test_commits_in_any_order_end_in_the_latest_state_of_each_service(
    tmp_path_factory: pytest.TempPathFactory, commits: list[dict[str, bytes]], order: random.Random
) -> None:
    folder = tmp_path_factory.mktemp("checkpoint")
    store = CheckpointStore(folder)
    drawn = [(store.next_sequence(), states) for states in commits]
    expected: dict[str, bytes] = {}
    for _sequence, states in drawn:
        expected.update(states)
    order.shuffle(drawn)
    threads = [threading.Thread(target=store.commit, args=(states,), kwargs={"sequence": n}) for n, states in drawn]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(folder) == expected
    files = {path.name for path in folder.iterdir()}
    assert files == {*store.manifest.files.values(), *(["manifest.json"] if expected else [])}
