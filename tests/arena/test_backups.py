"""A backup restored into an empty database is the same database (FAULTS 28)."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from arena.backups import summarise
from arena.boards.models import Snapshot
from arena.boards.publication import publish_boards
from arena.boards.simulation import simulate
from tests.arena.boards.test_killed import database_url
from tests.arena.boards.votes import NOW

_ROOT = Path(__file__).resolve().parents[2]
_REPLAY = """
import json, django
django.setup()
from arena.boards.models import Snapshot
from arena.boards.replay import replay
from arena.backups import summarise
same = [replay(snapshot).faithful for snapshot in Snapshot.objects.select_related("board")]
summary = summarise()
print(json.dumps([same, summary.rows, summary.votes, summary.boards]))
"""


@pytest.fixture
def empty_database() -> Iterator[str]:
    """Make a database beside the tests' own, and return its address."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(database_url(), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        parts = urlsplit(database_url())
        yield urlunsplit(parts._replace(path=f"/{name}"))
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "arena.settings",
        "DATABASE_URL": database,
        "REDIS_URL": settings.REDIS_URL,
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_a_restored_backup_has_the_same_rows_votes_and_boards(
    tmp_path: Path, empty_database: str
) -> None:
    simulate(votes=400, voters=20, seed=1, until=NOW)
    publish_boards(NOW)
    file, out = tmp_path / "parity.dump", StringIO()
    call_command("backup", str(file), stdout=out)
    assert "400 votes" in out.getvalue()
    with pytest.raises(CommandError, match="already"):
        call_command("backup", str(file))

    done = run(empty_database, "manage.py", "restore", str(file))
    assert done.returncode == 0, done.stderr
    assert "400 votes" in done.stdout
    again = run(empty_database, "manage.py", "restore", str(file))
    assert "not empty" in again.stderr

    here = summarise()
    same, rows, votes, boards = json.loads(run(empty_database, "-c", _REPLAY).stdout)
    assert (rows, votes, boards) == (here.rows, here.votes, here.boards)
    assert len(same) == Snapshot.objects.count()
    assert all(same)


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_differs_says_so(tmp_path: Path, empty_database: str) -> None:
    file = tmp_path / "parity.dump"
    call_command("backup", str(file), stdout=StringIO())
    summary = Path(f"{file}.json")
    expected = json.loads(summary.read_text(encoding="utf-8")) | {"votes": "0" * 64}
    summary.write_text(json.dumps(expected), encoding="utf-8")
    done = run(empty_database, "manage.py", "restore", str(file))
    assert done.returncode == 1
    assert "votes differ" in done.stderr
