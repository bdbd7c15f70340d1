"""The public face of the embedded servers: their addresses, and leases that keep them alive."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from arena.embedded.errors import EmbeddedError
from arena.embedded.layout import Layout
from arena.embedded.locks import FileLock
from arena.embedded.postgres import Postgres, database_url
from arena.embedded.server import START_SECONDS, Server
from arena.embedded.valkey import Valkey, broker_url, redis_url

logger = logging.getLogger("arena.embedded")

WATCH_SECONDS = 1.0
_MUTEX_SECONDS = START_SECONDS * 3
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class EmbeddedServers:
    """A Postgres and a Valkey of our own, shared by every process that uses the same root.

    Parameters
    ----------
    root
        The folder that holds everything, `.local/` of the project; made when missing. Nothing is
        read or started before it is needed.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @property
    def database_url(self) -> str:
        """The URL of Postgres, known before it runs."""
        return database_url(self._layout)

    @property
    def redis_url(self) -> str:
        """The URL of Valkey as redis-py reads it, known before it runs."""
        return redis_url(self._layout)

    @property
    def broker_url(self) -> str:
        """The URL of Valkey as Celery reads it, for the broker and for results."""
        return broker_url(self._layout)

    def is_running(self) -> bool:
        """Return whether both servers answer a real client."""
        return all(server.answers() for server in self._servers())

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Keep both servers running for as long as the block runs.

        Starts them, or adopts them where they run, and restarts one that dies. The last process
        to leave its block stops them. A process that is killed loses its lease at once; servers
        left behind that way are adopted by the next lease. Ctrl-C ends the block as usual;
        SIGTERM and SIGHUP do too, unless the program handles them itself.

        Raises
        ------
        EmbeddedError
            When a server cannot be started; the message says what to do.
        """
        with _ends_on_signals():
            with self._mutex():
                self._make_folders()
                seat = FileLock(self._layout.lease)
            with seat:
                try:
                    with self._mutex():
                        self._take(seat)
                    with self._watched():
                        yield
                finally:
                    with _undisturbed(), self._mutex():
                        if seat.try_exclusive():
                            self._stop()

    def revive(self) -> tuple[str, ...]:
        """Restart what died; return the names of the servers that were restarted."""
        return self._revive(lambda: True)

    def stop(self) -> None:
        """Stop servers that nobody uses, such as those of a killed process.

        Raises
        ------
        EmbeddedError
            When a process still holds a lease; its servers would come back anyway.
        """
        if not self._layout.home.exists():
            return
        with self._mutex(), FileLock(self._layout.lease) as seat:
            if not seat.try_exclusive():
                raise EmbeddedError(
                    "Another process uses the servers. End that one: the last to leave stops them."
                )
            self._stop()

    @property
    def _layout(self) -> Layout:
        return Layout(self.root)  # anew each time: what is on disk may have changed

    def _servers(self) -> list[Server]:
        layout = self._layout
        return [Postgres(layout), Valkey(layout)]

    @contextmanager
    def _mutex(self) -> Iterator[None]:
        """Let one process at a time start and stop servers."""
        try:
            self._layout.make_root()
            lock = FileLock(self._layout.mutex)
        except PermissionError as error:
            raise EmbeddedError(
                f"You may not write to {error.filename}: the servers were first started by "
                f"another user. Start as that user, or chown -R {self.root} to yourself, or set "
                "PARITY_LOCAL_DIR to a folder of your own."
            ) from error
        with lock:
            lock.exclusive(seconds=_MUTEX_SECONDS)
            yield

    def _make_folders(self) -> None:
        layout = self._layout
        if layout.home != layout.entry and not layout.entry.is_symlink() and layout.home.exists():
            self._stop()  # `.local/` was deleted under running servers
            layout.set_stale_home_aside()
        layout.make_folders()

    def _take(self, seat: FileLock) -> None:
        seat.try_shared()  # cannot fail: only holders of the mutex take it alone
        for server in self._servers():
            server.start()

    def _stop(self) -> None:
        for server in self._servers():
            server.stop()

    @contextmanager
    def _watched(self) -> Iterator[None]:
        over = threading.Event()
        watchdog = threading.Thread(
            target=self._watch, args=(over,), name="embedded-servers", daemon=True
        )
        watchdog.start()
        try:
            yield
        finally:
            over.set()
            watchdog.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(WATCH_SECONDS):
            try:
                self._revive(lambda: not over.is_set())
            except (EmbeddedError, OSError) as error:
                logger.error("A server died and did not come back; trying again: %s", error)

    def _revive(self, is_wanted: Callable[[], bool]) -> tuple[str, ...]:
        if all(server.is_well for server in self._servers()):
            return ()
        began = time.monotonic()
        with self._mutex():
            if not is_wanted():
                return ()
            self._make_folders()
            revived = tuple(server.name for server in self._servers() if server.start())
        for name in revived:
            logger.warning("%s had died; it was back in %.1f s", name, time.monotonic() - began)
        return revived


@contextmanager
def _ends_on_signals() -> Iterator[None]:
    """Turn signals that would end the process on the spot into an exit that cleans up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in _ENDING_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in ours:
        signal.signal(number, _exit)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)


def _exit(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep an impatient second Ctrl-C from leaving servers behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, *_ENDING_SIGNALS)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
