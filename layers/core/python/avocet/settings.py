"""Typed settings: the infrastructure writes them, the functions read them; nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields

_PREFIX = "AVOCET_"

# The photos table has the partition key ``photo_id`` (text) and these indexes.
PHOTOS_BY_OWNER_INDEX = "by_owner"  # owner_id, created_at (both text)
PHOTOS_OPEN_INTENTS_INDEX = "open_intents"  # open_intent, lease_until (both text); sparse, keys only
PHOTOS_FRESH_INDEX = (
    "fresh_contributions"  # fresh_contribution, created_at (both text); sparse, keys only; the counters too
)
PHOTOS_TTL_ATTRIBUTE = "purge_at"
# Keys of the counters of answers that no refresh has acted on begin with this.
FRESH_COUNT_PREFIX = "#fresh#"

# The dataset table has the partition key ``key`` (text) and this index.
DATASET_BY_STATE_INDEX = "by_state"  # listed_as, key (both text); sparse: fresh, waiting, set aside, unresolved
# The models table has the partition key ``version`` (text) and this index.
MODELS_LISTED_INDEX = "listed"  # listed_as, registered_at (both text); sparse: versions only
DATASET_BY_LABEL_INDEX = "by_label"  # label_id, key (both text); sparse, keys only: imported photos
# The jobs table has the partition key ``job_id`` (text) and this index.
JOBS_CLOSED_INDEX = "closed"  # closed, finished_at (both text); sparse

# The notices table has the partition key ``key`` (text) and this index.
NOTICES_DUE_INDEX = "due"  # waiting, due_at (both text); sparse

# Step functions of the learning machines; each is far below the silence after which a job is taken over.
CLEAN_TIMEOUT_S = 300
# A Map in the machine's own state takes so many batches; more are mapped by executions of their own.
INLINE_BATCHES = 1_000
# What the last check of the model found, in the models bucket; everybody who looks at the service reads it.
LAST_CHECK_KEY = "drift/last-check.json"
# Where a running refresh keeps its files in the clean bucket.
WORK_PREFIX = "work/"
WRITE_TIMEOUT_S = 900

# A worker in flight holds a lease. It must outlive the function that took it: a worker nobody waits for any more
# could otherwise still write after another answer was accepted.
FEEDBACK_TIMEOUT_S = 29
FEEDBACK_LEASE_S = 60
FULFIL_TIMEOUT_S = 900
SETTLE_TIMEOUT_S = 120
SETTLE_LEASE_S = 180
SHADOW_TIMEOUT_S = 120
# What a challenger said in the shadow lies in the photos table under keys that begin with this; no photo's id does.
SHADOW_PREFIX = "#shadow#"


# What each function's process is started with. By itself glibc gives every thread a heap of its own, and what one left free
# no other may use: a process that cleans photos by eight threads held 230 MB where it holds 196 with two, at the same speed.
PROCESS_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}

# How often a function of Avocet failed, counted in its own log whatever it failed of.
FUNCTION_ERRORS_METRIC = "FunctionErrors"


def metrics_namespace(stage: str) -> str:
    """Return where an environment's own metrics lie, apart from those of the others in the same account."""
    return f"Avocet/{stage}" if stage else "Avocet"


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
        notices_table: Letters to the admins that wait to be sent, faults that were told, and who wants to hear what.
        training_queue: Where trainings are asked for, when a worker of one's own runs them.
        training_recipes: What can be trained here, separated by commas.
        training_role: ARN of the role of trainings, where SageMaker runs them.
        training_code: Where the training's code lies for SageMaker, as an S3 address.
        training_machines: What each recipe runs on, as JSON (``avocet.adapters.sagemaker_training.Machine``).
        tracking_url: Address of an MLflow server that trainings are recorded in; none is kept where it is empty.
        admin_topic: Where messages to the admins go.
        gate_floor_photos: The least a species needs to become trainable.
        user_pool_id: The pool of accounts.
        data_requests_queue: Address of the queue that brings people's requests about their own data.
        refresh_floor_contributions: The least number of new contributions that starts a refresh by itself.
        kaggle_dataset: The set at Kaggle that is followed, as owner/name.
        kaggle_credentials: Name, never the content, of the secret with Kaggle's credentials.
        dead_letter_queues: Where dead letters lie: ``stack=queue name``, separated by commas.
        dead_letter_senders: Whose they were: ``queue:word=queue name`` or ``function:verb=function name``, separated by commas.
        shadow_sample: What the ids of photos begin with that the challenger scores too, separated by commas.
        page_origin: The one origin that may call the API from a browser.
        confirm_sign_ups: ``yes`` where no mail can reach a new person (the embedded cloud only): their sign-up
            is then confirmed without a code.
        admins_need_second_factor: ``yes`` where an admin is one only with a second factor (everywhere but in the
            embedded cloud).
        has_inbox_only: ``yes`` where the admins' mail goes to nobody but an inbox (the embedded cloud only).
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
    notices_table: str = ""
    training_queue: str = ""
    training_recipes: str = ""
    training_role: str = ""
    training_code: str = ""
    training_machines: str = ""
    tracking_url: str = ""
    admin_topic: str = ""
    gate_floor_photos: str = ""
    user_pool_id: str = ""
    data_requests_queue: str = ""
    refresh_floor_contributions: str = ""
    kaggle_dataset: str = ""
    kaggle_credentials: str = ""
    dead_letter_queues: str = ""
    dead_letter_senders: str = ""
    shadow_sample: str = ""
    page_origin: str = ""
    confirm_sign_ups: str = ""
    admins_need_second_factor: str = ""
    has_inbox_only: str = ""

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
