"""Jobs in the API's JSON."""

from dataclasses import dataclass, field

from avocet.domain.jobs import JobKind, JobState
from avocet.http.schema.formats import TIMESTAMP_EXAMPLE


@dataclass(frozen=True, slots=True)
class JobRequested:
    """A wish for a job."""

    kind: JobKind
    parameters: dict[str, str] | None = field(
        default=None, metadata={"max_length": 10, "description": "In words of the kind."}
    )


@dataclass(frozen=True, slots=True)
class JobProgress:
    """How far a job is."""

    done: int = field(metadata={"ge": 0})
    total: int = field(metadata={"ge": 0, "description": "0 while not known."})
    note: str


@dataclass(frozen=True, slots=True)
class JobSaying:
    """Why a job was asked for or why it failed: apart from any language, and in both."""

    code: str | None = field(
        metadata={
            "description": "What is said; there may be codes that a client does not know. Null: what facts give as text.",
            "examples": ["findings"],
        }
    )
    facts: dict[str, str] = field(metadata={"description": "What is particular about this occurrence."})
    en: str | None = field(metadata={"description": "In English; null where this version has no words for the code."})
    fr: str | None = field(metadata={"description": "In French; null where this version has no words for the code."})


@dataclass(frozen=True, slots=True)
class JobView:
    """One piece of work."""

    job_id: str
    kind: JobKind
    state: JobState
    requested_by: str
    requested_at: str = field(metadata={"examples": [TIMESTAMP_EXAMPLE]})
    waits_for: tuple[str, ...] = field(metadata={"description": "Ids of the jobs it waits for."})
    started_at: str | None
    finished_at: str | None
    attempt: int = field(metadata={"ge": 0})
    progress: JobProgress
    reason: str | None = field(metadata={"description": "Why it failed, or that it was cancelled; plain English."})
    parameters: dict[str, str]
    result: dict[str, str]
    because: str | None = field(default=None, metadata={"description": "Why it was asked for; plain English."})
    why: tuple[JobSaying, ...] = field(default=(), metadata={"description": "The same, reason by reason."})
    failure: JobSaying | None = field(
        default=None, metadata={"description": "Its reason by a code; null where it is not known by one."}
    )


@dataclass(frozen=True, slots=True)
class JobLog:
    """The end of a job's log; only trainings keep one."""

    job_id: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobList:
    """The active jobs in their order, then the closed ones, newest first."""

    message: str = field(metadata={"description": "In plain words."})
    jobs: tuple[JobView, ...]
