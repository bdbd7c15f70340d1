"""Celery tasks of battles. Each finds its work by a query on rows."""

import time

from celery import shared_task
from django.utils import timezone

from arena.battles.pictures.keeping import forget_unused
from arena.battles.turns import void_abandoned

# Sweeps come every ten seconds. After a longer pause the database may just have come back: then
# the web processes were silent because of it, and get until the next sweep to say that they live.
_LONGEST_PAUSE_SECONDS = 25.0
_swept_at = float("-inf")


@shared_task(name="arena.battles.tasks.void_abandoned_turns")
def void_abandoned_turns() -> None:
    """End the turns whose web process died."""
    global _swept_at
    now = time.monotonic()
    paused, _swept_at = now - _swept_at > _LONGEST_PAUSE_SECONDS, now
    if not paused:
        void_abandoned(at=timezone.now())


@shared_task(name="arena.battles.tasks.forget_unused_pictures")
def forget_unused_pictures() -> None:
    """Delete the pictures that no prompt used for a day."""
    forget_unused(at=timezone.now())
