"""What reaches a snapshot when people send wrong labels on purpose, with and without the defences, on real photos.

Run ``python -m benchmarks.poisoning [--seed 1] [--scale 1.0]``. Real refresh, real cleaning, the shipped champion; storage in memory.
Three photos of each species are the dataset; attackers and honest newcomers send changed copies of the fourth (cropped, recoloured,
recompressed). Reviewers are made up: they err in two of a hundred. The champion has seen these photos, which flatters its agreement with
honest labels; what it does not agree with waits for a reviewer, so the share kept out does not hang on that.
"""

import argparse
import copy
import io
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from avocet.adapters.onnx import load_bundle
from avocet.adapters.second_opinion import ChampionOpinion
from avocet.adapters.world_list_sqlite import world_list
from avocet.domain.cleaning import clean_photo
from avocet.domain.dataset import PhotoState, Split
from avocet.domain.labels import resolve
from avocet.domain.trust import TRUSTED_FROM_PHOTOS, TRUSTED_FROM_SPECIES, Judgement, TrustRecord
from avocet.usecases.ports import Classifier
from avocet.usecases.read_snapshot import open_snapshot
from cli.labelled_sets import open_set
from tests.unit.dataset.world import FixedOpinion, World

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT.parent / "shared" / "data" / "birds-sample"
REVIEWER_ERRS = 0.02
_BASE_PHOTOS = 3
_HONEST_PEOPLE = 50
_COLLUDERS = 10


@dataclass(frozen=True)
class Sent:
    """A photo that somebody sends, the label they give it, and what it really shows."""

    photo_id: str
    owner_id: str
    said: str
    truth: str
    data: bytes

    @property
    def is_poison(self) -> bool:
        """Whether the label is wrong."""
        return self.said != self.truth


@dataclass(frozen=True)
class Attack:
    """What attackers send.

    Attributes:
        name: In words.
        sent: Their photos.
        trusted: Attackers who earned trust beforehand.
        by_split: Whether the harm is a photo in training, whatever its label.
    """

    name: str
    sent: Sequence[Sent]
    trusted: Sequence[str] = ()
    by_split: bool = False


@dataclass(frozen=True)
class Outcome:
    """Shares of what was sent.

    Attributes:
        name: Of the attack.
        poison: Photos the attackers sent.
        undefended: Of those, how many reach the snapshot when one click counts.
        at_once: How many reach it before anybody has looked.
        at_last: How many are in it when reviewers have looked at everything.
        honest: Photos that honest newcomers sent.
        honest_at_once: Of those, how many are in it before anybody has looked.
        honest_held: How many are out for good.
    """

    name: str
    poison: int
    undefended: int
    at_once: int
    at_last: int
    honest: int
    honest_at_once: int
    honest_held: int

    @property
    def kept_out(self) -> float:
        """Share of the poison that is not in the snapshot in the end, 0..1."""
        return 1 - self.at_last / self.poison if self.poison else 1.0

    @property
    def held_for_good(self) -> float:
        """Share of the honest photos that never enter, 0..1."""
        return self.honest_held / self.honest if self.honest else 0.0


@dataclass
class Sample:
    """Real photos by species: three to stand on, and one to make copies of."""

    base: dict[str, list[bytes]] = field(default_factory=dict)
    spare: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, place: Path, *, species: int | None = None) -> "Sample":
        """Read the set at ``place``; of the species that keep four photos, the first ``species``."""
        listed, by_species = world_list(), dict[str, list[bytes]]()
        for photo in open_set(place).photos:
            species_id = resolve(photo.label, photo.scientific, listed).species_id
            if species_id is None or (species and len(by_species) >= species and species_id not in by_species):
                continue
            by_species.setdefault(species_id, []).append(photo.read())
        sample = cls()
        for species_id, photos in by_species.items():
            if len(photos) > _BASE_PHOTOS:
                sample.base[species_id], sample.spare[species_id] = photos[:_BASE_PHOTOS], photos[_BASE_PHOTOS]
        return sample


class Simulation:
    """Attacks on one dataset; every attack meets a fresh copy of it."""

    def __init__(self, sample: Sample, champion: Classifier | None, *, seed: int) -> None:
        """Build the dataset that is attacked."""
        self._sample, self._seed = sample, seed
        self._chance = random.Random(seed)
        self._world = World(shard_bytes=10**9)
        self._opinion = ChampionOpinion(_Fixed(champion)) if champion is not None else FixedOpinion()
        for species_id, photos in sample.base.items():
            for data in photos:
                self._world.import_photo(self._new_id(), species_id, data)
        self._world.refresh("base", cleaner=clean_photo)

    def attacks(self, scale: float) -> Iterator[Attack]:
        """Yield the attacks, each made when it is its turn; ``scale`` 1 is a thousand photos."""
        thousand = round(1000 * scale)
        yield Attack("one user, wrong labels", [self._wrong("attacker") for _ in range(thousand)])
        yield Attack(
            "ten colluders, the same wrong label for each picture", list(self._colluding(thousand // _COLLUDERS))
        )
        sleepers = [f"sleeper-{number}" for number in range(_COLLUDERS)]
        sleeping = [self._wrong(sleepers[number % _COLLUDERS]) for number in range(thousand)]
        yield Attack("ten who earned trust first, wrong labels", sleeping, trusted=sleepers)
        yield Attack("near-duplicates of test photos", list(self._near_test(thousand // 3)), by_split=True)
        yield Attack("the same photo under two species", list(self._twice(thousand // 5)))

    def meet(self, attack: Attack, honest_photos: int) -> Outcome:
        """Let an attack and honest newcomers send their photos, undefended and defended."""
        honest = list(self._honest(honest_photos))
        open_door = self._fresh_copy()
        if attack.by_split:
            open_door.index.lookup = lambda _: {}  # type: ignore[method-assign]
        self._send(open_door, [*attack.sent, *honest], counts_at_once=True)
        undefended = self._harm(open_door, attack)

        world = self._fresh_copy()
        world.trust.records = {each.owner_id: TrustRecord() for each in (*attack.sent, *honest)}
        world.trust.records |= dict.fromkeys(attack.trusted, _just_trusted())
        self._send(world, [*attack.sent, *honest], counts_at_once=False)
        at_once, honest_at_once = self._harm(world, attack), self._entered(world, honest)
        everything = {each.photo_id: each for each in (*attack.sent, *honest)}
        self._review(world, everything)
        world.refresh("reviewed", cleaner=clean_photo)
        bad = [each for each in attack.sent if each.is_poison or attack.by_split]
        right = [*honest, *(each for each in attack.sent if not each.is_poison and not attack.by_split)]
        held = [each for each in right if not self._is_settled_well(world, each)]
        return Outcome(
            attack.name,
            len(bad),
            undefended,
            at_once,
            self._harm(world, attack),
            len(right),
            honest_at_once,
            len(held),
        )

    def _fresh_copy(self) -> World:
        world = copy.deepcopy(self._world)
        world.opinion = self._opinion  # type: ignore[assignment]
        return world

    # What is sent.

    def _wrong(self, owner_id: str) -> Sent:
        truth, said = self._chance.sample(sorted(self._sample.spare), 2)
        return Sent(self._new_id(), owner_id, said, truth, self._changed(self._sample.spare[truth]))

    def _colluding(self, pictures: int) -> Iterator[Sent]:
        for _ in range(pictures):
            truth, said = self._chance.sample(sorted(self._sample.spare), 2)
            for number in range(_COLLUDERS):
                data = self._changed(self._sample.spare[truth])
                yield Sent(self._new_id(), f"colluder-{number}", said, truth, data)

    def _near_test(self, count: int) -> Iterator[Sent]:
        snapshot = open_snapshot(self._world.clean)
        tests = [(row.species_id, data) for row, data in snapshot.photos(Split.TEST)]
        for species_id, data in self._chance.sample(tests, min(count, len(tests))):
            yield Sent(self._new_id(), "cheat", species_id, species_id, _near_copy(data, self._chance))

    def _twice(self, count: int) -> Iterator[Sent]:
        for _ in range(count):
            wrong = self._wrong("attacker")
            yield wrong
            yield Sent(self._new_id(), "bystander", wrong.truth, wrong.truth, _near_copy(wrong.data, self._chance))

    def _honest(self, count: int) -> Iterator[Sent]:
        for number in range(count):
            truth = self._chance.choice(sorted(self._sample.spare))
            data = self._changed(self._sample.spare[truth])
            yield Sent(self._new_id(), f"honest-{number % _HONEST_PEOPLE}", truth, truth, data)

    def _changed(self, data: bytes) -> bytes:
        """Return another picture of the same bird: cropped, perhaps mirrored, recoloured."""
        photo = Image.open(io.BytesIO(data)).convert("RGB")
        left, top = (self._chance.uniform(0, 0.25) for _ in range(2))
        side = self._chance.uniform(0.7, 0.75)
        width, height = photo.size
        box = (left * width, top * height, (left + side) * width, (top + side) * height)
        photo = photo.crop(tuple(map(round, box))).resize(photo.size)  # type: ignore[arg-type]
        if self._chance.random() < 1 / 2:
            photo = ImageOps.mirror(photo)
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Color, ImageEnhance.Contrast):
            photo = enhance(photo).enhance(self._chance.uniform(0.8, 1.2))
        return _jpeg(photo, 85)

    # What becomes of it.

    def _send(self, world: World, sent: Sequence[Sent], *, counts_at_once: bool) -> None:
        for each in sent:
            world.contributions.answer(
                each.photo_id, each.said, each.data, owner_id=each.owner_id, is_reviewed=counts_at_once
            )
        world.refresh("sent", cleaner=clean_photo)

    def _review(self, world: World, everything: Mapping[str, Sent]) -> None:
        # Of its own, so that reviewers err alike however much chance the attacks have used up.
        chance = random.Random(self._seed)
        waiting = [each for each in world.photos.records.values() if each.state is PhotoState.REVIEW]
        for photo in sorted(waiting, key=lambda each: each.photo_id):
            sent = everything[photo.photo_id]
            errs = chance.random() < REVIEWER_ERRS
            if sent.is_poison:
                decided = sent.said if errs else sent.truth
            elif errs:
                continue  # rejected
            else:
                decided = sent.truth
            world.contributions.answer(photo.photo_id, decided, owner_id=sent.owner_id, is_reviewed=True)
            judgement = Judgement(photo.photo_id, sent.said, decided == sent.said)
            before, after = world.trust.change(
                sent.owner_id, lambda known, judged=judgement: known.with_judgement(judged)
            )
            if before.is_trusted and not after.is_trusted:
                self._doubt_the_rest(world, sent.owner_id, everything, chance)

    def _doubt_the_rest(
        self, world: World, owner_id: str, everything: Mapping[str, Sent], chance: random.Random
    ) -> None:
        """Have what entered on the lost trust looked at after all, as the service does."""
        for photo_id, record in sorted(world.photos.records.items()):
            sent = everything.get(photo_id)
            if sent is None or sent.owner_id != owner_id or record.dataset_species_id is None or record.is_fresh:
                continue
            decided = sent.said if chance.random() < REVIEWER_ERRS else sent.truth
            world.contributions.answer(photo_id, decided, owner_id=owner_id, is_reviewed=True)

    @staticmethod
    def _harm(world: World, attack: Attack) -> int:
        rows = open_snapshot(world.clean).rows
        sent = [rows[each.photo_id] for each in attack.sent if each.photo_id in rows]
        if attack.by_split:
            return sum(row.split is Split.TRAIN for row in sent)
        wrong = {each.photo_id: each.said for each in attack.sent if each.is_poison}
        return sum(wrong.get(row.photo_id) == row.species_id for row in sent)

    @staticmethod
    def _entered(world: World, honest: Sequence[Sent]) -> int:
        rows = open_snapshot(world.clean).rows
        return sum(each.photo_id in rows for each in honest)

    @staticmethod
    def _is_settled_well(world: World, sent: Sent) -> bool:
        record = world.photos.records[sent.photo_id]
        # The dataset holding the very same bytes already is no loss.
        return record.dataset_species_id == sent.truth or record.state is PhotoState.DUPLICATE

    def _new_id(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"


@dataclass(frozen=True)
class _Fixed:
    model: Classifier

    def current(self) -> Classifier:
        return self.model


def _just_trusted() -> TrustRecord:
    return TrustRecord(
        tuple(
            Judgement(f"{number:032x}", f"proven-{number % TRUSTED_FROM_SPECIES}", was_right=True)
            for number in range(TRUSTED_FROM_PHOTOS)
        )
    )


def _near_copy(data: bytes, chance: random.Random) -> bytes:
    """Return the same picture, recompressed and a little brighter or darker, sometimes trimmed by a pixel or two."""
    photo = Image.open(io.BytesIO(data)).convert("RGB")
    if chance.random() < 1 / 2:
        photo = photo.crop((1, 1, photo.width - 1, photo.height - 1))
    return _jpeg(ImageEnhance.Brightness(photo).enhance(chance.uniform(0.9, 1.1)), chance.randint(60, 90))


def _jpeg(photo: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def starter() -> Classifier:
    """Return the shipped champion."""
    return load_bundle(ROOT / "models" / "starter", world_list(), self_test_images=1)


def run(
    sample: Sample,
    champion: Classifier | None,
    *,
    seed: int,
    scale: float,
    honest_photos: int,
    only: str = "",
    tell: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """Let every attack meet the dataset; return what came of each."""
    simulation = Simulation(sample, champion, seed=seed)
    outcomes: list[Outcome] = []
    for attack in simulation.attacks(scale):
        if only not in attack.name:
            continue
        outcomes.append(simulation.meet(attack, honest_photos))
        tell(outcomes[-1])
    return outcomes


def main() -> None:
    """Print the table of docs/trust.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--honest", type=int, default=500)
    parser.add_argument("--only", default="", help="only attacks whose name contains this")
    parser.add_argument("--no-champion", action="store_true")
    options = parser.parse_args()
    sample = Sample.read(SAMPLE)
    print(f"{len(sample.base)} species, {sum(map(len, sample.base.values()))} photos to stand on")
    print(
        "| attack | sent | in, one click counts | in, before review | in, after | kept out | honest in at once | held for good |"
    )
    print("|---|---|---|---|---|---|---|---|")
    run(
        sample,
        None if options.no_champion else starter(),
        seed=options.seed,
        scale=options.scale,
        honest_photos=options.honest,
        only=options.only,
        tell=_print,
    )


def _print(outcome: Outcome) -> None:
    print(
        f"| {outcome.name} | {outcome.poison} | {outcome.undefended} | {outcome.at_once} | {outcome.at_last} | "
        f"{outcome.kept_out:.1%} | {outcome.honest_at_once} of {outcome.honest} | {outcome.held_for_good:.1%} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
