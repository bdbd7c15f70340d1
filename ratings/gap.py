"""How far the best open model stands behind the best closed one, over time.

G(t) = F_closed(t) - F_open(t), in points. Positive: closed is ahead. The interval comes from joint
draws of all ratings, in which every draw picks its own leaders; the difference of two marginal
intervals would count the uncertainty that both sides share twice.

This is the retrospective view: one board, fitted today, with release dates on the axis. For the
view as published, ask each stored board for its gap on its own date, and do not join the scales.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats, Integers
from ratings.contenders import Contenders, Dates
from ratings.errors import InvalidParameter, NotEnoughVotes
from ratings.frontier import (
    check_level,
    frontier_values,
    leading_models,
    percentiles,
    released_by,
    sorted_days,
)
from ratings.licences import DEFAULT_CUT, Cut
from ratings.newton import logistic
from ratings.scale import Scale
from ratings.undefined import Reason, Undefined

type Side = Literal["open", "closed"]


@dataclass(frozen=True, eq=False)
class FrontierGap:
    """The gap at k dates. No array holds a NaN: dates without a gap stand in `undefined`.

    Attributes
    ----------
    dates : (k,) datetime64[D]
    gap, lower, upper : (k,) float64
        Points; closed minus open. A zero is a true tie of the two leaders.
    closed_ahead : (k,) float64
        Share of draws in which the closed frontier is strictly the better.
    closed_rating, open_rating : (k,) float64
        The two frontiers, points.
    closed_leaders, open_leaders : (k, top) int64
        Positions of the leading models by point estimate, best first.
    closed_eligible, open_eligible : (k,) int64
        Models behind each frontier; the maximum of noisy ratings favours the larger field.
    undefined : tuple of Undefined
        Runs of dates, out of those asked for, on which there is no gap, and why.
    undated : int
        Eligible models left out because no release date is known.
    n_draws : int
        Publish no interval from fewer than 500.
    """

    dates: Dates
    gap: Floats
    lower: Floats
    upper: Floats
    closed_ahead: Floats
    closed_rating: Floats
    open_rating: Floats
    closed_leaders: Integers
    open_leaders: Integers
    closed_eligible: Integers
    open_eligible: Integers
    undefined: tuple[Undefined, ...]
    undated: int
    n_draws: int
    top: int
    level: float
    scale: Scale

    @property
    def win_probability(self) -> Floats:
        """Chance that the closed leader beats the open one: 1 / (1 + 10^(-G / 400)), (k,)."""
        return self._chance(self.gap)

    @property
    def win_lower(self) -> Floats:
        """Lower end of the interval on `win_probability`, (k,)."""
        return self._chance(self.lower)

    @property
    def win_upper(self) -> Floats:
        """Upper end of the interval on `win_probability`, (k,)."""
        return self._chance(self.upper)

    def _chance(self, points: Floats) -> Floats:
        return logistic(points / self.scale.points_per_logit)

    def latest(self) -> int:
        """Return the position of the last date that has a gap.

        Raises
        ------
        NotEnoughVotes
            With the sentence that says why there is none.
        """
        if len(self.dates) == 0:
            raise NotEnoughVotes(self.undefined[-1].sentence)
        return len(self.dates) - 1


def frontier_gap(
    board_draws: ArrayLike,
    released: ArrayLike,
    licence_class: Iterable[str],
    *,
    rating: ArrayLike | None = None,
    eligible: ArrayLike | None = None,
    cut: Cut = DEFAULT_CUT,
    dates: ArrayLike | None = None,
    top: int = 1,
    level: float = 0.95,
    scale: Scale | None = None,
) -> FrontierGap:
    """Measure the gap between the closed and the open frontier.

    Parameters
    ----------
    board_draws : (n, m) float
        Joint draws of the ratings, points: ``board.draws(1000)``.
    released : (m,) datetime64[D]
        NaT where it is not known.
    licence_class : (m,) str
        Out of `ratings.licences.LICENCE_CLASSES`.
    rating : (m,) float, optional
        ``board.rating``, which point estimates are made of; by default the mean of the draws.
    eligible : (m,) bool, optional
        From `ratings.eligibility.eligible_models`; by default every model with a rating.
    cut : Cut
        Which classes count as open, and which as closed.
    dates : (k,) datetime64[D], optional
        By default every release date of an eligible model.
    top : int
        1, or 3 for the gap between the means of the three best.
    level : float
    scale : Scale, optional
        Only for the win probability; 400 and 10 by default.

    Returns
    -------
    FrontierGap
        Empty, with the reason in `undefined`, when one side has no eligible model.

    Raises
    ------
    InvalidParameter
        Columns that do not fit together, an unknown licence class, a missing date asked for.
    """
    field = Contenders.of(
        board_draws, released, licence_class, rating=rating, eligible=eligible, cut=cut
    )
    return gap_between(field, dates=dates, top=top, level=level, scale=scale)


def gap_between(
    field: Contenders,
    *,
    dates: ArrayLike | None = None,
    top: int = 1,
    level: float = 0.95,
    scale: Scale | None = None,
) -> FrontierGap:
    """Do what `frontier_gap` does, for models that were checked before."""
    check_level(level)
    if top < 1:
        raise InvalidParameter(f"top must be at least 1, not {top}")
    closed, opened = field.closed, field.open
    asked = sorted_days(
        field.released[np.concatenate((closed, opened))] if dates is None else dates
    )
    if dates is not None and len(asked) == 0:
        raise InvalidParameter("the list of dates is empty")
    fewest = np.minimum(*(released_by(field, side, asked) for side in (closed, opened)))
    days = asked[fewest >= top]
    point, draws = (
        frontier_values(ratings, field, closed, days, top)
        - frontier_values(ratings, field, opened, days, top)
        for ratings in (field.rating, field.draws)
    )
    lower, upper = percentiles(draws, level)
    return FrontierGap(
        dates=days,
        gap=point,
        lower=lower,
        upper=upper,
        closed_ahead=(draws > 0).mean(axis=0),
        closed_rating=frontier_values(field.rating, field, closed, days, top),
        open_rating=frontier_values(field.rating, field, opened, days, top),
        closed_leaders=leading_models(field, closed, days, top),
        open_leaders=leading_models(field, opened, days, top),
        closed_eligible=released_by(field, closed, days),
        open_eligible=released_by(field, opened, days),
        undefined=_undefined(field, asked, top),
        undated=len(field.undated),
        n_draws=len(field.draws),
        top=top,
        level=level,
        scale=scale or Scale(),
    )


def _undefined(field: Contenders, asked: Dates, top: int) -> tuple[Undefined, ...]:
    """Gather the dates without a gap into runs with one reason each."""
    sides: tuple[tuple[Side, Integers], ...] = (("open", field.open), ("closed", field.closed))
    if len(asked) == 0:  # no dated eligible model on either side
        return tuple(missing_side(side, 0, top) for side, _ in sides)
    runs: list[Undefined] = []
    for i, day in enumerate(asked):
        for side, members in sides:
            count = int(released_by(field, members, asked[i : i + 1])[0])
            if count < top:
                found = missing_side(side, count, top, day)
                if runs and runs[-1].code == found.code:
                    found = replace(found, since=runs.pop().since)
                runs.append(found)
                break
    return tuple(runs)


def missing_side(side: Side, count: int, top: int, day: np.datetime64 | None = None) -> Undefined:
    """Say that a side has too few eligible models for a frontier."""
    by = "" if day is None else f" released by {day}"
    if count == 0:
        none: Reason = "no_open" if side == "open" else "no_closed"
        return Undefined(none, f"No {side} model{by} is eligible.", day, day)
    few: Reason = "too_few_open" if side == "open" else "too_few_closed"
    only = f"Only {count} eligible {side} model{'s' * (count > 1)}{by}"
    return Undefined(few, f"{only}; the mean of the {top} best needs {top}.", day, day)
