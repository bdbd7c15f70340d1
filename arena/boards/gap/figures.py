"""Figures of `ratings` as plain JSON: points rounded to 0.01, days as ISO dates, models by slug."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.boards.catalogue import Facts
from arena.boards.gap.change import GapChange
from ratings import gap_record
from ratings.frontier import Frontier
from ratings.gap import FrontierGap
from ratings.gap_record import points
from ratings.ladder import Rung
from ratings.lag import Lag
from ratings.proportions import DirectCheck
from ratings.survival import CatchUp
from ratings.undefined import Undefined

type Figure = dict[str, Any]


def steps(line: Frontier, facts: Sequence[Facts]) -> list[Figure]:
    """Return a frontier's steps, each with who leads from that day on."""
    return [
        {
            "on": str(line.dates[step]),
            "rating": points(line.rating[step]),
            "lower": points(line.lower[step]),
            "upper": points(line.upper[step]),
            "model": facts[int(line.leaders[step, 0])].slug,
            "name": facts[int(line.leaders[step, 0])].name,
        }
        for step in range(len(line.dates))
    ]


def means(line: Frontier, facts: Sequence[Facts]) -> list[Figure]:
    """Return the steps of a mean of the best few, each with the names of those."""
    return [
        {
            "on": str(line.dates[step]),
            "rating": points(line.rating[step]),
            "lower": points(line.lower[step]),
            "upper": points(line.upper[step]),
            "names": [facts[int(place)].name for place in line.leaders[step]],
        }
        for step in range(len(line.dates))
    ]


def change(found: GapChange | None) -> Figure | None:
    """Return how the gap moved within a year; None where it had none a year before."""
    if found is None:
        return None
    return {
        "since": found.since,
        **{name: points(getattr(found, name)) for name in ("then", "now", "lower", "upper")},
    }


def latest(gap: FrontierGap, facts: Sequence[Facts]) -> Figure | None:
    """Return the gap on the last day with the two leaders; None without a gap."""
    found = gap_record.latest(gap, [fact.slug for fact in facts])
    if found is None:
        return None
    names = {fact.slug: fact.name for fact in facts}
    leaders = {side: found[side] for side in ("closed", "open")}
    return found | {side: {"model": slug, "name": names[slug]} for side, slug in leaders.items()}


def lags(line: Sequence[Lag | Undefined]) -> list[Figure]:
    """Return the lags of several days; days without one are left out."""
    return [
        {"on": str(found.day), **(gap_record.lag(found) or {})}
        for found in line
        if isinstance(found, Lag)
    ]


def catch_up(found: CatchUp | Undefined, facts: Sequence[Facts]) -> Figure | None:
    """Return the time each closed leader stayed ahead, and its Kaplan-Meier median."""
    if isinstance(found, Undefined):
        return None
    return {
        "median": _rounded(found.median),
        "median_lower": _rounded(found.median_lower),
        "median_upper": _rounded(found.median_upper),
        "leaders": [
            {
                "model": facts[int(place)].slug,
                "name": facts[int(place)].name,
                "months": round(float(found.months[row]), 2),
                "caught": bool(found.caught[row]),
                "by": facts[int(found.caught_by[row])].name if found.caught[row] else None,
            }
            for row, place in enumerate(found.leaders)
        ],
    }


def rung(found: Rung | Undefined, facts: Sequence[Facts]) -> Figure:
    """Return one group against the closed frontier, or why there is no figure."""
    if isinstance(found, Undefined):
        return {"undefined": found.code}
    return {
        "gap": points(found.gap),
        "lower": points(found.lower),
        "upper": points(found.upper),
        "closed_ahead": round(found.closed_ahead, 4),
        "eligible": found.eligible,
        "model": facts[found.best].slug,
        "name": facts[found.best].name,
        "closed": facts[found.closed_leader].name,
    }


def direct(found: DirectCheck | Undefined) -> Figure | None:
    """Return the open leader's own record against the closed one; None when they never met."""
    if isinstance(found, Undefined):
        return None
    return {
        "wins": found.wins,
        "losses": found.losses,
        "ties": found.ties,
        "both_bad": found.both_bad,
        "share": round(found.share, 4),
        "lower": round(found.lower, 4),
        "upper": round(found.upper, 4),
    }


def shares(
    facts: Sequence[Facts],
    votes: NDArray[np.int64],
    rated: NDArray[np.bool_],
    eligible: NDArray[np.bool_],
) -> Figure:
    """Return rated and eligible models and the share of counted votes by licence class."""
    total = max(int(votes.sum()), 1)
    classes = sorted({fact.licence_class for fact in facts})
    of_class = {
        name: np.array([fact.licence_class == name for fact in facts], dtype=bool)
        for name in classes
    }
    return {
        name: {
            "models": int((members & rated).sum()),
            "eligible": int((members & eligible).sum()),
            "votes": int(votes[members].sum()),
            "share": round(float(votes[members].sum()) / total, 4),
        }
        for name, members in of_class.items()
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
