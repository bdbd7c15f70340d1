"""The boards' jobs. Their schedule stands in `arena.settings`."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.utils import timezone

from arena.boards import ledger, publication, refresh


@worker_init.connect
def load_kernels(**_: Any) -> None:
    """Have the compiled code of the ratings at hand before the pool forks and jobs are taken.

    Its processes then share one copy, and no job waits for a compiler.
    """
    from ratings.compile import compile_kernels  # noqa: PLC0415 - of workers only, not the web

    compile_kernels()


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
