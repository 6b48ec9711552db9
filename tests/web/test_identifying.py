"""From a photo to three answers, as a person does it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pi_heif
import pytest
from PIL import Image
from playwright.sync_api import Locator, Route, expect

from tests.deployed.cloud import Cloud, Person
from tests.deployed.made_photos import made_photo
from tests.web.visit import PHONE, Screen, Visit

Opened = Callable[..., Visit]
HEIC = Path(__file__).parents[1] / "hostile" / "seeds" / "orientation-6.heic"


def test_a_real_avocet_is_named_and_the_answer_is_kept(
    visit: Opened, screen: Screen, cloud: Cloud, avocet_photo: bytes
) -> None:
    person = cloud.sign_up()
    here = visit(screen)
    here.sign_in(person)
    here.drop(avocet_photo)
    here.expect_answered()
    expect(here.candidates).to_have_count(3)
    expect(here.candidates.first).to_contain_text("American Avocet")
    expect(here.candidates.first).to_contain_text("Recurvirostra americana")
    here.page.get_by_test_id("feedback-right").click()
    here.expect_thanks("received")
    kept = person.get(f"/predictions/{here.prediction_id()}").json()["feedback"]
    assert kept == {"feedback": "confirmed", "species_id": "american-avocet", "status": "received"}
    assert len(cloud.raw_keys(here.prediction_id())) == 1


@pytest.mark.parametrize("late_frames_ms", [0, 1000], ids=["usually", "on a machine with no time for frames"])
def test_an_answer_shows_what_the_species_looks_like_and_its_family_where_no_picture_can_be_had(
    visit: Opened, cloud: Cloud, person: Person, photo: bytes, late_frames_ms: int
) -> None:
    picture = f"{cloud.local['cognito_url']}/pictures/of-it.jpg"

    def shown(route: Route) -> None:
        said = route.fetch().json()
        photo_of_it = {"url": picture, "source": "kaggle", "licence": None}
        is_first = said["species_id"] == here.candidates.first.get_attribute("data-species")
        route.fulfill(json={**said, "reference_photo": {**photo_of_it, "url": picture + ("" if is_first else "?gone")}})

    here = visit(late_frames_ms=late_frames_ms)
    here.context.route("**/v1/species/*", shown)
    here.context.route("**/of-it.jpg", lambda route: route.fulfill(body=photo, content_type="image/jpeg"))
    here.context.route("**/of-it.jpg?gone", lambda route: route.fulfill(status=404))
    here.sign_in(person)
    here.drop(photo)
    here.expect_answered()
    first, second = here.candidates.nth(0), here.candidates.nth(1)
    expect(first.get_by_test_id("reference-photo")).to_have_js_property("naturalWidth", 640)
    expect(second.locator("[data-silhouette]")).to_be_visible()
    expect(second.get_by_test_id("reference-photo")).to_have_count(0)
    first.locator("summary").click()
    expect(first).to_contain_text("from the set kaggle")


def test_a_pasted_photo_is_named(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit()
    here.sign_in(person)
    here.paste(photo)
    here.expect_answered()


def test_a_photo_dropped_in_the_very_moment_the_page_appears_is_taken(
    visit: Opened, person: Person, photo: bytes
) -> None:
    here = visit()
    here.go("sign-in")
    here.drop_when_seen(".picker", photo)
    here.fill_in_sign_in(person)
    here.expect_answered()


def test_photos_dropped_one_right_after_the_other_are_both_taken(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit()
    here.sign_in(person)
    here.drop_when_seen("[data-testid=photo-card]", made_photo(9))
    here.drop(photo)
    here.expect_answered(2)


def test_a_photo_dropped_beside_the_first_page_leads_there(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit()
    here.sign_in(person)
    here.go("numbers")
    here.drop(photo)
    here.expect_answered()


def test_a_photo_dropped_on_the_sign_in_waits_for_it_in_sight(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit()
    here.go("sign-in")
    here.drop(photo)
    expect(here.page.get_by_test_id("waiting-photos")).to_be_visible()
    here.fill_in_sign_in(person)
    here.expect_answered()


def test_a_picture_of_the_page_moved_about_is_no_photo_shown(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit()
    here.sign_in(person)
    here.drop(photo)
    here.expect_answered()
    here.drop(photo, is_of_the_page=True)
    here.drop(made_photo(10))
    here.expect_answered(2)
    expect(here.cards).to_have_count(2)


def test_the_place_a_photo_was_taken_never_leaves_the_device(visit: Opened, cloud: Cloud, person: Person) -> None:
    here = visit()
    here.sign_in(person)
    here.choose(made_photo(7, width_px=3000, height_px=2000))
    here.expect_answered()
    sent = Image.open(io.BytesIO(_arrived(cloud, here)))
    assert sent.format == "JPEG"
    assert sent.size == (1280, 853)
    assert not sent.getexif()
    assert not {"exif", "xmp", "comment"} & set(sent.info)


def test_a_photo_taken_upright_is_sent_upright(visit: Opened, cloud: Cloud, person: Person) -> None:
    here = visit()
    here.sign_in(person)
    here.choose(made_photo(8, width_px=800, height_px=600, orientation=6))
    here.expect_answered()
    assert Image.open(io.BytesIO(_arrived(cloud, here))).size == (600, 800)


def test_a_photo_that_the_browser_cannot_read_goes_up_whole_but_for_its_metadata(
    visit: Opened, cloud: Cloud, person: Person
) -> None:
    here = visit()
    here.sign_in(person)
    here.choose(HEIC.read_bytes(), name="IMG_0001.jpg", kind="application/octet-stream")
    here.expect_answered()
    sent = _arrived(cloud, here)
    assert b"Seedmaker" in HEIC.read_bytes()
    assert b"Seedmaker" not in sent
    assert pi_heif.read_heif(sent).to_pillow().tobytes() == pi_heif.read_heif(HEIC.read_bytes()).to_pillow().tobytes()
    expect(here.card).to_contain_text("the whole photo was sent, without its location")


def test_each_answer_stands_beside_its_own_photo(visit: Opened, person: Person) -> None:
    """The first photo's answer is held back until the others have theirs."""
    here = visit()
    here.sign_in(person)
    colours = [(200, 30, 30), (30, 160, 30), (30, 30, 200)]
    photos = [_plain(colour) for colour in colours]

    def name_by_colour(route: Route) -> None:
        buffer = route.request.post_data_buffer
        assert buffer is not None
        pixel = Image.open(io.BytesIO(buffer)).convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert isinstance(pixel, tuple)
        which = max(range(3), key=lambda index: pixel[index])
        answer = route.fetch()
        document = answer.json()
        document["predictions"][0]["names"] = {"en": f"Bird {which}", "fr": None, "scientific": "Avis"}
        document["unfamiliar"] = False
        if which == 0:
            here.page.wait_for_timeout(1500)
        route.fulfill(response=answer, json=document)

    here.on_api("/predictions", name_by_colour)
    here.choose(*photos)
    here.expect_answered(3)
    for number, card in enumerate(here.cards.all()):
        expect(_own_photo(card)).to_have_attribute("alt", f"Your photo, Bird {number}")
        expect(card.get_by_test_id("candidate").first).to_contain_text(f"Bird {number}")
        shown = _colour_shown(here, number)
        assert max(range(3), key=lambda index: shown[index]) == number


def test_something_that_is_not_a_photo_is_refused_here_already(visit: Opened, person: Person) -> None:
    here = visit()
    here.sign_in(person)
    here.choose(b"Dear diary", name="diary.txt", kind="text/plain")
    here.expect_step("failed")
    expect(here.card).to_contain_text("not a photo Avocet can read")
    expect(here.card.get_by_role("button", name="Try again")).to_have_count(0)
    assert not here.sent("/predictions")


def test_a_visitor_s_photo_waits_through_the_sign_in(visit: Opened, cloud: Cloud, photo: bytes) -> None:
    here = visit(PHONE)
    here.choose(photo)
    here.expect_step("sign-in")
    here.card.get_by_role("link", name="Sign in").click()
    expect(here.page.get_by_test_id("waiting-photos")).to_contain_text("Your photo is waiting")
    here.fill_in_sign_in(cloud.sign_up())
    here.expect_answered()


def test_the_back_button_keeps_the_photo_and_its_answer(visit: Opened, person: Person, photo: bytes) -> None:
    here = visit(PHONE)
    here.sign_in(person)
    here.choose(photo)
    here.expect_answered()
    here.page.get_by_role("link", name="Terms").click()
    expect(here.page.locator("h1")).to_have_text("Terms of contribution")
    here.page.go_back()
    here.expect_answered()
    assert len(here.sent("/predictions")) == 1


def test_two_windows_share_one_sign_in(visit: Opened, person: Person) -> None:
    here = visit()
    here.sign_in(person)
    other = here.new_window()
    expect(other.locator(".avatar")).to_be_visible()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unfamiliar": True}, "I don’t think I know this bird"),
        (
            {
                "coarser": {
                    "rank": "family",
                    "name": "Sylviidae",
                    "names": {"en": "Old World Warblers", "fr": "Sylviidés", "scientific": "Sylviidae"},
                    "score": 0.81,
                }
            },
            "Not sure: probably one of the old world warblers",
        ),
    ],
)
def test_doubt_is_said(visit: Opened, person: Person, photo: bytes, change: dict[str, Any], words: str) -> None:
    here = visit()
    here.sign_in(person)

    def doubtful(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "unfamiliar": False, "coarser": None, **change})

    here.on_api("/predictions", doubtful)
    here.choose(photo)
    here.expect_answered()
    expect(here.card).to_contain_text(words)


def _arrived(cloud: Cloud, here: Visit) -> bytes:
    """Return the bytes that reached the service."""
    key = f"photos/{here.prediction_id()}"
    body: bytes = cloud.s3.get_object(Bucket=cloud.outputs["UploadsBucketName"], Key=key)["Body"].read()
    return body


def _plain(colour: tuple[int, int, int]) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(stream, "JPEG")
    return stream.getvalue()


def _own_photo(card: Locator) -> Locator:
    return card.get_by_role("img", name="Your photo")


def _colour_shown(here: Visit, number: int) -> list[int]:
    shown: list[int] = _own_photo(here.cards.nth(number)).evaluate(
        """async (image) => {
          await image.decode();
          const canvas = document.createElement("canvas");
          canvas.width = canvas.height = 1;
          const context = canvas.getContext("2d");
          context.drawImage(image, 0, 0, 1, 1);
          return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
        }"""
    )
    return shown
