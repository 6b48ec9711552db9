"""Typed settings: the infrastructure writes them, the functions read them; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

_PREFIX = "AVOCET_"

# The photos table has the partition key ``photo_id`` (text) and these indexes.
PHOTOS_BY_OWNER_INDEX = "by_owner"  # owner_id, created_at (both text)
PHOTOS_OPEN_INTENTS_INDEX = "open_intents"  # open_intent, lease_until (both text); sparse, keys only
PHOTOS_FRESH_INDEX = "fresh_contributions"  # fresh_contribution, created_at (both text); sparse, keys only
PHOTOS_TTL_ATTRIBUTE = "purge_at"

# The dataset table has the partition key ``key`` (text) and this index.
DATASET_BY_STATE_INDEX = "by_state"  # listed_as, key (both text); sparse: fresh, waiting, set aside, unresolved
# The jobs table has the partition key ``job_id`` (text) and this index.
JOBS_CLOSED_INDEX = "closed"  # closed, finished_at (both text); sparse

# Step functions of the learning machines; each is far below the silence after which a job is taken over.
CLEAN_TIMEOUT_S = 300
WRITE_TIMEOUT_S = 900

# A worker in flight holds a lease. It must outlive the function that took it: a worker nobody waits for any more
# could otherwise still write after another answer was accepted.
FEEDBACK_TIMEOUT_S = 29
FEEDBACK_LEASE_S = 60
SETTLE_TIMEOUT_S = 120
SETTLE_LEASE_S = 180


class MissingSettingError(Exception):
    """A setting that a function needs was not given to it; the deployment is at fault."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a function may need to know of its surroundings. Empty means: not given to this function.

    Attributes:
        stage: Name of the environment, such as ``dev``.
        uploads_bucket: Bucket for photos as they came, for a day.
        raw_bucket: Bucket for contributed photos, without metadata.
        models_bucket: Bucket for model bundles.
        photos_table: One item per photo: upload, prediction, contribution.
        models_table: Model versions and the champion pointer.
        people_table: Who accepted which terms.
        clean_bucket: Bucket of snapshots, shards and working files.
        dataset_table: What the dataset knows of each photo and species, its head and its duplicate index.
        jobs_table: The ledger of jobs and their history.
        job_machines: What the ARN of a job kind's state machine begins with; the kind follows.
        job_kinds: Kinds of jobs that have a machine here, separated by commas.
        admin_topic: Where messages to the admins go.
        gate_floor_photos: The least a species needs to become trainable.
        page_origin: The one origin that may call the API from a browser.
        confirm_sign_ups: ``yes`` where no mail can reach a new person (the embedded cloud only): their sign-up
            is then confirmed without a code.
    """

    stage: str = ""
    uploads_bucket: str = ""
    raw_bucket: str = ""
    models_bucket: str = ""
    photos_table: str = ""
    models_table: str = ""
    people_table: str = ""
    clean_bucket: str = ""
    dataset_table: str = ""
    jobs_table: str = ""
    job_machines: str = ""
    job_kinds: str = ""
    admin_topic: str = ""
    gate_floor_photos: str = ""
    page_origin: str = ""
    confirm_sign_ups: str = ""

    def to_environment(self) -> dict[str, str]:
        """Return the environment variables of every setting that is given."""
        return {_PREFIX + f.name.upper(): getattr(self, f.name) for f in fields(self) if getattr(self, f.name)}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings back from ``environment`` (the process's own by default)."""
        source = os.environ if environment is None else environment
        return cls(**{f.name: source.get(_PREFIX + f.name.upper(), "") for f in fields(cls)})

    def require(self, *names: str) -> None:
        """Raise when one of ``names`` is not given.

        Raises:
            MissingSettingError: Naming every setting that is missing.
        """
        missing = [name for name in names if not getattr(self, name)]
        if missing:
            raise MissingSettingError("not set: " + ", ".join(_PREFIX + name.upper() for name in missing))
