"""How long a search over the world list takes, and how often it finds the bird that was meant.

``python -m benchmarks.species_search`` draws names of every kind from the shipped table with a fixed seed, types each
as people do (whole, half, without accents, with one letter wrong, words swapped), and prints a table in Markdown.
Time is the handler's own work: the use case with what the champion knows held in memory, one thread, processor time
(a busy machine would only add its other work to the wall clock).
"""

import random
import statistics
import string
import time
from collections.abc import Callable
from dataclasses import dataclass

from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.names import fold
from avocet.usecases.search_species import SearchSpecies

SEED = 20261123
DRAWS = 500
LIMIT = 10
WITHIN = 5

Way = Callable[[str, random.Random], str]


@dataclass(frozen=True)
class Nothing:
    """No champion: no bird goes first, which is the harder case for the ranking."""

    def current(self) -> frozenset[str]:
        """Return no species."""
        return frozenset()


def whole(name: str, _random: random.Random) -> str:
    """The name as it is."""
    return name


def plain(name: str, _random: random.Random) -> str:
    """Lower case, without accents, hyphens and apostrophes."""
    return fold(name)


def half(name: str, _random: random.Random) -> str:
    """The first half, as typed so far."""
    return name[: max(3, len(name) // 2)]


def swapped(name: str, chance: random.Random) -> str:
    """Its words in another order."""
    words = fold(name).split()
    chance.shuffle(words)
    return " ".join(words)


def one_letter_wrong(name: str, chance: random.Random) -> str:
    """One letter left out, doubled, replaced, or swapped with its neighbour."""
    letters = list(name.lower())
    i = chance.randrange(len(letters))
    match chance.randrange(4):
        case 0:
            del letters[i]
        case 1:
            letters.insert(i, letters[i])
        case 2:
            letters[i] = chance.choice(string.ascii_lowercase)
        case _:
            letters[i : i + 2] = reversed(letters[i : i + 2])
    return "".join(letters)


WAYS: dict[str, Way] = {
    "whole name": whole,
    "plain letters": plain,
    "first half": half,
    "words in another order": swapped,
    "one letter wrong": one_letter_wrong,
}


def main() -> None:
    """Print the table."""
    find = SearchSpecies(world_list=world_list(), indexes=[world_list().names], learned=Nothing())
    taxa = world_list().all_taxa()
    names = [(taxon.species_id, name) for taxon in taxa for name in (taxon.en, taxon.fr, taxon.scientific) if name]
    print(f"{len(taxa)} taxa, {len(names)} names, {DRAWS} queries a row\n")
    print(f"| typed | first | in first {WITHIN} | p50 ms | p95 ms | max ms |")
    print("|---|---|---|---|---|---|")
    for title, way in WAYS.items():
        chance = random.Random(SEED)
        first = within = 0
        took_ms = []
        for species_id, name in chance.sample(names, DRAWS):
            query = way(name, chance)
            began_s = time.process_time()
            found = [species.taxon.species_id for species in find(query, limit=LIMIT)]
            took_ms.append(1e3 * (time.process_time() - began_s))
            first += found[:1] == [species_id]
            within += species_id in found[:WITHIN]
        cuts = statistics.quantiles(took_ms, n=20)
        print(
            f"| {title} | {first / DRAWS:.1%} | {within / DRAWS:.1%} "
            f"| {statistics.median(took_ms):.1f} | {cuts[18]:.1f} | {max(took_ms):.1f} |"
        )


if __name__ == "__main__":
    main()
