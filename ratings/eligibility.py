"""Which models are measured well enough to stand on a frontier."""

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Flags
from ratings.errors import InvalidParameter


def eligible_models(
    votes: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    in_main_component: ArrayLike,
    *,
    min_votes: int = 300,
    max_half_width: float = 25.0,
) -> Flags:
    """Apply the three conditions of a frontier: votes, width of the interval, connection.

    Parameters
    ----------
    votes : (m,) int
        Counted votes of each model.
    lower, upper : (m,) float
        Interval of each rating, points. A model without an interval (NaN) is not eligible.
    in_main_component : (m,) bool
        For a board: ``board.connected == 0``.
    min_votes : int
    max_half_width : float
        Points; half of ``upper - lower`` may reach it, not pass it.

    Returns
    -------
    (m,) bool

    Raises
    ------
    InvalidParameter
        Columns of unequal length.
    """
    votes, main = np.asarray(votes), np.asarray(in_main_component, dtype=bool)
    lower, upper = np.asarray(lower, dtype=float), np.asarray(upper, dtype=float)
    if not votes.shape == lower.shape == upper.shape == main.shape or votes.ndim != 1:
        raise InvalidParameter(
            "votes, lower, upper and in_main_component need one entry a model each, not shapes "
            f"{votes.shape}, {lower.shape}, {upper.shape}, {main.shape}"
        )
    narrow = (upper - lower) / 2 <= max_half_width  # false for NaN
    return np.asarray((votes >= min_votes) & narrow & main)
