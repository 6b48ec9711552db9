"""Taxa outside the world list: added once, found at once, and never in the way of the list itself."""

from collections.abc import Iterator

import pytest

from avocet.adapters.added_taxa import LOOK_EVERY_S, DynamoAddedTaxa, GrownWorldList
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.added_taxa import AddedTaxa, InvalidTaxonError, TaxonExistsError
from avocet.domain.labels import resolve
from avocet.domain.name_search import search
from avocet.usecases.add_taxon import AddTaxon, TaxonWanted
from tests.made.aws import Deployment, deployment

NEW = TaxonWanted("Recurvirostra nova", "New Avocet", "Recurvirostridae", fr="Avocette nouvelle")


@pytest.fixture
def cloud() -> Iterator[Deployment]:
    with deployment() as made:
        yield made


@pytest.fixture
def store(cloud: Deployment) -> DynamoAddedTaxa:
    return DynamoAddedTaxa(cloud.dynamodb, "dataset")


@pytest.fixture
def add(store: DynamoAddedTaxa) -> AddTaxon:
    return AddTaxon(shipped=world_list(), store=store)


def grown(store: DynamoAddedTaxa, clock: list[float]) -> GrownWorldList:
    return GrownWorldList(world_list(), store.load, lambda: clock[0])


def test_an_added_taxon_is_found_by_id_at_once_even_by_who_looked_a_moment_ago(
    store: DynamoAddedTaxa, add: AddTaxon
) -> None:
    listed = grown(store, [0.0])
    assert listed.find("new-avocet") is None
    taxon = add(NEW)
    assert (taxon.species_id, taxon.order, taxon.genus) == ("new-avocet", "Charadriiformes", "Recurvirostra")
    assert listed.find("new-avocet") == taxon
    assert listed.find_many(["pied-avocet", "new-avocet", "nothing"])[1:] == [taxon, None]


def test_thousands_of_unknown_ids_cost_one_look_at_what_was_added(store: DynamoAddedTaxa) -> None:
    looks: list[None] = []

    def load() -> AddedTaxa:
        looks.append(None)
        return store.load()

    listed = GrownWorldList(world_list(), load, lambda: 0.0)
    assert listed.find_many([f"nothing-{number}" for number in range(2_000)]) == [None] * 2_000
    assert len(looks) == 1


def test_an_added_taxon_is_found_by_name_within_half_a_minute_and_names_labels(
    store: DynamoAddedTaxa, add: AddTaxon
) -> None:
    clock = [0.0]
    listed = grown(store, clock)
    assert len(listed.indexes()) == 1
    add(NEW)
    clock[0] += LOOK_EVERY_S + 1
    own, added = listed.indexes()
    assert [hit.species_id for hit in search(added, "avocette nouv", limit=3)] == ["new-avocet"]
    assert "pied-avocet" in [hit.species_id for hit in search(own, "pied avocet", limit=3)]
    assert resolve("NEW AVOCET", "", listed).species_id == "new-avocet"


def test_asking_again_changes_nothing_and_another_of_the_name_is_refused(store: DynamoAddedTaxa, add: AddTaxon) -> None:
    assert add(NEW) == add(NEW)
    assert len(store.load().taxa) == 1
    with pytest.raises(TaxonExistsError, match="new-avocet"):
        add(TaxonWanted("Himantopus novus", "New Avocet", "Recurvirostridae"))
    with pytest.raises(TaxonExistsError, match="new-avocet"):
        add(TaxonWanted("Recurvirostra nova", "Other Avocet", "Recurvirostridae"))


@pytest.mark.parametrize(
    "wanted",
    [
        TaxonWanted("Recurvirostra avosetta", "My Avocet", "Recurvirostridae"),
        TaxonWanted("Recurvirostra mea", "Pied  Avocet", "Recurvirostridae"),
        TaxonWanted("Corvus", "My Crows", "Corvidae", rank="genus"),
    ],
)
def test_what_the_world_list_holds_is_not_added_again(add: AddTaxon, wanted: TaxonWanted) -> None:
    with pytest.raises(TaxonExistsError):
        add(wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        TaxonWanted("recurvirostra nova", "New Avocet", "Recurvirostridae"),
        TaxonWanted("<b>", "New Avocet", "Recurvirostridae"),
        TaxonWanted("Avis", "New Avocet", "Recurvirostridae"),
        TaxonWanted("Recurvirostra nova", "../..", "Recurvirostridae"),
        TaxonWanted("Recurvirostra nova", "N" * 101, "Recurvirostridae"),
        TaxonWanted("Recurvirostra nova", "New Avocet", "Nobody"),
        TaxonWanted("Recurvirostra nova", "New Avocet", "Recurvirostridae", rank="kind"),
        TaxonWanted("Recurvirostra nova", "New Avocet", "Recurvirostridae", rank="breed"),
        TaxonWanted("Recurvirostra nova", "New Avocet", "Recurvirostridae", rank="breed", parent_id="nothing"),
        TaxonWanted("Recurvirostra nova", "New Avocet", "Recurvirostridae", parent_id="pied-avocet"),
    ],
)
def test_what_has_no_place_in_the_list_is_refused(store: DynamoAddedTaxa, add: AddTaxon, wanted: TaxonWanted) -> None:
    with pytest.raises(InvalidTaxonError):
        add(wanted)
    assert store.load().taxa == ()


def test_a_breed_may_bear_its_species_scientific_name(add: AddTaxon) -> None:
    breed = add(
        TaxonWanted("Columba livia domestica", "Fantail Pigeon", "Columbidae", rank="breed", parent_id="rock-dove")
    )
    assert (breed.species_id, breed.parent_id) == ("fantail-pigeon", "rock-dove")
