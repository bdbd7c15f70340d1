"""The jobs of operating, and the record of every scheduled job. They run in workers."""

from typing import Any

from celery import shared_task
from celery.signals import task_failure, task_success
from django.utils import timezone

from arena.operating import alarms, days, jobs


@task_success.connect
def note_success(sender: Any = None, **_: Any) -> None:
    """Store that a scheduled job ended well."""
    if sender.name in jobs.schedule():
        jobs.record_success(sender.name, timezone.now())


@task_failure.connect
def note_failure(sender: Any = None, exception: Any = None, **_: Any) -> None:
    """Store that a scheduled job failed."""
    if sender.name in jobs.schedule():
        jobs.record_failure(sender.name, timezone.now(), type(exception).__name__)


@shared_task
def watch() -> None:
    """Look for what is wrong, and tell of what began and ended."""
    alarms.watch(timezone.now())


@shared_task
def count_days() -> None:
    """Count what happened today, and on days that were not counted to their end."""
    days.count_days(timezone.now())
