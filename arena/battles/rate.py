"""A token bucket: a burst, then a steady rate."""


class RateLimit:
    """Allows ``burst`` events at once and ``per_second`` on average. Times are arguments."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = self._left = float(burst)
        self._per_second = per_second
        self._at: float | None = None

    def allow(self, at: float) -> bool:
        """Take one event at a time in seconds; return whether it is within the limit."""
        if self._at is not None:
            self._left = min(self._burst, self._left + (at - self._at) * self._per_second)
        self._at = at
        if self._left < 1:
            return False
        self._left -= 1
        return True
