"""Choose who serves: promote a version or step back to the one before; a bundle not fit to serve never becomes champion."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from avocet.domain.models import (
    Aliases,
    AlreadyChampionError,
    BundleRefusedError,
    ChampionMovedError,
    Change,
    Decision,
    ModelNotFoundError,
    ModelVersion,
    NoChallengerError,
    NothingToRollBackError,
    Tenure,
    came_of,
    promoted,
    rolled_back,
    was_left_already,
)
from avocet.domain.notifications import Notice, NoticeKind, Words
from avocet.domain.taxonomy import WorldList
from avocet.usecases.model_ports import ModelAliases, ModelRegistry
from avocet.usecases.notice_ports import Drafts, WaitingLetter
from avocet.usecases.ports import BrokenBundleError, BundleStore, Classifier, Clock, StaleRecordError

CHALLENGER = "challenger"

_SHOWN_SPECIES = 5
# So many changes of the champion later nobody sends a request again.
_REMEMBERED = 20


@dataclass(frozen=True, kw_only=True)
class ChooseChampion:
    """Moves the pointer under a condition: of two admins at once one wins, and the other is told who did.

    Attributes:
        registry: Which versions there are.
        aliases: Who serves.
        bundles: Their files.
        load: Opens a bundle and has it pass its whole self-test.
        world_list: The birds that may be named.
        notifier: Tells the admins.
        clock: The time.
    """

    registry: ModelRegistry
    aliases: ModelAliases
    bundles: BundleStore
    load: Callable[[Path], Classifier]
    world_list: WorldList
    notifier: Drafts
    clock: Clock

    def promote(self, wanted: str, *, chosen_by: str, reason: str, asked_as: str = "") -> Tenure:
        """Make ``wanted`` (a version, or ``challenger``) the champion; return its tenure.

        The same request, known by ``asked_as``, sent again returns the tenure that it began and changes nothing.

        Raises:
            ModelNotFoundError: No such version.
            NoChallengerError: The challenger is wanted, and there is none.
            AlreadyChampionError: It serves already.
            BundleRefusedError: Its bundle is not fit to serve; the champion stays.
            ChampionMovedError: Somebody else moved the champion meanwhile.
        """
        decision = Decision(chosen_by, self.clock(), reason, asked_as)
        if begun := came_of(self.aliases.history(_REMEMBERED), decision):
            return begun
        seen = self.aliases.read()
        version = seen.challenger if wanted == CHALLENGER else wanted
        if version is None:
            raise NoChallengerError("No model was trained since the champion was chosen. Train one, or name a version.")
        model = self._find(version)
        to = promoted(seen, version, decision)
        self._check(model)
        return self._begin(to, seen, by_name=wanted != CHALLENGER)

    def roll_back(self, leaving_revision: int, *, chosen_by: str, reason: str, asked_as: str = "") -> Tenure:
        """Put the champion before that of ``leaving_revision`` back; return its tenure.

        Asking again goes no further back: neither the same request, known by ``asked_as``, nor another one of the same
        person that names the same champion to leave.

        Raises:
            NothingToRollBackError: The champion is the first.
            BundleRefusedError: The earlier bundle is not fit to serve (any more); the champion stays.
            ChampionMovedError: Another champion serves than the one to leave.
        """
        decision = Decision(chosen_by, self.clock(), reason, asked_as)
        if begun := came_of(self.aliases.history(_REMEMBERED), decision):
            return begun
        seen = self.aliases.read()
        if seen.tenure is not None and seen.tenure.revision != leaving_revision:
            if was_left_already(seen.tenure, leaving_revision, decision):
                return seen.tenure
            raise ChampionMovedError(f"{_moved_by(seen.tenure)} Look who serves, then decide again.")
        if seen.tenure is None or seen.tenure.below == 0:
            raise NothingToRollBackError("The champion is the first of its line. Promote another version instead.")
        below = self.aliases.tenure(seen.tenure.below)
        if below is None:
            raise NothingToRollBackError("The earlier champion is not on record. Promote its version instead.")
        to = rolled_back(seen.tenure, below, decision)
        self._check(self._find(to.version))
        try:
            return self._begin(to, seen, by_name=True)
        except (AlreadyChampionError, ChampionMovedError):
            now = self.aliases.read().tenure
            if now is not None and was_left_already(now, leaving_revision, decision):
                return now
            raise

    def _find(self, version: str) -> ModelVersion:
        model = self.registry.find(version)
        if model is None:
            raise ModelNotFoundError(f"No model {version} is registered; GET /admin/models lists them all.")
        return model

    def _check(self, model: ModelVersion) -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="bundle-") as name:
                folder = Path(name)
                self.bundles.fetch(model.version, folder)
                if hashlib.sha256((folder / "bundle.json").read_bytes()).hexdigest() != model.bundle_sha256:
                    raise BrokenBundleError("bundle.json is not the file that was registered")
                loaded = self.load(folder)
        except BrokenBundleError as error:
            raise BundleRefusedError(f"{model.version} stays out of service: {error}. The champion stays.") from error
        if loaded.model_version != model.version:
            raise BundleRefusedError(f"{model.version} stays out of service: it calls itself {loaded.model_version}.")
        unknown = self._unknown(loaded.labels.species)
        if unknown:
            more = f" and {len(unknown) - _SHOWN_SPECIES} more" if len(unknown) > _SHOWN_SPECIES else ""
            raise BundleRefusedError(
                f"{model.version} stays out of service: it names species that the catalogue does not have: "
                f"{', '.join(unknown[:_SHOWN_SPECIES])}{more}."
            )

    def _unknown(self, species: Sequence[str]) -> list[str]:
        taxa = self.world_list.find_many(species)
        return [species_id for species_id, taxon in zip(species, taxa, strict=True) if taxon is None]

    def _begin(self, to: Tenure, seen: Aliases, *, by_name: bool) -> Tenure:
        # Written down with the move: nobody is told of what did not happen, nor is left untold by whoever dies right after.
        letters = self.notifier.draft(_news(to, seen.champion), f"champion-{to.revision}")
        self._move(to, seen, letters, by_name=by_name)
        self.notifier.send(letters)
        return to

    def _move(self, to: Tenure, seen: Aliases, letters: Sequence[WaitingLetter], *, by_name: bool) -> None:
        try:
            self.aliases.move(to, over=seen, telling=letters)
        except StaleRecordError as error:
            now = self.aliases.read()
            if now.tenure == seen.tenure and by_name:
                # Only the challenger is another, and it was not the challenger that was asked for.
                self._move(to, now, letters, by_name=by_name)
                return
            if now.tenure is None or now.tenure == seen.tenure:
                raise ChampionMovedError(
                    f"A newer challenger, {now.challenger}, was registered meanwhile. Compare it, then decide again."
                ) from error
            if now.tenure.version == to.version:
                raise AlreadyChampionError(
                    f"{now.tenure.chosen_by} made {to.version} the champion just now."
                ) from error
            raise ChampionMovedError(f"{_moved_by(now.tenure)} Compare with that one, then decide again.") from error


def _moved_by(tenure: Tenure) -> str:
    return f"{tenure.chosen_by} made {tenure.version} the champion at {tenure.chosen_at.isoformat(sep=' ')[:19]}."


def _news(to: Tenure, before: str | None) -> Notice:
    en, fr = (
        ("is back in service", "est de nouveau en service")
        if to.change is Change.ROLLED_BACK
        else ("is the new champion", "est le nouveau champion")
    )
    earlier = before or "-"
    return Notice(
        kind=NoticeKind.MODELS,
        subject=Words(f"{to.version} {en}", f"{to.version} {fr}"),
        text=Words(
            f"{to.version} names the birds from now on, in place of {earlier}.\nReason: {to.reason}\n\n"
            "Look at it: avocet models show champion\nTake it back: avocet models rollback",
            f"{to.version} nomme désormais les oiseaux, à la place de {earlier}.\nRaison : {to.reason}\n\n"
            "Pour voir : avocet models show champion\nPour revenir en arrière : avocet models rollback",
        ),
    )
