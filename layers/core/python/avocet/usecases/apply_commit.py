"""What a commit of the dataset brings in its wake: records, index, standings, pictures, erasures.

It is written down as a plan before the head moves and applied afterwards, by whoever comes next if its writer died.
"""

import json
from collections import defaultdict
from dataclasses import asdict, dataclass, field, replace

from avocet.domain.contribution import raw_key
from avocet.domain.dataset import CONTRIBUTION, DatasetPhoto, PhotoState, SpeciesStanding, Split, SplitCounts
from avocet.domain.duplicates import IndexEntry
from avocet.domain.jobs import FencedOutError
from avocet.domain.refreshing import Outcome
from avocet.domain.shards import pack_shard, unpack_shard
from avocet.usecases.dataset_ports import (
    Contributions,
    DatasetPhotos,
    DuplicateIndex,
    Head,
    Heads,
    Objects,
    Spread,
    Standings,
)
from avocet.usecases.forget_sketches import ForgetSketches
from avocet.usecases.keep_numbers import KeepNumbers
from avocet.usecases.ports import StaleRecordError
from avocet.usecases.reference_pictures import KeepReferencePictures
from avocet.usecases.refresh_work import Run
from avocet.usecases.snapshot_store import ERASURES, SnapshotStore, shards_prefix

_SAVE_ATTEMPTS = 8


@dataclass(frozen=True)
class CommitPlan:
    """What a commit brings in its wake; stored before it, applied after it."""

    job_id: str
    snapshot_id: str
    parent_id: str
    outcomes: tuple[Outcome, ...]
    standings: tuple[SpeciesStanding, ...]
    erased: tuple[str, ...]
    result: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the plan as it is stored."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "CommitPlan":
        """Read a stored plan."""
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
class ApplyCommit:
    """What follows from the commits of one dataset.

    Attributes:
        clean_objects: The clean bucket.
        raw_objects: The raw bucket.
        models_objects: The models bucket, where trainings keep what photos look like.
        photos: The dataset's records.
        contributions: People's answers.
        heads: Keeper of the head.
        index: The duplicate index.
        standings: How far each species is.
        pictures: Which photo people are shown of each species.
        numbers: The open numbers.
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
    pictures: KeepReferencePictures
    numbers: KeepNumbers
    spread: Spread = map

    @property
    def _store(self) -> SnapshotStore:
        return SnapshotStore(self.clean_objects)

    def finish_last(self, run: Run) -> Head:
        """Take the head, finish what its last writer left, and return it.

        Raises:
            FencedOutError: The work is another's now.
        """
        head = self.heads.claim(run.fence)
        if head.plan_key:
            self.apply(head, run.fence)
            head = self.heads.read()
        return head

    def apply(self, head: Head, fence: int) -> None:
        """Apply the plan of the head's commit; what of it is done already is found so.

        Raises:
            FencedOutError: The work is another's now.
        """
        data = self.clean_objects.get(head.plan_key)
        if data is not None:
            plan = CommitPlan.from_json(data)
            erased = self._store.tombstones()
            if plan.snapshot_id:
                self._store.set_current(plan.snapshot_id, fence)
                self._drop_stray_shards(plan.snapshot_id)
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
            self.standings.save(plan.standings, fence)
            self.numbers.note(head, plan.standings)
            # Before the erasures, which take away what says under which species the photos stood.
            self._settle_pictures(plan, erased | frozenset(plan.erased), fence)
            # Before the marks go with the erasures: whoever dies in between begins with these again.
            ForgetSketches(models=self.models_objects, spread=self.spread)(plan.erased)
            # A photo whose erasure was asked for since then is still marked; the next refresh takes it out.
            for photo_id in plan.erased:
                self._erase(photo_id, fence)
        self.heads.move(replace(self.heads.claim(fence), plan_key=""))
        self.clean_objects.purge(head.plan_key)

    def _settle_pictures(self, plan: CommitPlan, erased: frozenset[str], fence: int) -> None:
        added: dict[str, list[str]] = defaultdict(list)
        for each in plan.outcomes:
            if each.state is PhotoState.IN_DATASET and each.split is Split.TRAIN and each.species_id:
                added[each.species_id].append(each.photo_id)
        # Only a photo of a trainable species is ever in the dataset, and a species is trainable for ever.
        touched = [each.species_id for each in plan.standings if each.is_trainable]
        self.pictures.settle(touched, added, erased, fence)

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
        for shard in self._store.require_manifest(snapshot).shards:
            if not shard.first_photo_id <= photo_id <= shard.last_photo_id:
                continue
            self._take_out_of_shard(shard.key, photo_id)
            self.clean_objects.purge(shard.key, keep_newest=True)
        self._drop_stray_shards(snapshot)

    def _drop_stray_shards(self, snapshot: str) -> None:
        """Remove what an attempt wrote that died before its manifest: nobody would ever find the photos in it."""
        named = {shard.key for shard in self._store.require_manifest(snapshot).shards}
        for key in list(self.clean_objects.keys(shards_prefix(snapshot))):
            if key not in named:
                self.clean_objects.purge(key)

    def _take_out_of_shard(self, key: str, photo_id: str) -> None:
        while (found := self.clean_objects.read_tagged(key)) is not None:
            members = list(unpack_shard(found.data))
            left = [member for member in members if member[0] != photo_id]
            # Over these very bytes only: a writer who was given up would put back what its successor took out.
            if len(left) == len(members) or self.clean_objects.replace(key, pack_shard(left), found.tag):
                return


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
        taken_species_id=outcome.species_id,
        writer_fence=fence,
    )
