"""The page as a person meets it: a window, a language, taps; and what must never happen while they use it."""

import base64
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    FilePayload,
    Locator,
    Page,
    Playwright,
    Request,
    Route,
    expect,
)

from tests.deployed.cloud import Cloud, Person

# On two busy cores an answer of the emulator can take this long; a person's patience is measured elsewhere.
PATIENCE_MS = 90_000
expect.set_options(timeout=PATIENCE_MS)

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Without these a headless browser has a mouse, however small its window.
_FINGER = "--blink-settings=primaryPointerType=2,availablePointerTypes=2,primaryHoverType=1,availableHoverTypes=1"

_DROP = """([name, type, encoded, awaited, isOfThePage]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const tell = (kind) => {
    const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.body.dispatchEvent(event);
    return event.defaultPrevented;
  };
  const drop = () => {
    if (isOfThePage) tell("dragstart");
    tell("dragenter");
    tell("dragover");
    const isTaken = tell("drop");
    if (isOfThePage) tell("dragend");
    // What nobody takes the browser opens instead of the page.
    else if (!isTaken) console.error("a dropped file was left to the browser");
  };
  if (awaited === null) {
    drop();
    return;
  }
  const watch = new MutationObserver(() => {
    if (document.querySelector(awaited) === null) return;
    watch.disconnect();
    drop();
  });
  watch.observe(document.body, { childList: true, subtree: true });
}"""
_PASTE = """([name, type, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
}"""
_WATCH_POLICY = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.__violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});
"""

# What the page does after a frame waits for as long as on a machine with no time for it: whatever the page leaves to
# that moment (Preact's effects) can be overtaken by a click, an answer or a picture that fails.
_LATE_FRAMES = """((late) => {
  const soon = window.setTimeout.bind(window), frame = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (callback) => soon(() => frame(callback), late);
  window.cancelAnimationFrame = window.clearTimeout.bind(window);
  window.setTimeout = (callback, ms, ...given) => soon(callback, ms === EFFECTS_AT_LATEST_MS ? ms + late : ms, ...given);
})(LATE_MS)"""
# Preact's RAF_TIMEOUT: no frame in this time, and effects run without one.
_EFFECTS_AT_LATEST_MS = 35


@dataclass(frozen=True)
class Screen:
    """A window and what points in it."""

    name: str
    width_px: int
    height_px: int
    has_finger: bool


PHONE = Screen("phone", 390, 844, has_finger=True)
SMALL_PHONE = Screen("small-phone", 320, 640, has_finger=True)
DESKTOP = Screen("desktop", 1280, 860, has_finger=False)


def chromium_path() -> str | None:
    """Where a Chromium is installed, if one is."""
    return os.environ.get("AVOCET_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def open_chromium(playwright: Playwright, screen: Screen) -> Browser:
    """Start Chromium for ``screen``; Playwright gives it a fresh profile."""
    return playwright.chromium.launch(
        executable_path=chromium_path(),
        headless=True,
        args=[*_ARGUMENTS, *([_FINGER] if screen.has_finger else [])],
    )


class Visit:
    """One person's browser: its windows share cookies and storage with nobody else's."""

    def __init__(
        self,
        browser: Browser,
        cloud: Cloud,
        screen: Screen,
        *,
        locale: str = "en-GB",
        scheme: str = "light",
        with_worker: bool = False,
        late_frames_ms: int = 0,
    ) -> None:
        self.cloud = cloud
        self.errors: list[str] = []
        self.requests: list[Request] = []
        self.tolerated: list[str] = []
        self.context: BrowserContext = browser.new_context(
            locale=locale,
            viewport={"width": screen.width_px, "height": screen.height_px},
            has_touch=screen.has_finger,
            is_mobile=screen.has_finger,
            device_scale_factor=2 if screen.has_finger else 1,
            color_scheme="dark" if scheme == "dark" else "light",
            # The worker would answer before a test's own interruptions could; it has tests of its own.
            service_workers="allow" if with_worker else "block",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(_WATCH_POLICY)
        if late_frames_ms:
            at_latest = str(_EFFECTS_AT_LATEST_MS)
            script = _LATE_FRAMES.replace("EFFECTS_AT_LATEST_MS", at_latest).replace("LATE_MS", str(late_frames_ms))
            self.context.add_init_script(script)
        self._violations: list[str] = []
        self.page: Page = self.new_window()

    def new_window(self) -> Page:
        """Open the page in another window of the same browser."""
        page = self.context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))
        page.on("request", lambda request: self.requests.append(request))
        page.goto(self.page_url)
        expect(page.locator("main h1")).to_be_attached()
        return page

    def _on_console(self, message: ConsoleMessage) -> None:
        # A failed request is reported by the browser itself; whether the page coped is what the tests look at.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.errors.append(message.text)

    @property
    def page_url(self) -> str:
        return str(self.cloud.local["page_url"])

    # -- what a person does ------------------------------------------------------------------------------------------

    def go(self, place: str) -> None:
        self.page.goto(f"{self.page_url}/#/{place}")

    def sign_in(self, person: Person) -> None:
        self.go("sign-in")
        self.fill_in_sign_in(person)
        expect(self.page.locator(".avatar")).to_be_visible()

    def fill_in_sign_in(self, person: Person) -> None:
        self.page.fill("[name=email]", person.username)
        self.page.fill("[name=password]", person.password)
        self.page.click("button[type=submit]")

    def choose(self, *photos: bytes, name: str = "photo.jpg", kind: str = "image/jpeg") -> None:
        """Choose photos as the file dialogue would hand them over."""
        many = len(photos) > 1
        files: list[FilePayload] = [
            {"name": f"{number}-{name}" if many else name, "mimeType": kind, "buffer": photo}
            for number, photo in enumerate(photos)
        ]
        self.page.set_input_files("[data-testid=file-input]", files)

    def drop(self, photo: bytes, *, is_of_the_page: bool = False) -> None:
        """Drop a photo from elsewhere, or a picture that the page itself shows."""
        self.page.evaluate(_DROP, ["dropped.jpg", "image/jpeg", base64.b64encode(photo).decode(), None, is_of_the_page])

    def drop_when_seen(self, awaited: str, photo: bytes) -> None:
        """Drop a photo in the moment that ``awaited`` comes into the page, before the browser has painted it."""
        self.page.evaluate(_DROP, ["dropped.jpg", "image/jpeg", base64.b64encode(photo).decode(), awaited, False])

    def paste(self, photo: bytes) -> None:
        self.page.evaluate(_PASTE, ["pasted.png", "image/jpeg", base64.b64encode(photo).decode()])

    # -- what a person sees ------------------------------------------------------------------------------------------

    @property
    def cards(self) -> Locator:
        return self.page.get_by_test_id("photo-card")

    @property
    def card(self) -> Locator:
        """The first photo on the page."""
        return self.cards.first

    @property
    def candidates(self) -> Locator:
        return self.card.get_by_test_id("candidate")

    def expect_answered(self, count: int = 1) -> None:
        """Wait until as many photos have their three answers."""
        expect(self.page.locator("[data-testid=photo-card][data-step=answered]")).to_have_count(count)

    def expect_step(self, step: str) -> None:
        """Wait until the first photo has come to ``step``."""
        expect(self.card).to_have_attribute("data-step", step)

    def expect_thanks(self, status: str) -> None:
        """Wait until the answer is taken, with the contribution's status."""
        expect(self.card.get_by_test_id("thanks")).to_have_attribute("data-status", status)

    # -- what goes over the line -------------------------------------------------------------------------------------

    def sent(self, path_end: str, method: str = "POST") -> list[Request]:
        """Return the requests to addresses that end like this."""
        return [one for one in self.requests if one.method == method and urlsplit(one.url).path.endswith(path_end)]

    def on_api(self, path_end: str, react: Callable[[Route], Any], *, times: int | None = None) -> None:
        """Let ``react`` answer the page's requests (not the browser's preflights) instead of the API."""

        def handle(route: Route) -> None:
            if route.request.method == "OPTIONS":
                route.continue_()
            else:
                react(route)

        self.context.route(lambda url: urlsplit(url).path.endswith(path_end), handle, times=times)

    def problem(self, status: int, code: str, *, retry_after_s: int | None = None) -> Callable[[Route], None]:
        """Return a reaction: the problem that the API would answer with."""
        headers = {
            "Access-Control-Allow-Origin": self.page_url,
            "Access-Control-Expose-Headers": "Retry-After",
            "Content-Type": "application/problem+json",
        }
        if retry_after_s is not None:
            headers["Retry-After"] = str(retry_after_s)
        body = {"type": f"/problems/{code}", "title": code, "status": status, "detail": "", "instance": "ref-123"}
        return lambda route: route.fulfill(status=status, headers=headers, json=body)

    def prediction_id(self) -> str:
        """Return the id of the last answer that the page got."""
        response = self.sent("/predictions")[-1].response()
        assert response is not None
        return str(response.json()["prediction_id"])

    # -- what must never happen --------------------------------------------------------------------------------------

    def close(self) -> None:
        for page in self.context.pages:
            self._violations += page.evaluate("window.__violations ?? []")
        # What a test answers in the API's place may still be asked for.
        self.context.unroute_all(behavior="ignoreErrors")
        self.context.close()

    def assert_clean(self) -> None:
        """Nothing was blocked, nothing broke, and nobody but the deployed services was asked for anything."""
        assert not self._violations, f"blocked by the content security policy: {self._violations}"
        unexpected = [error for error in self.errors if not any(part in error for part in self.tolerated)]
        assert not unexpected, unexpected
        ours = {urlsplit(str(self.cloud.local[name])).netloc for name in ("page_url", "api_url", "cognito_url")}
        asked = {urlsplit(one.url).netloc for one in self.requests if urlsplit(one.url).scheme in {"http", "https"}}
        assert asked <= ours, f"third parties were asked: {asked - ours}"
