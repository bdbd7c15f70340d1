"""The scheduled jobs: when each ended well last, and which are late."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection

from arena.operating.models import JobDay

# A run may take a while, and a message may wait for a worker that is busy.
_ALLOWANCE_SECONDS = 120.0
# Those whose runs take longer when there is much to do.
_LONG_RUNS: Mapping[str, float] = {
    "arena.boards.tasks.publish_boards": 1800.0,
    "arena.boards.tasks.write_ledgers": 600.0,
    "arena.integrity.tasks.label_prompts": 600.0,
}
_SUCCEEDED = """
    INSERT INTO operating_jobday AS d
        (job, day, runs, failures, succeeded_at, error, longest_gap_seconds)
    VALUES (%(job)s, %(day)s, 1, 0, %(at)s, '', coalesce(extract(epoch FROM %(at)s - (
        SELECT max(succeeded_at) FROM operating_jobday WHERE job = %(job)s)), 0))
    ON CONFLICT (job, day) DO UPDATE SET runs = d.runs + 1,
        longest_gap_seconds = greatest(d.longest_gap_seconds, excluded.longest_gap_seconds),
        succeeded_at = greatest(d.succeeded_at, excluded.succeeded_at)
"""
_FAILED = """
    INSERT INTO operating_jobday AS d
        (job, day, runs, failures, failed_at, error, longest_gap_seconds)
    VALUES (%(job)s, %(day)s, 1, 1, %(at)s, %(error)s, 0)
    ON CONFLICT (job, day) DO UPDATE SET runs = d.runs + 1, failures = d.failures + 1,
        failed_at = excluded.failed_at, error = excluded.error
"""
BACKUP = "backup"


@dataclass(frozen=True)
class Job:
    """A scheduled job and its last days.

    Attributes
    ----------
    name : str
        The task's name.
    period : float
        Seconds between two runs.
    days : sequence of JobDay
        Newest first; none before its first run.
    """

    name: str
    period: float
    days: Sequence[JobDay]

    @property
    def title(self) -> str:
        """What it does, in words."""
        return self.name.rpartition(".")[2].replace("_", " ")

    @property
    def succeeded_at(self) -> dt.datetime | None:
        """When it ended well last."""
        return max((day.succeeded_at for day in self.days if day.succeeded_at), default=None)

    @property
    def failed_at(self) -> dt.datetime | None:
        """When it failed last."""
        return max((day.failed_at for day in self.days if day.failed_at), default=None)

    @property
    def error(self) -> str:
        """The class of its last error, if it has failed since it ended well."""
        failed, succeeded = self.failed_at, self.succeeded_at
        if failed is None or (succeeded is not None and succeeded >= failed):
            return ""
        return next(day.error for day in self.days if day.failed_at == failed)

    @property
    def patience(self) -> float:
        """Seconds after a success from which it is late."""
        return 2 * self.period + _LONG_RUNS.get(self.name, _ALLOWANCE_SECONDS)

    def age(self, now: dt.datetime) -> float | None:
        """Return the seconds since it ended well; None when it never did."""
        return (now - self.succeeded_at).total_seconds() if self.succeeded_at else None

    def is_late(self, now: dt.datetime, *, since: dt.datetime) -> bool:
        """Return whether it should have ended well by now, if jobs run ``since`` then."""
        return (now - (self.succeeded_at or since)).total_seconds() > self.patience


def schedule() -> dict[str, float]:
    """Return each scheduled task and the seconds between two runs."""
    entries: Mapping[str, Any] = settings.CELERY_BEAT_SCHEDULE
    return {entry["task"]: float(entry["schedule"]) for entry in entries.values()}


def record_success(job: str, at: dt.datetime) -> None:
    """Store that a job ended well."""
    with connection.cursor() as cursor:
        cursor.execute(_SUCCEEDED, {"job": job, "day": at.date(), "at": at})


def record_failure(job: str, at: dt.datetime, error: str) -> None:
    """Store that a job failed, with the class of its error."""
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, {"job": job, "day": at.date(), "at": at, "error": error[:100]})


def jobs(now: dt.datetime, *, days: int = 30) -> list[Job]:
    """Return the scheduled jobs, with as many of their last days, in the schedule's order."""
    since = now.date() - dt.timedelta(days=days - 1)
    by_job: dict[str, list[JobDay]] = {}
    for row in JobDay.objects.filter(day__gte=since):
        by_job.setdefault(row.job, []).append(row)
    return [Job(name, period, by_job.get(name, ())) for name, period in schedule().items()]


def job_named(name: str) -> Job:
    """Return one scheduled job with its newest day alone."""
    return Job(name, schedule()[name], list(JobDay.objects.filter(job=name)[:1]))


def first_heard_of(known: Sequence[Job]) -> dt.datetime | None:
    """Return since when jobs run here at all, as far as their days say; None when none ever ran."""
    firsts = (
        min(filter(None, (day.succeeded_at, day.failed_at)), default=None)
        for job in known
        for day in job.days
    )
    return min(filter(None, firsts), default=None)


def last_backup() -> dt.datetime | None:
    """Return when `manage.py backup` last wrote one; None when it never did."""
    newest = JobDay.objects.filter(job=BACKUP, succeeded_at__isnull=False).first()
    return newest.succeeded_at if newest else None
