"""Jobs: what runs, what waits, and asking for more."""

from avocet.domain.jobs import JobKind, JobState
from avocet.http.operations.common import CURVE_PARTS, MALFORMED
from avocet.http.operations.shape import Operation, Parameter, Success
from avocet.http.schema.curves import JobCurve
from avocet.http.schema.formats import PHOTO_ID_EXAMPLE, TIMESTAMP_EXAMPLE
from avocet.http.schema.jobs import JobList, JobLog, JobProgress, JobRequested, JobView

_JOB_ID = Parameter(
    name="id",
    where="path",
    description="The id of the job.",
    schema={"type": "string"},
    example=PHOTO_ID_EXAMPLE,
)

_JOB = JobView(
    job_id=PHOTO_ID_EXAMPLE,
    kind=JobKind.REFRESH,
    state=JobState.RUNNING,
    requested_by="5d0c0d5e-2a5f-4a0b-9a7e-0f6b7c8d9e0f",
    requested_at=TIMESTAMP_EXAMPLE,
    waits_for=(),
    started_at=TIMESTAMP_EXAMPLE,
    finished_at=None,
    attempt=1,
    progress=JobProgress(50, 100, "cleaning photos"),
    reason=None,
    parameters={},
    result={},
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        verb="jobs",
        name="list_jobs",
        method="get",
        path="/admin/jobs",
        summary="What runs, what waits for whom, what was done",
        description="For admins.",
        successes={
            200: Success(description="The jobs.", shape=JobList, example=JobList("Everything is up to date.", (_JOB,)))
        },
        problems={409: "`busy`: too many jobs change at once."},
    ),
    Operation(
        verb="jobs",
        name="start_job",
        method="post",
        path="/admin/jobs",
        summary="Ask for a job",
        description="The same work that is still queued is joined. For admins.",
        body=(JobRequested, JobRequested(JobKind.VERIFY)),
        successes={202: Success(description="It runs, or waits for its turn.", shape=JobView, example=_JOB)},
        problems={
            400: MALFORMED,
            409: (
                "`job-kind-unavailable`: this deployment cannot do that; `nothing-to-train-on`: there is no snapshot, or it "
                "has fewer than two trainable species; `busy`."
            ),
            422: "`invalid-request`: a value is missing or malformed; `unknown-recipe`; `unusable-training`.",
            429: "`too-many-jobs`: the queue is full.",
        },
    ),
    Operation(
        verb="jobs",
        name="one_job",
        method="get",
        path="/admin/jobs/{id}",
        summary="How far a job is",
        description="For admins.",
        parameters=(_JOB_ID,),
        successes={200: Success(description="The job.", shape=JobView, example=_JOB)},
        problems={404: "`no-job`: there is none of that id."},
    ),
    Operation(
        verb="jobs",
        name="cancel_job",
        method="delete",
        path="/admin/jobs/{id}",
        summary="Cancel a job",
        description="One that waits, or that runs and changes nothing in the dataset. For admins.",
        parameters=(_JOB_ID,),
        successes={200: Success(description="It is over.", shape=JobView, example=_JOB)},
        problems={
            404: "`no-job`: there is none of that id.",
            409: "`not-cancellable`: it is over, or changes the dataset and has begun; `busy`.",
        },
    ),
    Operation(
        verb="jobs",
        name="show_job_log",
        method="get",
        path="/admin/jobs/{id}/log",
        summary="The end of a job's log",
        description="Only trainings keep one. For admins.",
        parameters=(_JOB_ID,),
        successes={
            200: Success(
                description="Its lines.",
                shape=JobLog,
                example=JobLog(PHOTO_ID_EXAMPLE, ("[progress] 1/3 calibrating",)),
            )
        },
        problems={404: "`no-job`: there is none of that id."},
    ),
    Operation(
        verb="jobs",
        name="show_job_curve",
        method="get",
        path="/admin/jobs/{id}/learning-curve",
        summary="A training's learning curve, as it grows",
        description="Only trainings have one; it stays when the training fails or is cancelled. For admins.",
        parameters=(_JOB_ID,),
        successes={
            200: Success(
                description="What is known so far.", shape=JobCurve, example=JobCurve(PHOTO_ID_EXAMPLE, CURVE_PARTS)
            )
        },
        problems={404: "`no-job`: there is none of that id."},
    ),
)
