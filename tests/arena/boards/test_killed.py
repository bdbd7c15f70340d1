"""A process that is killed while it refreshes leaves whole snapshots or none (FAULTS 21)."""

import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection, transaction

from arena.boards.models import Snapshot
from arena.boards.refresh import refresh_boards
from arena.integrity.models import DecisionCount, VoteFacts
from tests.arena.boards.votes import NOW, cast, new_model

_ROOT = Path(__file__).resolve().parents[3]
_REFRESH = """
import django
django.setup()
from arena.boards.tasks import refresh_live_boards
refresh_live_boards()
"""


def database_url() -> str:
    """Return the address of the database that this test uses."""
    parts = connection.settings_dict
    query = urlencode({"host": parts["HOST"]})
    address = f"{quote(parts['USER'])}:{quote(parts['PASSWORD'])}@:{parts['PORT'] or 5432}"
    return f"postgresql://{address}/{parts['NAME']}?{query}"


def start_refresh() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _REFRESH],
        cwd=_ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "arena.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": settings.REDIS_URL,
        },
    )


def wait_until_blocked(on: str) -> None:
    """Wait until another session waits for a lock on a table."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass", [on]
            )
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.05)
    pytest.fail(f"the refresh never came to {on}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["integrity_votefacts", "boards_snapshotrow", "catalog_standing"])
def test_a_killed_refresh_is_made_up_by_the_next(table: str) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        process = start_refresh()
        try:
            wait_until_blocked(table)
        finally:
            process.kill()
            process.wait()
    assert not Snapshot.objects.exists()

    deadline = time.monotonic() + 60
    while not refresh_boards(NOW):  # until Postgres has seen the other session's end
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert Snapshot.objects.count() == 2
    assert VoteFacts.objects.count() == 1
    assert DecisionCount.objects.get().decisions == 1
