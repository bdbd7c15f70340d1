"""How many votes would flip first place if they were taken away?

The effect of dropping one vote on the lead is, to first order, minus its score times the inverse
Hessian (Broderick, Giordano and Meager 2020; for arenas, Huang et al. 2025). Votes of the same
pair and outcome have the same effect, so the few most harmful votes are found from counts. The
answer is then made sure by refitting without them.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Floats, Integers
from ratings.bradley_terry import rateable_components
from ratings.comparisons import Comparisons
from ratings.covariance import model_covariance
from ratings.errors import InvalidParameter, RatingsError
from ratings.newton import fit_strengths, gradient_and_curvature, logistic
from ratings.outcomes import OUTCOMES, BothBad, Scoring, Ties
from ratings.tally import Tally

_LEVEL = 1e-9
"""Log-odds below which two models are level, and neither leads."""


@dataclass(frozen=True)
class DroppedVotes:
    """Votes of one kind to take away: side A's model, side B's, the outcome, and how many."""

    model_a: str
    model_b: str
    outcome: str
    votes: int


@dataclass(frozen=True)
class Flip:
    """The smallest set of votes found without which another model leads.

    An upper bound on the smallest there is: a cleverer choice might need fewer.
    """

    leader: str
    challenger: str
    votes: int
    share: float
    dropped: tuple[DroppedVotes, ...]


def votes_to_flip_first_place(
    votes: Comparisons | Tally,
    *,
    ties: Ties = "half",
    both_bad: BothBad = "half",
    challengers: int = 5,
) -> Flip | None:
    """Find few votes whose removal changes the leader.

    Parameters
    ----------
    votes : Comparisons or Tally
        Without weights: every vote is one vote.
    ties, both_bad
        As in `ratings.fit_bradley_terry`; no Davidson.
    challengers : int
        How many models below the leader are tried.

    Returns
    -------
    Flip or None
        None when no set was found that keeps the models comparable.

    Raises
    ------
    InvalidParameter
        Votes with weights, Davidson's ties, no challenger.
    NotEnoughVotes, Separated
        As in `ratings.fit_bradley_terry`.
    """
    if challengers < 1:
        raise InvalidParameter(f"challengers must be at least 1, not {challengers}")
    if ties == "davidson":
        raise InvalidParameter("votes are only taken away under ties='half' or 'drop'")
    tally = votes if isinstance(votes, Tally) else Tally.from_comparisons(votes)
    if tally.weight is not tally.count:
        raise InvalidParameter(
            "which votes hold up the leader is counted in whole votes: leave the weights out"
        )
    scoring = Scoring(ties, both_bad)
    counted = tally.counted(scoring)
    main = counted.restricted(rateable_components(counted, 0.0).main)
    points = main.points
    fit = fit_strengths(points)
    order = np.argsort(-fit.theta, kind="stable")
    _, curvature = gradient_and_curvature(fit.theta, points + points.T, points.sum(axis=1), 0.0)
    inverse = model_covariance(curvature)
    leader, best = int(order[0]), None
    for challenger in order[1 : 1 + challengers].tolist():
        effect = _effect_of_dropping(fit.theta, inverse, scoring, leader, challenger)
        limit = None if best is None else best.votes - 1
        found = _smallest(main, effect, fit.theta, (leader, challenger), limit)
        best = found or best
    return best


def _effect_of_dropping(
    theta: Floats, inverse: Floats, scoring: Scoring, leader: int, challenger: int
) -> Floats:
    """Change of the lead, in log-odds, when one vote of each kind goes: (4, m, m)."""
    pull = inverse[leader] - inverse[challenger]
    chance = logistic(theta[:, None] - theta[None, :])
    score = np.nan_to_num(scoring.scores)[:, None, None]
    effect: Floats = -(pull[:, None] - pull[None, :]) * (score - chance)
    return effect


def _smallest(
    tally: Tally, effect: Floats, theta: Floats, pair: tuple[int, int], limit: int | None
) -> Flip | None:
    """Search the shortest start of the most harmful votes that flips the pair, by bisection."""
    leader, challenger = pair
    kinds = np.flatnonzero((tally.count.ravel() > 0) & (effect.ravel() < 0))
    kinds = kinds[np.argsort(effect.ravel()[kinds], kind="stable")]
    available = tally.count.ravel()[kinds].cumsum()
    if not kinds.size:
        return None
    high = int(available[-1]) if limit is None else min(limit, int(available[-1]))

    def lead_without(votes: int) -> float:
        left = _without(tally, kinds, votes)
        try:
            components = rateable_components(left, 0.0)
        except RatingsError:
            return np.inf
        if not {leader, challenger} <= set(components.main.tolist()):
            return np.inf
        fit = fit_strengths(left.restricted(components.main).points)
        place = {model: row for row, model in enumerate(components.main.tolist())}
        return float(fit.theta[place[leader]] - fit.theta[place[challenger]])

    guess = _first_order(effect.ravel()[kinds], available, theta[leader] - theta[challenger])
    low, top = 0, max(1, min(guess, high))
    while lead_without(top) > -_LEVEL:
        if top >= high:
            return None
        low, top = top, min(high, top + max(1, top // 4))
    while top - low > 1:
        middle = (low + top) // 2
        low, top = (low, middle) if lead_without(middle) <= -_LEVEL else (middle, top)
    return _flip(tally, kinds, top, pair)


def _first_order(effect: Floats, available: Floats, lead: float) -> int:
    """Votes that would flip a lead if the first order were the whole truth."""
    counts = np.diff(available, prepend=0)
    reached = np.cumsum(counts * -effect)
    kind = int(np.searchsorted(reached, lead))
    if kind >= len(effect):
        return int(available[-1])
    before = float(reached[kind - 1]) if kind else 0.0
    votes = float(available[kind - 1]) if kind else 0.0
    return int(np.ceil(votes + (lead - before) / -effect[kind]))


def _taken(tally: Tally, kinds: Integers, votes: int) -> Floats:
    """How many of each kind are among the first `votes`."""
    counts = tally.count.ravel()[kinds]
    before = counts.cumsum() - counts
    return np.clip(votes - before, 0, counts)


def _without(tally: Tally, kinds: Integers, votes: int) -> Tally:
    count = tally.count.copy()
    count.ravel()[kinds] -= _taken(tally, kinds, votes)
    return Tally.from_counts(tally.models, count)


def _flip(tally: Tally, kinds: Integers, votes: int, pair: tuple[int, int]) -> Flip:
    taken = _taken(tally, kinds, votes)
    m, models = len(tally.models), tally.models
    dropped = tuple(
        DroppedVotes(
            models[kind // m % m], models[kind % m], OUTCOMES[kind // (m * m)], round(number)
        )
        for kind, number in zip(kinds.tolist(), taken.tolist(), strict=True)
        if number
    )
    share = votes / float(tally.count.sum())
    return Flip(models[pair[0]], models[pair[1]], votes, share, dropped)
