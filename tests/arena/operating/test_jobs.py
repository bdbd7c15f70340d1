"""The scheduled jobs: what workers record of them, and when they are late."""

import datetime as dt

import pytest
from celery import Task
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import Settings

from arena.operating import jobs, tasks
from arena.operating.complaints import Complaint, complaints
from arena.operating.models import JobDay, Problem
from arena.operating.watchman import JOB, Watchman, stand_in
from tests.arena.embedded.processes import wait_until
from workers.celery import app

NOW = dt.datetime(2026, 5, 4, 0, 10, tzinfo=dt.UTC)
TASK = "arena.operating.tasks.count_days"
pytestmark = pytest.mark.django_db


def of(key: str, now: dt.datetime) -> list[Complaint]:
    return [one for one in complaints(now) if one.key.startswith(key)]


def all_ran(at: dt.datetime) -> None:
    for name in jobs.schedule():
        jobs.record_success(name, at)


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    missing = jobs.schedule().keys() - app.tasks.keys()
    assert len(jobs.schedule()) >= 9
    assert not missing


def test_a_worker_records_how_a_job_ended() -> None:
    app.loader.import_default_modules()
    task: Task = app.tasks[TASK]
    task.apply()
    day = JobDay.objects.get(job=TASK)
    assert (day.runs, day.failures, day.error) == (1, 0, "")
    assert day.succeeded_at is not None

    @app.task(name="not.on.the.schedule")  # type: ignore[untyped-decorator]
    def other() -> None: ...

    other.apply()
    assert JobDay.objects.count() == 1
    tasks.note_failure(sender=task, exception=ValueError("sk-planted in its text"))
    day.refresh_from_db()
    assert (day.runs, day.failures, day.error) == (2, 1, "ValueError")


def test_the_longest_pause_is_kept_by_day_also_over_midnight() -> None:
    for minutes in (-60, -40, 5, 6, 9):
        jobs.record_success(TASK, NOW + dt.timedelta(minutes=minutes))
    yesterday, today = JobDay.objects.filter(job=TASK).order_by("day")
    assert (yesterday.runs, yesterday.longest_gap_seconds) == (2, 20 * 60)
    assert (today.runs, today.longest_gap_seconds) == (3, 45 * 60)


def test_a_late_job_is_named_with_its_error() -> None:
    all_ran(NOW)
    later = NOW + dt.timedelta(seconds=2 * 300 + 121)
    assert not of("job", NOW)
    for name in jobs.schedule():
        if name != TASK:
            jobs.record_success(name, later)
    jobs.record_failure(TASK, later, "OperationalError")
    (complaint,) = of("job", later)
    assert complaint.key == f"job:{TASK}"
    assert "count days" in complaint.title
    assert "OperationalError" in complaint.advice
    jobs.record_success(TASK, later)
    assert not of("job", later)


def test_a_dead_worker_is_one_problem() -> None:
    all_ran(NOW)
    (complaint,) = of("job", NOW + dt.timedelta(days=1))
    assert (complaint.key, complaint.title) == ("jobs", "No job runs")
    JobDay.objects.all().delete()
    assert [one.key for one in of("job", NOW)] == ["jobs"]


def test_a_backup_that_is_too_old_is_a_problem(settings: Settings) -> None:
    settings.BACKUP_HOURS = 36.0
    assert not of("backup", NOW), "backups made otherwise are not known"
    jobs.record_success(jobs.BACKUP, NOW)
    assert not of("backup", NOW + dt.timedelta(hours=36))
    (complaint,) = of("backup", NOW + dt.timedelta(hours=73))
    assert complaint.title == "The last backup is 3 days old"
    settings.BACKUP_HOURS = 0.0
    assert not of("backup", NOW + dt.timedelta(hours=73))


def test_a_web_process_stands_in_for_a_worker_that_is_silent(settings: Settings) -> None:
    settings.ALARM_SECONDS = 0.0
    jobs.record_success(JOB, NOW)
    assert not stand_in(NOW + dt.timedelta(seconds=100))
    assert not Problem.objects.exists()
    assert stand_in(NOW + dt.timedelta(days=1))
    assert Problem.objects.filter(key="jobs").exists()


@pytest.mark.django_db(transaction=True)
def test_the_watchman_looks_by_itself_and_survives_a_database_that_is_away(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchman = Watchman(seconds=0.01)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE operating_jobday RENAME TO elsewhere")
    try:
        watchman.start()
        with pytest.raises(DatabaseError):
            stand_in(timezone.now())
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO operating_jobday")
    wait_until(Problem.objects.filter(key="jobs").exists)
    watchman.end()
    watchman.join(30)
    assert not watchman.is_alive()
