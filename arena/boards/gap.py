"""The open-versus-closed series of a board, as numbers that are stored with its snapshot.

The definitions stand in `ratings.gap`, `ratings.frontier` and `ratings.lag`. This module picks the
models and writes the answer down, rounded.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from arena.boards.catalogue import Facts
from ratings import Board, frontier_gap
from ratings.contenders import Contenders
from ratings.eligibility import eligible_models
from ratings.frontier import Frontier, frontier
from ratings.gap import FrontierGap
from ratings.lag import Lag, LagFigure, lag_at

MIN_VOTES = 300
MAX_HALF_WIDTH = 25.0
_DRAWS = 1000


def gap_series(board: Board | None, facts: Sequence[Facts], today: dt.date) -> dict[str, Any]:
    """Return the frontiers, the gap and the lag of one board.

    Parameters
    ----------
    board : Board or None
        A fit with intervals.
    facts : m Facts
        Of the board's models, in its order.
    today : date
        The lag is measured on this day.

    Returns
    -------
    dict
        ``rule``, ``models``, ``eligible`` (count by side), ``undated``; ``frontiers`` by side;
        ``series``; ``latest`` and ``lag``, which are None when one side has no eligible model.
        Ready for JSON. Ratings are points rounded to 0.01, days are ISO dates.
    """
    rule = {"min_votes": MIN_VOTES, "max_half_width": MAX_HALF_WIDTH}
    if board is None:
        return {
            "rule": rule,
            "models": [],
            "eligible": {"closed": 0, "open": 0},
            "undated": 0,
            "frontiers": {"closed": [], "open": []},
            "series": [],
            "latest": None,
            "lag": None,
        }
    eligible = eligible_models(
        board.votes,
        board.lower,
        board.upper,
        board.connected == 0,
        min_votes=MIN_VOTES,
        max_half_width=MAX_HALF_WIDTH,
    )
    draws = board.draws(_DRAWS)
    days = np.array([fact.released_on for fact in facts], dtype="datetime64[D]")
    classes = [fact.licence_class for fact in facts]
    field = Contenders.of(draws, days, classes, rating=board.rating, eligible=eligible)
    gap = frontier_gap(draws, days, classes, rating=board.rating, eligible=eligible)
    sides = {"closed": field.closed, "open": field.open}
    lag = lag_at(field, today.isoformat()) if all(map(len, sides.values())) else None
    return {
        "rule": rule,
        "models": [
            _point(board, facts[place], place, bool(eligible[place]))
            for place in range(len(facts))
            if np.isfinite(board.rating[place])
        ],
        "eligible": {side: len(members) for side, members in sides.items()},
        "undated": gap.undated,
        "frontiers": {
            side: _steps(frontier(field, members), facts) for side, members in sides.items()
        },
        "series": _series(gap),
        "latest": _latest(gap, facts),
        "lag": _lag(lag) if isinstance(lag, Lag) else None,
    }


def _point(board: Board, fact: Facts, place: int, eligible: bool) -> dict[str, Any]:
    return {
        "model": fact.slug,
        "name": fact.name,
        "organisation": fact.organisation,
        "licence_class": fact.licence_class,
        "released_on": fact.released_on.isoformat() if fact.released_on else None,
        "votes": int(board.votes[place]),
        "rating": _points(board.rating[place]),
        "lower": _points(board.lower[place]),
        "upper": _points(board.upper[place]),
        "eligible": eligible,
    }


def _steps(line: Frontier, facts: Sequence[Facts]) -> list[dict[str, Any]]:
    return [
        {
            "on": str(line.dates[step]),
            "rating": _points(line.rating[step]),
            "lower": _points(line.lower[step]),
            "upper": _points(line.upper[step]),
            "model": facts[int(line.leaders[step, 0])].slug,
            "name": facts[int(line.leaders[step, 0])].name,
        }
        for step in range(len(line.dates))
    ]


def _series(gap: FrontierGap) -> list[dict[str, Any]]:
    return [
        {
            "on": str(gap.dates[step]),
            "gap": _points(gap.gap[step]),
            "lower": _points(gap.lower[step]),
            "upper": _points(gap.upper[step]),
        }
        for step in range(len(gap.dates))
    ]


def _latest(gap: FrontierGap, facts: Sequence[Facts]) -> dict[str, Any] | None:
    if not len(gap.dates):
        return None
    last = gap.latest()
    closed, opened = (
        facts[int(leaders[last, 0])] for leaders in (gap.closed_leaders, gap.open_leaders)
    )
    return {
        **_series(gap)[last],
        "closed_ahead": round(float(gap.closed_ahead[last]), 4),
        "win_probability": round(float(gap.win_probability[last]), 4),
        "closed": {"model": closed.slug, "name": closed.name},
        "open": {"model": opened.slug, "name": opened.name},
    }


def _lag(lag: Lag) -> dict[str, Any]:
    return {
        name: _figure(figure)
        for name, figure in (
            ("point", lag.point),
            ("lower", lag.lower),
            ("upper", lag.upper),
            ("significance", lag.significance),
        )
    }


def _figure(figure: LagFigure) -> dict[str, Any]:
    return {"months": round(figure.months, 2), "state": figure.state}


def _points(value: float) -> float | None:
    return round(float(value), 2) + 0.0 if np.isfinite(value) else None
