"""From a photo chosen on a phone-sized page to three answers painted on it: a real Chromium, the running embedded cloud.

``make up``, then ``python -m benchmarks.page``. Beside the page, in the same window and by its clock, the plain way: the
whole photo posted as it came, until the answer's JSON is there. Both on this machine's loopback, and with the delay and
bandwidth of a phone outdoors.
"""

import argparse
import base64
import datetime
import json
import os
import statistics
from pathlib import Path

import httpx
from playwright.sync_api import Route, sync_playwright

from benchmarks.photos import SIZES_PX, make_photos
from tests.deployed.cloud import Cloud, Person
from tests.web.visit import PHONE, Visit, open_chromium

ROOT = Path(__file__).resolve().parents[1]
OURS, PLAIN = "the page, photo to painted answers", "the whole photo posted, no page"
# Delay in ms, bit/s down, bit/s up; -1 leaves the line alone.
NETWORKS = {"this machine": (0, -1, -1), "60 ms, 1.5 Mbit/s up": (60, 5_000_000, 1_500_000)}

_WATCH = """count => {
  const input = document.querySelector("[data-testid=file-input]");
  window.__took = new Promise((resolve) => {
    let began = 0;
    input.addEventListener("change", () => { began = performance.now(); }, { capture: true, once: true });
    const look = () => {
      if (document.querySelectorAll("[data-testid=photo-card][data-step=answered]").length < count) return;
      watcher.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - began)));
    };
    const watcher = new MutationObserver(look);
    watcher.observe(document.body, { subtree: true, childList: true, attributes: true });
  });
}"""
_POST = """async ([url, token, encoded]) => {
  const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  const began = performance.now();
  const headers = { "Content-Type": "image/jpeg", "Authorization": `Bearer ${token}` };
  const answer = await fetch(url, { method: "POST", headers, body: bytes });
  const document = await answer.json();
  if (!answer.ok || document.predictions.length !== 3) throw new Error(`${answer.status}`);
  return performance.now() - began;
}"""


class Bench:
    """One signed-in person's window, on a line that can be made slower."""

    def __init__(self, here: Visit, cloud: Cloud, person: Person) -> None:
        """Sign in and stand on the first page."""
        self._here, self._cloud = here, cloud
        here.sign_in(person)
        here.go("")
        self._token = person.id_token
        self._line = here.context.new_cdp_session(here.page)
        self._answered = 0

    def on(self, network: str) -> None:
        """Make the line that of ``network``."""
        delay_ms, down, up = NETWORKS[network]
        self._line.send("Network.enable")
        self._line.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": delay_ms,
                "downloadThroughput": down / 8 if down > 0 else -1,
                "uploadThroughput": up / 8 if up > 0 else -1,
            },
        )

    def page_ms(self, photo: bytes) -> float:
        """Return milliseconds from the choice of ``photo`` to the frame that shows its answers."""
        self._answered += 1
        self._here.page.evaluate(_WATCH, self._answered)
        self._here.choose(photo)
        return float(self._here.page.evaluate("window.__took"))

    def sent_bytes(self, photo: bytes) -> int:
        """Return how much the page sends of ``photo``; not timed, since looking costs."""
        bodies: list[bytes] = []

        def look(route: Route) -> None:
            bodies.append(route.request.post_data_buffer or b"")
            route.continue_()

        self._here.on_api("/predictions", look)
        self.page_ms(photo)
        return len(bodies[0])

    def post_ms(self, photo: bytes) -> float:
        """Return milliseconds from posting ``photo`` as it came to its answer's JSON."""
        url = f"{self._cloud.local['api_url']}/predictions"
        return float(self._here.page.evaluate(_POST, [url, self._token, base64.b64encode(photo).decode()]))


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--home", type=Path, default=Path(os.environ.get("AVOCET_HOME", ROOT / ".avocet")))
    options = parser.parse_args()
    photos = {name: path.read_bytes() for name, path in make_photos(ROOT / ".avocet" / "bench" / "photos").items()}
    local = json.loads((options.home / "local.json").read_text("utf-8"))
    took: dict[tuple[str, str, str], list[float]] = {}
    with httpx.Client(timeout=60, trust_env=False) as http, sync_playwright() as playwright:
        cloud = Cloud(local, http)
        browser = open_chromium(playwright, PHONE)
        bench = Bench(Visit(browser, cloud, PHONE), cloud, cloud.sign_up())
        for photo in photos.values():
            bench.page_ms(photo)
        for network in NETWORKS:
            bench.on(network)
            for _ in range(options.rounds):
                for name, photo in photos.items():
                    took.setdefault((network, OURS, name), []).append(bench.page_ms(photo))
                    took.setdefault((network, PLAIN, name), []).append(bench.post_ms(photo))
        bench.on("this machine")
        sent = {name: bench.sent_bytes(photo) for name, photo in photos.items()}
        browser.close()
    print("\n".join(_report(took, photos, sent, options.rounds)))


def _report(
    took: dict[tuple[str, str, str], list[float]], photos: dict[str, bytes], sent: dict[str, int], rounds: int
) -> list[str]:
    today = datetime.datetime.now(tz=datetime.UTC).date()
    lines = [
        f"Measured on {today}: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} at the end; "
        f"median and slowest of {rounds} interleaved rounds.",
        "",
        "| ms (slowest) | " + " | ".join(SIZES_PX) + " |",
        "|---|---|---|---|",
    ]
    for network in NETWORKS:
        for peer in (OURS, PLAIN):
            cells = [
                f"{statistics.median(took[network, peer, name]):.0f} ({max(took[network, peer, name]):.0f})"
                for name in photos
            ]
            lines.append(f"| {network}: {peer} | {' | '.join(cells)} |")
        ratios = [
            statistics.median(took[network, PLAIN, name]) / statistics.median(took[network, OURS, name])
            for name in photos
        ]
        lines.append(f"| {network}: plain / page | {' | '.join(f'{ratio:.2f}' for ratio in ratios)} |")
    weights = [f"{sent[name] / 1000:.0f} of {len(photo) / 1000:.0f}" for name, photo in photos.items()]
    lines.append(f"| kB that the page sent, of the photo's | {' | '.join(weights)} |")
    return lines


if __name__ == "__main__":
    main()
