"""Lists of names to import, as people's spreadsheets write them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.adapters.imported_names_s3 import FrenchNames, table_of
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.name_list import ListedBird, ListTooLargeError, UnreadableListError, match_names, read_list

HEADING = "scientific,english,french\n"


def test_headings_may_stand_in_any_order_and_be_called_otherwise() -> None:
    data = "\ufeffFrench;x\n".replace(";", ",") + "nom,1\n"
    with pytest.raises(UnreadableListError, match="Missing: scientific"):
        read_list(data.encode())
    listed = read_list("\ufeffFrench,Order,Scientific Name\nEmeu ,Casuariiformes, Dromaius  novaehollandiae\n".encode())
    assert listed == [ListedBird("Dromaius novaehollandiae", "", "Emeu")]


def test_rows_without_a_name_are_passed_over() -> None:
    assert (
        len(read_list((HEADING + "Aix sponsa,Wood Duck,\n,,\n\nAix galericulata,Mandarin Duck,Canard\n").encode())) == 1
    )


def test_what_cannot_be_printed_or_shown_is_left_out() -> None:
    listed = read_list(
        (HEADING + f"Aix sponsa,Wood Duck,Canard\u202e\x07 branchu\nAix galericulata,x,{'x' * 101}\n").encode()
    )
    assert [bird.name for bird in listed] == ["Canard branchu"]


def test_an_endless_list_is_refused() -> None:
    with pytest.raises(ListTooLargeError):
        read_list((HEADING + "a,b,c\n" * 40_001).encode())


def test_an_outdated_scientific_name_finds_its_bird() -> None:
    matched = match_names([ListedBird("Anas clypeata", "Northern Shoveler", "Canard souchet")], world_list())
    assert dict(matched.names) == {"northern-shoveler": "Canard souchet"}


def test_the_row_with_the_name_of_today_goes_before_those_of_its_parts() -> None:
    part = ListedBird("Caracara cheriway", "Northern Crested Caracara", "Caracara du Nord")
    whole = ListedBird("Caracara plancus", "Crested Caracara", "Caracara huppé")
    for birds in ([part, whole], [whole, part]):
        matched = match_names(birds, world_list())
        assert dict(matched.names) == {"crested-caracara": "Caracara huppé"}
        assert matched.doubtful == ["Caracara cheriway"]


def test_an_unknown_bird_is_listed_as_such() -> None:
    matched = match_names([ListedBird("Avis nulla", "No such bird", "Rien")], world_list())
    assert (dict(matched.names), matched.unmatched) == ({}, ["Avis nulla"])


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_read_or_refused(data: bytes) -> None:
    with suppress(UnreadableListError):
        assert read_list(data)


@given(
    st.dictionaries(st.text("abc-", min_size=1, max_size=8), st.text("abc é'", min_size=1, max_size=20), max_size=20)
)
def test_imported_names_come_back_as_they_were(names: dict[str, str]) -> None:
    table = table_of(names)
    assert table == table_of(dict(reversed(names.items())))
    assert FrenchNames(table).of(list(names)) == names
