"""The columns on disk: always what Postgres says, whatever happened to the files."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from pytest_django.fixtures import Settings

from arena.boards import column_cache, vote_rows
from arena.boards.column_cache import CacheHeldError, ColumnCache
from arena.boards.columns import VoteColumns
from arena.boards.models import BoardFailure
from arena.boards.refresh import refresh_boards
from arena.boards.removal import remove_source
from arena.boards.simulation import SOURCE, simulate
from arena.boards.vote_rows import changed_rows
from arena.boards.votes import counted_at, read_counted
from arena.integrity.fact_rows import begin_epochs
from arena.integrity.facts import decide_votes
from arena.integrity.models import DecisionCount, NotCounted, VoteFacts
from tests.arena.boards.votes import NOW, cast, exclude_votes, new_model


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.COLUMNS_DIR = tmp_path


def synced(source: str = "live") -> VoteColumns:
    return ColumnCache(source).sync().columns


def assert_as_in_postgres(source: str = "live") -> None:
    expected = VoteColumns.of(changed_rows(source, after=0).rows).in_order()
    found = synced(source)
    assert len(found) == len(expected) > 0
    for name in VoteColumns.__annotations__:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)


def manifest(source: str = "live") -> dict[str, object]:
    content = (ColumnCache(source).folder / "manifest.json").read_bytes()
    parsed: dict[str, object] = json.loads(content)
    return parsed


@pytest.mark.django_db
def test_new_votes_are_appended() -> None:
    models = new_model("Alder"), new_model("Birch")
    for number in range(4):
        cast(*models)
        decide_votes(NOW)
        assert len(synced()) == number + 1
        assert_as_in_postgres()
    assert len({manifest()["generation"]}) == 1
    assert manifest()["revision"] == 4


@pytest.mark.django_db
def test_only_what_is_new_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    models = new_model("Alder"), new_model("Birch")
    for _ in range(3):
        cast(*models)
    decide_votes(NOW)
    synced()
    cast(*models)
    decide_votes(NOW)
    read: list[int] = []

    def counting(source: str, *, after: int) -> object:
        changed = changed_rows(source, after=after)
        read.append(len(changed.rows))
        return changed

    monkeypatch.setattr(column_cache, "changed_rows", counting)
    assert len(synced()) == 4
    assert len(synced()) == 4
    assert read == [1, 0]


@pytest.mark.django_db
def test_facts_that_change_replace_the_older_ones() -> None:
    models = new_model("Alder"), new_model("Birch")
    votes = [cast(*models) for _ in range(6)]
    decide_votes(NOW)
    generation = (synced(), manifest()["generation"])[1]
    exclude_votes([votes[2].pk], NotCounted.SAME_MODEL, now=NOW)
    assert_as_in_postgres()
    assert len(read_counted("live")) == 5
    assert manifest()["generation"] == generation
    exclude_votes([vote.pk for vote in votes[3:]], NotCounted.SAME_MODEL, now=NOW)
    assert len(read_counted("live")) == 2
    assert manifest()["generation"] != generation, "many dead rows: written anew"
    assert_as_in_postgres()


@pytest.mark.django_db
def test_votes_that_were_in_force_at_a_revision_can_be_told_for_ever() -> None:
    models = new_model("Alder"), new_model("Birch")
    votes = [cast(*models) for _ in range(3)]
    decide_votes(NOW)
    then = read_counted("live")
    cast(*models)
    decide_votes(NOW)
    exclude_votes([votes[0].pk], NotCounted.SAME_MODEL, now=NOW)
    assert len(read_counted("live")) == 3
    again = counted_at("live", then.revision)
    assert again.columns.vote.tolist() == then.columns.vote.tolist()
    assert again.votes().comparisons.digest() == then.votes().comparisons.digest()


@pytest.mark.django_db
@pytest.mark.parametrize("harm", ["deleted", "shortened", "flipped", "no JSON", "other format"])
def test_a_broken_cache_is_made_again(harm: str) -> None:
    models = new_model("Alder"), new_model("Birch")
    for outcome in ("a", "b", "tie", "both_bad"):
        cast(*models, outcome)
    decide_votes(NOW)
    synced()
    folder = ColumnCache("live").folder
    column = folder / str(manifest()["generation"]) / "outcome"
    column_cache._verified.clear()  # as a new process would find it
    match harm:
        case "deleted":
            column.unlink()
        case "shortened":
            column.write_bytes(column.read_bytes()[:2])
        case "flipped":
            column.write_bytes(bytes([column.read_bytes()[0] ^ 1]) + column.read_bytes()[1:])
        case "no JSON":
            (folder / "manifest.json").write_text("{", encoding="utf-8")
        case "other format":
            other = manifest() | {"format": 0}
            (folder / "manifest.json").write_text(json.dumps(other), encoding="utf-8")
    assert_as_in_postgres()
    assert len(list(folder.iterdir())) == 3, "the lock, the manifest, one generation"


@pytest.mark.django_db
def test_what_a_killed_writer_left_is_written_over() -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models)
    decide_votes(NOW)
    synced()
    folder = ColumnCache("live").folder
    for name in ("vote", "outcome", "style"):
        with (folder / str(manifest()["generation"]) / name).open("ab") as file:
            file.write(b"half of a row")
    (folder / "manifest.new").write_text("{", encoding="utf-8")
    cast(*models)
    decide_votes(NOW)
    assert_as_in_postgres()


@pytest.mark.django_db
def test_another_life_of_the_source_is_not_mixed_in() -> None:
    simulate(votes=50, voters=5, seed=1, until=NOW)
    first = ColumnCache(SOURCE).sync()
    remove_source(SOURCE)
    assert len(synced(SOURCE)) == 0
    VoteFacts.objects.all().delete()
    models = new_model("Alder"), new_model("Birch")
    for _ in range(60):
        cast(*models, source=SOURCE)
    decide_votes(NOW)
    assert DecisionCount.objects.get().decisions > first.revision
    assert_as_in_postgres(SOURCE)
    assert len(synced(SOURCE)) == 60


@pytest.mark.django_db
def test_a_restored_database_makes_it_again() -> None:
    cast(new_model("Alder"), new_model("Birch"))
    decide_votes(NOW)
    generation = (synced(), manifest()["generation"])[1]
    begin_epochs()
    assert_as_in_postgres()
    assert manifest()["generation"] != generation


@pytest.mark.django_db
def test_without_a_disk_votes_are_read_from_postgres(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    settings.COLUMNS_DIR = tmp_path / "file"
    cast(new_model("Alder"), new_model("Birch"))
    decide_votes(NOW)
    assert len(synced()) == 1
    assert "cannot be used" in caplog.text


_SYNC = """
import django, os, signal, sys
django.setup()
from arena.boards import column_cache
replace = os.replace
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "die":
    os.replace = die
print(len(column_cache.ColumnCache("live").sync().columns))
"""


_HOLD = """
import fcntl, os, sys
with open(sys.argv[1], "a+") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.write(str(os.getpid()))
    lock.flush()
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(source: str = "live") -> Iterator[int]:
    """Hold a cache as a process does that hangs; yield its number."""
    folder = ColumnCache(source).folder
    folder.mkdir(parents=True, exist_ok=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(folder / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder.pid
        finally:
            holder.kill()


@pytest.mark.django_db
def test_a_process_that_keeps_the_cache_is_named_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(column_cache, "PATIENCE_SECONDS", 0.2)
    cast(new_model("Alder"), new_model("Birch"))
    decide_votes(NOW)
    with (
        held_by_another_process() as holder,
        pytest.raises(CacheHeldError, match=f"Process {holder} has held"),
    ):
        synced()
    assert len(synced()) == 1, "a process that is dead holds nothing"


@pytest.mark.django_db
def test_a_source_whose_cache_is_kept_is_seen_and_rated_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(column_cache, "PATIENCE_SECONDS", 0.2)
    cast(new_model("Alder"), new_model("Birch"))
    with (
        held_by_another_process() as holder,
        pytest.raises(ExceptionGroup, match="some boards could not be made"),
    ):
        refresh_boards(NOW)
    assert f"Process {holder} has held" in BoardFailure.objects.get().error
    later = NOW + dt.timedelta(minutes=2)
    assert refresh_boards(later) == ["live"]
    assert not BoardFailure.objects.exists()


def in_a_process(how: str, folder: Path) -> subprocess.CompletedProcess[str]:
    from tests.arena.boards.test_killed import database_url  # noqa: PLC0415

    environment = {
        "DJANGO_SETTINGS_MODULE": "arena.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "PARITY_COLUMNS_DIR": str(folder),
    }
    return subprocess.run(
        [sys.executable, "-c", _SYNC, how],
        cwd=Path(__file__).resolve().parents[3],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_before_the_last_step_leaves_what_was_there(tmp_path: Path) -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models)
    decide_votes(NOW)
    assert len(synced()) == 1
    cast(*models)
    decide_votes(NOW)
    assert in_a_process("die", tmp_path).returncode == -signal.SIGKILL
    assert manifest()["length"]["vote"] == 1  # type: ignore[index]
    assert in_a_process("live", tmp_path).stdout == "2\n"
    assert_as_in_postgres()


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_agree() -> None:
    models = new_model("Alder"), new_model("Birch")

    def sync(_number: int) -> int:
        try:
            return len(synced())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for number in range(1, 5):
            cast(*models)
            decide_votes(NOW)
            assert set(pool.map(sync, range(8))) == {number}
    assert_as_in_postgres()


@pytest.mark.django_db
def test_what_changed_is_found_by_an_index() -> None:
    simulate(votes=20_000, voters=50, seed=1, until=NOW)
    revision = DecisionCount.objects.get().decisions
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(
            f"EXPLAIN {vote_rows._CHANGED}",
            {"source": SOURCE, "after": revision, "uses": ["a"], "tags": ["en"]},
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "vote_facts_by_revision" in plan
    assert "Seq Scan on integrity_votefacts" not in plan
    assert "Seq Scan on battles" not in plan
