"""What drawing pairs by what their next vote says is worth, in votes, and whether ratings hold.

``make bench-pairing`` writes ``arena/battles/docs/pairing.md``, on one processor.
"""

import os

# Read when NumPy is imported; matrices of this size lose by more threads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from arena.battles import chances
from ratings.arrays import Floats
from tests.arena.battles.arenas import (
    MIN_VOTES,
    RULES,
    SPREAD,
    STEPS,
    TASTE,
    TIES,
    UNRATED,
    VOTES_EACH,
    Case,
    Courses,
)

PAGE = Path(__file__).parents[2] / "arena" / "battles" / "docs" / "pairing.md"
TEXT = Path(__file__).with_name("pairing.template.md")
CASES = {
    Case(20, 2, 3_000): 260,
    Case(100, 10, 15_000): 55,
    Case(100, 10, 15_000, spread=160): 55,
    Case(300, 15, 45_000): 18,
}
BOARDS = {
    "before the newcomers": STEPS // 2,
    "a tenth later": STEPS * 6 // 10,
    "three quarters": STEPS * 3 // 4,
    "the end": STEPS,
}
"""Boards that are shown, by number from 1."""

NEW_VOTES = (10, 30, 60, 100, 150, 200)
"""Battles of a newcomer at which its share is told."""

type Played = Mapping[str, Courses]


def votes_ratio(ours: Floats, others: Floats) -> float:
    """Votes after which `ours` is as narrow as `others` is at the end, over the votes in all.

    Both are half-widths by board from the entry on, and fall. Above 1 where ours is wider at the
    end: then the other way round.
    """
    if ours[-1] > others[-1]:
        return 1 / votes_ratio(others, ours)
    last = int(np.flatnonzero(ours >= others[-1]).max(initial=0))
    if last == len(ours) - 1:
        return 1.0
    between = (ours[last] - others[-1]) / (ours[last] - ours[last + 1])
    before = STEPS - len(ours) + 1
    return float((before + last + np.clip(between, 0, 1)) / STEPS)


def widths(played: Played) -> Iterator[str]:
    """Yield the table of half-widths of one case."""
    yield "| Drawn by | " + " | ".join(BOARDS) + " |"
    yield "|---|" + "---:|" * len(BOARDS)
    for name, courses in played.items():
        middle, wide, new = (
            courses.half_width(0.5),
            courses.half_width(0.9),
            courses.half_width(0.5, courses.new),
        )
        cells = [
            f"{middle[board - 1]:.1f} / {wide[board - 1]:.1f}"
            + ("" if np.isnan(new[board - 1]) else f" / {new[board - 1]:.1f}")
            for board in BOARDS.values()
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


def votes_needed(all_played: Mapping[Case, Played]) -> Iterator[str]:
    """Yield the table of votes that a rule needs to be as sure as uniform drawing at the end."""
    yield "| Models | Drawn by | median | 90th percentile | newcomers |"
    yield "|---|---|---:|---:|---:|"
    after = slice(STEPS // 2, None)
    for case, played in all_played.items():
        base = played["uniform"]
        for name, courses in played.items():
            if courses is base:
                continue
            ratios = [
                votes_ratio(one[after], other[after])
                for one, other in (
                    (courses.half_width(0.5), base.half_width(0.5)),
                    (courses.half_width(0.9), base.half_width(0.9)),
                    (courses.half_width(0.5, courses.new), base.half_width(0.5, base.new)),
                )
            ]
            yield f"| {title(case)} | {name} | " + " | ".join(f"{r:.2f}" for r in ratios) + " |"


def coverage(all_played: Mapping[Case, Played]) -> Iterator[str]:
    """Yield the table of coverage and bias at the end."""
    yield (
        "| Models | Drawn by | Covered | Newcomers covered | Mean error of newcomers "
        "| Stretch | Root mean square error |"
    )
    yield "|---|---|---:|---:|---:|---:|---:|"
    for case, played in all_played.items():
        for name, courses in played.items():
            share, intervals = courses.covered()
            new_share, _ = courses.covered(courses.new)
            errors = courses.errors()
            new = courses.errors(courses.new)
            own = f"±{1.96 * new.std() / np.sqrt(len(new)):.1f}"
            yield (
                f"| {title(case)} | {name} | {100 * share:.1f} % of {intervals:,} "
                f"| {100 * new_share:.1f} % | {new.mean():+.1f} {own} "
                f"| {100 * courses.stretch():+.1f} % | {np.sqrt((errors**2).mean()):.1f} |"
            )


def newcomers(all_played: Mapping[Case, Played]) -> Iterator[str]:
    """Yield how a newcomer's share of battles goes with its battles, drawn as on the site."""
    yield "| Models | " + " | ".join(f"at {votes} battles" for votes in NEW_VOTES) + " |"
    yield "|---|" + "---:|" * len(NEW_VOTES)
    for case, played in all_played.items():
        battles = played["Parity's"].battles()[STEPS // 2 - 1 :]
        battles = np.nan_to_num(battles)
        share = np.diff(battles) / (case.votes / STEPS) * case.m / 2
        middle = (battles[1:] + battles[:-1]) / 2
        cells = [
            f"{np.interp(votes, middle, share):.1f}×" if votes <= middle[-1] else ""
            for votes in NEW_VOTES
        ]
        yield f"| {title(case)} | " + " | ".join(cells) + " |"


def title(case: Case) -> str:
    """Return what a case is called in a table."""
    return f"{case.m}" if case.spread == SPREAD else f"{case.m}, spread {case.spread:g}"


def heading(case: Case) -> str:
    """Return what a case is called above a table."""
    return f"{case.m} models" + title(case).removeprefix(f"{case.m}")


def main() -> None:
    """Play all arenas and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, help="arenas of each case; fewer for a look")
    asked = parser.parse_args()
    played: dict[Case, Played] = {}
    for case, simulations in CASES.items():
        count = asked.simulations or simulations
        played[case] = {name: Courses.of(case, rule, count) for name, rule in RULES.items()}
        sys.stdout.write("\n".join((heading(case), *widths(played[case]), "", "")))
        sys.stdout.flush()
    PAGE.write_text(page(played), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")


def page(played: Mapping[Case, Played]) -> str:
    """Return the page: the text with its numbers and tables."""
    tables = {
        "widths": "\n\n".join(
            f"**{heading(case)}, {case.votes:,} votes, {len(one['uniform'].each)} arenas**\n\n"
            + "\n".join(widths(one))
            for case, one in played.items()
        ),
        "votes": "\n".join(votes_needed(played)),
        "coverage": "\n".join(coverage(played)),
        "newcomers": "\n".join(newcomers(played)),
    }
    numbers = {
        "floor": f"{100 * chances.FLOOR:g} %",
        "floor_share": f"{chances.FLOOR:g}",
        "most": f"{chances.MOST:g}",
        "version": f"{chances.VERSION}",
        "spread": f"{SPREAD:g}",
        "taste": f"{TASTE:g}",
        "ties": f"{TIES:g}",
        "votes_each": f"{VOTES_EACH}",
        "steps": f"{STEPS}",
        "min_votes": f"{MIN_VOTES}",
        "unrated": f"{UNRATED:g}",
    }
    text = TEXT.read_text(encoding="utf-8")
    for name, value in {**tables, **numbers}.items():
        text = text.replace(f"${{{name}}}", value)
    return text


if __name__ == "__main__":
    main()
