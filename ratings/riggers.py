"""Simulated voters, honest and rigging, to measure what `ratings.anomaly` finds.

Riggers are taken to see through the blindness: they know which two models they are judging. The
strategies are those discussed by Min et al. (2025), "Improving Your Model Ranking on Chatbot
Arena by Vote Rigging", and a voter who does not read.
"""

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter
from ratings.newton import logistic
from ratings.outcomes import TIE, A, B
from ratings.scale import Scale

type Strategy = Literal["random", "target_only", "ranking", "everywhere"]

STRATEGIES: tuple[Strategy, ...] = get_args(Strategy.__value__)


@dataclass(frozen=True, eq=False)
class SimulatedVotes:
    """n votes, in order of time within each voter.

    Attributes
    ----------
    a, b, outcome, voter : (n,) int64
    rigger : (v,) bool
        By voter code.
    """

    a: Integers
    b: Integers
    outcome: Integers
    voter: Integers
    rigger: Flags


@dataclass(frozen=True, eq=False)
class Population:
    """Who votes, and how.

    Attributes
    ----------
    rating : (m,) float64
        True ratings, points; m of at least 2.
    honest : int
        Honest voters.
    mean_votes : float
        Of an honest voter; the number is geometric, so most cast few and some cast many.
    tie_share : float
        Chance of a tie, whatever the pair.
    tie_habit : float
        Natural log-odds: standard deviation of each voter's own readiness to call a tie. At 0
        all are alike; at 1 two in three voters call between 11 and 48 % ties where the middle
        one calls 25 %.
    taste : float
        Points: standard deviation of each voter's own taste for each model. At 0 all honest
        voters are exchangeable, which is what the test assumes and people are not.
    """

    rating: Floats
    honest: int
    mean_votes: float = 30.0
    tie_share: float = 0.25
    tie_habit: float = 0.0
    taste: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.tie_share < 1:
            raise InvalidParameter(f"tie_share must lie between 0 and 1, not {self.tie_share}")


def simulate(
    population: Population,
    rng: np.random.Generator,
    *,
    riggers: int = 0,
    strategy: Strategy = "random",
    votes_each: int = 100,
    target: int = 0,
) -> SimulatedVotes:
    """Draw an arena's votes; pairs and sides are uniform.

    Parameters
    ----------
    population : Population
    rng : numpy.random.Generator
    riggers : int
        Added to the honest voters, with the highest voter codes.
    strategy : str
        ``"random"``: does not read; a coin decides who wins, ties as often as others.
        ``"target_only"``: votes only where the target stands, always for it.
        ``"ranking"``: for the target; elsewhere for the higher-rated model, as camouflage.
        ``"everywhere"``: for the target; elsewhere against the model that is next to be
        overtaken, and honestly where neither is ahead of the target.
    votes_each : int
        Of each rigger.
    target : int
        Position of the model to be lifted.
    """
    if strategy not in STRATEGIES:
        raise InvalidParameter(f"unknown strategy {strategy!r}; known: {', '.join(STRATEGIES)}")
    m = len(population.rating)
    counts = np.concatenate(
        (
            rng.geometric(1 / population.mean_votes, population.honest),
            np.full(riggers, votes_each),
        )
    ).astype(np.int64)
    rigger = np.arange(len(counts)) >= population.honest
    voter = np.repeat(np.arange(len(counts)), counts)
    a = rng.integers(0, m, len(voter))
    b = (a + rng.integers(1, m, len(voter))) % m
    rigged = rigger[voter]
    if strategy == "target_only":
        b = np.where(rigged & (a != target), target, b)
        flip = rng.random(len(voter)) < 0.5  # the target stands on either side
        a, b = np.where(flip, a, b), np.where(flip, b, a)
    votes = SimulatedVotes(a, b, _honest(population, rng, a, b, voter), voter, rigger)
    wanted = _wanted(votes, population.rating, strategy, target, rng)
    return replace(votes, outcome=np.where(rigged, wanted, votes.outcome))


def _honest(
    population: Population, rng: np.random.Generator, a: Integers, b: Integers, voter: Integers
) -> Integers:
    """Bradley-Terry with the voter's own taste, and ties by the voter's own habit."""
    voters = int(voter.max(initial=-1)) + 1
    tastes = rng.standard_normal((voters, len(population.rating)))
    own = population.rating + population.taste * tastes
    chance = logistic((own[voter, a] - own[voter, b]) / Scale().points_per_logit)
    winner = np.where(rng.random(len(a)) < chance, A, B)
    usual = np.log(population.tie_share / (1 - population.tie_share))
    habit = logistic(usual + population.tie_habit * rng.standard_normal(voters))
    return np.where(rng.random(len(a)) < habit[voter], TIE, winner)


def _wanted(
    votes: SimulatedVotes,
    rating: Floats,
    strategy: Strategy,
    target: int,
    rng: np.random.Generator,
) -> Integers:
    """What a rigger of this strategy would say in each battle."""
    a, b, honest = votes.a, votes.b, votes.outcome
    if strategy == "random":
        coin = np.where(rng.random(len(a)) < 0.5, A, B)
        return np.where(honest == TIE, TIE, coin)
    if strategy == "everywhere":
        # The nearer ahead of the target, the more a model is in the way; infinity: it is not.
        ahead = np.where(rating > rating[target], rating, np.inf)
        in_the_way = np.where(ahead[a] < ahead[b], B, A)
        elsewhere = np.where(np.isinf(ahead[a]) & np.isinf(ahead[b]), honest, in_the_way)
    else:
        elsewhere = np.where(rating[a] > rating[b], A, B)
    return np.where(a == target, A, np.where(b == target, B, elsewhere))
