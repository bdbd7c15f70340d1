"""Measure boards at scale: ``python -m tests.bench.boards --votes 1000000``.

In an embedded Postgres of its own, thrown away afterwards: simulated votes under the source
`live`, then single votes through to the snapshot that counts them, the full set of boards, and
the pages. Writes ``tests/bench/boards.json``.
"""

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_RESULTS = Path(__file__).with_suffix(".json")
_PAGES = (
    "/leaderboard/",
    "/leaderboard/?category=coding",
    "/gap/",
    "/models/simulated-basalt-4/",
    "/api/v1/boards/overall",
)


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
        "PARITY_LOG_LEVEL": "WARNING",
        "OPENBLAS_NUM_THREADS": "1",  # as a worker has it
    }
    import django  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)

    def stop() -> None:
        from django.db import connections  # noqa: PLC0415

        connections.close_all()
        lease.__exit__(None, None, None)

    return stop


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
    took, _ = seconds(lambda: refresh_boards(timezone.now()))
    newest = Snapshot.objects.order_by("-id").first()
    if newest is None or newest.last_vote_id != vote.pk:
        raise SystemExit("the vote is not on the board")
    return took


def pages() -> dict[str, dict[str, float]]:
    """Time each page, first and then many times."""
    from django.test import Client  # noqa: PLC0415

    client = Client(HTTP_HOST="localhost")
    found = {}
    for address in _PAGES:

        def read(address: str = address) -> Any:
            return client.get(address)

        first, response = seconds(read)
        if response.status_code != 200:
            continue
        again = sorted(seconds(read)[0] for _ in range(40))
        found[address] = {
            "first_ms": round(1000 * first, 1),
            "median_ms": round(1000 * statistics.median(again), 1),
            "p95_ms": round(1000 * again[37], 1),
        }
    return found


def measure(votes: int, models: int, *, publish: bool) -> dict[str, object]:
    """Fill, refresh, publish, read."""
    from django.utils import timezone  # noqa: PLC0415

    from arena.boards.column_cache import ColumnCache  # noqa: PLC0415
    from arena.boards.publication import publish_boards  # noqa: PLC0415
    from arena.boards.refresh import refresh_boards  # noqa: PLC0415
    from arena.boards.simulation import simulate  # noqa: PLC0415

    now = timezone.now() - dt.timedelta(minutes=1)
    written, _ = seconds(
        lambda: simulate(
            votes=votes,
            voters=max(100, votes // 50),
            models=models,
            seed=1,
            until=now,
            source="live",
        )
    )
    cold, _ = seconds(lambda: refresh_boards(now))
    single = [one_vote() for _ in range(7)]
    read, _ = seconds(lambda: ColumnCache("live").sync())
    answer: dict[str, object] = {
        "votes": votes,
        "models": models,
        "write_s": round(written, 1),
        "first_refresh_s": round(cold, 2),
        "one_vote_to_snapshot_s": [round(took, 3) for took in single],
        "read_columns_s": round(read, 3),
    }
    if publish:
        took, published = seconds(lambda: publish_boards(timezone.now()))
        answer["publish_s"] = round(took, 1)
        answer["boards"] = sum(published.values())
    answer["pages"] = pages()
    return answer


def main() -> None:
    """Measure each size in turn, and write what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--votes", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--no-publish", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="parity-bench-") as folder:
        stop = prepare(Path(folder))
        try:
            for votes in asked.votes:
                result = measure(votes, asked.models, publish=not asked.no_publish)
                result["machine"] = f"{platform.machine()}, {os.cpu_count()} processors"
                sys.stdout.write(json.dumps(result, indent=1) + "\n")
                known = json.loads(_RESULTS.read_text()) if _RESULTS.exists() else {}
                known[str(votes)] = result
                _RESULTS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
        finally:
            stop()


if __name__ == "__main__":
    main()
