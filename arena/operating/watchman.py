"""Who watches the watcher: a thread of each web process, for when no worker looks any more."""

import datetime as dt
import logging
import threading

from django.db import DatabaseError, connections
from django.utils import timezone

from arena.operating import alarms, jobs

logger = logging.getLogger(__name__)

JOB = "arena.operating.tasks.watch"


class Watchman(threading.Thread):
    """Looks for what is wrong, and tells of it, while the job that does so is not heard of.

    Otherwise it costs one query a minute. Several at once are harmless.

    Parameters
    ----------
    seconds : float
        Between two looks.
    """

    def __init__(self, *, seconds: float = 60.0) -> None:
        super().__init__(name="watchman", daemon=True)
        self._seconds = seconds
        self._ended = threading.Event()

    def run(self) -> None:
        """Look until `end`."""
        while not self._ended.wait(self._seconds):
            try:
                stand_in(timezone.now())
            except DatabaseError:
                continue  # whoever asks /readyz is told of it; there is nothing to look at here
            except Exception:
                # The last that looks after the others: a fault of one look may not end the next.
                logger.exception("The watchman's look failed")
            finally:
                connections.close_all()

    def end(self) -> None:
        """Look no more."""
        self._ended.set()


def stand_in(now: dt.datetime) -> bool:
    """Watch in the job's place if it is late, or never ran; return whether it was needed."""
    job = jobs.job_named(JOB)
    if not job.is_late(now, since=dt.datetime.min.replace(tzinfo=dt.UTC)):
        return False
    alarms.watch(now)
    return True
