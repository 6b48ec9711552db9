"""Whatever stands in a body, a token, a list, an archive or a bundle: it is read, or refused in words of ours."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from avocet.adapters.onnx import load_bundle
from avocet.adapters.world_list_sqlite import world_list
from avocet.usecases.ports import BrokenBundleError
from fuzz.parsers import PARSERS, Parser, find_fault
from tests.made.bundles import make_bundle

FULL = os.environ.get("AVOCET_FULL") == "1"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=8,
)
# Values that have broken a parser of somebody's before.
AWKWARD = st.sampled_from(
    [float("inf"), float("nan"), -1, 2**80, "", "\x00", "\ud800", "..", "../../etc/passwd", [], {}, [[]], None, True]
)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_what_is_sound_is_read(name: str) -> None:
    for data in PARSERS[name].examples:
        PARSERS[name].parse(data)


@settings(max_examples=5_000 if FULL else 150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", sorted(PARSERS))
def test_mutations_are_read_or_refused(name: str, data: st.DataObject) -> None:
    parser = PARSERS[name]
    mutated = bytearray(data.draw(st.sampled_from(parser.examples)))
    for at, run in data.draw(st.lists(st.tuples(st.integers(0, 5_000), st.binary(max_size=8)), max_size=6)):
        place = at % (len(mutated) + 1)
        mutated[place : place + data.draw(st.sampled_from((0, len(run))))] = run
    cut = data.draw(st.integers(0, len(mutated)) | st.just(len(mutated)))
    assert find_fault(parser, bytes(mutated[:cut])) is None


@settings(max_examples=3_000 if FULL else 150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", ["bodies", "claims", "event", "bundle"])
def test_json_of_other_shapes_is_read_or_refused(name: str, data: st.DataObject) -> None:
    value: dict[str, Any] = json.loads(data.draw(st.sampled_from(PARSERS[name].examples)))
    for key in data.draw(st.sets(st.sampled_from(sorted(value)), min_size=1)):
        value[key] = data.draw(AWKWARD | JSON)
    assert find_fault(PARSERS[name], json.dumps(value).encode()) is None


@pytest.mark.parametrize("name", sorted(PARSERS))
@pytest.mark.parametrize(
    "data", [b"", b"[" * 100_000, b"\xff" * 1_000, b"1" * 5_000, b'{"a":' * 50_000, b"PK\x05\x06" * 99]
)
def test_classics_are_read_or_refused(name: str, data: bytes) -> None:
    assert find_fault(PARSERS[name], data) is None


NO_ENTRIES = b"PK\x05\x06" + bytes(18)
# The directory says that its names are UTF-8, and one is not.
NOT_UTF_8 = (
    PARSERS["batch"]
    .examples[0]
    .replace(b"0.jpg", b"\xff.jpg")
    .replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x00\x08")
)

NO_NAME = PARSERS["zip-directory"].examples[0].replace(b"train/", b"\0rain/")


@pytest.mark.parametrize("name", ["zip-directory", "batch"])
@pytest.mark.parametrize(
    "data", [NO_ENTRIES, NOT_UTF_8, NO_NAME], ids=["no entries", "names that are not UTF-8", "a name that is empty"]
)
def test_odd_archives_that_were_found_once_are_read_or_refused(name: str, data: bytes) -> None:
    assert find_fault(PARSERS[name], data) is None


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    for name, content in make_bundle("made-00000001").items():
        (folder / name).write_bytes(content)
    return folder


@settings(max_examples=1_000 if FULL else 80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    key=st.sampled_from(["schema", "files", "species", "thresholds", "model_version", "input_size_px"]),
    value=AWKWARD | JSON,
)
@example(key="files", value=[])
@example(key="files", value={"..": {"sha256": "0"}})
@example(key="input_size_px", value=float("inf"))
def test_a_bundle_whose_description_is_odd_opens_or_is_refused(bundle: Path, key: str, value: Any) -> None:
    manifest = json.loads((bundle / "bundle.json").read_bytes())
    odd = bundle.parent / "odd"
    odd.mkdir(exist_ok=True)
    for name in ("model.onnx", "self_test.npz"):
        if not (odd / name).exists():
            (odd / name).write_bytes((bundle / name).read_bytes())
    (odd / "bundle.json").write_text(json.dumps(manifest | {key: value}))
    try:
        load_bundle(odd, world_list())
    except BrokenBundleError:
        return


def test_the_campaign_notices_a_parser_that_stumbles() -> None:
    assert isinstance(find_fault(Parser(lambda data: data[9], (b"",)), b""), IndexError)
