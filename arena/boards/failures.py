"""Boards that could not be made: kept in rows where they are seen, and raised in the end."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from arena.boards.models import BoardFailure

# How long a source that failed is left alone while it has nothing new.
_PAUSE = dt.timedelta(seconds=60)


class Failures:
    """What went wrong in one run of a job, source by source.

    One source's fault must not keep the others waiting, and must not be lost either: it is kept
    in a row until the source succeeds, and raised when the run is over.
    """

    def __init__(self, job: str, now: dt.datetime) -> None:
        self._job = job
        self._now = now
        self._raised: list[Exception] = []
        self._known = {failure.source: failure for failure in BoardFailure.objects.filter(job=job)}

    def waits(self, source: str, decisions: int) -> bool:
        """Return whether a source failed a moment ago and has nothing new since."""
        known = self._known.get(source)
        return bool(known and known.decisions == decisions and self._now - known.at < _PAUSE)

    @contextmanager
    def kept(self, source: str, decisions: int) -> Iterator[None]:
        """Keep what goes wrong with a source; the database's own errors are raised at once."""
        try:
            yield
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - raised by `raise_together`
            self._raised.append(error)
            BoardFailure.objects.update_or_create(
                job=self._job,
                source=source,
                defaults={
                    "decisions": decisions,
                    "at": self._now,
                    "error": f"{type(error).__name__}: {error}",
                },
            )
        else:
            if source in self._known:
                BoardFailure.objects.filter(job=self._job, source=source).delete()

    def raise_together(self) -> None:
        """Raise everything that went wrong.

        Raises
        ------
        ExceptionGroup
        """
        if self._raised:
            raise ExceptionGroup(f"{self._job}: some boards could not be made", self._raised)
