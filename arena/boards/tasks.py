"""The boards' jobs. Their schedule stands in `arena.settings`."""

from celery import shared_task
from django.utils import timezone

from arena.boards.refresh import refresh_boards
from arena.boards.snapshots import publish


@shared_task
def refresh_live_boards() -> None:
    """Decide votes and refresh boards that have something new."""
    refresh_boards(timezone.now())


@shared_task
def publish_boards() -> None:
    """Publish the newest snapshot of every board."""
    now = timezone.now()
    refresh_boards(now)
    publish(now)
