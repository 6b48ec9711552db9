"""How names are folded and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avocet.domain.names import Spelling, edits_between, epithet_stem, fold, key, slug

WORDS = st.text("abcde", max_size=8)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna's Hummingbird", "ANNAS HUMMINGBIRD"),
        ("Anna\u2019s Hummingbird", "annas-hummingbird"),
        ("Avocette \u00e9l\u00e9gante", "avocette elegante"),
        ("Grey-headed Fish Eagle", "GRAY HEADED FISH EAGLE"),
        ("Oie c\u00e9r\u00e9ops\u00e9", "oie cereopse"),
        ("\u0152dicn\u00e8me criard", "oedicneme criard"),
        ("Cream-colored Woodpecker", "cream coloured woodpecker"),
        ("St. Helena Plover", "st helena plover"),
    ],
)
def test_spellings_of_one_name_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("D'Arnaud's Barbet", "darnauds barbet"), ("Oyster Catcher", "oystercatcher"), ("I'iwi", "iiwi")]
)
def test_spaces_do_not_tell_names_apart(one: str, other: str) -> None:
    assert key(one) == key(other)


def test_an_elided_article_stands_alone() -> None:
    assert fold("Colibri d'Abeill\u00e9") == "colibri d abeille"


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=60))
def test_a_slug_can_stand_in_an_address(text: str) -> None:
    assert set(slug(text)) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    ("one", "other"),
    [("martinicus", "martinica"), ("caeruleus", "coeruleus"), ("guajana", "guajanus"), ("hartlaubii", "hartlaubi")],
)
def test_an_epithet_keeps_its_stem_when_its_genus_changes(one: str, other: str) -> None:
    assert epithet_stem(one) == epithet_stem(other)


def _edits_by_table(one: str, other: str) -> int:
    table = [[i + j if not i * j else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            replaced = table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced)
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(WORDS, WORDS)
def test_edits_are_those_of_the_textbook(one: str, other: str) -> None:
    expected = _edits_by_table(one, other)
    for most in range(4):
        assert edits_between(one, other, most=most) == (expected if expected <= most else None)


@given(WORDS, WORDS)
def test_edits_to_a_beginning_are_the_fewest_to_any(one: str, other: str) -> None:
    expected = min(_edits_by_table(one, other[:end]) for end in range(len(other) + 1))
    found = Spelling(one).edits_to_a_beginning(other, most=2)
    assert found == (expected if expected <= 2 else None)
