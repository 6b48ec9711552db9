"""Looking for a species on the page, by keys."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request

# An answer that has arrived is on the page by the time after the next frame.
_SHOWN = "new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))"


def type_species(page: Page, name: str) -> None:
    """Type ``name`` into the search that has the focus, and wait for what is found of all of it.

    Letters that come slowly are searched for one by one, and Enter takes nothing from the list of fewer letters.
    """

    def is_of_all(request: Request) -> bool:
        asked = urlsplit(request.url)
        return asked.path.endswith("/species") and parse_qs(asked.query).get("query") == [name]

    with page.expect_event("requestfinished", is_of_all):
        page.keyboard.type(name)
    page.evaluate(_SHOWN)
