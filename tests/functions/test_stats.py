"""GET /stats: what became of people's photos, ready to be read by everybody."""

import json

from avocet.domain.dataset import SpeciesStanding, SplitCounts
from avocet.usecases.dataset_ports import Head
from avocet.usecases.keep_numbers import NUMBERS_KEY, KeepNumbers
from tests.made.events import event


def _stats(function):
    answer = function("stats")(event("GET", "/stats"), None)
    assert answer["statusCode"] == 200
    return json.loads(answer["body"])


def test_an_empty_deployment_has_its_noughts(cloud, function):
    stats = _stats(function)
    assert stats["contributions"] == stats["dataset_photos"] == 0
    assert stats["growth"] == stats["largest_species"] == stats["pending_species"] == stats["answers"] == []


def test_what_a_refresh_noted_is_shown_with_names(cloud, function):
    from avocet.adapters import system
    from avocet.http import learning_wiring

    standings = [
        SpeciesStanding("pied-avocet", SplitCounts(28, 6, 6), is_trainable=True),
        SpeciesStanding("grey-heron", waiting_photos=12),
    ]
    head = Head(snapshot_id="s", photos=40, species=1, needed_photos=30, sources={"kaggle": 40})
    KeepNumbers(learning_wiring.clean_objects(), system.now).note(head, standings)
    stats = _stats(function)
    assert [(one["photos"], one["sources"]) for one in stats["growth"]] == [(40, {"kaggle": 40})]
    assert stats["largest_species"][0]["names"]["en"] == "Pied Avocet"
    (pending,) = stats["pending_species"]
    assert (pending["species_id"], pending["photos"], pending["needed"]) == ("grey-heron", 12, 30)


def test_damaged_numbers_leave_the_rest_standing(cloud, function):
    from avocet.http import learning_wiring

    learning_wiring.clean_objects().put(NUMBERS_KEY, b"[1")
    assert _stats(function)["growth"] == []
