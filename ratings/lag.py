"""How many months the best open model stands behind the closed frontier.

At day t let o be the best open model out by t, and d* the last day on which the closed frontier
was not better than o. The lag is (t - d*) / 30.4375 months. As the closed frontier only rises, d*
is the day before the first release of a closed model better than o.

The *point lag* takes the ratings as they are. The *significance lag* asks for closed to be better
in at least 95 % of joint draws. It is shorter the thinner the data, because less can be shown:
publish it beside the point lag and never alone.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats, Integers
from ratings.contenders import Contenders, Dates, as_day, months
from ratings.errors import InvalidParameter
from ratings.frontier import check_level, released_by, sorted_days
from ratings.gap import missing_side
from ratings.undefined import Undefined

type LagState = Literal["behind", "more_than", "level_or_ahead"]


@dataclass(frozen=True, order=True)
class LagFigure:
    """One lag.

    Attributes
    ----------
    months : float
        Months of 30.4375 days; 0 when level or ahead. A bound from below when `state` is
        ``"more_than"``: closed was better from its first model on, so there is no d*. On the very
        day of that first model the bound is 0 and says no more than "behind".
    state : str
        For the significance lag, ``"level_or_ahead"`` reads "not shown to be behind".
    """

    months: float
    state: LagState


@dataclass(frozen=True)
class Lag:
    """The lag on one day.

    Attributes
    ----------
    day : datetime64[D]
    point : LagFigure
    significance : LagFigure
        With ``confidence`` of the draws; in each draw both sides pick their own leaders, as in
        the gap, so the two figures never contradict each other.
    lower, upper : LagFigure
        Percentiles of the point lag over draws. They are lags of actual draws, so either may be
        level, ahead or a bound.
    lead : float
        Points, open minus closed frontier; negative when behind.
    open_leader, closed_leader : int
        Positions on that day, by point estimate.
    """

    day: np.datetime64
    point: LagFigure
    significance: LagFigure
    lower: LagFigure
    upper: LagFigure
    lead: float
    open_leader: int
    closed_leader: int
    level: float
    confidence: float


def lag_at(
    field: Contenders,
    day: np.datetime64 | str,
    *,
    level: float = 0.95,
    confidence: float = 0.95,
) -> Lag | Undefined:
    """Measure the lag on one day; see `lag_line`."""
    return lag_line(field, np.array([as_day(day)]), level=level, confidence=confidence)[0]


def lag_line(
    field: Contenders,
    dates: ArrayLike | None = None,
    *,
    level: float = 0.95,
    confidence: float = 0.95,
) -> tuple[Lag | Undefined, ...]:
    """Measure the lag on each date.

    Parameters
    ----------
    field : Contenders
    dates : (k,) datetime64[D], optional
        By default every release date of either side. Between releases the lag of a side that is
        behind grows by a day a day.
    level : float
        Of the interval over draws.
    confidence : float
        Share of draws in which closed must be better for the significance lag.

    Returns
    -------
    k times Lag, or Undefined where a side has no eligible model by then; in order of date.
    """
    check_level(level)
    if not 0 < confidence <= 1:
        raise InvalidParameter(f"confidence must be a share of the draws, not {confidence}")
    sides = np.concatenate((field.open, field.closed))
    asked = sorted_days(field.released[sides] if dates is None else dates)
    rises = _Rises.of(field)
    return tuple(_lag(field, rises, day, level, confidence) for day in asked)


@dataclass(frozen=True, eq=False)
class _Rises:
    """Best rating of a side after each of its releases, by point estimate and in every draw."""

    open: Floats
    closed: Floats
    open_draws: Floats
    closed_draws: Floats

    @classmethod
    def of(cls, field: Contenders) -> Self:
        return cls(
            *(
                np.maximum.accumulate(ratings[..., side], axis=-1)
                for ratings in (field.rating, field.draws)
                for side in (field.open, field.closed)
            )
        )


def _lag(
    field: Contenders, rises: _Rises, day: np.datetime64, level: float, confidence: float
) -> Lag | Undefined:
    today = np.array([day])
    out, out_open = (int(released_by(field, side, today)[0]) for side in (field.closed, field.open))
    if out_open == 0:
        return missing_side("open", 0, 1, day)
    if out == 0:
        return missing_side("closed", 0, 1, day)
    best_open = float(rises.open[out_open - 1])
    # (n, out); along a row, once true it stays true.
    better = rises.closed_draws[:, :out] > rises.open_draws[:, out_open - 1 : out_open]
    steps = np.sort(out - better.sum(axis=1))[::-1]  # shortest lag first
    point = int((rises.closed[:out] <= best_open).sum())
    shown = int((better.mean(axis=0) < confidence).sum())
    figure = partial(_figure, field.released[field.closed], out, day)
    return Lag(
        day=day,
        point=figure(point),
        significance=figure(shown),
        lower=figure(_order_statistic(steps, (1 - level) / 2)),
        upper=figure(_order_statistic(steps, (1 + level) / 2)),
        lead=best_open - float(rises.closed[out - 1]),
        open_leader=_leader(field, field.open[:out_open]),
        closed_leader=_leader(field, field.closed[:out]),
        level=level,
        confidence=confidence,
    )


def _figure(entered: Dates, out: int, day: np.datetime64, step: int) -> LagFigure:
    """Lag when, of the closed models by date, the one at place `step` is the first better one."""
    if step == out:
        return LagFigure(0.0, "level_or_ahead")
    if entered[step] == entered[0]:
        return LagFigure(float(months(day - entered[0])), "more_than")
    last_level_day = entered[step] - np.timedelta64(1, "D")
    return LagFigure(float(months(day - last_level_day)), "behind")


def _order_statistic(ordered: Integers, share: float) -> int:
    """Smallest value with at least `share` of the draws at or before it in the given order."""
    position = max(int(np.ceil(share * len(ordered) - 1e-9)) - 1, 0)
    return int(ordered[position])


def _leader(field: Contenders, entered: Integers) -> int:
    return int(entered[np.argmax(field.rating[entered])])  # argmax keeps the earliest of equals
