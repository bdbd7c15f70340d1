"""The boards' jobs. Their schedule stands in `arena.settings`."""

from celery import shared_task
from django.utils import timezone

from arena.boards import ledger, publication, refresh


@shared_task
def refresh_live_boards() -> None:
    """Decide votes and refresh boards that have something new."""
    refresh.refresh_boards(timezone.now())


@shared_task
def publish_boards() -> None:
    """Publish the full set of boards that is due."""
    publication.publish_boards(timezone.now())


@shared_task
def write_ledgers() -> None:
    """Count anew what the transparency page shows, where it is due."""
    ledger.write_ledgers(timezone.now())
