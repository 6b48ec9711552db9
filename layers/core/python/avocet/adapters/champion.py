"""The serving model, swapped while serving: a request whose last look is old reads the pointer and follows it.

Beside it the model that challenges, for what nobody waits for: of that no other version ever answers in its place.

Between two invocations a function is frozen, so nothing here runs in the background and every age is taken from the
wall clock. A bundle that cannot be loaded never replaces a session that works.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
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
        load: Makes a classifier of a folder with them, self-test included.
        wall_clock_s: Seconds since the epoch.
        outages: What a failing store may raise; the old session then answers.
    """

    pointer: ChampionPointer
    bundles: BundleStore
    load: Callable[[Path], Classifier]
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
            # Whoever had the lock a moment ago may have looked, and even swapped, already.
            serving = self._classifier or serving
            return self._renewed(serving) if self._must_look() else serving
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
        # A full or failing disk is no reason to stop answering either.
        failures: tuple[type[Exception], ...] = (BrokenBundleError, OSError, *self.outages)
        try:
            loaded = _opened(version, self.bundles, self.load)
        except failures as error:
            # With nothing else to answer, an outage that has passed must not be waited out: a broken bundle stays broken.
            if serving is not None or isinstance(error, BrokenBundleError):
                backoff_s = (
                    min(2 * failure.backoff_s, LONGEST_BACKOFF_S) if failure and backing_off else FIRST_BACKOFF_S
                )
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


@dataclass
class CachedChallenger:
    """Keeps one session per process, of the version that was asked for last.

    Attributes:
        bundles: Where the files are.
        load: Makes a classifier of a folder with them, self-test included.
        wall_clock_s: Seconds since the epoch.
    """

    bundles: BundleStore
    load: Callable[[Path], Classifier]
    wall_clock_s: Callable[[], float]
    _classifier: Classifier | None = None
    _failure: _Failure | None = None
    _reason: str = ""

    def open(self, model_version: str) -> Classifier:
        """Return the model of that version; an outage of the store is the caller's to wait out.

        Raises:
            BrokenBundleError: Its bundle is not fit to answer, or was not a while ago; it is tried again ever less often.
        """
        if self._classifier is not None and self._classifier.model_version == model_version:
            return self._classifier
        failure = self._failure
        if failure is not None and failure.model_version != model_version:
            failure = None
        if failure is not None and self.wall_clock_s() < failure.until_s:
            raise BrokenBundleError(self._reason)
        try:
            loaded = _opened(model_version, self.bundles, self.load)
        except BrokenBundleError as error:
            backoff_s = min(2 * failure.backoff_s, LONGEST_BACKOFF_S) if failure else FIRST_BACKOFF_S
            self._failure = _Failure(model_version, self.wall_clock_s() + backoff_s, backoff_s)
            self._reason = str(error)
            # Not what the alarm about the champion counts: this one serves nobody.
            log("challenger_load_failed", level="WARNING", model_version=model_version, reason=self._reason)
            raise
        self._failure = None
        self._classifier = loaded
        log("challenger_loaded", model_version=model_version)
        return loaded


def _opened(version: str, bundles: BundleStore, load: Callable[[Path], Classifier]) -> Classifier:
    with TemporaryDirectory(prefix="bundle-") as folder:
        bundles.fetch(version, Path(folder))
        loaded = load(Path(folder))
    if loaded.model_version != version:
        raise BrokenBundleError(f"the bundle calls itself {loaded.model_version}")
    return loaded


def _or_refuse(serving: Classifier | None) -> Classifier:
    if serving is None:
        raise NoModelError("No model is ready. Try again in a minute.")
    return serving
