"""The open-versus-closed figures of a board, as JSON that is stored with its snapshot.

The definitions stand in `ratings` (see ratings/docs/gap.md). This module picks the models, asks
for each figure and writes the answers down, rounded.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.boards.catalogue import Facts
from arena.boards.gap import figures
from arena.boards.gap.change import gap_change
from arena.boards.gap.rules import BUDGETS, CUTS, DEFAULT_CUT, LOWERED, MIN_MODELS, STANDARD, Rule
from ratings import Board, Comparisons, gap_record
from ratings.contenders import Contenders
from ratings.eligibility import eligible_models
from ratings.frontier import frontier
from ratings.gap import FrontierGap, gap_between
from ratings.gap_record import points
from ratings.ladder import licence_ladder, practical_gap, weight_floor
from ratings.lag import lag_at, lag_line
from ratings.licences import Cut
from ratings.proportions import direct_check
from ratings.survival import catch_up
from ratings.version import NUMERICS_VERSION

_DRAWS = 1000
_TOP = 3
# Weights in four bits: the smallest common form, so "fits" is asked of that.
_BITS = 4


def gap_series(
    board: Board | None,
    facts: Sequence[Facts],
    today: dt.date,
    comparisons: Comparisons | None = None,
    *,
    min_votes: int = 0,
    detail: bool = True,
) -> dict[str, Any]:
    """Return the frontiers, the gap, the lag and what stands beside them, for one board.

    Parameters
    ----------
    board : Board or None
        A fit with intervals.
    facts : m Facts
        Of the board's models, in its order.
    today : date
        The lag is measured on this day.
    comparisons : Comparisons, optional
        The board's votes, for the direct check of the two leaders.
    min_votes : int
        A model with fewer has no rating on the leaderboard, and none here.
    detail : bool
        False for a slice: the latest gap of each cut, without series.

    Returns
    -------
    dict
        ``rule``, ``undated``, ``models``, ``shares``, ``battles``, ``numerics``; the figures of
        the default cut (``eligible``, ``frontiers``, ``series``, ``latest``, ``change``, ``lag``,
        ``lags``, ``top``, ``catch_up``, ``budgets``, ``direct``); ``cuts`` with the same for the
        other cuts; ``ladder``; ``lowered``, the default cut, its ladder and its shares under a
        lowered rule, where the standard one leaves too few models to compare. Ready for JSON.
    """
    if board is None:
        return {**_nothing(STANDARD), "models": [], "shares": {}, "battles": 0, "cuts": {}}
    fitted = _Fitted(board, facts, today, comparisons, min_votes)
    view = fitted.view(STANDARD)
    content = view.figures(DEFAULT_CUT, detail=detail)
    content["numerics"] = NUMERICS_VERSION
    content["shares"] = view.shares()
    content["battles"] = int(board.votes.sum()) // 2
    content["cuts"] = {cut: view.figures(cut, detail=detail) for cut in CUTS[1:]}
    if not detail:
        return content
    content["models"] = fitted.models(view.eligible)
    content["ladder"] = view.ladder()
    if content["latest"] is None or min(content["eligible"].values()) < MIN_MODELS:
        lowered = fitted.view(LOWERED)
        content["lowered"] = {
            **lowered.figures(DEFAULT_CUT, detail=True),
            "ladder": lowered.ladder(),
            "shares": lowered.shares(),
        }
    return content


def gap_lines(
    board: Board, facts: Sequence[Facts], today: dt.date, among: NDArray[np.bool_]
) -> dict[str, dict[str, Any]]:
    """Return the gap over time and the latest figures of each cut, for some of a board's models.

    Parameters
    ----------
    board : Board
        A fit with intervals.
    facts : m Facts
    today : date
    among : (m,) bool
        Who may be eligible at all.

    Returns
    -------
    dict by cut
        ``rule``, ``undated``, ``eligible``, ``latest``, ``lag``, ``series``. Ready for JSON.
    """
    view = _Fitted(board, facts, today, None).view(STANDARD)
    narrowed = replace(view, eligible=view.eligible & among)
    return {cut: narrowed.line(cut) for cut in CUTS}


@dataclass(frozen=True, eq=False)
class _Fitted:
    """A board with all that is known of its models."""

    board: Board
    facts: Sequence[Facts]
    today: dt.date
    comparisons: Comparisons | None
    min_votes: int = 0

    @property
    def rated(self) -> NDArray[np.bool_]:
        """Return which models have a rating on the leaderboard, (m,)."""
        return np.isfinite(self.board.rating) & (self.board.votes >= self.min_votes)

    def view(self, rule: Rule) -> "_View":
        """Return the models that a rule lets onto the frontiers."""
        board = self.board
        eligible = eligible_models(
            board.votes,
            board.lower,
            board.upper,
            board.connected == 0,
            min_votes=rule.min_votes,
            max_half_width=rule.max_half_width,
        )
        return _View(self, rule, eligible & self.rated, board.draws(_DRAWS))

    def models(self, eligible: NDArray[np.bool_]) -> list[dict[str, Any]]:
        """Return every rated model as a point of the chart."""
        board = self.board
        return [
            {
                "model": fact.slug,
                "name": fact.name,
                "organisation": fact.organisation,
                "licence_class": fact.licence_class,
                "released_on": fact.released_on.isoformat() if fact.released_on else None,
                "votes": int(board.votes[place]),
                "rating": points(board.rating[place]),
                "lower": points(board.lower[place]),
                "upper": points(board.upper[place]),
                "eligible": bool(eligible[place]),
            }
            for place, fact in enumerate(self.facts)
            if self.rated[place]
        ]


@dataclass(frozen=True, eq=False)
class _View:
    """The models that one rule lets onto the frontiers."""

    fitted: _Fitted
    rule: Rule
    eligible: NDArray[np.bool_]
    draws: NDArray[np.float64]

    def field(self, cut: str = DEFAULT_CUT) -> Contenders:
        """Return the contenders under a cut."""
        facts = self.fitted.facts
        return Contenders.of(
            self.draws,
            np.array([fact.released_on for fact in facts], dtype="datetime64[D]"),
            [fact.licence_class for fact in facts],
            rating=self.fitted.board.rating,
            eligible=self.eligible,
            cut=Cut.at(cut),
        )

    def line(self, cut: str) -> dict[str, Any]:
        """Return the gap of a cut over time, with the latest figures."""
        field = self.field(cut)
        gap = gap_between(field)
        return {**self._latest(field, gap), "series": gap_record.series(gap)}

    def figures(self, cut: str, *, detail: bool) -> dict[str, Any]:
        """Return all figures of a cut; without detail, the latest ones alone."""
        field, facts, today = self.field(cut), self.fitted.facts, self.fitted.today.isoformat()
        sides = {"closed": field.closed, "open": field.open}
        gap = gap_between(field)
        content = self._latest(field, gap)
        if not detail:
            return content
        both = all(map(len, sides.values()))
        return {
            **content,
            "change": figures.change(gap_change(field, today)),
            "frontiers": {
                side: figures.steps(frontier(field, members), facts)
                for side, members in sides.items()
            },
            "series": gap_record.series(gap),
            "lags": figures.lags(lag_line(field, _days(gap, today))) if both else [],
            "top": {
                "of": _TOP,
                "series": gap_record.series(gap_between(field, top=_TOP)),
                **{
                    side: figures.means(frontier(field, members, top=_TOP), facts)
                    for side, members in sides.items()
                },
            },
            "budgets": self.budgets(field),
            "catch_up": figures.catch_up(catch_up(field, today), facts),
            "direct": self.direct(gap),
        }

    def _latest(self, field: Contenders, gap: FrontierGap) -> dict[str, Any]:
        sides = {"closed": field.closed, "open": field.open}
        both = all(map(len, sides.values()))
        today = self.fitted.today.isoformat()
        return {
            "rule": self.rule.words(),
            "undated": gap.undated,
            "eligible": {side: len(members) for side, members in sides.items()},
            "latest": figures.latest(gap, self.fitted.facts),
            "lag": gap_record.lag(lag_at(field, today)) if both else None,
        }

    def direct(self, gap: FrontierGap) -> dict[str, Any] | None:
        """Return the record of the two leaders against each other, without a rating between."""
        votes = self.fitted.comparisons
        if votes is None or not len(gap.dates):
            return None
        last = gap.latest()
        opened, closed = (
            votes.models.index(self.fitted.facts[int(leaders[last, 0])].slug)
            for leaders in (gap.open_leaders, gap.closed_leaders)
        )
        return figures.direct(direct_check(votes.a, votes.b, votes.outcome, opened, closed))

    def ladder(self) -> dict[str, Any]:
        """Return the best of each licence class, whatever the cut."""
        facts = self.fitted.facts
        found = licence_ladder(self.field(), self.fitted.today.isoformat())
        return {name: figures.rung(rung, facts) for name, rung in found.items()}

    def budgets(self, field: Contenders) -> dict[str, Any]:
        """Return the best open model of a cut that may fit each memory budget."""
        facts, today = self.fitted.facts, self.fitted.today.isoformat()
        sizes = weight_floor([fact.params_total_b or np.nan for fact in facts], bits=_BITS)
        found = practical_gap(field, sizes, BUDGETS, day=today)
        return {f"{budget:g}": figures.rung(rung, facts) for budget, rung in found.items()}

    def shares(self) -> dict[str, Any]:
        """Return how many models, and whose votes, stand behind the figures."""
        fitted = self.fitted
        return figures.shares(fitted.facts, fitted.board.votes, fitted.rated, self.eligible)


def _days(gap: FrontierGap, today: str) -> list[np.datetime64]:
    """Return the days on which a leader changes, the eves of them, and the last."""
    leaders = np.hstack((gap.closed_leaders, gap.open_leaders))
    changed = np.ones(len(gap.dates), dtype=bool)
    changed[1:] = (leaders[1:] != leaders[:-1]).any(axis=1)
    days = gap.dates[changed]
    eves = days[1:] - np.timedelta64(1, "D")
    last = np.datetime64(today, "D")
    return [day for day in (*days, *eves, last) if days[0] <= day <= last]


def _nothing(rule: Rule) -> dict[str, Any]:
    """Return what is stored of a board that could not be fitted."""
    return {
        "rule": rule.words(),
        "undated": 0,
        "eligible": {"closed": 0, "open": 0},
        "frontiers": {"closed": [], "open": []},
        "series": [],
        "latest": None,
        "lag": None,
    }
