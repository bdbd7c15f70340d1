"""Shares of a whole, with Wilson's interval; the direct check of two models without a model.

Wilson (1927), "Probable inference, the law of succession, and statistical inference": unlike the
textbook interval it stays within 0 and 1 and keeps its coverage for few votes and lopsided shares.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats
from ratings.errors import InvalidParameter
from ratings.frontier import check_level
from ratings.outcomes import BOTH_BAD, TIE, A, B, BothBad
from ratings.undefined import Undefined


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Score interval of a binomial share, for one share or many.

    With z standard errors and share p of n: centre (p + z^2 / 2n) / (1 + z^2 / n), half-width
    z sqrt(p (1 - p) / n + z^2 / 4n^2) / (1 + z^2 / n).

    Parameters
    ----------
    successes : (...) float
        Between 0 and `trials`. Ties may count as half a success: a half varies less than a win
        or a loss does, so the interval is then on the wide side.
    trials : (...) float
        Positive.
    level : float

    Returns
    -------
    lower, upper : (...) float64

    Raises
    ------
    InvalidParameter
        No trials, or a share outside 0 and 1.
    """
    check_level(level)
    won, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if not (np.isfinite(n) & (n > 0)).all():
        raise InvalidParameter("a share of no trials does not exist")
    if not ((won >= 0) & (won <= n)).all():
        raise InvalidParameter("successes must lie between 0 and the number of trials")
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = won / n
    centre = share + z * z / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    shrink = 1 + z * z / n
    return np.maximum((centre - half) / shrink, 0), np.minimum((centre + half) / shrink, 1)


def clustered_interval(
    successes: ArrayLike, trials: ArrayLike, level: float = 0.95
) -> tuple[float, float]:
    """Score interval of one share whose trials come in clusters, as votes come from voters.

    Wilson's interval of as many trials as the clusters are worth: n over the design effect (Kish,
    1965, "Survey Sampling"), which is the variance that the clusters show over that of independent
    trials, and at least 1. Where they cannot show any, because there is one or all trials went the
    same way, each cluster is worth one trial.

    Parameters
    ----------
    successes : (k,) float
        By cluster, between 0 and its `trials`.
    trials : (k,) float
        Positive.
    level : float

    Returns
    -------
    lower, upper : float

    Raises
    ------
    InvalidParameter
        No cluster, one without trials, or a share outside 0 and 1.
    """
    won, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if not n.size:
        raise InvalidParameter("a share of no trials does not exist")
    wilson_interval(won, n, level)  # refuses what is no share, cluster by cluster
    total, clusters = float(n.sum()), n.size
    share = float(won.sum()) / total
    independent = share * (1 - share) / total
    worth = float(clusters)
    if clusters > 1 and independent > 0:
        between = float(((won - share * n) ** 2).sum()) / total**2 * clusters / (clusters - 1)
        worth = total / max(1.0, between / independent)
    lower, upper = wilson_interval(share * worth, worth, level)
    return float(lower), float(upper)


@dataclass(frozen=True)
class DirectCheck:
    """What voters said when the two models met, with no rating in between.

    Attributes
    ----------
    wins, losses, ties, both_bad : int
        Of the first model.
    share : float
        Its score, ties (and both bad, unless dropped) as half a win.
    lower, upper : float
        Wilson's interval.
    """

    wins: int
    losses: int
    ties: int
    both_bad: int
    share: float
    lower: float
    upper: float
    level: float


def direct_check(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    first: int,
    second: int,
    *,
    both_bad: BothBad = "half",
    level: float = 0.95,
) -> DirectCheck | Undefined:
    """Score one model against another from their own battles only.

    Parameters
    ----------
    a, b : (n,) int
        Positions of the models on side A and B.
    outcome : (n,) int
        Codes of `ratings.outcomes`.
    first, second : int
        Positions; for the gap the open leader and the closed leader.
    both_bad : {"half", "drop"}
    level : float

    Returns
    -------
    DirectCheck, or Undefined when the two never met in a counted battle.
    """
    if first == second:
        raise InvalidParameter("a model has no record against itself")
    if both_bad not in {"half", "drop"}:
        raise InvalidParameter(f"both_bad must be 'half' or 'drop', not {both_bad!r}")
    a, b, outcome = np.asarray(a), np.asarray(b), np.asarray(outcome)
    as_a, as_b = (
        np.bincount(outcome[(a == left) & (b == right)], minlength=4)
        for left, right in ((first, second), (second, first))
    )
    wins, losses = int(as_a[A] + as_b[B]), int(as_a[B] + as_b[A])
    ties, bad = int(as_a[TIE] + as_b[TIE]), int(as_a[BOTH_BAD] + as_b[BOTH_BAD])
    even = ties + (bad if both_bad == "half" else 0)
    trials = wins + losses + even
    if trials == 0:
        return Undefined("thin", "The two models have not met in a counted battle.")
    score = wins + even / 2
    lower, upper = wilson_interval(score, trials, level)
    return DirectCheck(wins, losses, ties, bad, score / trials, float(lower), float(upper), level)
