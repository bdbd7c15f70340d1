"""Real servers in a folder of their own, and real processes that start, share and leave them."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from arena.embedded import EmbeddedServers
from tests.arena.embedded.processes import Start, is_gone, launch, wait_until


def _disk() -> str:
    """Return a folder in memory where there is room: fsync, which stays on, costs nothing there."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 500_000_000
    return str(memory) if roomy else "/tmp"  # noqa: S108


_DISK = _disk()
_ENDING = {"postgres": signal.SIGINT, "valkey-server": signal.SIGTERM}


@pytest.fixture
def work() -> Iterator[Path]:
    """Return an empty folder that every user may enter (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="parity-", dir=_DISK))
    folder.chmod(0o755)
    yield folder
    _end_servers_below(folder)
    shutil.rmtree(folder)


@pytest.fixture
def servers(work: Path) -> EmbeddedServers:
    """Return servers that were never started."""
    return EmbeddedServers(root=work / ".local")


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that runs a program which holds a lease, once it says it does."""
    started: list[subprocess.Popen[str]] = []

    def run(servers: EmbeddedServers, *, uid: int | None = None) -> subprocess.Popen[str]:
        process = launch("start", servers, uid=uid)
        started.append(process)
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Running."):
                return process
        raise AssertionError("".join(said))

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _end_servers_below(folder: Path) -> None:
    """End servers that a test left behind; gently, or their shared memory stays for ever."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ending = _ENDING.get(process.name())
            if ending and any(str(folder) in word for word in process.cmdline()):
                process.send_signal(ending)
                wait_until(lambda: is_gone(process))  # noqa: B023 -- it is called at once
