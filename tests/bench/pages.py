"""How long the public pages take with 300 models: `python -m tests.bench.pages`.

Makes a database of its own with simulated votes on 300 fictional models, publishes the full set of
boards, and asks each page many times in this process: kept (made before) and not kept (made anew).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from arena.embedded import EmbeddedServers
from tests.browser.site import ROOT

PAGES = (
    "/leaderboard/?source=simulated",
    "/leaderboard/table/?source=simulated",
    "/gap/?source=simulated",
    "/models/{slug}/",
    "/compare/{slug}/{other}/",
    "/method/?source=simulated",
    "/transparency/?source=simulated",
    "/which/?source=simulated&gpus=2&gb=80",
)


def main() -> None:
    """Measure and print a line a page."""
    parser = argparse.ArgumentParser(prog="tests.bench.pages", description=__doc__)
    parser.add_argument("--models", type=int, default=300)
    parser.add_argument("--votes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=40)
    chosen = parser.parse_args()
    servers = EmbeddedServers(root=ROOT / ".local" / "tests")
    url = urlunsplit(urlsplit(servers.database_url)._replace(path="/bench_pages"))
    with servers.lease():
        os.environ |= {"DATABASE_URL": url, "REDIS_URL": servers.redis_url}
        os.environ["DJANGO_SETTINGS_MODULE"] = "arena.settings"
        measure(chosen.models, chosen.votes, chosen.rounds)


def measure(models: int, votes: int, rounds: int) -> None:
    """Fill a database, ask every page, print the times."""
    import django  # noqa: PLC0415  only once the settings are known

    django.setup()
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import get_runner, setup_test_environment  # noqa: PLC0415

    from arena.battles.lifespan import put_streams_first  # noqa: PLC0415
    from arena.boards.kept import forget_everything  # noqa: PLC0415

    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        slugs = fill(models, votes)
        client = Client()
        client.get(PAGES[0])
        put_streams_first()  # as a web process does
        print(f"{models} models, {votes:,} votes; milliseconds")  # noqa: T201
        print(f"{'page':44} {'kept p50':>9} {'p95':>7} {'anew p50':>9} {'p95':>7}")  # noqa: T201
        for page in PAGES:
            address = page.format(slug=slugs[0], other=slugs[1])
            assert client.get(address).status_code == 200, address
            ask = partial(client.get, address)
            kept, anew = times(ask, rounds), times(ask, rounds, before=forget_everything)
            figures = (*spread(kept), *spread(anew))
            print(f"{page:44} {figures[0]:9.1f} {figures[1]:7.1f}", end="")  # noqa: T201
            print(f" {figures[2]:9.1f} {figures[3]:7.1f}", flush=True)  # noqa: T201
    finally:
        runner.teardown_databases(databases)


def fill(models: int, votes: int) -> list[str]:
    """Write fictional models and votes on them, and publish their boards."""
    from django.utils import timezone  # noqa: PLC0415

    from arena.boards.ledger import write_ledgers  # noqa: PLC0415
    from arena.boards.publication import publish_boards  # noqa: PLC0415
    from arena.boards.simulation import simulate  # noqa: PLC0415
    from arena.catalog.models import LanguageModel  # noqa: PLC0415

    now = timezone.now()
    voters = max(votes // 50, 10)
    simulate(votes=votes, voters=voters, seed=1, until=now, models=models)
    publish_boards(now)
    write_ledgers(now)
    return list(LanguageModel.objects.order_by("pk").values_list("slug", flat=True)[:2])


def times(
    ask: Callable[[], object], rounds: int, *, before: Callable[[], None] = lambda: None
) -> list[float]:
    """Return how many milliseconds each round took."""
    taken = []
    for _ in range(rounds):
        before()
        started = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def spread(taken: list[float]) -> tuple[float, float]:
    """Return the median and the 95th percentile."""
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


if __name__ == "__main__":
    main()
