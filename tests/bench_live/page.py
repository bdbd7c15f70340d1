"""The page of figures."""

import datetime as dt
import math
import os
import platform
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from arena.battles import beat
from tests.bench_live.figures import Figure
from tests.bench_live.site import RATE, ROOT, TOKENS

PAGE = ROOT / "arena" / "battles" / "docs" / "live.md"
_NAMES = {
    "direct": "direct",
    "load": "1 process",
    "streaming": "1 process, streaming only",
    "two": "2 processes",
}
FRAME_MILLISECONDS = beat.SECONDS * 1000
# What is asked: milliseconds of p95 beyond the frame interval, bytes a token, and processor
# seconds for a thousand tokens by the number of battles.
MOST_ADDED = 50.0
MOST_WIRE = 60
MOST_CPU = {150: 0.05, 200: 0.04}


_LOAD = """\
N battles run at once, each of its own visitor on a socket of its own: two streams of {rate}
tokens a second and {tokens} tokens, `PARITY_PACING=live`, one battle after another. Each token
carries the moment at which the upstream wrote it; *age* is the time from there to the visitor's
socket, and p50, p95 and p99 are ages. The web process has a processor to itself; the scripted
upstream, Postgres, Valkey and the load share the other. *CPU* is all that the web process
spends, also on opening, storing and ending battles: user and kernel, all threads. *Streaming
only* is measured while long answers are under way and no battle opens or ends. *Direct* reads
the same streams from the upstream itself; its CPU is the reader's. All visitors come from one
address, so `PARITY_VISITORS_PER_NETWORK` is raised for the measurement.
"""
_ATTACK = """\
An attacker knows both names, has seen thousands of battles of the same models with the answer,
and sees when each piece of text appears on each side and how long it is
(`tests/arena/battles/timing.py`: starts, ends, sizes, gaps, word boundaries, what the rest of
the longer answer does; a logistic regression for each pair). Models differ in delay, speed (14
to 130 tokens a second), size and regularity of their pieces, not in their texts. A coin is
right in 50 %.
"""
_TELLS = """\
`paced` tells the speed of the *slower of the pair*, within a third: the pace is one of 4, 5,
6.2, ... tokens a second, and both sides have it. Who knows the speeds of all models can tell
from it that a slow one takes part, not on which side. `live` tells everything: use it where
blindness does not matter. What a text itself gives away (its style, its length) no pace can
hide.
"""


def write(figures: Sequence[Figure]) -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join(lines(figures)) + "\n", encoding="utf-8")


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Live battles: what they cost, and what they give away"
    yield ""
    yield f"Measured on {dt.datetime.now(dt.UTC):%d %B %Y}: {machine()}."
    yield "Written by `make bench-live`."
    yield ""
    yield from _load(figures)
    yield from _wholeness(figures)
    yield from _leak(figures)


def _load(figures: Sequence[Figure]) -> Iterator[str]:
    yield "## Load"
    yield ""
    yield _LOAD.format(rate=RATE, tokens=TOKENS)
    head = ("Battles", "p50", "p95", "p99", "CPU s / 1,000 tokens", "Busy", "Bytes / token")
    rows = []
    for figure in _of(figures, "direct", "load", "streaming", "two"):
        name = _NAMES[figure.section]
        ages = [f"{age:.0f} ms" for age in figure.ages or ()]
        rows.append(
            (
                f"{figure.battles}, {name}",
                *ages,
                _number(figure.cpu_per_thousand, "{:.3f}"),
                _number(figure.busy, "{:.0%}"),
                _number(figure.wire, "{:.0f}"),
                "" if figure.memory is None else f"{figure.memory / figure.battles / 1000:.0f} kB",
                f"{len(figure.wrong)}",
            )
        )
    yield from _table((*head, "Memory / battle", "Not whole"), rows)
    yield ""
    yield from _asked(_of(figures, "load"))


def _asked(loads: Sequence[Figure]) -> Iterator[str]:
    """Say of each size that was asked for which goals it reached."""
    yield (
        f"Frames are {FRAME_MILLISECONDS:.0f} ms apart. Asked of one process: p95 within "
        f"{MOST_ADDED:.0f} ms beyond that and {MOST_WIRE} bytes a token, all whole, at 150 battles "
        "for 0.05 s of CPU for 1,000 tokens; 200 battles for 0.04 s are the goal."
    )
    yield ""
    rows = [
        (f"{figure.battles}", *(_verdict(reached) for reached in _goals(figure, most)))
        for figure in loads
        if (most := MOST_CPU.get(figure.battles)) is not None
    ]
    yield from _table(("Battles", "p95", "CPU", "Bytes / token", "All whole"), rows)
    yield ""


def _goals(figure: Figure, most_cpu: float) -> Iterator[bool]:
    yield (figure.ages or (0, math.inf))[1] <= FRAME_MILLISECONDS + MOST_ADDED
    yield (figure.cpu_per_thousand or math.inf) <= most_cpu
    yield (figure.wire or math.inf) <= MOST_WIRE
    yield not figure.wrong


def _verdict(reached: bool) -> str:
    return "reached" if reached else "**not reached**"


def _wholeness(figures: Sequence[Figure]) -> Iterator[str]:
    if not _of(figures, "cuts", "idle"):
        return
    yield "## Lost connections and open pages"
    yield ""
    for figure in _of(figures, "cuts"):
        yield (
            f"{figure.battles:,} battles whose connections were cut {figure.reconnects:,} times at "
            "random and resumed, each time at the other of two web processes: "
            f"{figure.tokens:,} tokens, each checked by its place and against the rows. Battles "
            f"with a lost, doubled or wrong character: **{len(figure.wrong)}**."
        )
        yield ""
    for figure in _of(figures, "idle"):
        kilobytes = (figure.memory or 0) / figure.battles / 1000
        yield (
            f"An open page on a battle that has ended costs **{kilobytes:.0f} kB** of the web "
            f"process's memory ({figure.battles} of them)."
        )
        yield ""


def _leak(figures: Sequence[Figure]) -> Iterator[str]:
    yield "## What the pace gives away"
    yield ""
    yield _ATTACK
    rows = [
        (
            figure.section.removeprefix("leak "),
            f"{figure.battles:,}",
            _number(figure.right, "{:.1%}"),
        )
        for figure in figures
        if figure.section.startswith("leak ")
    ]
    yield from _table(("Setting", "Battles", "Sides named right"), rows)
    yield ""
    yield _TELLS.rstrip()


def _of(figures: Iterable[Figure], *sections: str) -> list[Figure]:
    found = [figure for figure in figures if figure.section in sections]
    return sorted(found, key=lambda figure: (sections.index(figure.section), figure.battles))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" + "|---:" * (len(head) - 1) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _number(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def machine() -> str:
    """Name what the figures were measured on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        found = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((x.split(":", 1)[1].strip() for x in found if x.startswith("model name")), name)
    python = platform.python_version()
    return f"{name}, {os.cpu_count()} processors, {platform.system()}, Python {python}"
