"""Turn fresh photos into the next snapshot: plan, clean in batches, decide and write; each step can die and be run again.

The commit is one conditional move of the head, after every object of the snapshot is in place. What follows from it
(records, index, standings) is written down as a plan beforehand and applied afterwards; whoever comes next finds an
unapplied plan and finishes it first. So a crash anywhere is either before the commit, and nothing happened, or after
it, and everything will have.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol, TypeVar

from avocet.domain.cleaning import CleanPhoto, clean_photo, doubt
from avocet.domain.contribution import raw_key
from avocet.domain.dataset import DatasetPhoto, Gate, PhotoState, SpeciesStanding, Split, SplitCounts
from avocet.domain.duplicates import IndexEntry, Placed, bucket_keys, matches
from avocet.domain.imaging import PhotoError
from avocet.domain.jobs import FencedOutError
from avocet.domain.refreshing import Candidate, Decision, Outcome, Relabel, decide
from avocet.domain.shards import SHARD_BYTES, pack_shard, unpack_shard
from avocet.domain.snapshots import NO_PARENT, Change, Manifest, Row, Shard, snapshot_id
from avocet.usecases.dataset_ports import (
    Contributions,
    DatasetPhotos,
    DuplicateIndex,
    Head,
    Heads,
    Objects,
    SecondOpinion,
    Standings,
)
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.snapshot_store import (
    CURRENT_KEY,
    ERASURES,
    PLANS,
    WORK,
    SnapshotStore,
    manifest_key,
    shards_prefix,
)

_In = TypeVar("_In")
_Out = TypeVar("_Out")

CONTRIBUTION = "contribution"
BATCH_PHOTOS = 100
# An inline Map takes a thousand batches; above 100,000 photos the batches grow instead.
MAX_BATCHES = 1_000
_SAVE_ATTEMPTS = 8
_BEAT_PHOTOS = 50
_NAMED_SPECIES = 20

Beat = Callable[[int, int | None, str], None]
"""A sign of life: units done since the last, units to do where that is news, and what is being done.

It raises FencedOutError when the work is another's now.
"""


class Spread(Protocol):
    """The built-in ``map``, or an executor's."""

    def __call__(self, function: Callable[[_In], _Out], values: Iterable[_In], /) -> Iterable[_Out]:
        """Yield the function's result of each value, in order."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a refresh.

    Attributes:
        job_id: The job it serves.
        fence: Its fencing token.
    """

    job_id: str
    fence: int

    @property
    def prefix(self) -> str:
        """Where its working files lie; another attempt never sees them."""
        return f"{WORK}{self.job_id}/{self.fence}/"


@dataclass(frozen=True, slots=True)
class Work:
    """A fresh photo to be cleaned."""

    photo_id: str
    species_id: str
    source: str
    raw_key: str
    revision: int
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """A photo that has its split already and about which something else is said now."""

    photo_id: str
    species_id: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning found of one photo; ``refused`` says why it cannot be used."""

    photo_id: str
    species_id: str
    source: str
    revision: int
    reviewed: bool
    refused: str = ""
    content_sha256: str = ""
    phash: str = ""
    mirrored_phash: str = ""
    doubt: str = ""
    proposed_species_id: str | None = None

    @property
    def candidate(self) -> Candidate:
        """The photo as it stands for election."""
        return Candidate(
            photo_id=self.photo_id,
            species_id=self.species_id,
            source=self.source,
            revision=self.revision,
            content_sha256=self.content_sha256,
            phash=self.phash,
            mirrored_phash=self.mirrored_phash,
            doubt=self.doubt,
            proposed_species_id=self.proposed_species_id,
            reviewed=self.reviewed,
        )


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What a refresh has to do.

    Attributes:
        batches: Keys of the batches to clean, in the order of the photos in them.
        photos: Fresh photos in them.
        others: Photos whose answer changed or that were erased; they need no cleaning.
    """

    batches: tuple[str, ...]
    photos: int
    others: int


@dataclass(frozen=True)
class _Plan:
    """What a commit brings in its wake; stored before it, applied after it."""

    job_id: str
    snapshot_id: str
    parent_id: str
    outcomes: tuple[Outcome, ...]
    standings: tuple[SpeciesStanding, ...]
    erased: tuple[str, ...]
    result: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "_Plan":
        values = json.loads(data)
        return cls(
            job_id=values["job_id"],
            snapshot_id=values["snapshot_id"],
            parent_id=values["parent_id"],
            outcomes=tuple(
                Outcome(
                    **{
                        **each,
                        "state": PhotoState(each["state"]),
                        "split": Split(each["split"]) if each["split"] else None,
                    }
                )
                for each in values["outcomes"]
            ),
            standings=tuple(
                SpeciesStanding(**{**each, "counts": SplitCounts(**each["counts"])}) for each in values["standings"]
            ),
            erased=tuple(values["erased"]),
            result=values["result"],
        )


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """The steps of a refresh over one dataset.

    Attributes:
        clean_objects: The clean bucket.
        raw_objects: The raw bucket.
        photos: The dataset's records.
        contributions: People's answers.
        heads: Keeper of the head.
        index: The duplicate index.
        standings: How far each species is.
        opinion: The champion.
        floor_photos: The least a species needs to become trainable.
        cleaner: Makes a raw photo clean.
        shard_bytes: A shard is closed when it holds so much.
        spread: Like the built-in ``map``; may use several threads for what waits for the network.
    """

    clean_objects: Objects
    raw_objects: Objects
    photos: DatasetPhotos
    contributions: Contributions
    heads: Heads
    index: DuplicateIndex
    standings: Standings
    opinion: SecondOpinion
    floor_photos: int
    cleaner: Callable[[bytes], CleanPhoto] = clean_photo
    shard_bytes: int = SHARD_BYTES
    spread: Spread = map

    @property
    def _store(self) -> SnapshotStore:
        return SnapshotStore(self.clean_objects)

    # Step one.

    def plan(self, run: Run, beat: Beat) -> BatchPlan:
        """Finish what an earlier writer left, then write down which photos this refresh is about.

        Raises:
            FencedOutError: The work is another's now.
        """
        beat(0, None, "looking for new photos")
        self._finish_last(run)
        work, changed, unknown = self._fresh()
        size = max(BATCH_PHOTOS, -(-len(work) // MAX_BATCHES))
        keys: list[str] = []
        for start in range(0, len(work), size):
            key = f"{run.prefix}batches/{start // size:05d}.json"
            self.clean_objects.put(key, _dumped(asdict(each) for each in work[start : start + size]))
            keys.append(key)
        self.clean_objects.put(f"{run.prefix}changed.json", _dumped(asdict(each) for each in changed))
        self.clean_objects.put(f"{run.prefix}unknown.json", _dumped(asdict(each) for each in unknown))
        beat(0, len(work), "cleaning photos")
        erasures = self._store.pending_erasures()
        self.clean_objects.put(f"{run.prefix}erasures.json", _dumped({"photo_id": each} for each in erasures))
        return BatchPlan(tuple(keys), len(work), len(changed) + len(unknown) + len(erasures))

    def _fresh(self) -> tuple[list[Work], list[Changed], list[Changed]]:
        """Sort fresh photos into those to clean, those that only change their label, and unknown ones."""
        erased = self._store.tombstones()
        said = {each.photo_id: each for each in self.contributions.fresh() if each.photo_id not in erased}
        known = dict(self.photos.find_many(sorted(said)))
        imported = {each.photo_id: each for each in self.photos.fresh() if each.photo_id not in erased | said.keys()}
        work: list[Work] = []
        changed: list[Changed] = []
        unknown: list[Changed] = []
        wishes = [
            (each.photo_id, each.species_id, CONTRIBUTION, each.raw_key, each.revision, known.get(each.photo_id))
            for each in said.values()
        ] + [
            (each.photo_id, each.species_id, each.source, each.raw_key, each.revision, each)
            for each in imported.values()
        ]
        for photo_id, species_id, source, key, revision, record in sorted(wishes, key=lambda wish: wish[0]):
            if record is not None and record.split is not None:
                changed.append(Changed(photo_id, species_id, revision))
            elif species_id is None:
                unknown.append(Changed(photo_id, None, revision))
            else:
                reviewed = record.reviewed if record else False
                work.append(Work(photo_id, species_id, source, key, revision, reviewed))
        return work, changed, unknown

    # Step two.

    def clean(self, batch_key: str, beat: Beat) -> int:
        """Verify, normalise and hash the photos of one batch; return how many.

        Raises:
            FencedOutError: The work is another's now.
        """
        batch = [Work(**each) for each in _loaded(self.clean_objects, batch_key)]
        results: list[Cleaned] = []
        kept: list[tuple[str, bytes]] = []
        for result, data in self.spread(self._cleaned, batch):
            results.append(result)
            if data is not None:
                kept.append((result.photo_id, data))
            if len(results) % _BEAT_PHOTOS == 0:
                beat(_BEAT_PHOTOS, None, "cleaning photos")
        beat(len(results) % _BEAT_PHOTOS, None, "cleaning photos")
        self.clean_objects.put(_staged_key(batch_key), pack_shard(kept))
        self.clean_objects.put(_results_key(batch_key), _dumped(asdict(each) for each in results))
        return len(batch)

    def _cleaned(self, work: Work) -> tuple[Cleaned, bytes | None]:
        verdict = Cleaned(work.photo_id, work.species_id, work.source, work.revision, work.reviewed)
        raw = self.raw_objects.get(work.raw_key)
        if raw is None:
            return replace(verdict, refused="missing-in-raw"), None
        try:
            clean = self.cleaner(raw)
        except PhotoError as error:
            return replace(verdict, refused=error.code), None
        verdict = replace(
            verdict,
            content_sha256=clean.content_sha256,
            phash=clean.phash,
            mirrored_phash=clean.mirrored_phash,
        )
        if work.source != CONTRIBUTION or work.reviewed:
            return verdict, clean.data
        opinion = self.opinion.about(clean.pixels, work.species_id)
        if opinion is None or not (reason := doubt(work.species_id, opinion)):
            return verdict, clean.data
        return replace(verdict, doubt=reason, proposed_species_id=opinion.species_id), clean.data

    # Step three.

    def write(self, run: Run, batch_keys: Sequence[str], beat: Beat) -> Mapping[str, str]:
        """Decide, write the snapshot, move the head, apply; return the result in words.

        Raises:
            FencedOutError: The work is another's now.
        """
        beat(0, None, "looking for duplicates")
        head = self._finish_last(run)
        if head.job_id == run.job_id:
            return head.result
        results = [result for key in batch_keys for result in _cleaned_results(self.clean_objects, key)]
        results = self._still_current(results)
        decision, refused, kept = self._decide(run, head, results)
        erasing = self._erased_rows(run)
        rows = _merged(decision.rows, erasing)
        outcomes = _by_photo((*decision.outcomes, *refused, *self._unknown(run)))
        plan = self._plan(run, head, rows, outcomes, decision)
        if rows:
            beat(0, None, "writing the snapshot")
            self._write_snapshot(run, plan, rows, decision, batch_keys, kept)
        key = f"{PLANS}{run.job_id}-{run.fence}.json"
        self.clean_objects.put(key, plan.to_json())
        moved = Head(
            snapshot_id=plan.snapshot_id,
            fence=run.fence,
            plan_key=key,
            job_id=run.job_id,
            needed_photos=self._needed(decision),
            result=plan.result,
            sources=_sources(head.sources, rows),
            photos=sum(counts.total for counts in decision.species.values()),
            species=len(decision.species),
        )
        self.heads.move(moved)
        beat(0, None, "noting what became of each photo")
        self._apply(moved, run.fence)
        return plan.result

    def _still_current(self, results: Sequence[Cleaned]) -> list[Cleaned]:
        """Drop photos that were erased, or acted on by somebody else, since the plan was made."""
        erased = self._store.tombstones()
        known = self.photos.find_many([each.photo_id for each in results])
        return [
            each
            for each in results
            if each.photo_id not in erased
            and (each.photo_id not in known or known[each.photo_id].taken_revision < each.revision)
        ]

    def _decide(
        self, run: Run, head: Head, results: Sequence[Cleaned]
    ) -> tuple[Decision, list[Outcome], dict[str, bytes]]:
        species = self._species_before(head)
        for row in self._erased_rows(run):
            species[row.species_id] = species[row.species_id].plus(row.split, -1)
        busy = self._listed(run) | {each.photo_id for each in results} | self._store.tombstones()
        refused = [_refusal(each) for each in results if each.refused]
        candidates = [each.candidate for each in results if not each.refused]
        relabels, returning = self._changed(run)
        candidates += returning
        gate = Gate.before(species, self.floor_photos)
        kept: dict[str, bytes] = {}
        arriving = Counter([each.species_id for each in candidates])
        arriving.update(each.species_id for each in relabels if each.species_id)
        for pending in sorted(arriving.keys() - species.keys()):
            fresh = arriving[pending]
            waiting = [name for name in self.photos.waiting(pending) if name not in busy]
            if fresh + len(waiting) >= gate.needed_photos:
                awakened, failed, data = self._awaken(waiting)
                candidates += awakened
                refused += failed
                kept.update(data)
        decision = decide(
            species=species,
            floor_photos=self.floor_photos,
            candidates=candidates,
            relabels=relabels,
            neighbours=self._neighbours(candidates),
        )
        return decision, refused, kept

    def _species_before(self, head: Head) -> dict[str, SplitCounts]:
        return dict(self._store.require_manifest(head.snapshot_id).species) if head.snapshot_id else {}

    def _listed(self, run: Run) -> set[str]:
        """Return the photos that this refresh deals with otherwise than by cleaning."""
        return {
            each["photo_id"]
            for name in ("changed", "unknown")
            for each in _loaded(self.clean_objects, f"{run.prefix}{name}.json")
        }

    def _awaken(self, photo_ids: Sequence[str]) -> tuple[list[Candidate], list[Outcome], dict[str, bytes]]:
        """Bring waiting photos back as candidates; those that vanished or broke meanwhile are refused."""
        candidates: list[Candidate] = []
        failed: list[Outcome] = []
        kept: dict[str, bytes] = {}
        for photo_id, record in sorted(self.photos.find_many(photo_ids).items()):
            if record.species_id is None or record.is_fresh:
                continue
            if record.split is not None:
                candidates.append(_returning(record, record.species_id, record.revision))
                continue
            # The champion spoke about it when it came; it is not asked again.
            work = Work(photo_id, record.species_id, record.source, record.raw_key, record.revision, reviewed=True)
            result, data = self._cleaned(work)
            if data is None:
                failed.append(_refusal(result))
            else:
                candidates.append(result.candidate)
                kept[photo_id] = data
        return candidates, failed, kept

    def _changed(self, run: Run) -> tuple[list[Relabel], list[Candidate]]:
        """Sort photos that have a split into those that stand in the dataset and those that come back to it."""
        changed = [Changed(**each) for each in _loaded(self.clean_objects, f"{run.prefix}changed.json")]
        erased = self._store.tombstones()
        known = self.photos.find_many([each.photo_id for each in changed])
        relabels: list[Relabel] = []
        returning: list[Candidate] = []
        for each in changed:
            record = known.get(each.photo_id)
            if record is None or each.photo_id in erased or record.taken_revision >= each.revision:
                continue
            if record.dataset_species_id is not None:
                relabels.append(Relabel(_row_of(record), each.species_id, each.revision))
            elif each.species_id is not None:
                returning.append(_returning(record, each.species_id, each.revision))
        return relabels, returning

    def _unknown(self, run: Run) -> list[Outcome]:
        """Return the outcomes of photos nobody can name: they go to review."""
        unknown = [Changed(**each) for each in _loaded(self.clean_objects, f"{run.prefix}unknown.json")]
        changed = [Changed(**each) for each in _loaded(self.clean_objects, f"{run.prefix}changed.json")]
        unknown += [each for each in changed if each.species_id is None]
        erased = self._store.tombstones()
        known = self.photos.find_many([each.photo_id for each in unknown])
        outcomes: list[Outcome] = []
        for each in unknown:
            record = known.get(each.photo_id)
            stands = record is not None and record.dataset_species_id is not None
            taken = record is not None and record.taken_revision >= each.revision
            if each.photo_id not in erased and not stands and not taken:
                source = record.source if record else CONTRIBUTION
                outcomes.append(
                    Outcome(each.photo_id, each.revision, PhotoState.REVIEW, reason="unknown", source=source)
                )
        return outcomes

    def _neighbours(self, candidates: Sequence[Candidate]) -> dict[str, list[Placed]]:
        fingerprints = [each.fingerprint for each in candidates if each.split is None]
        keys = sorted({key for fingerprint in fingerprints for key in bucket_keys(fingerprint)})
        buckets = self.index.lookup(keys)
        found = {each.photo_id: matches(each, buckets) for each in fingerprints}
        records = self.photos.find_many(sorted({other for others in found.values() for other in others}))
        return {
            photo_id: [_placed(records[other]) for other in others if other in records and records[other].split]
            for photo_id, others in found.items()
        }

    def _marked(self, run: Run) -> list[str]:
        return [each["photo_id"] for each in _loaded(self.clean_objects, f"{run.prefix}erasures.json")]

    def _erased_rows(self, run: Run) -> list[Row]:
        records = self.photos.find_many(self._marked(run)).values()
        return [replace(_row_of(each), change=Change.REMOVE) for each in records if each.dataset_species_id]

    def _needed(self, decision: Decision) -> int:
        return Gate.before(decision.species, self.floor_photos).needed_photos

    def _plan(
        self, run: Run, head: Head, rows: Sequence[Row], outcomes: Sequence[Outcome], decision: Decision
    ) -> _Plan:
        next_id = snapshot_id(head.snapshot_id, rows) if rows else head.snapshot_id
        result = _in_words(next_id if rows else "", rows, outcomes, decision, self._species_before(head))
        touched = {each.species_id for each in outcomes if each.species_id} | {row.species_id for row in rows}
        records = self.photos.find_many([each.photo_id for each in outcomes])
        touched |= {each.species_id for each in records.values() if each.species_id}
        touched |= {each.dataset_species_id for each in records.values() if each.dataset_species_id}
        settled = {each.photo_id for each in outcomes}
        erased = tuple(sorted(self._marked(run)))
        standings: list[SpeciesStanding] = []
        for species_id in sorted(touched):
            counts = decision.species.get(species_id)
            if counts is not None:
                standings.append(SpeciesStanding(species_id, counts, is_trainable=True))
                continue
            waiting = set(self.photos.waiting(species_id)) - settled - set(erased)
            waiting |= {
                each.photo_id for each in outcomes if each.state is PhotoState.WAITING and each.species_id == species_id
            }
            standings.append(SpeciesStanding(species_id, waiting_photos=len(waiting)))
        return _Plan(run.job_id, next_id, head.snapshot_id, tuple(outcomes), tuple(standings), erased, result)

    def _write_snapshot(
        self,
        run: Run,
        plan: _Plan,
        rows: Sequence[Row],
        decision: Decision,
        batch_keys: Sequence[str],
        kept: Mapping[str, bytes],
    ) -> None:
        if self._store.manifest(plan.snapshot_id) is not None:
            # An earlier attempt came this far; a manifest is only ever written after everything it names.
            return
        parent = self._store.manifest(plan.parent_id) if plan.parent_id != NO_PARENT else None
        added = {row.photo_id: row for row in rows if row.change is Change.ADD}
        shards = self._write_shards(run, plan.snapshot_id, added, self._bytes_of(added, batch_keys, kept))
        self._store.put_delta(plan.snapshot_id, rows)
        manifest = Manifest(
            snapshot_id=plan.snapshot_id,
            parent_id=plan.parent_id,
            depth=parent.depth + 1 if parent else 0,
            species=decision.species,
            changes={change.value: sum(row.change is change for row in rows) for change in Change},
            shards=tuple(shards),
        )
        self.clean_objects.put_new(manifest_key(plan.snapshot_id), manifest.to_json())

    def _bytes_of(
        self, added: Mapping[str, Row], batch_keys: Sequence[str], kept: Mapping[str, bytes]
    ) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of added photos in the order of their ids, holding one batch in memory at a time."""
        awakened = sorted((photo_id for photo_id in kept if photo_id in added), reverse=True)
        for key in batch_keys:
            staged = self.clean_objects.get(_staged_key(key)) or b""
            for photo_id, data in unpack_shard(staged):
                while awakened and awakened[-1] < photo_id:
                    yield awakened[-1], kept[awakened.pop()]
                if photo_id in added:
                    yield photo_id, data
        while awakened:
            yield awakened[-1], kept[awakened.pop()]

    def _write_shards(
        self, run: Run, snapshot: str, added: Mapping[str, Row], photos: Iterable[tuple[str, bytes]]
    ) -> list[Shard]:
        shards: list[Shard] = []
        open_shards: dict[Split, list[tuple[str, bytes]]] = defaultdict(list)

        def close(split: Split) -> None:
            members = open_shards.pop(split)
            number = sum(shard.split is split for shard in shards)
            # The token keeps a writer that was given up from ever touching a shard that counts.
            key = f"{shards_prefix(snapshot)}{run.fence}-{split}-{number:05d}.tar"
            self.clean_objects.put(key, pack_shard(members))
            shards.append(Shard(key, split, len(members), members[0][0], members[-1][0]))

        for photo_id, data in photos:
            split = added[photo_id].split
            open_shards[split].append((photo_id, data))
            if sum(len(each) for _, each in open_shards[split]) >= self.shard_bytes:
                close(split)
        for split in sorted(open_shards):
            close(split)
        return sorted(shards, key=lambda shard: shard.key)

    # What a commit brings in its wake.

    def _finish_last(self, run: Run) -> Head:
        head = self.heads.claim(run.fence)
        if head.plan_key:
            self._apply(head, run.fence)
            head = self.heads.read()
        return head

    def _apply(self, head: Head, fence: int) -> None:
        data = self.clean_objects.get(head.plan_key)
        if data is not None:
            plan = _Plan.from_json(data)
            erased = self._store.tombstones()
            if plan.snapshot_id:
                self.clean_objects.put(CURRENT_KEY, plan.snapshot_id.encode())
            placed = [
                IndexEntry(each.photo_id, each.phash)
                for each in plan.outcomes
                if each.split and each.photo_id not in erased
            ]
            self.index.insert(placed, fence)
            records = self.photos.find_many([each.photo_id for each in plan.outcomes])

            def record(outcome: Outcome) -> None:
                self._record(outcome, records.get(outcome.photo_id), plan.snapshot_id, fence)

            for _ in self.spread(record, plan.outcomes):
                pass
            self.standings.save(plan.standings)
            # A photo whose erasure was asked for since then is still marked; the next refresh takes it out.
            for photo_id in plan.erased:
                self._erase(photo_id, fence)
        self.heads.move(replace(self.heads.claim(fence), plan_key=""))
        self.clean_objects.purge(head.plan_key)

    def _record(self, outcome: Outcome, record: DatasetPhoto | None, snapshot: str, fence: int) -> None:
        in_dataset = outcome.state is PhotoState.IN_DATASET
        if outcome.source == CONTRIBUTION:
            locked = snapshot if in_dataset else None
            if not self.contributions.take(outcome.photo_id, outcome.revision, locked):
                return
        for _ in range(_SAVE_ATTEMPTS):
            if record is None and outcome.source != CONTRIBUTION:
                return
            changed = _settled(record, outcome, snapshot, fence)
            if changed == record:
                return
            try:
                self.photos.save(changed)
            except StaleRecordError:
                record = self.photos.find(outcome.photo_id)
                continue
            return
        raise StaleRecordError(outcome.photo_id)

    def _erase(self, photo_id: str, fence: int) -> None:
        record = self.photos.find(photo_id)
        if record is not None:
            if record.phash:
                self.index.remove([IndexEntry(photo_id, record.phash)], fence)
            if record.snapshot_id:
                self._take_out_of_shards(record.snapshot_id, photo_id)
            self.raw_objects.purge(record.raw_key)
        self.contributions.forget(photo_id)
        self.photos.delete(photo_id)
        self.clean_objects.purge(ERASURES + photo_id)

    def _take_out_of_shards(self, snapshot: str, photo_id: str) -> None:
        """Write the shards of a snapshot again without a photo, and leave no older version of them."""
        manifest = self._store.require_manifest(snapshot)
        named = {shard.key for shard in manifest.shards}
        for shard in manifest.shards:
            if not shard.first_photo_id <= photo_id <= shard.last_photo_id:
                continue
            members = list(unpack_shard(self.clean_objects.get(shard.key) or pack_shard([])))
            left = [member for member in members if member[0] != photo_id]
            if len(left) < len(members):
                self.clean_objects.put(shard.key, pack_shard(left))
            self.clean_objects.purge(shard.key, keep_newest=True)
        for key in list(self.clean_objects.keys(shards_prefix(snapshot))):
            if key not in named:
                self.clean_objects.purge(key)


def _dumped(values: Iterable[Mapping[str, object]]) -> bytes:
    return json.dumps(list(values)).encode()


def _loaded(objects: Objects, key: str) -> list[dict[str, Any]]:
    data = objects.get(key)
    if data is None:
        # Working files go when their job is closed: whoever still looks for them was given up.
        raise FencedOutError(f"the working file {key} is gone")
    values: list[dict[str, Any]] = json.loads(data)
    return values


def _staged_key(batch_key: str) -> str:
    return batch_key.replace("/batches/", "/staged/").replace(".json", ".tar")


def _results_key(batch_key: str) -> str:
    return batch_key.replace("/batches/", "/results/")


def _cleaned_results(objects: Objects, batch_key: str) -> list[Cleaned]:
    return [Cleaned(**each) for each in _loaded(objects, _results_key(batch_key))]


def _refusal(cleaned: Cleaned) -> Outcome:
    return Outcome(
        photo_id=cleaned.photo_id,
        revision=cleaned.revision,
        state=PhotoState.REFUSED,
        species_id=cleaned.species_id,
        reason=cleaned.refused,
        source=cleaned.source,
    )


def _row_of(record: DatasetPhoto) -> Row:
    if record.dataset_species_id is None or record.split is None or record.group_id is None:
        raise ValueError("the photo is not in the dataset")
    return Row(
        change=Change.ADD,
        photo_id=record.photo_id,
        species_id=record.dataset_species_id,
        split=record.split,
        group_id=record.group_id,
        content_sha256=record.content_sha256,
        phash=record.phash,
        source=record.source,
    )


def _returning(record: DatasetPhoto, species_id: str, revision: int) -> Candidate:
    """Return a photo that once was in the dataset as a candidate; bytes, split and group are what they were."""
    return Candidate(
        photo_id=record.photo_id,
        species_id=species_id,
        source=record.source,
        revision=revision,
        content_sha256=record.content_sha256,
        phash=record.phash,
        # Its place is fixed already, so nobody needs to look for its mirror image.
        mirrored_phash=record.phash,
        split=record.split,
        group_id=record.group_id,
    )


def _placed(record: DatasetPhoto) -> Placed:
    if record.split is None or record.group_id is None:
        raise ValueError("the photo has no place yet")
    return Placed(
        photo_id=record.photo_id,
        group_id=record.group_id,
        split=record.split,
        species_id=record.dataset_species_id,
        content_sha256=record.content_sha256,
    )


def _merged(rows: Sequence[Row], erased: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(sorted((*rows, *erased), key=lambda row: row.photo_id))


def _by_photo(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(outcomes, key=lambda outcome: outcome.photo_id))


def _settled(record: DatasetPhoto | None, outcome: Outcome, snapshot: str, fence: int) -> DatasetPhoto:
    """Return the record as it stands after its outcome.

    Raises:
        FencedOutError: A newer writer has been here.
    """
    in_dataset = outcome.state is PhotoState.IN_DATASET
    key = raw_key(outcome.photo_id, outcome.species_id) if outcome.source == CONTRIBUTION else ""
    base = record or DatasetPhoto(outcome.photo_id, outcome.source, outcome.species_id, key)
    if base.writer_fence > fence:
        raise FencedOutError(f"photo {outcome.photo_id} was written under a newer token")
    if outcome.source == CONTRIBUTION:
        base = replace(base, species_id=outcome.species_id, raw_key=key, revision=outcome.revision)
    return replace(
        base,
        taken_revision=max(base.taken_revision, outcome.revision),
        state=outcome.state,
        reason=outcome.reason,
        proposed_species_id=outcome.proposed_species_id,
        content_sha256=base.content_sha256 if base.split else outcome.content_sha256,
        phash=base.phash if base.split else outcome.phash,
        split=base.split or outcome.split,
        group_id=base.group_id or outcome.group_id,
        dataset_species_id=outcome.species_id if in_dataset else None,
        snapshot_id=base.snapshot_id or (snapshot if in_dataset else None),
        writer_fence=fence,
    )


def _sources(before: Mapping[str, int], rows: Sequence[Row]) -> dict[str, int]:
    counts = Counter(before)
    for row in rows:
        if row.change is not Change.RELABEL:
            counts[row.source] += 1 if row.change is Change.ADD else -1
    return dict(sorted(counts.items()))


def _in_words(
    snapshot: str, rows: Sequence[Row], outcomes: Sequence[Outcome], decision: Decision, before: Iterable[str]
) -> dict[str, str]:
    states = Counter(outcome.state for outcome in outcomes)
    changes = Counter(row.change for row in rows)
    entered = sorted(decision.species.keys() - set(before))
    return {
        "snapshot_id": snapshot,
        "photos": str(sum(counts.total for counts in decision.species.values())),
        "added": str(changes[Change.ADD]),
        "relabelled": str(changes[Change.RELABEL]),
        "removed": str(changes[Change.REMOVE]),
        "waiting": str(states[PhotoState.WAITING]),
        "set_aside": str(states[PhotoState.REVIEW]),
        "duplicates": str(states[PhotoState.DUPLICATE]),
        "refused": str(states[PhotoState.REFUSED]),
        "newly_trainable": str(len(entered)),
        # A message has to stay readable when five hundred species arrive at once.
        "new_species": ", ".join(entered[:_NAMED_SPECIES]) + (", ..." if len(entered) > _NAMED_SPECIES else ""),
    }
