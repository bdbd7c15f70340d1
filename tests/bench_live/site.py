"""The machine under test: databases, the scripted upstream, and web processes on their own core."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from arena.embedded import EmbeddedServers
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "bench-live"
RATE, TOKENS = 60, 300
# Two models alike, since a battle needs two; two that are only streaming while they are measured;
# and two of different speeds, to be told apart.
MODELS = (f"stamped-{RATE}-{TOKENS}", f"stamped-{RATE}-{TOKENS - 1}")
LONG_TOKENS = 6 * TOKENS
LONG = (f"stamped-{RATE}-{LONG_TOKENS}", f"stamped-{RATE}-{LONG_TOKENS - 1}")
PACES = ("steady-20-70", "steady-90-71")
_SECONDS_TO_START = 60.0


def cores() -> tuple[set[int] | None, set[int] | None]:
    """Return the processors of the web process and of all else; None where they can't be pinned."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    mine = sorted(os.sched_getaffinity(0))
    return ({mine[0]}, set(mine[1:])) if len(mine) > 1 else (set(mine), set(mine))


@contextlib.contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Run a Postgres and a Valkey of our own; yield the environment of a deployment on them.

    What was there before is thrown away: the rows of an earlier run would slow this one.
    """
    servers = EmbeddedServers(root=FOLDER)
    with contextlib.suppress(FileNotFoundError):
        servers.stop()
        shutil.rmtree(FOLDER)
    with servers.lease():
        yield {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "PARITY_SECRET_KEY": secrets.token_urlsafe(50),
            "PARITY_LOCAL_DIR": str(FOLDER),
            "PARITY_ENDPOINT_ALLOW": "127.0.0.1:1-65535",
            "PARITY_PACING": "live",
            "PARITY_LOG_LEVEL": "ERROR",
            # Each battle has a visitor of its own, but all come from one address.
            "PARITY_VISITORS_PER_NETWORK": "1000000",
            "OPENBLAS_NUM_THREADS": "1",
        }


@contextlib.contextmanager
def upstream() -> Iterator[str]:
    """Run the scripted server in a process of its own; yield its base URL."""
    with _running([sys.executable, "-m", "tests.bench_live.upstream"]) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("listening: "):
            raise RuntimeError(f"The scripted server did not start: {line!r}")
        yield line.removeprefix("listening: ").strip()


class Web:
    """Web processes as production runs them, each on a port of its own, all on one processor each.

    Attributes
    ----------
    ports : tuple of int
    processes : tuple of psutil.Process
    """

    def __init__(self, ports: Sequence[int], processes: Sequence[psutil.Process]) -> None:
        self.ports, self.processes = tuple(ports), tuple(processes)

    def cpu_seconds(self) -> float:
        """Return the processor time of all of them so far, threads and kernel included."""
        return sum(sum(process.cpu_times()[:2]) for process in self.processes)

    def memory(self) -> int:
        """Return the resident bytes of all of them now."""
        return sum(int(process.memory_info().rss) for process in self.processes)


@contextlib.contextmanager
def web(count: int, processors: set[int] | None, **environment: str) -> Iterator[Web]:
    """Run web processes; yield when they answer."""
    ports = [free_port() for _ in range(count)]
    with contextlib.ExitStack() as stack:
        started = []
        for port in ports:
            command = [sys.executable, "-m", "arena.web", "--port", str(port)]
            process = stack.enter_context(_running(command, processors, environment))
            started.append(psutil.Process(process.pid))
        for port in ports:
            _wait_for(port)
        yield Web(ports, started)


@contextlib.contextmanager
def _running(
    command: Sequence[str],
    processors: set[int] | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    pin = None
    if processors is not None:
        # One call of the kernel, and this program has no threads when it forks.
        pin = lambda: os.sched_setaffinity(0, processors)  # noqa: E731
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=pin,  # noqa: PLW1509
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _wait_for(port: int) -> None:
    end = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
        else:
            return
