"""The best rating of a class by each day: a step line, with a band from joint draws."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats, Integers
from ratings.contenders import Contenders, Dates
from ratings.errors import InvalidParameter


@dataclass(frozen=True, eq=False)
class Frontier:
    """F(t) of one class at k dates, in points; right-continuous, it steps on a release day.

    Attributes
    ----------
    dates : (k,) datetime64[D]
        Only dates on which at least `top` models of the class were released.
    rating : (k,) float64
        Mean rating of the `top` best by point estimate.
    lower, upper : (k,) float64
        Percentiles of the same figure over the draws, each draw with its own leaders. The
        maximum of noisy ratings lies above the best true one, more so with more entries, so the
        point may stand low in its band.
    leaders : (k, top) int64
        Positions of the leading models, best first; of equals the one released first leads.
    eligible : (k,) int64
        How many models of the class stand behind the figure.
    """

    dates: Dates
    rating: Floats
    lower: Floats
    upper: Floats
    leaders: Integers
    eligible: Integers
    top: int
    level: float


def frontier(
    field: Contenders,
    members: Integers,
    *,
    dates: ArrayLike | None = None,
    top: int = 1,
    level: float = 0.95,
) -> Frontier:
    """Draw the step line of one class.

    Parameters
    ----------
    field : Contenders
    members : (c,) int
        ``field.open``, ``field.closed`` or ``field.members(classes)``.
    dates : (k,) datetime64[D], optional
        Sorted or not; by default the release dates of the members. Dates before the class has
        `top` models are left out: an empty result means it never had.
    top : int
        1 for the best model; 3 for the top-3 mean, which suffers less from the inflation of a
        maximum.
    level : float
        Of the band.
    """
    check_level(level)
    days = sorted_days(field.released[members] if dates is None else dates)
    days = days[released_by(field, members, days) >= top]
    lower, upper = percentiles(frontier_values(field.draws, field, members, days, top), level)
    return Frontier(
        dates=days,
        rating=frontier_values(field.rating, field, members, days, top),
        lower=lower,
        upper=upper,
        leaders=leading_models(field, members, days, top),
        eligible=released_by(field, members, days),
        top=top,
        level=level,
    )


def frontier_values(
    ratings: Floats, field: Contenders, members: Integers, dates: Dates, top: int = 1
) -> Floats:
    """Mean of the `top` best ratings released by each date, over the last axis.

    Parameters
    ----------
    ratings : (..., m) float64
    members : (c,) int, by date
    dates : (k,) datetime64[D]
        Each with at least `top` members released.

    Returns
    -------
    (..., k) float64
    """
    entered = ratings[..., members]
    counts = released_by(field, members, dates)
    if top == 1:
        best: Floats = np.maximum.accumulate(entered, axis=-1)[..., counts - 1]
        return best
    values = np.empty((*ratings.shape[:-1], len(dates)))
    for count in np.unique(counts):
        best = np.partition(entered[..., :count], count - top, axis=-1)[..., count - top :]
        values[..., counts == count] = best.mean(axis=-1, keepdims=True)
    return values


def leading_models(field: Contenders, members: Integers, dates: Dates, top: int = 1) -> Integers:
    """Positions of the `top` best by point estimate on each date, shape (k, top), best first."""
    leaders = np.empty((len(dates), top), dtype=np.int64)
    counts = released_by(field, members, dates)
    for count in np.unique(counts):
        entered = members[:count]
        best_first = np.argsort(-field.rating[entered], kind="stable")  # equals stay by date
        leaders[counts == count] = entered[best_first[:top]]
    return leaders


def released_by(field: Contenders, members: Integers, dates: Dates) -> Integers:
    """How many members were out by the end of each date, shape (k,)."""
    return np.searchsorted(field.released[members], dates, side="right").astype(np.int64)


def percentiles(values: Floats, level: float) -> tuple[Floats, Floats]:
    """Equal-tailed interval over the draws in the first axis."""
    outside = (1 - level) / 2
    if values.shape[-1] == 0:
        return np.empty(0), np.empty(0)
    lower, upper = np.quantile(values, [outside, 1 - outside], axis=0)
    return lower, upper


def sorted_days(dates: ArrayLike) -> Dates:
    """Unique dates in order, as datetime64[D].

    Raises
    ------
    InvalidParameter
        If one is NaT.
    """
    days = np.unique(np.atleast_1d(np.asarray(dates, dtype="datetime64[D]")))
    if np.isnat(days).any():
        raise InvalidParameter("a date is missing (NaT)")
    return days


def check_level(level: float) -> None:
    """Refuse a level that is no share between 0 and 1."""
    if not 0 < level < 1:
        raise InvalidParameter(f"level must lie between 0 and 1, not {level}")
