"""Work whose worker died is given to another one, through the queue's own heartbeats."""

from datetime import UTC, datetime

import procrastinate
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from sqlalchemy import text

from knowledge.store.session import Database

LOST_AFTER = 1_800  # seconds; none of our jobs runs a tenth as long

# A worker that lives but could not write down the end of a job, because the database was away just then.
_LOST = text(
    """
    SELECT job.id FROM procrastinate_jobs AS job
    WHERE job.status = 'doing' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_events AS step
        WHERE step.job_id = job.id AND step.type = 'started' AND step.at > now() - make_interval(secs => :seconds))
    """
)


async def take_over(app: procrastinate.App, database: Database, *, stalled_s: float) -> int:
    """Put back every job whose worker gave no sign of life for so many seconds; returns how many.

    Running one of them twice does no harm: what it does is done once per event and once per action.
    """
    stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=stalled_s)
    ids = {job.id for job in stalled if job.id is not None}
    async with database.reading() as connection:
        ids |= set((await connection.execute(_LOST, {"seconds": LOST_AFTER})).scalars())
    for job_id in sorted(ids):
        await _put_back(app, job_id)
    return len(ids)


async def _put_back(app: procrastinate.App, job_id: int) -> None:
    try:
        await app.job_manager.retry_job_by_id_async(job_id, retry_at=datetime.now(UTC))
    except UniqueViolation:
        # the same lane waits in line already, held up by this very job: letting go of it is enough
        await app.job_manager.finish_job_by_id_async(job_id, status=Status.ABORTED, delete_job=False)
