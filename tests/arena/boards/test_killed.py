"""A process that is killed in the middle of a job leaves whole results or none, and the next one
makes up for it: each effect once (FAULTS 21).
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.db import connection, transaction

from arena.boards.models import Publication, Snapshot
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.integrity.facts import decide_votes
from arena.integrity.labels import label_prompts
from arena.integrity.models import DecisionCount, PastVoteFacts, VoteFacts
from tests.arena.boards.votes import NOW, cast, label_counts, new_model
from tests.arena.integrity.test_labels import LabellingServer, choose
from tests.arena.scripted_thread import playing

_ROOT = Path(__file__).resolve().parents[3]
_JOB = """
import sys
import django
django.setup()
from celery import current_app
from workers.celery import app
app.finalize()
from importlib import import_module
module, _, name = sys.argv[1].rpartition(".")
getattr(import_module(module), name)()
"""


def database_url() -> str:
    """Return the address of the database that this test uses."""
    parts = connection.settings_dict
    query = urlencode({"host": parts["HOST"]})
    address = f"{quote(parts['USER'])}:{quote(parts['PASSWORD'])}@:{parts['PORT'] or 5432}"
    return f"postgresql://{address}/{parts['NAME']}?{query}"


def start(job: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", _JOB, job],
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
    pytest.fail(f"the job never came to {on}")


def kill_at(table: str, job: str) -> None:
    """Start a job in a process of its own and kill it when it writes to a table."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
        process = start(job)
        try:
            wait_until_blocked(table)
        finally:
            process.kill()
            process.wait()


def make_up[T](work: Callable[[], T]) -> T:
    """Repeat a job until Postgres has seen the other session's end."""
    deadline = time.monotonic() + 60
    while not (done := work()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return done


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["integrity_votefacts", "boards_snapshotrow", "catalog_standing"])
def test_a_killed_refresh_is_made_up_by_the_next(table: str) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    kill_at(table, "arena.boards.tasks.refresh_live_boards")
    assert not Snapshot.objects.exists()
    make_up(lambda: refresh_boards(NOW))
    assert Snapshot.objects.count() == 2
    assert VoteFacts.objects.count() == 1
    assert DecisionCount.objects.get().decisions == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("table", "left"),
    [("boards_pairtable", 0), ("boards_snapshotrow", 0), ("boards_publication", 2)],
)
def test_a_killed_publication_is_made_up_by_the_next(table: str, left: int) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    refresh_boards(NOW)
    kill_at(table, "arena.boards.tasks.publish_boards")
    published = Snapshot.objects.exclude(published_for=None)
    assert published.count() == left
    assert not Publication.objects.exists()
    period = published[0].created_at if left else NOW
    make_up(lambda: publish_boards(period) or Publication.objects.exists())
    assert published.count() == published.values("board").distinct().count() == 2
    assert Publication.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_label_that_was_killed_is_asked_for_again_and_stored_once() -> None:
    with playing(LabellingServer()) as server:
        choose(server)
        cast(new_model("Alder"), new_model("Birch"), prompt="Write a Python function")
        decide_votes(NOW)
        kill_at("integrity_pastvotefacts", "arena.integrity.tasks.label_prompts")
        assert label_counts() == {"labelled": 0, "by_rule": 1, "unverified": 0}
        make_up(lambda: label_prompts(NOW))
    assert len(server.asked) == 2
    assert label_counts() == {"labelled": 1, "by_rule": 0, "unverified": 0}
    assert PastVoteFacts.objects.count() == 1
    assert DecisionCount.objects.get().decisions == 2
