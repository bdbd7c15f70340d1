"""The best of a group of models against the closed frontier, on one day.

Three questions share one comparison: the licence ladder (the best of each licence class), the
practical gap (the best open model that fits a memory budget), and the gap by category. In each,
every joint draw picks its own best of the group and its own closed leader.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats, Integers
from ratings.contenders import Contenders, as_day
from ratings.errors import InvalidParameter
from ratings.frontier import check_level
from ratings.gap import missing_side
from ratings.licences import LADDER
from ratings.undefined import Undefined

GIGABYTES_PER_BILLION = 2.0
"""Weights at 16 bit: two bytes a parameter."""

FOUR_BIT_SHARE = (1 / 4, 1 / 3)
"""Weights at 4 bit as a share of those at 16 bit: from bare weights to common formats."""


@dataclass(frozen=True)
class Rung:
    """The best of one group against the closed frontier.

    Attributes
    ----------
    best, closed_leader : int
        Positions, by point estimate.
    rating : float
        Points, of `best`.
    gap, lower, upper : float
        Points, closed frontier minus best of the group; negative when the group is ahead.
    closed_ahead : float
        Share of draws in which the closed frontier is strictly the better.
    eligible : int
        Models in the group.
    """

    best: int
    closed_leader: int
    rating: float
    gap: float
    lower: float
    upper: float
    closed_ahead: float
    eligible: int
    level: float


def licence_ladder(
    field: Contenders, day: np.datetime64 | str, *, level: float = 0.95
) -> dict[str, Rung | Undefined]:
    """Put the best of each licence class against the closed frontier, strictest class first.

    The classes are the four with weights, whatever the cut; the frontier is that of the cut's
    closed side.
    """
    last = as_day(day)
    return {name: _rung(field, field.members({name}), last, name, level) for name in LADDER}


def practical_gap(
    field: Contenders,
    weight_gigabytes: ArrayLike,
    budgets: Sequence[float] = (24.0, 80.0, 160.0),
    *,
    day: np.datetime64 | str,
    level: float = 0.95,
) -> dict[float, Rung | Undefined]:
    """Put the best open model that fits each memory budget against the closed frontier.

    Parameters
    ----------
    field : Contenders
    weight_gigabytes : (m,) float
        From `weight_floor`, plus whatever cache and overhead the caller wants to reserve. NaN:
        size unknown; such a model fits no budget.
    budgets : sequence of float
        Gigabytes; a model of exactly that size fits.
    day : datetime64[D]
    """
    size = np.asarray(weight_gigabytes, dtype=float)
    if size.shape != field.rating.shape:
        raise InvalidParameter(f"{size.shape} sizes do not fit {field.rating.shape} models")
    last = as_day(day)
    opened = field.open[field.released[field.open] <= last]
    rungs: dict[float, Rung | Undefined] = {}
    for budget in budgets:
        fitting = opened[size[opened] <= budget]
        if len(fitting) == 0:
            sentence = f"No eligible open model of known size fits {budget:g} GB by {last}."
            rungs[budget] = Undefined("none_fits", sentence)
        else:
            rungs[budget] = _rung(field, fitting, last, "open", level)
    return rungs


def weight_floor(total_parameters: ArrayLike, *, bits: int = 16) -> Floats:
    """Memory that the weights alone take, in gigabytes: a floor, without cache and overhead.

    Parameters
    ----------
    total_parameters : (m,) float
        Billions, all of them: a mixture of experts must hold those that are idle too.
    bits : {16, 8, 4}
        At 4 bit the lower end of `FOUR_BIT_SHARE`.
    """
    shares = {16: 1.0, 8: 1 / 2, 4: FOUR_BIT_SHARE[0]}
    if bits not in shares:
        raise InvalidParameter(f"bits must be 16, 8 or 4, not {bits}")
    size = np.asarray(total_parameters, dtype=float)
    return np.asarray(size * (GIGABYTES_PER_BILLION * shares[bits]))


@dataclass(frozen=True, eq=False)
class Slice:
    """One category's board: its models, and the counted battles behind it."""

    field: Contenders
    battles: int


def gap_by_category(
    slices: Mapping[str, Slice],
    day: np.datetime64 | str,
    *,
    min_battles: int = 1000,
    level: float = 0.95,
) -> dict[str, Rung | Undefined]:
    """Measure the gap on one day in each category, for a forest plot.

    Parameters
    ----------
    slices : mapping of category to Slice
        Each with eligibility judged by its own board.
    day : datetime64[D]
    min_battles : int
        A category with fewer is Undefined("thin"), its battles in the sentence.

    Returns
    -------
    dict in the order of `slices`.
    """
    last = as_day(day)
    found: dict[str, Rung | Undefined] = {}
    for name, part in slices.items():
        if part.battles < min_battles:
            thin = f"Only {part.battles} battles; hidden under {min_battles}."
            found[name] = Undefined("thin", thin)
        else:
            found[name] = _rung(part.field, part.field.open, last, "open", level)
    return found


def _rung(
    field: Contenders, group: Integers, day: np.datetime64, name: str, level: float
) -> Rung | Undefined:
    """Compare a group, by date, with the closed frontier of a day."""
    check_level(level)
    entered, closed = (side[field.released[side] <= day] for side in (group, field.closed))
    if len(entered) == 0:
        sentence = f"No {name} model released by {day} is eligible."
        return Undefined("no_open", sentence, day, day)
    if len(closed) == 0:
        return missing_side("closed", 0, 1, day)
    best, leader = (int(side[np.argmax(field.rating[side])]) for side in (entered, closed))
    draws = field.draws[:, closed].max(axis=1) - field.draws[:, entered].max(axis=1)
    lower, upper = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Rung(
        best=best,
        closed_leader=leader,
        rating=float(field.rating[best]),
        gap=float(field.rating[leader] - field.rating[best]),
        lower=float(lower),
        upper=float(upper),
        closed_ahead=float((draws > 0).mean()),
        eligible=len(entered),
        level=level,
    )
