"""How long the public pages take: asked many times in this process, kept and made anew."""

import statistics
import time
from collections.abc import Callable, Iterable
from functools import partial

PAGES = (
    "/leaderboard/",
    "/leaderboard/?category=coding",
    "/leaderboard/table/",
    "/gap/",
    "/models/simulated-basalt-4/",
    "/compare/simulated-basalt-4/simulated-obelisk-2/",
    "/method/",
    "/transparency/",
    "/which/?gpus=2&gb=80",
    "/api/v1/boards/overall",
)


def time_pages(addresses: Iterable[str] = PAGES, rounds: int = 40) -> dict[str, dict[str, float]]:
    """Ask each page and return its milliseconds.

    Returns
    -------
    dict of dict of float
        By address: the first time, as after a start, then the median and the 95th percentile of
        the rounds, and this process's own mean work, which others on the machine do not lengthen;
        of pages that are kept and of pages that are made anew each time.

    Raises
    ------
    AssertionError
        A page did not answer with 200.
    """
    from django.test import Client  # noqa: PLC0415  only once the settings are known

    from arena.battles.lifespan import put_streams_first  # noqa: PLC0415
    from arena.boards.kept import forget_everything  # noqa: PLC0415

    client = Client(headers={"host": "localhost"})
    put_streams_first()  # as a web process does
    found = {}
    for address in addresses:
        ask = partial(client.get, address)
        first = times(ask, 1)[0][0]
        response = ask()
        assert response.status_code == 200, (address, response.status_code)
        found[address] = {
            "first": round(first, 1),
            **spread("kept", times(ask, rounds)),
            **spread("anew", times(ask, rounds, before=forget_everything)),
        }
    return found


def times(
    ask: Callable[[], object], rounds: int, *, before: Callable[[], None] = lambda: None
) -> list[tuple[float, float]]:
    """Return how many milliseconds each round took, and how many of them this process worked."""
    taken = []
    for _ in range(rounds):
        before()
        started, worked = time.perf_counter(), time.process_time()
        ask()
        taken.append(
            (1000 * (time.perf_counter() - started), 1000 * (time.process_time() - worked))
        )
    return taken


def spread(name: str, taken: list[tuple[float, float]]) -> dict[str, float]:
    """Return the median and the 95th percentile, and the mean work."""
    waited, worked = zip(*taken, strict=True)
    return {
        f"{name}_p50": round(statistics.median(waited), 1),
        f"{name}_p95": round(statistics.quantiles(waited, n=20)[-1], 1),
        f"{name}_cpu": round(statistics.mean(worked), 1),
    }
