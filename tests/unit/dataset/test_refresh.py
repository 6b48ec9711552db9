"""What a refresh does with photos, one sentence at a time."""

import copy
from collections import Counter

import pytest

from avocet.domain.cleaning import Opinion
from avocet.domain.dataset import PhotoState, Split
from avocet.domain.jobs import FencedOutError
from avocet.domain.likeness import sketches_key
from avocet.domain.prediction import SKETCH_BYTES
from avocet.domain.shards import unpack_shard
from avocet.domain.trust import TrustRecord
from avocet.usecases.erase_photos import ErasePhotos
from avocet.usecases.read_snapshot import Snapshot, open_snapshot
from avocet.usecases.refresh_work import Run
from tests.unit.dataset.test_refresh_history import far_picture, photo_id_of
from tests.unit.dataset.world import Bomb, Crash, World, _beat, clean_made_up, photo_bytes

AVOCET, TIT = "pied-avocet", "great-tit"


def import_photos(world: World, species: str, numbers: range) -> list[str]:
    ids = [photo_id_of(number) for number in numbers]
    for number, photo_id in zip(numbers, ids, strict=True):
        world.import_photo(photo_id, species, photo_bytes(far_picture(number)))
    return ids


def current(world: World) -> Snapshot:
    return open_snapshot(world.clean)


def begun() -> World:
    world = World()
    import_photos(world, AVOCET, range(20))
    world.refresh("first")
    return world


def looks_of(photo_id: str) -> bytes:
    return bytes.fromhex(photo_id) + bytes(SKETCH_BYTES)


def with_sketches(world: World) -> None:
    """A training has seen the photos, one of them under a name that it has no more."""
    for species_id in (AVOCET, TIT):
        key = sketches_key("b" * 16, species_id)
        world.models.put(key, b"".join(looks_of(photo_id_of(number)) for number in range(3, 7)))


def test_four_photos_of_a_species_reach_all_three_splits() -> None:
    world = World()
    import_photos(world, AVOCET, range(4))
    world.refresh()
    counts = current(world).counts[AVOCET]
    assert (counts.train, counts.validation, counts.test) == (2, 1, 1)


def test_a_ten_thousand_photo_species_beside_a_seven_photo_one() -> None:
    world = World(shard_bytes=10**9)
    import_photos(world, AVOCET, range(10_000))
    import_photos(world, TIT, range(10_000, 10_007))
    world.refresh()
    counts = current(world).counts
    assert (counts[AVOCET].train, counts[AVOCET].validation, counts[AVOCET].test) == (7000, 1500, 1500)
    assert (counts[TIT].train, counts[TIT].validation, counts[TIT].test) == (5, 1, 1)


def test_a_pending_species_waits_for_the_smallest_trainable_one() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 119))
    world.refresh("second")
    assert TIT not in current(world).manifest.species
    assert world.standings.find(TIT).missing_photos(world.heads.head.needed_photos) == 1
    import_photos(world, TIT, range(119, 120))
    world.refresh("third")
    assert current(world).counts[TIT].total == 20


def test_a_failed_gate_does_not_trigger_again_on_the_same_photos() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 105))
    world.refresh("second")
    assert world.refresh("third") == {}


def test_photos_of_one_picture_do_not_open_the_gate() -> None:
    world = World()
    for number in range(10):
        world.import_photo(photo_id_of(number), AVOCET, photo_bytes(far_picture(0) ^ (1 << number), number))
    world.refresh()
    assert world.standings.find(AVOCET).waiting_photos == 10
    assert not world.standings.find(AVOCET).is_trainable


def test_photos_that_failed_cleaning_do_not_count_for_the_gate() -> None:
    world = World()
    import_photos(world, AVOCET, range(2))
    world.import_photo(photo_id_of(9), AVOCET, b"garbage")
    result = world.refresh()
    assert (result["refused"], result["added"]) == ("1", "0")


def test_a_relabelled_photo_keeps_its_split() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    moved = photo_id_of(3)
    split = current(world).rows[moved].split
    world.relabel_import(moved, TIT)
    result = world.refresh("third")
    assert result["relabelled"] == "1"
    assert current(world).rows[moved].species_id == TIT
    assert current(world).rows[moved].split is split


def test_a_photo_relabelled_to_a_pending_species_leaves_and_comes_back_with_its_split() -> None:
    world = begun()
    moved = photo_id_of(3)
    split = current(world).rows[moved].split
    world.relabel_import(moved, TIT)
    world.refresh("second")
    assert moved not in current(world).rows
    import_photos(world, TIT, range(100, 119))
    world.refresh("third")
    assert current(world).rows[moved].split is split
    assert {row.photo_id for row, _ in current(world).photos()} == set(current(world).rows)


def test_an_answer_changed_during_a_refresh_becomes_a_correction() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    photo_id = photo_id_of(500)
    world.contributions.answer(photo_id, AVOCET, photo_bytes(far_picture(500)))

    def change_of_mind(raw: bytes):
        cleaned = clean_made_up(raw)
        world.contributions.answer(photo_id, TIT)
        return cleaned

    world.refresh("third", cleaner=change_of_mind)
    assert current(world).rows[photo_id].species_id == AVOCET
    world.refresh("fourth")
    assert current(world).rows[photo_id].species_id == TIT


def test_a_photo_that_would_bridge_two_splits_is_set_aside() -> None:
    world = begun()
    rows = current(world).rows
    train = next(row for row in rows.values() if row.split is Split.TRAIN)
    # Forty bits apart from the first: two groups, and a picture in the middle is near both.
    step = (1 << 40) - 1
    number = 900
    while True:
        twin = copy.deepcopy(world)
        end = photo_id_of(number)
        twin.import_photo(end, AVOCET, photo_bytes(int(train.phash, 16) ^ step))
        import_photos(twin, AVOCET, range(number + 1, number + 1 + number % 9))
        twin.refresh("second")
        if current(twin).rows[end].split is not Split.TRAIN:
            break
        number += 10
        assert number < 2000, "no layout put the two ends into different splits"
    middle = photo_id_of(5000)
    twin.import_photo(middle, AVOCET, photo_bytes(int(train.phash, 16) ^ ((1 << 20) - 1)))
    twin.refresh("third")
    assert middle not in current(twin).rows
    assert twin.photos.records[middle].reason == "bridges-splits"


def test_the_same_picture_under_two_species_is_looked_at_first() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    copy_id = photo_id_of(7000)
    world.contributions.answer(copy_id, TIT, photo_bytes(far_picture(3) ^ 5))
    world.refresh("third")
    record = world.photos.records[copy_id]
    assert (record.state, record.reason) == (PhotoState.REVIEW, "same-picture-other-species")
    assert record.proposed_species_id == AVOCET


def test_a_mirrored_copy_is_a_near_duplicate() -> None:
    world = begun()
    original = f"{far_picture(3):064x}"
    copy_id = photo_id_of(7001)
    world.import_photo(copy_id, AVOCET, photo_bytes(int(original[::-1], 16), 1))
    world.refresh("second")
    rows = current(world).rows
    assert rows[copy_id].group_id == rows[photo_id_of(3)].group_id


def test_a_photo_the_champion_disagrees_with_goes_to_review_with_its_proposal() -> None:
    world = begun()
    world.opinion.opinion = Opinion(True, TIT, 0.97, label_score=0.001, is_sure=True)
    world.contributions.answer(photo_id_of(300), AVOCET, photo_bytes(far_picture(300)))
    world.refresh("second")
    record = world.photos.records[photo_id_of(300)]
    assert (record.state, record.reason, record.proposed_species_id) == (PhotoState.REVIEW, "champion-disagrees", TIT)
    assert world.raw.get(record.raw_key) is not None


def test_the_champion_has_no_say_on_a_species_it_never_saw() -> None:
    world = begun()
    world.opinion.opinion = Opinion(False, TIT, 0.3, label_score=None, is_sure=False)
    world.contributions.answer(photo_id_of(301), AVOCET, photo_bytes(far_picture(301)))
    assert world.refresh("second")["added"] == "1"


def test_a_photo_deleted_from_raw_behind_our_back_is_reported_and_nothing_else_suffers() -> None:
    world = World()
    ids = import_photos(world, AVOCET, range(10))
    world.raw.purge(world.photos.records[ids[0]].raw_key)
    world.raw.put(world.photos.records[ids[1]].raw_key, b"\xff\xd8 broken")
    result = world.refresh()
    assert (result["added"], result["refused"]) == ("8", "2")
    assert world.photos.records[ids[0]].reason == "missing-in-raw"


def test_an_erased_photo_is_gone_from_every_shard_and_raw_and_index() -> None:
    world = begun()
    erased = photo_id_of(3)
    shards = [key for key in world.clean.stored if key.startswith("shards/")]
    assert any(erased in dict(unpack_shard(world.clean.get(key))) for key in shards)
    with_sketches(world)
    ErasePhotos(clean_objects=world.clean)([erased])
    assert erased not in current(world).rows, "no reader hands it out from the first moment"
    world.refresh("second")
    assert not any(looks_of(erased) in version for versions in world.models.stored.values() for version in versions)
    assert any(looks_of(photo_id_of(4)) in versions[-1] for versions in world.models.stored.values())
    for key in shards:
        assert all(erased not in dict(unpack_shard(version)) for version in world.clean.stored[key])
    assert not any(erased in key for key in world.raw.stored)
    assert not any(erased in bucket for bucket in world.index.buckets.values())
    assert world.photos.find(erased) is None
    assert current(world).counts[AVOCET].total == 19


def test_a_crash_at_each_outside_call_ends_in_the_same_snapshot() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    for number in range(200, 206):
        world.contributions.answer(photo_id_of(number), AVOCET, photo_bytes(far_picture(number)))
    world.contributions.answer(photo_id_of(210), None, photo_bytes(far_picture(210)))
    world.relabel_import(photo_id_of(4), "common-crane")
    with_sketches(world)
    ErasePhotos(clean_objects=world.clean)([photo_id_of(5)])
    undisturbed, calls = copy.deepcopy(world), Bomb()
    undisturbed.refresh("second", calls)
    wanted = undisturbed.heads.head.snapshot_id
    assert calls.calls > 60
    for at in range(1, calls.calls + 1):
        for after in (False, True):
            crashed = copy.deepcopy(world)
            with pytest.raises(Crash):
                crashed.refresh("second", Bomb(at, after))
            crashed.refresh("second")
            assert crashed.heads.head.snapshot_id == wanted, f"died at call {at}"
            assert crashed.photos.records.keys() == undisturbed.photos.records.keys()
            assert {i: r.state for i, r in crashed.photos.records.items()} == {
                i: r.state for i, r in undisturbed.photos.records.items()
            }
            assert crashed.index.buckets == undisturbed.index.buckets
            assert crashed.models.stored == undisturbed.models.stored
            assert crashed.standings.standings == undisturbed.standings.standings
            assert {r.photo_id for r, _ in current(crashed).photos()} == set(current(crashed).rows)
            named = {shard.key for link in current(crashed).links for shard in link.shards}
            assert {key for key in crashed.clean.stored if key.startswith("shards/")} == named, f"died at call {at}"


def test_of_two_refreshes_at_once_the_one_given_up_can_do_no_harm() -> None:
    world = begun()
    import_photos(world, AVOCET, range(100, 110))
    slow, slow_run = world.refresher(), Run("slow", 100)
    plan = slow.plan(slow_run, _beat)
    for key in plan.batches:
        slow.clean(key, _beat)
    world.fence = 100
    world.refresh("fast")
    after = world.heads.head.snapshot_id
    with pytest.raises(FencedOutError):
        slow.write(slow_run, _beat)
    assert world.heads.head.snapshot_id == after
    assert Counter(row.photo_id for row, _ in current(world).photos()).most_common(1)[0][1] == 1


def test_the_order_of_arrival_changes_nothing() -> None:
    first, second = World(), World()
    numbers = list(range(30))
    for number in numbers:
        first.import_photo(photo_id_of(number), AVOCET, photo_bytes(far_picture(number)))
    for number in reversed(numbers):
        second.import_photo(photo_id_of(number), AVOCET, photo_bytes(far_picture(number)))
    first.refresh()
    second.refresh()
    assert first.heads.head.snapshot_id == second.heads.head.snapshot_id


NEW = {"newcomer": TrustRecord()}


def test_a_newcomer_s_photo_waits_for_a_person_and_enters_when_one_has_decided() -> None:
    world = begun()
    world.trust.records = NEW
    photo_id = photo_id_of(301)
    world.contributions.answer(photo_id, AVOCET, photo_bytes(far_picture(301)), owner_id="newcomer")
    world.refresh("second")
    assert (world.photos.records[photo_id].state, world.photos.records[photo_id].reason) == (
        PhotoState.REVIEW,
        "new-contributor",
    )
    world.contributions.answer(photo_id, AVOCET, owner_id="newcomer", is_reviewed=True)
    assert world.refresh("third")["added"] == "1"


def test_a_newcomer_s_photo_enters_when_the_champion_is_sure_of_the_same() -> None:
    world = begun()
    world.trust.records = NEW
    world.opinion.opinion = Opinion(True, AVOCET, 0.99, label_score=0.99, is_sure=True)
    world.contributions.answer(photo_id_of(301), AVOCET, photo_bytes(far_picture(301)), owner_id="newcomer")
    assert world.refresh("second")["added"] == "1"


def test_a_newcomer_s_change_of_mind_takes_the_photo_out_until_a_person_has_decided() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    world.trust.records = NEW
    photo_id = photo_id_of(301)
    world.contributions.answer(photo_id, AVOCET, photo_bytes(far_picture(301)), owner_id="newcomer", is_reviewed=True)
    world.refresh("third")
    split = current(world).rows[photo_id].split
    world.contributions.answer(photo_id, TIT, owner_id="newcomer")
    world.refresh("fourth")
    assert photo_id not in current(world).rows
    assert world.photos.records[photo_id].reason == "correction"
    world.contributions.answer(photo_id, TIT, owner_id="newcomer", is_reviewed=True)
    world.refresh("fifth")
    assert (current(world).rows[photo_id].species_id, current(world).rows[photo_id].split) == (TIT, split)


def test_two_people_who_name_one_picture_differently_both_wait() -> None:
    world = begun()
    import_photos(world, TIT, range(100, 120))
    world.refresh("second")
    for number, species in ((301, AVOCET), (302, TIT)):
        world.contributions.answer(photo_id_of(number), species, photo_bytes(far_picture(301), number))
    world.refresh("third")
    assert {world.photos.records[photo_id_of(number)].reason for number in (301, 302)} == {"same-picture-other-species"}
