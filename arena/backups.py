"""Backups: one file by `pg_dump`, and beside it what it must hold when it is restored.

The dump and its summary are taken from one exported snapshot, so they agree however many votes
come in meanwhile; nobody waits for them.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from arena.embedded.errors import EmbeddedError
from arena.embedded.programs import installed
from arena.integrity.fact_rows import begin_epochs
from arena.operating.jobs import BACKUP, record_success

# What is made anew by every process, or says nothing after a restore.
_NOT_COUNTED = frozenset(
    {"battles_runner", "django_session", "integrity_decisioncount", "operating_jobday"}
)
_VOTES = """
    COPY (SELECT id, battle_id, outcome, source, cast_at, final_at FROM battles_vote ORDER BY id)
    TO STDOUT
"""


class BackupError(Exception):
    """The backup could not be made or restored; the text says why and what to do."""


@dataclass(frozen=True)
class Summary:
    """What a database holds.

    Attributes
    ----------
    rows : dict of int by table
    votes : str
        SHA-256 over every vote in its order.
    boards : str
        SHA-256 over the ids of all published boards.
    """

    rows: dict[str, int]
    votes: str
    boards: str


def back_up(path: Path) -> Summary:
    """Write a backup to `path`, and its summary to ``path.json``.

    Raises
    ------
    BackupError
        The file is there already, or `pg_dump` failed; no half of a backup is left.
    """
    if path.exists():
        raise BackupError(f"{path} is there already.")
    temporary = path.with_name(f".{path.name}.incomplete")
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SELECT pg_export_snapshot()")
                (snapshot,) = cursor.fetchone()
            summary = summarise()
            _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={temporary}")
        summary_of(path).write_text(json.dumps(asdict(summary), indent=1) + "\n", encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    record_success(BACKUP, timezone.now())
    return summary


def restore(path: Path) -> Summary:
    """Restore a backup into the empty database that the settings name; all of it or nothing.

    Raises
    ------
    BackupError
        The database is not empty, `pg_restore` failed, or what came out is not what went in.
    """
    if not path.is_file():
        raise BackupError(f"There is no file {path}.")
    if connection.introspection.table_names():
        raise BackupError("The database is not empty: name a new one in DATABASE_URL.")
    _run("pg_restore", "--single-transaction", "--no-owner", "--exit-on-error", str(path))
    # Columns that workers kept belong to another life of the database.
    with transaction.atomic():
        begin_epochs()
    found = summarise()
    if summary_of(path).is_file():
        expected = Summary(**json.loads(summary_of(path).read_text(encoding="utf-8")))
        differing = [
            name for name in asdict(found) if getattr(found, name) != getattr(expected, name)
        ]
        if differing:
            raise BackupError(f"Restored, but not as it was saved: {', '.join(differing)} differ.")
    return found


def summary_of(path: Path) -> Path:
    """Return where the summary of a backup stands."""
    return path.with_name(f"{path.name}.json")


def summarise() -> Summary:
    """Count rows and hash votes and boards, in the snapshot of the current transaction."""
    with connection.cursor() as cursor:
        rows = {}
        for table in sorted(set(connection.introspection.table_names(cursor)) - _NOT_COUNTED):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608
            rows[table] = int(cursor.fetchone()[0])
        votes = hashlib.sha256()
        with cursor.copy(_VOTES) as copied:
            for piece in copied:
                votes.update(piece)
        cursor.execute(
            "SELECT coalesce(string_agg(replay_id || figures_hash, ',' ORDER BY id), '')"
            " FROM boards_snapshot WHERE published_for IS NOT NULL"
        )
        boards = hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest()
    return Summary(rows, votes.hexdigest(), boards)


def _run(program: str, *arguments: str) -> None:
    """Run a client program of Postgres on the database of the settings."""
    parameters = connection.get_connection_params()
    address: dict[str, Any] = {
        "PGHOST": parameters.get("host"),
        "PGPORT": parameters.get("port"),
        "PGUSER": parameters.get("user"),
        "PGPASSWORD": parameters.get("password"),
        "PGDATABASE": parameters.get("dbname"),
        "PGSSLMODE": parameters.get("sslmode"),
    }
    environment = os.environ | {name: str(value) for name, value in address.items() if value}
    database = [f"--dbname={parameters['dbname']}"]
    done = subprocess.run(
        [_program(program), *arguments, "--no-password", *database],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it said nothing"]
        raise BackupError(f"{program} failed: {lines[0]}")


def _program(name: str) -> str:
    """Return our own Postgres' program, whose version fits, or else the system's."""
    try:
        own = installed().postgres / name
    except EmbeddedError:
        own = None
    if own is not None and own.is_file():
        return str(own)
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed: install the Postgres client programs.")
    return found
