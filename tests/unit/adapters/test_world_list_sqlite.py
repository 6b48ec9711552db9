"""The table that ships in the core layer."""

import json
import sqlite3
import time
from pathlib import Path

import pytest

from avocet.adapters.world_list_sqlite import PATH, SqliteWorldList, world_list

STARTER = [review.species_id for review in world_list().reviews() if review.species_id]


def test_the_world_is_listed() -> None:
    taxa = world_list().all_taxa()
    species = [taxon for taxon in taxa if taxon.rank == "species"]
    assert len(species) > 11_000
    assert len({taxon.species_id for taxon in taxa}) == len(taxa)
    assert all(taxon.avibase_id and taxon.genus and taxon.family and taxon.order for taxon in species)


def test_every_starter_species_has_a_french_name() -> None:
    taxa = world_list().find_many(STARTER)
    assert [taxon.species_id for taxon in taxa if taxon and not taxon.fr] == []
    assert all(taxa)


def test_every_family_and_order_has_names_and_every_family_a_drawing() -> None:
    drawings = Path(__file__).parents[3] / "web" / "public" / "silhouettes"
    for taxon in world_list().all_taxa():
        family, order = world_list().family(taxon.family), world_list().order(taxon.order)
        assert family is not None
        assert order is not None
        assert all((family.en, family.fr, order.en, order.fr))
        assert (drawings / f"{family.silhouette}.svg").exists(), family.silhouette


def test_taxa_come_back_in_the_order_asked_for() -> None:
    found = world_list().find_many(["mallard", "nothing", "emu", "mallard"])
    assert [taxon and taxon.species_id for taxon in found] == ["mallard", None, "emu", "mallard"]


def test_a_parent_is_listed_too() -> None:
    parents = [taxon.parent_id for taxon in world_list().all_taxa() if taxon.parent_id]
    assert parents
    assert all(world_list().find(parent) for parent in parents)


def test_where_the_list_comes_from_is_written_in_it() -> None:
    about = world_list().about()
    assert "AviList" in about["source"]
    assert "CC BY 4.0" in about["licence"]


def test_the_file_is_never_written(tmp_path: Path) -> None:
    copy = tmp_path / PATH.name
    copy.write_bytes(PATH.read_bytes())
    copy.chmod(0o400)
    before = sorted(tmp_path.iterdir())
    listed = SqliteWorldList(copy)
    assert listed.find("emu")
    with pytest.raises(sqlite3.OperationalError):
        listed._connection.execute("DELETE FROM taxon")
    assert sorted(tmp_path.iterdir()) == before


def test_looking_three_birds_up_costs_next_to_nothing() -> None:
    world_list().find_many(STARTER[:3])
    began_s = time.process_time()
    for _ in range(100):
        world_list().find_many(STARTER[:3])
    assert (time.process_time() - began_s) / 100 < 1e-3


def test_the_starter_model_names_only_what_is_listed() -> None:
    bundle = Path(__file__).parents[3] / "models" / "starter" / "bundle.json"
    if not bundle.exists():
        pytest.skip("the starter model is not built yet")
    species = json.loads(bundle.read_text(encoding="utf-8"))["species"]
    assert [species_id for species_id in species if world_list().find(species_id) is None] == []
