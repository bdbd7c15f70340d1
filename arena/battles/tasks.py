"""Celery tasks of battles. Each finds its work by a query on rows."""

from celery import shared_task
from django.utils import timezone

from arena.battles.turns import void_abandoned


@shared_task(name="arena.battles.tasks.void_abandoned_turns")
def void_abandoned_turns() -> None:
    """End the turns whose web process died."""
    void_abandoned(at=timezone.now())
