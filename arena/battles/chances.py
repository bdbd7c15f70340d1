r"""The chance of every pair: more for pairs whose next vote says most. Arrays in, arrays out.

For contestants i with weight w_i, rating r_i, half-width h_i of its 95 % interval and n_i votes:

1. *Uncertainty* in natural log-odds squared: q_i = (h_i / (1.96 K))^2 with K = 400 / ln 10 points;
   without an interval q_i = 4 / (n_i + 4), as if its votes were coins, and four more of them.
2. *Closeness*: c_ij = p (1 - p), where p = 1 / (1 + exp((r_j - r_i) / K)): a quarter for equals.
   Without a rating a model counts as an average one.
3. *Gain*: how much one more vote is expected to narrow the interval of the pair's difference. With
   d_ij = q_i + q_j it is g_ij = sqrt(d_ij) - sqrt(d_ij / (1 + c_ij d_ij)).
4. *By weight*: u_ij = w_i w_j, summing to 1 over the pairs that can meet.
5. *By gain*: a_ij = f_i f_j w_i w_j g_ij, summing to 1 over the same pairs. The factors f, at most
   1, are there for one thing: no model's share of battles passes `MOST` times its share by weight.
6. *The chance of a pair*: P_ij = `FLOOR` u_ij + (1 - `FLOOR`) a_ij.

Step 3 is the rule of Chiang et al. (2024), "Chatbot Arena", section 5, which draws a pair in
proportion to sqrt(S / n) - sqrt(S / (n + 1)) for n votes of the pair of variance S. There n counts
direct votes alone; here 1 / (c d) stands for it, the votes between the two that would make their
difference as sure as it is, so what other opponents say of both counts as well.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FLOOR = 0.2
"""Share of battles that is drawn by weight alone, so that every pair can always come."""

MOST = 5.0
"""No model is drawn more than so many times as often as its weight alone would have it."""

VERSION = 1
"""Of the rule; stored with every battle."""

POINTS_PER_LOGIT = 400 / np.log(10)
_NORMAL = 1.96
_PRIOR_VOTES = 4
_ROUNDS = 50
_NEAR_ENOUGH = 1.001

type Floats = NDArray[np.float64]


class Contestant(NamedTuple):
    """A model that can be drawn, with what is known of it.

    Attributes
    ----------
    model : int
        Its primary key.
    weight : float
        Above 0.
    group : str
        The GPU group in which all its endpoints are; empty when one of them is elsewhere.
    rating, half_width : float or None
        Points, of the live board.
    votes : int
        Counted votes.
    """

    model: int
    weight: float
    group: str = ""
    rating: float | None = None
    half_width: float | None = None
    votes: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """Two models, and how likely they were to be drawn."""

    models: tuple[int, ...]
    probability: float
    by_weight: float


class Chances:
    """The chances of all pairs of some contestants.

    Parameters
    ----------
    contestants : sequence of Contestant
    adaptive : bool
        False leaves it at the weights.

    Attributes
    ----------
    models : tuple of int
    pairs, by_weight : (m, m) float64
        Symmetric; the upper triangle of each sums to 1, or to 0 when no two can meet.
    """

    def __init__(self, contestants: Sequence[Contestant], *, adaptive: bool = True) -> None:
        self.models = tuple(contestant.model for contestant in contestants)
        self.by_weight = _by_weight(contestants)
        self.pairs = self.by_weight
        if adaptive and self:
            self.pairs = _mixed(self.by_weight, self.by_weight * _gains(contestants))
        self._places = np.triu_indices(len(self.models), 1)
        self._upper = np.stack((self.pairs[self._places], self.by_weight[self._places]))
        self._cumulative = np.cumsum(self._upper, axis=1)

    def __bool__(self) -> bool:
        """Whether any two can meet."""
        return bool(self.by_weight.any())

    def shares(self) -> dict[int, float]:
        """Return the share of battles in which each model stands; they sum to 2."""
        return dict(zip(self.models, self.pairs.sum(axis=1).tolist(), strict=True))

    def draw(self, chance: float, *, avoid: Collection[int] = ()) -> Drawn:
        """Return the pair at a place between 0 and 1.

        Parameters
        ----------
        chance : float
            Uniform in [0, 1).
        avoid : collection of int
            Models not to draw, as far as two others can meet; the chances of the others stay in
            proportion.
        """
        upper, cumulative = self._without(avoid)
        total, by_weight = cumulative[:, -1]
        # The last pair with a chance, where rounding would lead past the end.
        last = np.searchsorted(cumulative[0], total, side="left")
        place = min(np.searchsorted(cumulative[0], chance * total, side="right"), last)
        return Drawn(
            models=tuple(self.models[side[place]] for side in self._places),
            probability=float(upper[0, place] / total),
            by_weight=float(upper[1, place] / by_weight),
        )

    def _without(self, avoid: Collection[int]) -> tuple[Floats, Floats]:
        """Return the chances of pairs of other models, and their sums from the first pair on."""
        kept = np.array([model not in avoid for model in self.models])
        if kept.all():
            return self._upper, self._cumulative
        upper = self._upper * (kept[self._places[0]] & kept[self._places[1]])
        return (upper, np.cumsum(upper, axis=1)) if upper.any() else (self._upper, self._cumulative)


@lru_cache(maxsize=8)
def chances_of(contestants: tuple[Contestant, ...], *, adaptive: bool = True) -> Chances:
    """Return the chances of some contestants: made once, kept until one of them changes."""
    return Chances(contestants, adaptive=adaptive)


def _by_weight(contestants: Sequence[Contestant]) -> Floats:
    """Step 4, by logarithms: weights may be as large and as small as numbers go."""
    # A model in no group is in one of its own.
    groups = [one.group or -place for place, one in enumerate(contestants)]
    number = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    group = np.array([number[group] for group in groups])
    together = group[:, None] != group[None, :]
    if not together.any():
        return np.zeros(together.shape)
    logarithm = np.log(np.array([one.weight for one in contestants]))
    both = np.where(together, logarithm[:, None] + logarithm[None, :], -np.inf)
    weight = np.exp(both - both.max())
    return np.asarray(2 * weight / weight.sum())


def _gains(contestants: Sequence[Contestant]) -> Floats:
    """Steps 1 to 3; what is no finite number is taken as unknown."""
    rating, half_width = (
        np.array([getattr(one, name) for one in contestants], dtype=np.float64)
        for name in ("rating", "half_width")
    )
    votes = np.array([one.votes for one in contestants], dtype=np.float64)
    known = np.isfinite(rating) & np.isfinite(half_width) & (half_width > 0)
    uncertain = 4 / (votes + _PRIOR_VOTES)
    uncertain[known] = (half_width[known] / (_NORMAL * POINTS_PER_LOGIT)) ** 2
    rating = np.where(known, rating, rating[known].mean() if known.any() else 0.0)
    # One exponential a model: exp(r_i - r_j) is a quotient, and clipped it cannot overflow.
    strength = np.exp(np.clip((rating - rating.mean()) / POINTS_PER_LOGIT, -300, 300))
    chance = strength[:, None] / (strength[:, None] + strength[None, :])
    close = chance * (1 - chance)
    wide = uncertain[:, None] + uncertain[None, :]
    # sqrt(d) - sqrt(d / (1 + cd)) without the difference of two near numbers.
    root = np.sqrt(1 + close * wide)
    return np.asarray(np.sqrt(wide) * close * wide / (root * (1 + root)))


def _mixed(by_weight: Floats, by_gain: Floats) -> Floats:
    """Steps 5 and 6, from w_i w_j g_ij on any scale."""
    if not by_gain.any():
        return by_weight
    shares = by_weight.sum(axis=1)
    held = _limited(by_gain, MOST * shares)
    # The limit holds to the last digit: what is above it, drawing more by weight takes off.
    able = shares > 0
    excess = float(np.max(held.sum(axis=1)[able] / shares[able]))
    floor = max(FLOOR, (excess - MOST) / (excess - 1)) if excess > MOST else FLOOR
    return np.asarray(floor * by_weight + (1 - floor) * held)


def _limited(pairs: Floats, limit: Floats) -> Floats:
    """Scale rows and columns alike until no row's sum passes its limit; all of them sum to 2."""
    factor = np.ones(len(pairs))
    for _ in range(_ROUNDS):
        share = factor * (pairs @ factor)
        share *= 2 / share.sum()
        if (share <= _NEAR_ENOUGH * limit).all():
            break
        # A row's factor stands in its columns as well: half a step on the scale of logarithms.
        pull = np.sqrt(np.divide(limit, share, out=np.ones_like(share), where=share > 0))
        factor = np.minimum(1, factor * pull)
    held = pairs * np.outer(factor, factor)
    return np.asarray(held * (2 / held.sum()))
