"""Best and worst possible rank of each model, by two rules.

*Overlap*: the rule a reader can check in the table; conservative, since two intervals may overlap
while their difference is clear. *Simultaneous* (Mogstad, Romano, Shaikh and Wilhelm 2024): all
pairwise differences at once, from the joint covariance, so that all ranks hold together at the
stated level.
"""

import numpy as np

from ratings.arrays import Floats, Integers


def overlap_ranks(lower: Floats, upper: Floats) -> tuple[Integers, Integers]:
    """Best rank: 1 + models whose lower bound is above my upper; worst: n - those below my lower.

    Parameters
    ----------
    lower, upper : (m,)
        NaN for a model without a rating, which gets rank 0 and counts for no one.
    """
    rated = np.isfinite(lower) | np.isfinite(upper)
    above = np.sort(lower[rated])
    below = np.sort(upper[rated])
    best = 1 + len(above) - np.searchsorted(above, upper, side="right")
    worst = rated.sum() - np.searchsorted(below, lower, side="left")
    return (
        np.where(rated, best, 0).astype(np.int64),
        np.where(rated, worst, 0).astype(np.int64),
    )


def simultaneous_ranks(
    rating: Floats, covariance: Floats, draws: Floats, level: float
) -> tuple[Integers, Integers]:
    """Ranks that hold for all models at once with probability `level`.

    Parameters
    ----------
    rating : (m,)
    covariance : (m, m)
    draws : (n, m)
        Joint draws of the ratings; they set how far the largest of all studentised differences
        strays by chance.
    level : float
    """
    rated = np.flatnonzero(np.isfinite(rating))
    best, worst = np.zeros((2, len(rating)), dtype=np.int64)
    if rated.size < 2:
        best[rated] = worst[rated] = 1
        return best, worst
    variance = np.diag(covariance)[rated]
    spread = variance[:, None] + variance[None, :] - 2 * covariance[np.ix_(rated, rated)]
    error = np.sqrt(np.maximum(spread, 0))
    np.fill_diagonal(error, np.inf)
    error[error == 0] = np.finfo(float).tiny
    noise = draws[:, rated] - rating[rated]
    largest = np.array([np.max((row[:, None] - row[None, :]) / error) for row in noise])
    critical = np.quantile(largest, level)
    difference = rating[rated][:, None] - rating[rated][None, :]
    clear = difference > critical * error
    best[rated] = 1 + clear.sum(axis=0)
    worst[rated] = rated.size - clear.sum(axis=1)
    return best, worst
