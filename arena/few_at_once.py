"""A limit on what is costly while it lasts: so many at once in a process, and of one network."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from arena.battles.errors import Unavailable

_SECONDS_TO_COME_BACK = 5


class FewAtOnce:
    """How many there are now, and of whom. Belongs to one event loop.

    Parameters
    ----------
    most : int
        In this process.
    of_one_network : int
        Fewer, so that nobody alone keeps out all others.
    """

    def __init__(self, most: int, *, of_one_network: int) -> None:
        self._most, self._most_of_one = most, of_one_network
        self._now: Counter[str | None] = Counter()

    def __len__(self) -> int:
        return self._now.total()

    @contextmanager
    def one_of(self, network: str | None) -> Iterator[None]:
        """Be one of them while inside.

        Raises
        ------
        Unavailable
            When there are as many as may be (code ``too_busy``).
        """
        if len(self) >= self._most or self._now[network] >= self._most_of_one:
            raise Unavailable("too_busy", retry_after=_SECONDS_TO_COME_BACK)
        self._now[network] += 1
        try:
            yield
        finally:
            self._now[network] -= 1
            self._now += Counter()  # networks that have none are forgotten
