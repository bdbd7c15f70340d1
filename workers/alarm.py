"""A timer that is put off often and rings seldom."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls ``ring`` at a time that may be moved; moving it later costs an assignment.

    Belongs to one event loop; times are of its clock. A timer of the loop for each piece of text
    would be made and cancelled thousands of times a second, to go off once an hour.
    """

    def __init__(self, ring: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._ring = ring
        self._at = float("inf")
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at: float) -> None:
        """Ring at this time, and not at the one before."""
        self._at = at
        if self._timer is None or self._timer.when() > at:
            self.cancel()
            self._timer = self._loop.call_at(at, self._due)

    def cancel(self) -> None:
        """Do not ring, until it is set again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._loop.time() < self._at:
            self.set(self._at)
        else:
            self._ring()
