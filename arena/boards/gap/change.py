"""How the gap moved within a year, from the joint draws of both days.

The two gaps share their votes, so two marginal intervals that overlap, or part, say nothing sure of
their difference: each draw gives its own.
"""

from dataclasses import dataclass

import numpy as np

from ratings.contenders import Contenders
from ratings.frontier import frontier_values, percentiles, released_by

_LEVEL = 0.95


@dataclass(frozen=True)
class GapChange:
    """The gap of a day and of the day a year before, closed minus open, in points.

    Attributes
    ----------
    since : str
        ISO date of the earlier day.
    then, now : float
    lower, upper : float
        Of ``now - then``.
    """

    since: str
    then: float
    now: float
    lower: float
    upper: float


def gap_change(field: Contenders, day: str) -> GapChange | None:
    """Measure the change up to a day; None where a side had no model a year before it.

    Parameters
    ----------
    field : Contenders
    day : str
        ISO date. A year before the 29th of February is the 1st of March.
    """
    days = np.array([_year_before(day), day], dtype="datetime64[D]")
    if min(released_by(field, side, days[:1])[0] for side in (field.closed, field.open)) < 1:
        return None
    (then, now), draws = (
        frontier_values(ratings, field, field.closed, days)
        - frontier_values(ratings, field, field.open, days)
        for ratings in (field.rating, field.draws)
    )
    (lower,), (upper,) = percentiles(draws[:, 1:] - draws[:, :1], _LEVEL)
    return GapChange(str(days[0]), float(then), float(now), float(lower), float(upper))


def _year_before(day: str) -> str:
    year, rest = int(day[:4]) - 1, day[4:]
    return f"{year:04d}{'-03-01' if rest == '-02-29' else rest}"
