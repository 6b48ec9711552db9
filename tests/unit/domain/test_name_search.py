"""Search over the table that ships: whatever a person types, the bird they mean is near the top."""

import random
import string
from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.name_kinds import NameKind
from avocet.domain.name_search import LINKING_WORDS, Hit, Preference, Tier, search
from avocet.domain.names import edits_between, fold, key

TAXA = world_list().all_taxa()
NAMES = [(taxon.species_id, name) for taxon in TAXA for name in (taxon.en, taxon.fr, taxon.scientific) if name]


def _is_tolerant(name: str) -> bool:
    """Whether one wrong letter leaves it recognisable: long, and of words that cannot be taken for each other."""
    words = fold(name).split()
    alike = any(edits_between(one, other, most=2) is not None for one, other in combinations(words, 2))
    return len(key(name)) >= 9 and len(words) > 1 and not alike


TOLERANT_NAMES = [(species_id, name) for species_id, name in NAMES if _is_tolerant(name)]

IMPARTIAL = Preference()

named = st.sampled_from(NAMES)


def found(query: str, *, limit: int = 5, preference: Preference = IMPARTIAL) -> list[Hit]:
    return search(world_list().names, query, limit=limit, preference=preference)


def ids(query: str, *, limit: int = 5, preference: Preference = IMPARTIAL) -> list[str]:
    return [hit.species_id for hit in found(query, limit=limit, preference=preference)]


@given(named)
def test_a_bird_is_found_by_any_of_its_names(name: tuple[str, str]) -> None:
    assert name[0] in ids(name[1])


@given(named, st.randoms(use_true_random=False))
def test_case_accents_hyphens_and_spaces_do_not_matter(name: tuple[str, str], chance: random.Random) -> None:
    typed = "".join(chance.choice((letter.upper(), letter.lower())) for letter in fold(name[1]))
    typed = typed.replace(" ", chance.choice((" ", "-", "  ", "")))
    assert name[0] in ids(typed)


@given(named, st.randoms(use_true_random=False))
def test_the_order_of_the_words_does_not_matter(name: tuple[str, str], chance: random.Random) -> None:
    words = fold(name[1]).split()
    chance.shuffle(words)
    assert name[0] in ids(" ".join(words))


@given(st.sampled_from(TOLERANT_NAMES), st.data())
def test_one_letter_wrong_still_finds_the_bird(name: tuple[str, str], data: st.DataObject) -> None:
    letters = list(name[1].lower())
    place = data.draw(st.integers(0, len(letters) - 1))
    kind = data.draw(st.sampled_from(("drop", "double", "replace", "swap")))
    if kind == "drop":
        del letters[place]
    elif kind == "double":
        letters.insert(place, letters[place])
    elif kind == "replace":
        letters[place] = data.draw(st.sampled_from(string.ascii_lowercase))
    else:
        letters[place : place + 2] = reversed(letters[place : place + 2])
    typed = "".join(letters)
    # Another bird's name, or its beginning, is that bird.
    assume(all(hit.fit.tier > Tier.WORDS for hit in found(typed, limit=1)) or key(typed) == key(name[1]))
    assert name[0] in ids(typed)


@given(st.text(max_size=200))
def test_any_text_at_all_gets_an_orderly_answer(text: str) -> None:
    hits = found(text, limit=7)
    assert len(hits) <= 7
    assert len({hit.species_id for hit in hits}) == len(hits)
    assert hits == sorted(hits, key=lambda hit: hit.fit)


@pytest.mark.parametrize(
    ("query", "species_id"),
    [
        ("mallard", "mallard"),
        ("canard colvert", "mallard"),
        ("anas platyrhynchos", "mallard"),
        ("oyster catcher", "oystercatchers"),
        ("goldenpheasant", "golden-pheasant"),
        ("darnauds barbet", "darnauds-barbet"),
        ("arnaud barbet", "darnauds-barbet"),
        ("tit great", "great-tit"),
        ("Amercan Robbin", "american-robin"),
        ("parakett auklet", "parakeet-auklet"),
        ("vermilion flycather", "vermilion-flycatcher"),
        ("killdear", "killdeer"),
        ("mallard duck", "mallard"),
        ("peacock", "indian-peafowl"),
        ("accipiter gentilis", "eurasian-goshawk"),
        ("huppe", "hoopoes"),
    ],
)
def test_the_obvious_bird_comes_first(query: str, species_id: str) -> None:
    assert ids(query)[0] == species_id


def test_whole_names_go_before_beginnings_before_words_before_mistakes() -> None:
    tiers = [hit.fit.tier for hit in found("emu", limit=50)]
    assert tiers == sorted(tiers)
    assert tiers[0] == Tier.EXACT


def test_preferred_birds_go_first_among_equals_only() -> None:
    assert ids("owl", preference=Preference({"snowy-owl"})).index("snowy-owl") == 0
    assert ids("emu", preference=Preference({"southern-emu-wren"}))[0] == "emu"


def test_names_of_the_language_asked_for_go_first() -> None:
    assert found("martin", preference=Preference(language=NameKind.FR))[0].kind == NameKind.FR
    assert found("martin", preference=Preference(language=NameKind.EN))[0].kind == NameKind.EN


@pytest.mark.parametrize("query", ["", "   ", "---", "'", "\x00", "\U0001f426"])
def test_nothing_typed_finds_nothing(query: str) -> None:
    assert found(query) == []


def test_linking_words_alone_are_still_a_query() -> None:
    assert "la" in LINKING_WORDS
    assert found("la")
