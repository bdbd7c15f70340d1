"""Celery's worker and its schedulers are killed while they write: each effect comes once."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from arena.embedded.layout import Layout
from arena.embedded.valkey import Valkey, redis_url
from tests.faults.own_postgres import ROOT, OwnPostgres, own_postgres

VOTES = 40
# The promise; most of it is for machines that are slower than one may think.
SECONDS_TO_MAKE_UP = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_CAST = f"""
import django
django.setup()
from django.utils import timezone
from tests.arena.boards.votes import cast, new_model
models = [new_model("Alder"), new_model("Birch")]
for number in range({VOTES}):
    cast(*models, "ab"[number % 2], final_at=timezone.now())
"""


class Programs:
    """A worker with two processes and two schedulers, as an installation may have them."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start all three."""
        self._celery("worker", "--concurrency", "2", "--hostname", f"w{time.monotonic_ns()}@here")
        for number in range(2):
            self._celery("beat", "--schedule", str(self._folder / f"beat-{number}"))

    def kill(self) -> None:
        """`kill -9` all of them and all that they have started."""
        for program in self._running:
            process = psutil.Process(program.pid)
            for one in (process, *process.children(recursive=True)):
                one.kill()
            program.wait()
        self._running.clear()

    def stop(self) -> list[int]:
        """Ask all to end; return their exit codes."""
        for program in self._running:
            program.terminate()
        codes = [program.wait(60) for program in self._running]
        self._running.clear()
        return codes

    def _celery(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "celery", "--app", "workers.celery", *arguments]
        self._running.append(subprocess.Popen(command, cwd=ROOT, env=self._environment))


@pytest.fixture
def postgres(transactional_db: None) -> Iterator[OwnPostgres]:
    with own_postgres() as server:
        yield server


@pytest.fixture
def programs(postgres: OwnPostgres) -> Iterator[Programs]:
    with tempfile.TemporaryDirectory(prefix="parity-jobs-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Valkey's system user must enter
        layout = Layout(folder.resolve() / "valkey")
        layout.make_root()
        layout.make_folders()
        valkey = Valkey(layout)
        valkey.start()
        environment = {
            **postgres.environment,
            "REDIS_URL": redis_url(layout),
            "PARITY_COLUMNS_DIR": str(folder / "columns"),
        }
        running = Programs(environment, folder)
        try:
            yield running
        finally:
            running.kill()
            valkey.stop()


@contextmanager
def locked(connection: psycopg.Connection, table: str) -> Iterator[None]:
    """Let nobody write to a table."""
    with connection.transaction():
        statement = sql.SQL("LOCK TABLE {} IN SHARE MODE")
        connection.execute(statement.format(sql.Identifier(table)))
        yield


def until(came: Callable[[], bool], what: str) -> float:
    """Wait for it; return the seconds it took."""
    began = time.monotonic()
    while not came():
        if time.monotonic() - began > SECONDS_TO_MAKE_UP:
            pytest.fail(f"{what} did not come within {SECONDS_TO_MAKE_UP} seconds")
        time.sleep(0.1)
    return time.monotonic() - began


def is_waited_for(connection: psycopg.Connection, table: str) -> bool:
    """Return whether another session waits for a lock on a table."""
    waiting = connection.execute(
        "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [table]
    )
    return waiting.fetchone() is not None


def figures(connection: psycopg.Connection) -> dict[str, int]:
    """Return how often each effect has come."""
    found = connection.execute("""
        SELECT (SELECT count(*) FROM integrity_votefacts) AS facts,
            (SELECT coalesce(sum(decisions), 0) FROM integrity_decisioncount) AS decisions,
            (SELECT count(*) FROM integrity_undecidedvote) AS undecided,
            (SELECT count(*) FROM boards_publication) AS publications,
            (SELECT count(*) FROM boards_snapshot WHERE published_for IS NOT NULL) AS published,
            (SELECT count(DISTINCT board_id) FROM boards_snapshot
                WHERE published_for IS NOT NULL) AS boards
    """)
    names = [column.name for column in found.description or ()]
    (row,) = found.fetchall()
    return dict(zip(names, map(int, row), strict=True))


def test_a_worker_and_two_schedulers_that_are_killed_leave_each_effect_once(
    postgres: OwnPostgres, programs: Programs
) -> None:
    postgres.run("-c", _CAST)
    url = postgres.environment["DATABASE_URL"]
    with (
        psycopg.connect(url, autocommit=True) as writer,
        psycopg.connect(url, autocommit=True) as reader,
    ):
        # While votes are decided, while a board is stored, and while a publication is ended.
        for table in ("integrity_votefacts", "boards_snapshotrow", "boards_publication"):
            with locked(writer, table):
                programs.start()
                until(partial(is_waited_for, reader, table), f"a job that writes to {table}")
                programs.kill()
        programs.start()
        until(lambda: figures(reader)["publications"] > 0, "the publication")
        codes = programs.stop()
        found = figures(reader)
    boards = found.pop("boards")
    assert boards > 0
    assert found == {
        "facts": VOTES,
        "decisions": VOTES,
        "undecided": 0,
        "publications": 1,
        "published": boards,
    }
    assert codes == [0, 0, 0]
