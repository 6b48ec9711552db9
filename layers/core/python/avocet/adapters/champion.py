"""The serving model, swapped while serving: a request whose last look is old reads the pointer and follows it.

Between two invocations a function is frozen, so nothing here runs in the background and every age is taken from the
wall clock. A bundle that cannot be loaded never replaces a session that works.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from avocet.observability import log
from avocet.usecases.ports import BrokenBundleError, BundleStore, ChampionPointer, Classifier, NoModelError

LOOK_EVERY_S = 10.0
FIRST_BACKOFF_S = 30.0
LONGEST_BACKOFF_S = 600.0


@dataclass
class _Failure:
    model_version: str
    until_s: float
    backoff_s: float


@dataclass
class CachedChampion:
    """Keeps one session per process and renews it on demand.

    Attributes:
        pointer: Says which version serves.
        bundles: Where its files are.
        load: Makes a classifier of them, self-test included.
        wall_clock_s: Seconds since the epoch.
        outages: What a failing store may raise; the old session then answers.
    """

    pointer: ChampionPointer
    bundles: BundleStore
    load: Callable[[Mapping[str, bytes]], Classifier]
    wall_clock_s: Callable[[], float]
    outages: tuple[type[Exception], ...] = ()
    _classifier: Classifier | None = None
    _looked_at_s: float | None = None
    _failure: _Failure | None = None
    _loading: Lock = field(default_factory=Lock)

    def current(self) -> Classifier:
        """Return the champion; at most one request at a time pays for a swap.

        Raises:
            NoModelError: There is none, or it cannot be loaded and no earlier one is at hand.
        """
        serving = self._classifier
        if serving is None:
            with self._loading:
                return self._classifier or self._renewed(None)
        if not self._must_look() or not self._loading.acquire(blocking=False):
            return serving
        try:
            return self._renewed(serving)
        finally:
            self._loading.release()

    def _must_look(self) -> bool:
        now_s = self.wall_clock_s()
        # A clock set back must not stop us from looking.
        return self._looked_at_s is None or not 0 <= now_s - self._looked_at_s <= LOOK_EVERY_S

    def _renewed(self, serving: Classifier | None) -> Classifier:
        self._looked_at_s = self.wall_clock_s()
        try:
            version = self.pointer.read()
        except self.outages as error:
            log("champion_pointer_unreadable", level="WARNING", reason=repr(error))
            return _or_refuse(serving)
        if version is None:
            return _or_refuse(serving)
        if serving is not None and serving.model_version == version:
            return serving
        failure = self._failure
        backing_off = failure is not None and failure.model_version == version
        if failure is not None and backing_off and self.wall_clock_s() < failure.until_s:
            return _or_refuse(serving)
        failures: tuple[type[Exception], ...] = (BrokenBundleError, *self.outages)
        try:
            loaded = self.load(self.bundles.fetch(version))
            if loaded.model_version != version:
                raise BrokenBundleError(f"the bundle calls itself {loaded.model_version}")
        except failures as error:
            backoff_s = min(2 * failure.backoff_s, LONGEST_BACKOFF_S) if failure and backing_off else FIRST_BACKOFF_S
            self._failure = _Failure(version, self.wall_clock_s() + backoff_s, backoff_s)
            log(
                "champion_load_failed",
                level="ERROR",
                model_version=version,
                reason=str(error),
                metrics={"ModelLoadFailed": 1},
            )
            return _or_refuse(serving)
        self._failure = None
        self._classifier = loaded
        log("champion_loaded", model_version=version, metrics={"ModelLoaded": 1})
        return loaded


def _or_refuse(serving: Classifier | None) -> Classifier:
    if serving is None:
        raise NoModelError("No model is ready. Try again in a minute.")
    return serving
