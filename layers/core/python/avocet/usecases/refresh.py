"""Turn fresh photos into the next snapshot: plan, clean in batches, decide and write; each step can die and be run again.

The commit is one conditional move of the head, after every object of the snapshot is in place. What follows from it
(records, index, standings) is written down as a plan beforehand and applied afterwards; whoever comes next finds an
unapplied plan and finishes it first. So a crash anywhere is either before the commit, and nothing happened, or after
it, and everything will have.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from avocet.domain.cleaning import CleanPhoto, clean_photo
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, Gate, PhotoState, SpeciesStanding, SplitCounts
from avocet.domain.duplicates import Placed, bucket_keys, matches
from avocet.domain.imaging import PhotoError
from avocet.domain.refreshing import Candidate, Decision, Outcome, Relabel, decide
from avocet.domain.shards import SHARD_BYTES
from avocet.domain.snapshots import Change, Row, snapshot_id
from avocet.domain.trust import NewLabel, held_back
from avocet.usecases.apply_commit import ApplyCommit, CommitPlan
from avocet.usecases.clean_photos import CleanPhotos
from avocet.usecases.dataset_ports import (
    Contributions,
    DatasetPhotos,
    DuplicateIndex,
    FreshContribution,
    Head,
    Heads,
    LabelCases,
    Objects,
    PictureBook,
    SecondOpinion,
    Spread,
    Standings,
)
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.people_ports import TrustBook
from avocet.usecases.reference_pictures import KeepReferencePictures
from avocet.usecases.refresh_work import (
    BatchPlan,
    Beat,
    Changed,
    Cleaned,
    Run,
    Work,
    cleaned_results,
    dumped,
    loaded,
)
from avocet.usecases.settle_label import apply_settled
from avocet.usecases.snapshot_store import PLANS, SnapshotStore
from avocet.usecases.write_snapshot import WriteSnapshot

BATCH_PHOTOS = 100
# A distributed Map starts ten thousand executions at most; above a million new photos the batches grow instead.
MAX_BATCHES = 10_000
_NAMED_SPECIES = 20


@dataclass(frozen=True, kw_only=True)
class Refresh:
    """The steps of a refresh over one dataset.

    Attributes:
        clean_objects: The clean bucket.
        raw_objects: The raw bucket.
        models_objects: The models bucket, where trainings keep what photos look like.
        photos: The dataset's records.
        contributions: People's answers.
        heads: Keeper of the head.
        index: The duplicate index.
        standings: How far each species is.
        picture_book: Which photo people are shown of each species.
        labels: Labels that a person settled.
        numbers: The open numbers.
        opinion: The champion.
        trust: What is known of people's labels.
        floor_photos: The least a species needs to become trainable.
        cleaner: Makes a raw photo clean.
        shard_bytes: A shard is closed when it holds so much.
        spread: Like the built-in ``map``; may use several threads for what waits for the network.
    """

    clean_objects: Objects
    raw_objects: Objects
    models_objects: Objects
    photos: DatasetPhotos
    contributions: Contributions
    heads: Heads
    index: DuplicateIndex
    standings: Standings
    picture_book: PictureBook
    labels: LabelCases
    numbers: KeepNumbers
    opinion: SecondOpinion
    trust: TrustBook
    floor_photos: int
    cleaner: Callable[[bytes], CleanPhoto] = clean_photo
    shard_bytes: int = SHARD_BYTES
    spread: Spread = map

    @property
    def _store(self) -> SnapshotStore:
        return SnapshotStore(self.clean_objects)

    @property
    def _pictures(self) -> KeepReferencePictures:
        return KeepReferencePictures(
            clean_objects=self.clean_objects,
            raw_objects=self.raw_objects,
            photos=self.photos,
            contributions=self.contributions,
            book=self.picture_book,
            cleaner=self._clean_bytes,
            spread=self.spread,
        )

    def _clean_bytes(self, raw: bytes) -> bytes | None:
        try:
            return self.cleaner(raw).data
        except PhotoError:
            return None

    @property
    def _cleaning(self) -> CleanPhotos:
        return CleanPhotos(
            clean_objects=self.clean_objects,
            raw_objects=self.raw_objects,
            opinion=self.opinion,
            cleaner=self.cleaner,
            spread=self.spread,
        )

    @property
    def _wake(self) -> ApplyCommit:
        return ApplyCommit(
            clean_objects=self.clean_objects,
            raw_objects=self.raw_objects,
            models_objects=self.models_objects,
            photos=self.photos,
            contributions=self.contributions,
            heads=self.heads,
            index=self.index,
            standings=self.standings,
            pictures=self._pictures,
            numbers=self.numbers,
            spread=self.spread,
        )

    # Step one.

    def plan(self, run: Run, beat: Beat) -> BatchPlan:
        """Finish what an earlier writer left, then write down which photos this refresh is about.

        Raises:
            FencedOutError: The work is another's now.
        """
        beat(0, None, "looking for new photos")
        self._wake.finish_last(run)
        apply_settled(self.labels, self.photos)
        work, changed, unknown = self._fresh()
        size = max(BATCH_PHOTOS, -(-len(work) // MAX_BATCHES))
        keys: list[str] = []
        for start in range(0, len(work), size):
            key = f"{run.prefix}batches/{start // size:05d}.json"
            self.clean_objects.put(key, dumped(asdict(each) for each in work[start : start + size]))
            keys.append(key)
        self.clean_objects.put(run.batches_key, json.dumps(keys).encode())
        self.clean_objects.put(f"{run.prefix}changed.json", dumped(asdict(each) for each in changed))
        self.clean_objects.put(f"{run.prefix}unknown.json", dumped(asdict(each) for each in unknown))
        beat(0, len(work), "cleaning photos")
        erasures = self._store.pending_erasures()
        self.clean_objects.put(f"{run.prefix}erasures.json", dumped({"photo_id": each} for each in erasures))
        return BatchPlan(tuple(keys), run.batches_key, len(work), len(changed) + len(unknown) + len(erasures))

    def _fresh(self) -> tuple[list[Work], list[Changed], list[Changed]]:
        """Sort fresh photos into those to clean, those that only change their label, and unknown ones."""
        erased = self._store.tombstones()
        said = {each.photo_id: each for each in self.contributions.fresh() if each.photo_id not in erased}
        known = dict(self.photos.find_many(sorted(said)))
        imported = {each.photo_id: each for each in self.photos.fresh() if each.photo_id not in erased | said.keys()}
        work: list[Work] = []
        changed: list[Changed] = []
        unknown: list[Changed] = []
        for photo_id in sorted(said.keys() | imported.keys()):
            record = known.get(photo_id) if photo_id in said else imported[photo_id]
            wish = said[photo_id] if photo_id in said else _imported_wish(imported[photo_id])
            source = CONTRIBUTION if photo_id in said else imported[photo_id].source
            if record is not None and record.split is not None:
                changed.append(
                    Changed(photo_id, wish.species_id, wish.revision, source, wish.owner_id, wish.is_reviewed)
                )
            elif wish.species_id is None:
                unknown.append(Changed(photo_id, None, wish.revision, source))
            else:
                work.append(
                    Work(
                        photo_id=photo_id,
                        species_id=wish.species_id,
                        source=source,
                        raw_key=wish.raw_key,
                        revision=wish.revision,
                        reviewed=wish.is_reviewed,
                        owner_id=wish.owner_id,
                    )
                )
        return work, changed, unknown

    # Step two.

    def clean(self, batch_key: str, beat: Beat) -> int:
        """Verify, normalise and hash the photos of one batch; return how many.

        Raises:
            FencedOutError: The work is another's now.
        """
        return self._cleaning.batch(batch_key, beat)

    # Step three.

    def write(self, run: Run, beat: Beat) -> Mapping[str, str]:
        """Decide, write the snapshot, move the head, apply; return the result in words.

        Raises:
            FencedOutError: The work is another's now.
        """
        beat(0, None, "looking for duplicates")
        head = self._wake.finish_last(run)
        if head.job_id == run.job_id:
            return head.result
        batch_keys: list[str] = loaded(self.clean_objects, run.batches_key)
        results = [result for key in batch_keys for result in cleaned_results(self.clean_objects, key)]
        results = self._still_current(results)
        decision, refused, kept = self._decide(run, head, results)
        erasing = self._erased_rows(run)
        rows = _merged(decision.rows, erasing)
        outcomes = _by_photo((*decision.outcomes, *refused, *self._unknown(run)))
        plan = self._plan(run, head, rows, outcomes, decision)
        if rows:
            beat(0, None, "writing the snapshot")
            WriteSnapshot(clean_objects=self.clean_objects, shard_bytes=self.shard_bytes).write(
                run, plan, rows, decision, batch_keys, kept, beat
            )
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
        self._wake.apply(moved, run.fence)
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
        held = self._held_back(run, results)
        candidates = [
            replace(each.candidate, doubt=each.doubt or held.get(each.photo_id, ""))
            for each in results
            if not each.refused
        ]
        relabels, returning = self._changed(run, held)
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

    def _held_back(self, run: Run, results: Sequence[Cleaned]) -> Mapping[str, str]:
        """Ask which of people's unreviewed labels need a second opinion, and why."""
        labels = [
            NewLabel(each.photo_id, each.owner_id, is_agreed=each.is_agreed)
            for each in results
            if each.source == CONTRIBUTION and not (each.refused or each.reviewed or each.doubt)
        ]
        labels += [
            NewLabel(each.photo_id, each.owner_id, is_correction=True)
            for each in (Changed(**value) for value in loaded(self.clean_objects, f"{run.prefix}changed.json"))
            if each.source == CONTRIBUTION and not each.reviewed and each.species_id is not None
        ]
        return held_back(labels, self.trust.find_many(sorted({label.owner_id for label in labels})))

    def _species_before(self, head: Head) -> dict[str, SplitCounts]:
        return dict(self._store.require_manifest(head.snapshot_id).species) if head.snapshot_id else {}

    def _listed(self, run: Run) -> set[str]:
        """Return the photos that this refresh deals with otherwise than by cleaning."""
        return {
            each["photo_id"]
            for name in ("changed", "unknown")
            for each in loaded(self.clean_objects, f"{run.prefix}{name}.json")
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
            result, data = self._cleaning.one(work)
            if data is None:
                failed.append(_refusal(result))
            else:
                candidates.append(result.candidate)
                kept[photo_id] = data
        return candidates, failed, kept

    def _changed(self, run: Run, held: Mapping[str, str]) -> tuple[list[Relabel], list[Candidate]]:
        """Sort photos that have a split into those that stand in the dataset and those that come back to it."""
        changed = [Changed(**each) for each in loaded(self.clean_objects, f"{run.prefix}changed.json")]
        erased = self._store.tombstones()
        known = self.photos.find_many([each.photo_id for each in changed])
        relabels: list[Relabel] = []
        returning: list[Candidate] = []
        for each in changed:
            record = known.get(each.photo_id)
            if record is None or each.photo_id in erased or record.taken_revision >= each.revision:
                continue
            if record.dataset_species_id is not None:
                relabels.append(Relabel(_row_of(record), each.species_id, each.revision, held.get(each.photo_id, "")))
            elif each.species_id is not None:
                back = _returning(record, each.species_id, each.revision)
                returning.append(replace(back, doubt=held.get(each.photo_id, ""), reviewed=each.reviewed))
        return relabels, returning

    def _unknown(self, run: Run) -> list[Outcome]:
        """Return the outcomes of photos nobody can name: they go to review."""
        unknown = [Changed(**each) for each in loaded(self.clean_objects, f"{run.prefix}unknown.json")]
        changed = [Changed(**each) for each in loaded(self.clean_objects, f"{run.prefix}changed.json")]
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
        return [each["photo_id"] for each in loaded(self.clean_objects, f"{run.prefix}erasures.json")]

    def _erased_rows(self, run: Run) -> list[Row]:
        records = self.photos.find_many(self._marked(run)).values()
        return [replace(_row_of(each), change=Change.REMOVE) for each in records if each.dataset_species_id]

    def _needed(self, decision: Decision) -> int:
        return Gate.before(decision.species, self.floor_photos).needed_photos

    def _plan(
        self, run: Run, head: Head, rows: Sequence[Row], outcomes: Sequence[Outcome], decision: Decision
    ) -> CommitPlan:
        next_id = snapshot_id(head.snapshot_id, rows) if rows else head.snapshot_id
        result = _in_words(next_id if rows else "", rows, outcomes, decision, self._species_before(head))
        touched = {each.species_id for each in outcomes if each.species_id} | {row.species_id for row in rows}
        records = self.photos.find_many([*(each.photo_id for each in outcomes), *self._marked(run)])
        touched |= {each.species_id for each in records.values() if each.species_id}
        touched |= {each.taken_species_id for each in records.values() if each.taken_species_id}
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
        return CommitPlan(run.job_id, next_id, head.snapshot_id, tuple(outcomes), tuple(standings), erased, result)


def _imported_wish(photo: DatasetPhoto) -> FreshContribution:
    """Return an imported photo in the form of an answer; whoever imported it answers for it."""
    return FreshContribution(
        photo.photo_id, photo.species_id, photo.raw_key, photo.revision, is_reviewed=photo.reviewed
    )


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
