"""The build of the world list: same sources, same bytes; an id once given is kept."""

import csv
from pathlib import Path

import pytest

from avocet.adapters.world_list_sqlite import PATH, SqliteWorldList
from species_list import build as step
from species_list.build import Sources, build, check_ids
from species_list.update import ListError, assign_ids, avilist_rows, read_rows


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("built") / PATH.name
    build(path, Sources())
    return path


def row(avibase_id: str, en: str, scientific: str = "Avis nova") -> dict[str, str]:
    return {"avibase_id": avibase_id, "en": en, "scientific": scientific}


def test_the_committed_table_is_the_one_the_sources_make(built: Path) -> None:
    assert built.read_bytes() == PATH.read_bytes()
    assert step.DRAWINGS.read_text(encoding="utf-8") == step.drawings_text(Sources())


def test_building_twice_gives_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.sqlite"
    build(again, Sources())
    assert again.read_bytes() == built.read_bytes()


def test_the_table_stays_small() -> None:
    assert PATH.stat().st_size < 5_000_000


def test_a_new_species_gets_a_readable_id() -> None:
    assert assign_ids([row("a", "Pied Avocet")], {}, set()) == {"a": "pied-avocet"}


def test_an_id_outlives_the_name_it_was_made_of() -> None:
    assert assign_ids([row("a", "Noble Avocet")], {"a": "pied-avocet"}, set()) == {"a": "pied-avocet"}


def test_a_name_that_moves_to_another_bird_does_not_take_the_id_along() -> None:
    ids = assign_ids([row("a", "Old Avocet"), row("b", "Pied Avocet", "Avis altera")], {"a": "pied-avocet"}, set())
    assert ids == {"a": "pied-avocet", "b": "avis-altera"}


def test_a_species_that_vanishes_must_be_accounted_for() -> None:
    with pytest.raises(ListError, match="pied-avocet"):
        assign_ids([], {"a": "pied-avocet"}, set())
    assert assign_ids([], {"a": "pied-avocet"}, {"pied-avocet"}) == {"a": "pied-avocet"}


def _sources_with(monkeypatch: pytest.MonkeyPatch, **files: list[dict[str, str]]) -> Sources:
    replaced = {f"{name}.csv": rows for name, rows in files.items()}
    monkeypatch.setattr(step, "read_rows", lambda name: replaced.get(name) or read_rows(name))
    return Sources()


def test_a_lumped_species_answers_with_the_one_that_took_it_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: Path
) -> None:
    species = [r for r in read_rows("avilist.csv") if r["scientific"] != "Fulica americana"]
    change = {"species_id": "american-coot", "became": "eurasian-coot"}
    labels = [r for r in read_rows("kaggle_labels.csv") if r["species_id"] != "american-coot"]
    french = [r for r in read_rows("french_names.csv") if r["species_id"] != "american-coot"]
    sources = _sources_with(monkeypatch, avilist=species, changes=[change], kaggle_labels=labels, french_names=french)
    path = tmp_path / "lumped.sqlite"
    build(path, sources)
    check_ids(built, path)
    lumped = SqliteWorldList(path)
    for taxon in (lumped.find("american-coot"), lumped.find_many(["american-coot"])[0]):
        assert taxon is not None
        assert taxon.species_id == "eurasian-coot"


def test_an_id_in_other_hands_stops_the_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, built: Path) -> None:
    ids = read_rows("ids.csv")
    swapped = {"emu": "common-ostrich", "common-ostrich": "emu"}
    for entry in ids:
        entry["species_id"] = swapped.get(entry["species_id"], entry["species_id"])
    path = tmp_path / "swapped.sqlite"
    build(path, _sources_with(monkeypatch, ids=ids))
    with pytest.raises(ListError, match="common-ostrich, emu"):
        check_ids(built, path)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"french_names": [{"species_id": "nothing", "fr": "rien"}]}, "French names of nothing: nothing"),
        ({"synonyms": [{"species_id": "nothing", "name": "rien"}]}, "synonyms of nothing: nothing"),
        ({"changes": [{"species_id": "emu", "became": "common-ostrich"}]}, "changed and still listed: emu"),
        ({"changes": [{"species_id": "dodo", "became": "nothing"}]}, "changed into what is not listed: nothing"),
        ({"ids": [{"species_id": "emu", "avibase_id": "x"}]}, "species without an id"),
    ],
)
def test_sources_that_contradict_each_other_are_refused(
    monkeypatch: pytest.MonkeyPatch, files: dict[str, list[dict[str, str]]], complaint: str
) -> None:
    with pytest.raises(ListError, match=complaint):
        _sources_with(monkeypatch, **files)


def test_no_french_name_is_given_twice() -> None:
    with (step.Path(step.__file__).parent / "french_names.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len({entry["species_id"] for entry in rows}) == len(rows)
    assert len({entry["fr"] for entry in rows}) == len(rows)


def test_the_committed_list_is_the_one_in_the_package() -> None:
    pytest.importorskip("birdnames", reason="the dependency group species-list is not installed")
    assert avilist_rows() == read_rows("avilist.csv")
