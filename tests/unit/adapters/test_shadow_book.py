"""What a challenger said, as it lies in the table: counted once, listed while the photo is there, gone with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from avocet.adapters.shadow_book import DynamoShadowBook
from avocet.domain.shadow import Shadowed, Side, Trouble, figures_of
from tests.made.bundles import BLUE, GREEN, RED

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def photo(number: int, challenger: str = GREEN, *, champion: str = RED, versions=("head-2", "starter-1")) -> Shadowed:
    return Shadowed(
        photo_id=f"{number:032x}",
        created_at=NOW + timedelta(seconds=number),
        champion=Side(versions[1], champion, 0.75, False),
        challenger=Side(versions[0], challenger, 0.5, True),
        in_three=True,
        challenger_ms=12.345,
    )


@pytest.fixture
def book(cloud) -> DynamoShadowBook:
    return DynamoShadowBook(cloud.dynamodb, "photos")


def counts(book: DynamoShadowBook, champion: str = "starter-1"):
    return book.pairs("head-2", [champion])[champion].counts


def test_a_photo_is_kept_as_it_was_and_counted_once(book):
    assert book.add(photo(1), NOW)
    assert not book.add(photo(1), NOW)
    assert book.find(photo(1).photo_id) == photo(1)
    assert (counts(book)["photos"], counts(book)["other"]) == (1, 1)
    assert book.pairs("head-2", ["starter-1"])["starter-1"].last_at == NOW


def test_a_name_is_noted_and_counted_once_and_for_a_photo_that_is_kept_only(book):
    book.add(photo(1), NOW)
    assert book.name(photo(1), GREEN)
    assert not book.name(photo(1), RED)
    assert book.find(photo(1).photo_id).named == GREEN
    assert not book.name(photo(2), GREEN)
    assert (counts(book)["named"], counts(book)["only_challenger_right"]) == (1, 1)


def test_pairs_of_versions_are_counted_apart(book):
    book.add(photo(1), NOW)
    book.add(photo(2, versions=("head-2", "starter-0")), NOW)
    book.add(photo(3, versions=("head-3", "starter-1")), NOW)
    found = book.pairs("head-2", ["starter-1", "starter-0", "starter-9"])
    assert {champion: each.counts["photos"] for champion, each in found.items()} == {"starter-1": 1, "starter-0": 1}
    assert book.by_species("head-3", "starter-1") == {RED: {"photos": 1, "other": 1, f"to#{GREEN}": 1}}


def test_species_are_counted_by_what_the_champion_said(book):
    for number, said in enumerate((GREEN, GREEN, BLUE, RED)):
        book.add(photo(number, said), NOW)
    book.add(photo(9, BLUE, champion=BLUE), NOW)
    assert book.by_species("head-2", "starter-1") == {
        RED: {"photos": 4, "other": 3, f"to#{GREEN}": 2, f"to#{BLUE}": 1},
        BLUE: {"photos": 1},
    }


def test_the_latest_disagreements_are_listed_and_none_that_is_forgotten(book):
    for number in range(6):
        book.add(photo(number, RED if number == 4 else GREEN), NOW)
    book.forget(photo(5).photo_id)
    book.forget(photo(8).photo_id)
    found = book.disagreements("head-2", "starter-1", limit=3)
    assert [each.photo_id for each in found] == [photo(number).photo_id for number in (3, 2, 1)]
    assert counts(book)["photos"] == 6, "the counts tell of nobody, and stay"


def test_everything_goes_by_itself_and_a_photo_s_with_the_photo(book, cloud):
    book.add(photo(1), NOW)
    book.note_trouble("head-2", Trouble("broken", NOW))
    items = {
        item["photo_id"]["S"]: int(item["purge_at"]["N"]) for item in cloud.dynamodb.scan(TableName="photos")["Items"]
    }
    assert len(items) == 4
    assert items.pop(f"#shadow#photo#{photo(1).photo_id}") == int(
        (photo(1).created_at + timedelta(hours=48)).timestamp()
    )
    assert set(items.values()) == {int((NOW + timedelta(days=180)).timestamp())}
    assert book.trouble("head-2") == Trouble("broken", NOW)
    assert book.trouble("head-3") is None


def test_nothing_of_it_looks_like_a_photo_or_an_answer_to_be_taken_in(book, cloud):
    from avocet.adapters.dynamodb import DynamoPhotoRecords

    book.add(photo(1), NOW)
    records = DynamoPhotoRecords(cloud.dynamodb, "photos")
    assert cloud.photo_ids() == []
    assert list(records.fresh_contributions()) == []
    assert records.fresh_by_species() == {}


def test_sums_do_not_depend_on_the_order_in_which_photos_come(book):
    photos = [replace(photo(number), champion=Side("starter-1", RED, number / 7, False)) for number in range(7)]
    for each in photos:
        book.add(each, NOW)
    assert figures_of(counts(book)).other.champion == pytest.approx(sum(range(7)) / 49, abs=1e-6)


def test_an_outage_is_no_sign_that_it_was_done_before(book, cloud, monkeypatch):
    def throttled(**_asked):
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "TransactWriteItems")

    monkeypatch.setattr(cloud.dynamodb, "transact_write_items", throttled)
    with pytest.raises(ClientError):
        book.add(photo(1), NOW)


def test_whoever_meets_another_in_the_counts_tries_again(book, cloud, monkeypatch):
    write, met = cloud.dynamodb.transact_write_items, []

    def meeting(**asked):
        met.append(1)
        if len(met) < 3:
            refused = {"Error": {"Code": "TransactionCanceledException", "Message": "x"}}
            raise ClientError(
                {**refused, "CancellationReasons": [{"Code": "None"}, {"Code": "TransactionConflict"}]},
                "TransactWriteItems",
            )
        return write(**asked)

    monkeypatch.setattr(cloud.dynamodb, "transact_write_items", meeting)
    assert book.add(photo(1), NOW)
    assert counts(book)["photos"] == 1
