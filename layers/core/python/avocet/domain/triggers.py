"""Says when the dataset should be refreshed without anybody asking. Pure; it counts nothing and refuses nothing.

It sees counts of answers that no refresh has acted on. A refresh takes them off the counts whatever it decides, so a
gate that stayed shut is only tried again when photos come that were not there before.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from avocet.domain.jobs import Job, JobKind, JobState

# Contributions worth so much of the dataset are worth a refresh.
SHARE_PERCENT = 1
# Photos that nobody could name come before reviewers with a refresh; theirs are not worth one each.
REVIEW_ROUND = timedelta(days=1)
# A refresh that failed would fail again within the minute, and tell the admins each time.
REST_AFTER_FAILURE = timedelta(hours=6)
_NAMED_SPECIES = 5


def contributions_needed(dataset_photos: int, floor_contributions: int) -> int:
    """Return how many contributions start a refresh: a hundredth of the dataset, rounded up, and at least the floor."""
    return max(floor_contributions, -(-dataset_photos * SHARE_PERCENT // 100), 1)


def reasons_to_refresh(
    fresh: Mapping[str, int],
    *,
    dataset_photos: int,
    floor_contributions: int,
    needed_photos: int,
    waiting: Mapping[str, int],
    unnamed: int = 0,
) -> tuple[str, ...]:
    """Return why a refresh is due, in words; nothing when it is not.

    Args:
        fresh: Contributions no refresh has acted on, by species.
        dataset_photos: Photos in the current snapshot.
        floor_contributions: The least number of contributions that is worth a refresh.
        needed_photos: What the gate asks of a pending species.
        waiting: Clean photos waiting for the gate, of every pending species in ``fresh``.
        unnamed: Photos that nobody could name and that are due to be shown to reviewers; they are no contributions yet.
    """
    reasons: list[str] = []
    given, needed = sum(fresh.values()), contributions_needed(dataset_photos, floor_contributions)
    if given >= needed:
        reasons.append(f"{given} contributions are new; {needed} are worth a refresh of {dataset_photos} photos")
    reached = sorted(
        species_id
        for species_id, photos in fresh.items()
        if photos > 0 and species_id in waiting and photos + waiting[species_id] >= needed_photos
    )
    if reached:
        named = ", ".join(reached[:_NAMED_SPECIES]) + (", ..." if len(reached) > _NAMED_SPECIES else "")
        reasons.append(f"enough photos to learn a new species: {named}")
    if unnamed:
        reasons.append(f"{unnamed} photos that nobody could name wait to be shown to reviewers")
    return tuple(reasons)


def is_review_round_due(closed: Sequence[Job], now: datetime) -> bool:
    """Whether the last refresh, which brings photos before reviewers, is a day ago.

    Args:
        closed: Jobs closed last, newest first.
        now: The moment.
    """
    last = next((job.finished_at for job in closed if job.kind is JobKind.REFRESH), None)
    return last is None or now - last >= REVIEW_ROUND


def may_ask(active: Sequence[Job], closed: Sequence[Job], now: datetime) -> bool:
    """Whether a refresh may be asked for by itself: none is on its way, and the last one did not just fail.

    Args:
        active: Queued and running jobs.
        closed: Jobs closed last, newest first.
        now: The moment.
    """
    if any(job.kind is JobKind.REFRESH for job in active):
        return False
    last = next((job for job in closed if job.kind is JobKind.REFRESH), None)
    if last is None or last.state is not JobState.FAILED or last.finished_at is None:
        return True
    return now - last.finished_at >= REST_AFTER_FAILURE
