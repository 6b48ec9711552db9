"""Decides what becomes of each fresh photo: one pure function from what is known to the next snapshot's rows.

It refuses nothing and loses nothing: every photo given gets exactly one outcome. The same input in any order gives the
same decision, so that a refresh which died can be run again and ends in the same snapshot.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from avocet.domain.dataset import CONTRIBUTION, Gate, PhotoState, Split, SplitCounts, choose_split
from avocet.domain.duplicates import Fingerprint, Placed, components, pairs_among
from avocet.domain.snapshots import Change, Row


@dataclass(frozen=True, slots=True)
class Candidate:
    """A clean photo that may enter.

    Attributes:
        photo_id: Which.
        species_id: What it is said to show.
        source: Where it came from.
        revision: The answer this is about.
        content_sha256: Of its cleaned bytes.
        phash: Perceptual hash, hexadecimal.
        mirrored_phash: The same of its mirror image.
        doubt: Why a person should look first; empty for none.
        proposed_species_id: What the champion would call it.
        reviewed: A person has looked already.
        split: The split it once had; it gets the same again.
        group_id: The group it once had.
    """

    photo_id: str
    species_id: str
    source: str
    revision: int
    content_sha256: str
    phash: str
    mirrored_phash: str
    doubt: str = ""
    proposed_species_id: str | None = None
    reviewed: bool = False
    split: Split | None = None
    group_id: str | None = None

    @property
    def fingerprint(self) -> Fingerprint:
        """Its perceptual hashes."""
        return Fingerprint(self.photo_id, self.phash, self.mirrored_phash)


@dataclass(frozen=True, slots=True)
class Relabel:
    """A photo of the dataset about which something else is said now.

    Attributes:
        row: Its row as it stands.
        species_id: What it is said to show now; None for unknown.
        revision: The answer this is about.
        hold: Why a person should look first; empty for none. Until then the photo is out.
    """

    row: Row
    species_id: str | None
    revision: int
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a photo.

    Attributes:
        photo_id: Which.
        revision: The answer that was acted on.
        state: Where it stands now.
        species_id: What it is taken to show.
        reason: Why, in a few stable words.
        proposed_species_id: What the champion would rather call it.
        content_sha256: Of the cleaned bytes; empty when it could not be cleaned.
        phash: Perceptual hash; empty when it could not be cleaned.
        split: Its split, once it has one.
        group_id: Its duplicate group, once it has one.
        source: Where it came from.
    """

    photo_id: str
    revision: int
    state: PhotoState
    species_id: str | None = None
    reason: str = ""
    proposed_species_id: str | None = None
    content_sha256: str = ""
    phash: str = ""
    split: Split | None = None
    group_id: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A refresh's result.

    Attributes:
        rows: The next snapshot's delta, sorted by photo; empty when nothing changes.
        outcomes: What became of each photo, sorted by photo.
        species: Photos of each trainable species after it, by split.
        gate: The gate that was applied.
    """

    rows: tuple[Row, ...]
    outcomes: tuple[Outcome, ...]
    species: Mapping[str, SplitCounts]
    gate: Gate


@dataclass
class _Workbench:
    """What the decision builds up, photo by photo.

    Attributes:
        species: Photos of each trainable species so far.
        gate: The gate that applies.
        standing: The rows of photos that are in the parent snapshot and must be changed or taken out.
        rows: The delta so far.
        outcomes: The outcomes so far.
    """

    species: dict[str, SplitCounts]
    gate: Gate
    standing: dict[str, Row] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def settle(self, candidate: Candidate, state: PhotoState, reason: str = "", *, proposed: str | None = None) -> None:
        """Give a candidate that does not enter its outcome, and take it out where it was in."""
        if candidate.photo_id in self.standing:
            self.rows.append(replace(self.standing[candidate.photo_id], change=Change.REMOVE))
        self.outcomes.append(
            Outcome(
                photo_id=candidate.photo_id,
                revision=candidate.revision,
                state=state,
                species_id=candidate.species_id,
                reason=reason,
                proposed_species_id=proposed,
                content_sha256=candidate.content_sha256,
                phash=candidate.phash,
                split=candidate.split,
                group_id=candidate.group_id,
                source=candidate.source,
            )
        )

    def admit(self, candidate: Candidate, split: Split, group_id: str) -> None:
        """Let a candidate into the snapshot."""
        row = Row(
            change=Change.RELABEL if candidate.photo_id in self.standing else Change.ADD,
            photo_id=candidate.photo_id,
            species_id=candidate.species_id,
            split=split,
            group_id=group_id,
            content_sha256=candidate.content_sha256,
            phash=candidate.phash,
            source=candidate.source,
        )
        self.rows.append(row)
        self.outcomes.append(outcome_of(row, candidate.revision))
        self.count(candidate.species_id, split, 1)

    def count(self, species_id: str, split: Split, photos: int) -> None:
        """Change a species' count."""
        self.species[species_id] = self.species.get(species_id, SplitCounts()).plus(split, photos)


def outcome_of(row: Row, revision: int) -> Outcome:
    """Return the outcome of a photo that is in the dataset by ``row``."""
    return Outcome(
        photo_id=row.photo_id,
        revision=revision,
        state=PhotoState.IN_DATASET,
        species_id=row.species_id,
        content_sha256=row.content_sha256,
        phash=row.phash,
        split=row.split,
        group_id=row.group_id,
        source=row.source,
    )


def decide(
    *,
    species: Mapping[str, SplitCounts],
    floor_photos: int,
    candidates: Sequence[Candidate],
    relabels: Sequence[Relabel],
    neighbours: Mapping[str, Sequence[Placed]],
) -> Decision:
    """Decide what becomes of each photo.

    Args:
        species: Photos of each trainable species in the parent snapshot, by split.
        floor_photos: The least a species needs to become trainable.
        candidates: Fresh clean photos, and those waiting of every species the fresh ones could complete.
        relabels: Photos of the parent snapshot with another answer.
        neighbours: For each candidate, the placed photos that show the same picture.

    Returns:
        The decision; each candidate and each relabel has exactly one outcome in it.
    """
    closed: frozenset[str] = frozenset()
    while True:
        bench = _Workbench(dict(species), Gate.before(species, floor_photos))
        moved = [_relabelled(bench, relabel) for relabel in sorted(relabels, key=lambda each: each.row.photo_id)]
        hopeful = _without_conflicts(bench, candidates, neighbours)
        hopeful += [candidate for candidate in moved if candidate]
        pairs = pairs_among([candidate.fingerprint for candidate in hopeful])
        hopeful = _without_twins(bench, hopeful, pairs)
        hopeful = _through_the_gate(bench, hopeful, pairs, closed)
        _place(bench, hopeful, pairs, neighbours)
        # A species whose photos were set aside on the last step may have entered with too few: it has to wait after all.
        short = _fallen_short(bench, species)
        if not short:
            return Decision(
                rows=tuple(sorted(bench.rows, key=lambda row: row.photo_id)),
                outcomes=tuple(sorted(bench.outcomes, key=lambda outcome: outcome.photo_id)),
                species=dict(sorted(bench.species.items())),
                gate=bench.gate,
            )
        closed |= short


def _fallen_short(bench: _Workbench, before: Mapping[str, SplitCounts]) -> frozenset[str]:
    entered = bench.species.keys() - before.keys()
    groups: dict[str, set[str]] = defaultdict(set)
    for row in bench.rows:
        if row.species_id in entered and row.change is not Change.REMOVE:
            groups[row.species_id].add(row.group_id)
    return frozenset(
        species_id
        for species_id in entered
        if not bench.gate.opens(bench.species[species_id].total, len(groups[species_id]))
    )


def _relabelled(bench: _Workbench, relabel: Relabel) -> Candidate | None:
    """Act on a changed answer; return the photo as a candidate when its new species is not trainable yet."""
    row, wanted = relabel.row, relabel.species_id
    if wanted is not None and relabel.hold:
        bench.count(row.species_id, row.split, -1)
        bench.rows.append(replace(row, change=Change.REMOVE))
        held = replace(
            outcome_of(row, relabel.revision),
            species_id=wanted,
            state=PhotoState.REVIEW,
            reason=relabel.hold,
            proposed_species_id=row.species_id if wanted != row.species_id else None,
        )
        bench.outcomes.append(held)
        return None
    if wanted == row.species_id:
        bench.outcomes.append(outcome_of(row, relabel.revision))
        return None
    bench.count(row.species_id, row.split, -1)
    if wanted is None:
        bench.rows.append(replace(row, change=Change.REMOVE))
        gone = replace(outcome_of(row, relabel.revision), species_id=None, state=PhotoState.REVIEW, reason="unknown")
        bench.outcomes.append(gone)
        return None
    if wanted in bench.species:
        changed = replace(row, change=Change.RELABEL, species_id=wanted)
        bench.rows.append(changed)
        bench.outcomes.append(outcome_of(changed, relabel.revision))
        bench.count(wanted, row.split, 1)
        return None
    bench.standing[row.photo_id] = row
    return Candidate(
        photo_id=row.photo_id,
        species_id=wanted,
        source=row.source,
        revision=relabel.revision,
        content_sha256=row.content_sha256,
        phash=row.phash,
        # Its place is fixed already, so nobody needs to look for its mirror image.
        mirrored_phash=row.phash,
        split=row.split,
        group_id=row.group_id,
    )


def _without_conflicts(
    bench: _Workbench, candidates: Sequence[Candidate], neighbours: Mapping[str, Sequence[Placed]]
) -> list[Candidate]:
    """Set aside what is doubtful or clashes with photos already placed."""
    hopeful: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda each: each.photo_id):
        if candidate.split is not None:
            if candidate.doubt and not candidate.reviewed:
                bench.settle(candidate, PhotoState.REVIEW, candidate.doubt)
            else:
                hopeful.append(candidate)
            continue
        placed = sorted(neighbours.get(candidate.photo_id, ()), key=lambda each: each.photo_id)
        agreeing = [each for each in placed if each.species_id == candidate.species_id]
        strangers = [each for each in placed if each.species_id not in (None, candidate.species_id)]
        twins = [each for each in agreeing if each.content_sha256 == candidate.content_sha256]
        if twins:
            bench.settle(candidate, PhotoState.DUPLICATE, f"same-as {twins[0].photo_id}")
        elif candidate.doubt and not candidate.reviewed:
            bench.settle(candidate, PhotoState.REVIEW, candidate.doubt, proposed=candidate.proposed_species_id)
        elif strangers and not candidate.reviewed:
            proposed = strangers[0].species_id
            bench.settle(candidate, PhotoState.REVIEW, "same-picture-other-species", proposed=proposed)
        elif len({each.split for each in placed}) > 1:
            bench.settle(candidate, PhotoState.REVIEW, "bridges-splits")
        else:
            hopeful.append(candidate)
    return hopeful


def _without_twins(
    bench: _Workbench, candidates: Sequence[Candidate], pairs: Mapping[str, frozenset[str]]
) -> list[Candidate]:
    """Of candidates that show the same picture, keep one when they are identical, and one species when they disagree."""
    kept: dict[str, Candidate] = {}
    by_id = {candidate.photo_id: candidate for candidate in candidates}
    # Photos that had a split before come first: they were here before the others.
    for candidate in sorted(candidates, key=lambda each: (each.split is None, each.photo_id)):
        if candidate.split is not None:
            kept[candidate.photo_id] = candidate
            continue
        others = [kept[other] for other in sorted(pairs.get(candidate.photo_id, ())) if other in kept]
        if candidate.source == CONTRIBUTION:
            # Of two people who name the same picture differently neither is right for having come first.
            others_said = [by_id[other] for other in sorted(pairs.get(candidate.photo_id, ())) if other in by_id]
            strangers = [other for other in others_said if other.species_id != candidate.species_id]
        else:
            strangers = [other for other in others if other.species_id != candidate.species_id]
        twins = [other for other in others if other.content_sha256 == candidate.content_sha256]
        if strangers and not candidate.reviewed:
            proposed = strangers[0].species_id
            bench.settle(candidate, PhotoState.REVIEW, "same-picture-other-species", proposed=proposed)
        elif twins:
            bench.settle(candidate, PhotoState.DUPLICATE, f"same-as {twins[0].photo_id}")
        else:
            kept[candidate.photo_id] = candidate
    return sorted(kept.values(), key=lambda each: each.photo_id)


def _through_the_gate(
    bench: _Workbench,
    candidates: Sequence[Candidate],
    pairs: Mapping[str, frozenset[str]],
    closed: frozenset[str],
) -> list[Candidate]:
    """Let the photos of trainable species pass, and of those that become trainable now; the others wait."""
    by_species: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_species[candidate.species_id].append(candidate)
    passed: list[Candidate] = []
    for species_id, members in by_species.items():
        groups = sum(1 for _ in components([member.photo_id for member in members], pairs))
        opens = species_id not in closed and bench.gate.opens(len(members), groups)
        if species_id in bench.species or opens:
            passed.extend(members)
        else:
            for member in members:
                bench.settle(member, PhotoState.WAITING)
    return sorted(passed, key=lambda each: each.photo_id)


def _place(
    bench: _Workbench,
    candidates: Sequence[Candidate],
    pairs: Mapping[str, frozenset[str]],
    neighbours: Mapping[str, Sequence[Placed]],
) -> None:
    """Give every candidate its split: its old one, its group's, or, for a new group, the one furthest below quota."""
    by_id = {candidate.photo_id: candidate for candidate in candidates}
    new_groups: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for group in components(list(by_id), pairs):
        places = {
            member: place for member in group if (place := _known_place(by_id[member], neighbours.get(member, ())))
        }
        rest = _join(bench, by_id, group, pairs, places) if places else group
        for unattached in components(rest, pairs):
            new_groups[by_id[unattached[0]].species_id].append(unattached)
    for species_id, groups in sorted(new_groups.items()):
        # Largest first: the small ones then even out what the large ones unbalanced.
        ordered = sorted(groups, key=lambda group: (-len(group), group[0]))
        for group in ordered:
            split = choose_split(bench.species.get(species_id, SplitCounts()), len(group), len(ordered[0]))
            for member in group:
                bench.admit(by_id[member], split, group[0])


def _known_place(candidate: Candidate, placed: Sequence[Placed]) -> tuple[Split, str] | None:
    if candidate.split is not None and candidate.group_id is not None:
        return candidate.split, candidate.group_id
    first = min(placed, key=lambda each: each.group_id, default=None)
    return (first.split, first.group_id) if first else None


def _join(
    bench: _Workbench,
    by_id: Mapping[str, Candidate],
    group: Sequence[str],
    pairs: Mapping[str, frozenset[str]],
    places: Mapping[str, tuple[Split, str]],
) -> tuple[str, ...]:
    """Spread known places through a group, photo by photo; one that would tie two splits together is set aside.

    Returns:
        The photos that hung on the group only through one that was set aside.
    """
    accepted: dict[str, tuple[Split, str]] = {}
    left = set(group)

    def take(member: str) -> None:
        left.remove(member)
        around = sorted(accepted[other] for other in pairs.get(member, frozenset()) if other in accepted)
        place = places[member] if member in places else around[0]
        if by_id[member].split is None and any(split is not place[0] for split, _ in around):
            bench.settle(by_id[member], PhotoState.REVIEW, "bridges-splits")
        else:
            accepted[member] = place

    # Those that had a split before come first: their place is not up for discussion.
    for member in sorted(places, key=lambda each: (by_id[each].split is None, each)):
        take(member)
    while reachable := sorted(member for member in left if pairs.get(member, frozenset()) & accepted.keys()):
        take(reachable[0])
    for member, (split, group_id) in sorted(accepted.items()):
        bench.admit(by_id[member], split, group_id)
    return tuple(sorted(left))
