"""Advisory file locks, which the kernel frees when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from arena.embedded.errors import EmbeddedError

_POLL_SECONDS = 0.02


class FileLock:
    """A lock on the file at `path`, made when missing; closing it frees the lock.

    Each instance opens the file itself and so counts as a holder of its own, also within one
    process. A child that inherits the descriptor holds the lock too, until it ends.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._path = path
        self._descriptor = os.open(path, flags, 0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)

    def fileno(self) -> int:
        """Return the descriptor, to hand to a child process."""
        return self._descriptor

    def try_shared(self) -> bool:
        """Take or keep the lock together with other sharers; return whether that worked."""
        return self._try(fcntl.LOCK_SH)

    def try_exclusive(self) -> bool:
        """Take the lock alone; return whether that worked. A failed try drops a shared hold."""
        return self._try(fcntl.LOCK_EX)

    def exclusive(self, *, seconds: float) -> None:
        """Wait for the lock at most `seconds`.

        Raises
        ------
        EmbeddedError
            When another process keeps it for longer.
        """
        deadline = time.monotonic() + seconds
        while not self.try_exclusive():
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"Another process has held {self._path} for {seconds:.0f} s: it is starting "
                    "or stopping the servers and hangs. End that process and try again."
                )
            time.sleep(_POLL_SECONDS)

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self._descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_held(path: Path) -> bool:
    """Return whether some process holds the lock at `path` alone; makes no file."""
    if not path.exists():
        return False
    with FileLock(path) as lock:
        return not lock.try_shared()
