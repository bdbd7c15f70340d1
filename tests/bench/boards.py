"""Measure boards at scale: ``python -m tests.bench.boards --votes 10000 1000000``.

Each size in an embedded Postgres of its own: simulated votes under the source `live`, then single
votes through to the snapshot that counts them, the full set of boards, single votes while that is
made again, the pages, and whether any statement of a refresh or a page reads a whole big table.
Writes ``tests/bench/boards.json``; each step notes the load of the machine when it began.

Without ``--folder`` the servers are thrown away afterwards. With it they stay, and ``--steps`` does
a part of the work at a time: ten million votes are written once, in the background, and measured
later on a quiet machine. A fill that was killed has left nothing, and the next begins anew.
"""

import argparse
import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.pages import PAGES, time_pages

ROOT = Path(__file__).resolve().parents[2]
_RESULTS = Path(__file__).with_suffix(".json")
_STEPS = ["fill", "refresh", "publish", "busy", "pages", "plans"]
_SINGLE_VOTES = 7
_LOOKS = 3_000
# Fewer rows than these are read in whole faster than by an index.
_BIG = 5_000


def seconds[T](work: Callable[[], T]) -> tuple[float, T]:
    """Call and time."""
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


def prepare(folder: Path) -> Callable[[], None]:
    """Start servers of our own and point Django at them; returns what stops them."""
    from arena.embedded import EmbeddedServers  # noqa: PLC0415 - settings come after it

    servers = EmbeddedServers(root=folder)
    lease = servers.lease()
    lease.__enter__()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "arena.settings",
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "PARITY_COLUMNS_DIR": str(folder / "columns"),
        "PARITY_STATIC_ROOT": str(folder / "static"),
        "PARITY_LOG_LEVEL": "WARNING",
        "OPENBLAS_NUM_THREADS": "1",  # as a worker has it
    }
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)

    def stop() -> None:
        from django.db import connections  # noqa: PLC0415

        connections.close_all()
        lease.__exit__(None, None, None)

    return stop


def fill(votes: int, models: int) -> dict[str, object]:
    """Write the votes, unless they are there, and rate them for the first time."""
    from django.utils import timezone  # noqa: PLC0415

    from arena.battles.models import Vote  # noqa: PLC0415
    from arena.boards.refresh import refresh_boards  # noqa: PLC0415
    from arena.boards.simulation import simulate  # noqa: PLC0415

    if Vote.objects.exists():
        return {}
    now = timezone.now() - dt.timedelta(minutes=1)
    began = time.perf_counter()

    def tell(done: int) -> None:
        sys.stderr.write(f"{done:,} votes after {time.perf_counter() - began:.0f} s\n")

    voters = max(100, votes // 50)
    written, _ = seconds(
        lambda: simulate(
            votes=votes,
            voters=voters,
            models=models,
            seed=1,
            until=now,
            source="live",
            on_progress=tell,
        )
    )
    first, _ = seconds(lambda: refresh_boards(now))
    return {"models": models, "write_s": round(written, 1), "first_refresh_s": round(first, 2)}


def refresh() -> dict[str, object]:
    """Cast single votes that are final now, each followed to the snapshot that counts it."""
    from arena.boards.column_cache import ColumnCache  # noqa: PLC0415

    one_vote()  # a worker has its code loaded and the columns mapped
    single = [one_vote() for _ in range(_SINGLE_VOTES)]
    read, _ = seconds(lambda: ColumnCache("live").sync())
    return {
        "one_vote_to_snapshot_s": [round(took, 3) for took in single],
        "read_columns_s": round(read, 3),
    }


def one_vote() -> float:
    """Cast a vote that is final now; return the seconds until a snapshot counts it."""
    from django.utils import timezone  # noqa: PLC0415

    from arena.battles.models import Battle, Vote  # noqa: PLC0415
    from arena.boards.models import Snapshot  # noqa: PLC0415
    from arena.boards.refresh import refresh_boards  # noqa: PLC0415
    from arena.catalog.models import LanguageModel  # noqa: PLC0415
    from arena.voters.models import Voter  # noqa: PLC0415

    one, other = LanguageModel.objects.order_by("pk")[:2]
    battle = Battle.objects.create(voter=Voter.objects.create(), model_a=one, model_b=other)
    now = timezone.now()
    vote = Vote.objects.create(battle=battle, outcome="a", cast_at=now, final_at=now)
    counting = Snapshot.objects.filter(published_for=None, last_vote_id__gte=vote.pk)

    def until_counted() -> None:
        for _ in range(_LOOKS):
            refresh_boards(timezone.now())
            if counting.exists():
                return
            time.sleep(0.02)  # a publication has its turn of the refresh just now
        raise SystemExit("the vote is not on the board")

    took, _ = seconds(until_counted)
    return took


def publish() -> dict[str, object]:
    """Publish the full set of boards, and count the public account of the source."""
    from django.utils import timezone  # noqa: PLC0415

    from arena.boards.ledger import write_ledgers  # noqa: PLC0415
    from arena.boards.models import Ledger, Publication, Snapshot  # noqa: PLC0415
    from arena.boards.publication import publish_boards  # noqa: PLC0415

    Snapshot.objects.exclude(published_for=None).delete()
    for stored in (Publication, Ledger):
        stored.objects.all().delete()
    took, published = seconds(lambda: publish_boards(timezone.now()))
    counting, _ = seconds(lambda: write_ledgers(timezone.now()))
    boards = sum(published.values())
    return {"publish_s": round(took, 1), "boards": boards, "ledger_s": round(counting, 1)}


def busy() -> dict[str, object]:
    """Follow one vote after the other while another process publishes the full set."""
    work = "import django; django.setup(); from tests.bench.boards import publish; publish()"
    one_vote()
    took = []
    with subprocess.Popen([sys.executable, "-c", work], cwd=ROOT) as publishing:
        while publishing.poll() is None:
            took.append(one_vote())
    if publishing.returncode:
        raise SystemExit("the publication failed")
    return {
        "while_publishing": {
            "votes": len(took),
            "median_s": round(statistics.median(took), 3),
            "slowest_s": round(max(took), 3),
        }
    }


def pages() -> dict[str, object]:
    """Time each page, kept and made anew, in milliseconds."""
    return {"pages_ms": time_pages()}


def plans() -> dict[str, object]:
    """List the statements that read a whole big table, by what was done; none is the goal."""
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from arena.boards.kept import forget_everything  # noqa: PLC0415
    from tests.arena.plans import Plans  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    seen, client = Plans(_BIG), Client(headers={"host": "localhost"})
    with seen.watching("count one vote"):
        one_vote()
    for address in PAGES:
        forget_everything()
        with seen.watching(address):
            client.get(address)
    return {
        "database_gb": round(size / 1e9, 2),
        "big_tables": sorted(seen.big),
        "statements_explained": sum(seen.asked.values()),
        "read_whole": seen.found,
    }


def measure(votes: int, models: int, steps: list[str]) -> None:
    """Do the steps in their order and keep what came out of each."""
    work: dict[str, Callable[[], dict[str, object]]] = {
        "fill": lambda: fill(votes, models),
        "refresh": refresh,
        "publish": publish,
        "busy": busy,
        "pages": pages,
        "plans": plans,
    }
    for step in _STEPS:
        if step in steps:
            load = round(os.getloadavg()[0], 1)
            found = work[step]()
            if found:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                keep(votes, found | {f"{step}_load": load, f"{step}_peak_mb": peak})


def keep(votes: int, found: dict[str, object]) -> None:
    """Add to the results of a size, and print."""
    sys.stdout.write(json.dumps(found, indent=1) + "\n")
    known = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
    machine = {"machine": f"{platform.machine()}, {os.cpu_count()} processors"}
    known[str(votes)] = known.get(str(votes), {"votes": votes}) | found | machine
    _RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Measure each size in a process of its own, which can point Django at one database only."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--steps", nargs="+", choices=_STEPS, default=_STEPS)
    parser.add_argument("--folder", type=Path, help="keep the servers here, one folder a size")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parity-bench-") as temporary:
        folder = (asked.folder or Path(temporary)).resolve()
        if len(asked.votes) > 1:
            rest = ["--models", str(asked.models), "--folder", str(folder), "--steps", *asked.steps]
            for votes in asked.votes:
                command = [sys.executable, "-m", "tests.bench.boards", "--votes", str(votes), *rest]
                subprocess.run(command, cwd=ROOT, check=True)
            return
        stop = prepare(folder / str(asked.votes[0]))
        try:
            measure(asked.votes[0], asked.models, asked.steps)
        finally:
            stop()


if __name__ == "__main__":
    main()
