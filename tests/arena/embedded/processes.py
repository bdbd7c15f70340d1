"""Processes that use the embedded servers, and what the tests ask of running servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import redis

from arena.embedded import EmbeddedServers

REPOSITORY = Path(__file__).resolve().parents[3]
Start = Callable[..., subprocess.Popen[str]]

# Everything is imported before the user changes: another user may not be able to enter the
# folder that this interpreter was installed to. What a shell makes its background jobs ignore is
# not ignored here.
_STARTER = """
import os, secrets, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
import arena.embedded.__main__ as command_line
uid = int(sys.argv.pop(1))
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
sys.exit(command_line.main())
"""


def launch(
    command: str, servers: EmbeddedServers, *, uid: int | None = None
) -> subprocess.Popen[str]:
    """Start the command line of the embedded servers, as another user when `uid` says so."""
    user = os.geteuid() if uid is None else uid
    return subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(user), command, "--root", str(servers.root)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def sql(servers: EmbeddedServers, query: str) -> list[tuple[object, ...]]:
    """Run a query in a transaction of its own."""
    with psycopg.connect(servers.database_url) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def valkey(servers: EmbeddedServers) -> redis.Redis:
    """Return a client as the project makes it: from the URL alone."""
    return redis.Redis.from_url(servers.redis_url)


def pids(servers: EmbeddedServers) -> tuple[int, int]:
    """Return the pids of the postmaster and of Valkey."""
    home = servers.root / "servers"
    postmaster = int((home / "postgres" / "postmaster.pid").read_text().split()[0])
    return postmaster, int((home / "valkey" / "valkey.pid").read_text())


def kill_both(servers: EmbeddedServers) -> None:
    """Kill both servers as hard as it goes."""
    for pid in pids(servers):
        psutil.Process(pid).send_signal(signal.SIGKILL)


def is_gone(process: psutil.Process) -> bool:
    """Return whether a process ended, if only as a zombie that init has yet to collect."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until(condition: Callable[[], bool], *, seconds: float = 30.0) -> None:
    """Wait for a condition; fail when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)
