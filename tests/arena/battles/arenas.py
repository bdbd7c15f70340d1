"""Simulated arenas with known strengths, to see what a way of drawing pairs does to ratings.

The ratings are those of `ratings`, the site's own rule is that of `arena.battles.chances`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from arena.battles.chances import POINTS_PER_LOGIT, Chances, Contestant
from ratings import Board, Comparisons, fit_bradley_terry
from ratings.arrays import Flags, Floats, Integers
from ratings.errors import RatingsError

SPREAD = 81.0
"""Points: the standard deviation between 59 models in 8,931 public human votes."""
TASTE = 0.3
"""Share of a vote's noise that is the voter's lasting liking of the two models."""
TIES = 0.4
"""Share of the weaker side's points that come as ties."""
VOTES_EACH = 15
"""Mean votes of a voter; the number is geometric."""
MIN_VOTES = 30
"""Below it a model has no rating, as on the site."""
UNRATED = 400.0
"""Points that stand for the half-width of a model without an interval."""
STEPS = 40
"""Boards between the first vote and the last; each is what the next pairs are drawn by."""


@dataclass(frozen=True)
class Case:
    """m models, of which the last `new` enter after half of the votes."""

    m: int
    new: int
    votes: int
    spread: float = SPREAD


@dataclass(eq=False)
class Seen:
    """What a rule may know before the next votes, of the models that are there.

    Attributes
    ----------
    rating, half_width : (k,) float64
        Points; NaN below `MIN_VOTES` votes.
    pairs : (k, k) float64
        Votes between two models.
    newcomer : (k,) bool
    """

    rating: Floats
    half_width: Floats
    pairs: Floats
    newcomer: Flags


type Rule = Callable[[Seen], Floats]
"""From what is seen to the chance of every pair, (k, k), symmetric, on any scale."""


def uniform(seen: Seen) -> Floats:
    """Every pair alike."""
    return 1 - np.eye(len(seen.rating))


def by_hand(seen: Seen) -> Floats:
    """Weights alone: an operator gives newcomers the weight 4, and leaves it there."""
    weight = np.where(seen.newcomer, 4.0, 1.0)
    return np.outer(weight, weight) * uniform(seen)


def of_the_paper(seen: Seen) -> Floats:
    """Chiang et al. (2024), section 5; a pair that never met counts as met once.

    The variance of a vote is p (1 - p) of the fitted chance, that of equals without a rating.
    """
    rating = np.where(np.isfinite(seen.rating), seen.rating, np.nanmean(np.r_[seen.rating, 1000]))
    chance = 1 / (1 + np.exp((rating[None, :] - rating[:, None]) / POINTS_PER_LOGIT))
    variance, met = chance * (1 - chance), np.maximum(seen.pairs, 1)
    return np.asarray((np.sqrt(variance / met) - np.sqrt(variance / (met + 1))) * uniform(seen))


def of_the_site(seen: Seen) -> Floats:
    """Drawn as the site draws them, all weights 1."""
    votes = seen.pairs.sum(axis=1)
    return Chances(
        [
            Contestant(place, 1.0, "", *_known(rating, half_width), int(votes[place]))
            for place, (rating, half_width) in enumerate(
                zip(seen.rating.tolist(), seen.half_width.tolist(), strict=True)
            )
        ]
    ).pairs


def _known(rating: float, half_width: float) -> tuple[float | None, float | None]:
    return (rating, half_width) if np.isfinite(rating + half_width) else (None, None)


RULES: dict[str, Rule] = {
    "uniform": uniform,
    "weight 4 for new": by_hand,
    "the paper's": of_the_paper,
    "Parity's": of_the_site,
}


@dataclass(eq=False)
class Arena:
    """Voters with tastes, who come one after another, and models with known strengths."""

    case: Case
    rng: np.random.Generator
    theta: Floats = field(init=False)
    voter: Integers = field(init=False)

    def __post_init__(self) -> None:
        self.theta = self.rng.normal(0, self.case.spread / POINTS_PER_LOGIT, self.case.m)
        self.theta -= self.theta.mean()
        voters = 100 + 2 * self.case.votes // VOTES_EACH
        counts = self.rng.geometric(1 / VOTES_EACH, voters)
        self.voter = np.repeat(np.arange(voters), counts)[: self.case.votes]
        self._liking = self.rng.normal(0, np.sqrt(0.5), (voters, self.case.m))

    def vote(self, a: Integers, b: Integers, first: int) -> Integers:
        """Return the outcomes of battles from the `first` on; expected scores are the model's."""
        voter = self.voter[first : first + len(a)]
        chance = 1 / (1 + np.exp(self.theta[b] - self.theta[a]))
        lasting = self._liking[voter, b] - self._liking[voter, a]
        noise = np.sqrt(TASTE) * lasting + np.sqrt(1 - TASTE) * self.rng.normal(size=len(a))
        place, margin = ndtr(noise), TIES * np.minimum(chance, 1 - chance)
        return np.select([place < chance - margin, place < chance + margin], [0, 2], 1)


@dataclass(eq=False)
class Course:
    """How one arena went: a row a board, a column a model; NaN where there is no figure.

    Attributes
    ----------
    votes : (s,) int64
        Counted so far.
    half_width, error : (s, m) float64
        Points; an error is the rating minus the truth, both centred on the rated models.
    battles : (s, m) float64
        Of each model so far; NaN before it entered.
    truth : (m,) float64
        Points, centred.
    """

    votes: Integers
    half_width: Floats
    error: Floats
    battles: Floats
    truth: Floats


def play(case: Case, rule: Rule, seed: int) -> Course:
    """Let pairs be drawn by a rule, board after board."""
    arena = Arena(case, np.random.default_rng(seed))
    edges = np.linspace(0, case.votes, STEPS + 1).astype(int)
    half_width, error, battles = (np.full((STEPS, case.m), np.nan) for _ in range(3))
    truth = POINTS_PER_LOGIT * arena.theta
    course = Course(edges[1:], half_width, error, battles, truth)
    a, b, outcome = (np.empty(0, dtype=np.int64) for _ in range(3))
    pairs, rating = np.zeros((case.m, case.m)), np.full((2, case.m), np.nan)
    for step in range(STEPS):
        there = np.arange(case.m if step >= STEPS // 2 else case.m - case.new)
        seen = _seen(case, rating, pairs, there)
        first, second = _drawn(arena.rng, rule(seen), edges[step + 1] - edges[step])
        a, b = np.append(a, there[first]), np.append(b, there[second])
        drawn = slice(edges[step], edges[step + 1])
        outcome = np.append(outcome, arena.vote(a[drawn], b[drawn], edges[step]))
        for one, other in ((a, b), (b, a)):
            np.add.at(pairs, (one[drawn], other[drawn]), 1)
        rating = _rated(arena, a, b, outcome)
        course.battles[step, there] = pairs.sum(axis=1)[there]
        course.half_width[step] = rating[1]
        course.error[step] = _error(rating[0], arena.theta)
    return course


def _seen(case: Case, rating: Floats, pairs: Floats, there: Integers) -> Seen:
    enough = pairs[there].sum(axis=1) >= MIN_VOTES
    shown, half_width = np.where(enough, rating[:, there], np.nan)
    return Seen(shown, half_width, pairs[np.ix_(there, there)], there >= case.m - case.new)


def _drawn(rng: np.random.Generator, chance: Floats, n: int) -> tuple[Integers, Integers]:
    """Draw pairs and their sides."""
    first, second = np.triu_indices(len(chance), 1)
    cumulative = np.cumsum(chance[first, second])
    place = np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right")
    turned = rng.random(n) < 0.5
    first, second = first[place], second[place]
    return np.where(turned, second, first), np.where(turned, first, second)


def _rated(arena: Arena, a: Integers, b: Integers, outcome: Integers) -> Floats:
    """Rating and half-width of each model, (2, m), from the site's own fit."""
    found = np.full((2, arena.case.m), np.nan)
    names = tuple(f"{number:03}" for number in range(arena.case.m))
    votes = Comparisons(names, a, b, outcome.astype(np.int8), voter=arena.voter[: len(a)])
    try:
        board: Board = fit_bradley_terry(votes, interval="clustered")
    except RatingsError:
        return found  # the first few votes
    places = [int(name) for name in board.models]
    found[:, places] = board.rating, (board.upper - board.lower) / 2
    return found


def _error(rating: Floats, theta: Floats) -> Floats:
    rated = np.isfinite(rating)
    truth = POINTS_PER_LOGIT * theta
    if rated.any():
        truth = truth - truth[rated].mean() + np.mean(rating[rated])
    return np.asarray(rating - truth)


@dataclass(eq=False)
class Courses:
    """All arenas of one case and rule.

    Attributes
    ----------
    case : Case
    each : sequence of Course
    """

    case: Case
    each: Sequence[Course]

    @classmethod
    def of(cls, case: Case, rule: Rule, simulations: int) -> "Courses":
        """Play arenas; the same seed is the same truth and the same voters for every rule."""
        return cls(case, [play(case, rule, seed) for seed in range(simulations)])

    @property
    def new(self) -> slice:
        """Return the columns of the newcomers."""
        return slice(self.case.m - self.case.new, self.case.m)

    def half_width(self, share: float, models: slice = slice(None)) -> Floats:
        """Return a quantile over the models that are there, by board: the mean of all arenas.

        NaN where none is there.
        """
        widths = np.array([course.half_width[:, models] for course in self.each])
        there = np.array([np.isfinite(course.battles[:, models]) for course in self.each])
        found = np.full(STEPS, np.nan)
        some = there[0].any(axis=1)
        filled = np.where(np.isfinite(widths), widths, UNRATED)
        shown = np.where(there, filled, np.nan)[:, some]
        found[some] = np.nanquantile(shown, share, axis=2).mean(axis=0)
        return found

    def battles(self) -> Floats:
        """Return the mean battles of a newcomer, by board."""
        return np.mean([course.battles[:, self.new].mean(axis=1) for course in self.each], axis=0)

    def covered(self, models: slice = slice(None)) -> tuple[float, int]:
        """Return the share of the last board's intervals that hold the truth, and their number."""
        inside, intervals = 0, 0
        for course in self.each:
            error, width = course.error[-1, models], course.half_width[-1, models]
            rated = np.isfinite(error) & np.isfinite(width)
            inside += int((np.abs(error) <= width)[rated].sum())
            intervals += int(rated.sum())
        return inside / intervals, intervals

    def errors(self, models: slice = slice(None)) -> Floats:
        """Return the errors of the last board, all arenas together."""
        errors = np.concatenate([course.error[-1, models] for course in self.each])
        return errors[np.isfinite(errors)]

    def stretch(self) -> float:
        """Return by which share ratings of the last board lie too far from their mean."""
        truth = np.concatenate([course.truth for course in self.each])
        error = np.concatenate([course.error[-1] for course in self.each])
        rated = np.isfinite(error)
        return float((error * truth)[rated].sum() / (truth**2)[rated].sum())
