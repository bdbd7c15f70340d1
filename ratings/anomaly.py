"""Voters whose votes do not look like other people's.

The sequential test of Chiang et al. (2024), "Chatbot Arena: An Open Platform for Evaluating LLMs
by Human Preference" (section on anomalous users). Each vote has a p-value p_i: see
`ratings.surprise`. After j votes of a voter M_j = -2 sum log p_i is compared with the chi-squared
distribution of 2j degrees of freedom (Fisher), at a few stops j drawn at random, so that a rigger
cannot time a pause, each at alpha divided by the number of stops.

How much that finds, and how often it accuses the honest, is measured in docs/anomaly.md. A flag
is a reason to look, not a proof.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.surprise import Score, vote_p_values


@dataclass(frozen=True, eq=False)
class VoterTest:
    """The test of v voters, each at s random stops.

    Attributes
    ----------
    voter : (v,) int64
        The voters' codes, ascending.
    votes : (v,) int64
    stops : (v, s) int64
        After how many votes each voter is looked at, ascending.
    statistic : (v, s) float64
        M_j at each stop; 0 where the voter has not come so far.
    p_value : (v,) float64
        Least tail probability over the stops that were reached, times s, at most 1.
    tested : (v,) bool
        At least one stop was reached. False is "not known", not "honest".
    flagged : (v,) bool
        ``p_value <= alpha``.
    """

    voter: Integers
    votes: Integers
    stops: Integers
    statistic: Floats
    p_value: Floats
    tested: Flags
    flagged: Flags
    alpha: float


def voter_test(
    voter: ArrayLike,
    p_values: ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float = 0.01,
    stops: int = 5,
    horizon: int = 100,
) -> VoterTest:
    """Combine each voter's p-values by Fisher's method at random stops.

    Parameters
    ----------
    voter : (n,) int
        Codes of who voted, in order of time.
    p_values : (n,) float
        From `vote_p_values`, in the same order.
    rng : numpy.random.Generator
        Draws the stops. Keep the seed secret until they have passed, then publish it.
    alpha : float
        Chance at most that an honest voter is ever flagged.
    stops : int
        How many different stops a voter gets between 1 and `horizon`.
    horizon : int

    Raises
    ------
    InvalidVotes
        Lengths that differ, a p-value outside (0, 1].
    InvalidParameter
    """
    who, p = np.asarray(voter), np.asarray(p_values, dtype=np.float64)
    if who.shape != p.shape or who.ndim != 1:
        raise InvalidVotes(f"{p.shape} p-values do not fit {who.shape} voters")
    if not ((p > 0) & (p <= 1)).all():
        raise InvalidVotes("a p-value must lie above 0 and at most at 1")
    if not 0 < alpha < 1:
        raise InvalidParameter(f"alpha must lie between 0 and 1, not {alpha}")
    if not 1 <= stops <= horizon:
        raise InvalidParameter(f"{stops} stops do not fit in a horizon of {horizon} votes")
    voters, start, votes, evidence = _running_evidence(who, p)
    looks = random_stops(len(voters), stops, horizon, rng)
    reached = looks <= votes[:, None]
    last = start[:, None] + np.where(reached, looks, 0)
    statistic = evidence[last] - evidence[start][:, None]
    tail = np.where(reached, chdtrc(2.0 * looks, statistic), 1.0)
    p_value = np.minimum(tail.min(axis=1, initial=1.0) * stops, 1.0)
    return VoterTest(
        voter=voters,
        votes=votes,
        stops=looks,
        statistic=statistic,
        p_value=p_value,
        tested=reached.any(axis=1),
        flagged=p_value <= alpha,
        alpha=alpha,
    )


@dataclass(frozen=True, eq=False)
class FavourTest:
    """Whether v voters favour one model, whichever it is.

    Attributes
    ----------
    voter : (v,) int64
    favours : (v,) int64
        The model with the smallest p-value; -1 where no stop was reached.
    p_value : (v,) float64
        That smallest one, times the number of models tried, at most 1.
    tested, flagged : (v,) bool
    """

    voter: Integers
    favours: Integers
    p_value: Floats
    tested: Flags
    flagged: Flags
    alpha: float


def favour_test(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    voter: ArrayLike,
    models: Iterable[int],
    *,
    rng: np.random.Generator,
    alpha: float = 0.01,
    stops: int = 5,
    horizon: int = 100,
) -> FavourTest:
    """Test each voter's votes on each of some models for being in its favour.

    For each model only the votes on its battles count, with randomized ties; the stops are drawn
    among those votes. One suspected model is a far sharper test than all of them.

    Parameters
    ----------
    a, b, outcome, voter : (n,) int
        As in `vote_p_values`, in order of time.
    models : iterable of int
        Positions of the models that may be favoured.
    rng, alpha, stops, horizon
        As in `voter_test`; `alpha` holds over all models together.
    """
    tried = np.fromiter(models, dtype=np.int64)
    if len(tried) == 0:
        raise InvalidParameter("no model is suspected")
    side_a, side_b, code, who = (np.asarray(column) for column in (a, b, outcome, voter))
    voters = np.unique(who)
    least = np.full(len(voters), np.inf)
    favours = np.full(len(voters), -1)
    for model in tried:
        here = (side_a == model) | (side_b == model)
        p = vote_p_values(
            *(column[here] for column in (side_a, side_b, code, who)),
            toward=int(model),
            ties="randomized",
            rng=rng,
        )
        test = voter_test(who[here], p, rng=rng, alpha=alpha, stops=stops, horizon=horizon)
        place = np.searchsorted(voters, test.voter[test.tested])
        found = test.p_value[test.tested]
        better = found < least[place]
        least[place[better]], favours[place[better]] = found[better], model
    p_value = np.minimum(least * len(tried), 1.0)
    return FavourTest(voters, favours, p_value, favours >= 0, p_value <= alpha, alpha)


@dataclass(frozen=True, eq=False)
class VoterAudit:
    """Three tests of v voters, at a third of alpha each.

    Attributes
    ----------
    voter : (v,) int64
    rarity, commonness, favour : (v,) float64
        p-values of votes that others seldom cast, of votes that copy the ranking, and of votes
        in one model's favour.
    favours : (v,) int64
        The model most favoured, or -1.
    p_value : (v,) float64
        Three times the smallest, at most 1.
    tested, flagged : (v,) bool
    """

    voter: Integers
    rarity: Floats
    commonness: Floats
    favour: Floats
    favours: Integers
    p_value: Floats
    tested: Flags
    flagged: Flags
    alpha: float


def audit_voters(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    voter: ArrayLike,
    *,
    models: Iterable[int],
    rng: np.random.Generator,
    alpha: float = 0.01,
) -> VoterAudit:
    """Test voters for all that is known to betray a rigger, at `alpha` in total.

    Parameters
    ----------
    a, b, outcome, voter : (n,) int
        As in `ratings.surprise.vote_p_values`, in order of time.
    models : iterable of int
        Positions of the models that somebody may want to lift; the fewer, the sharper.
    rng : numpy.random.Generator
    alpha : float
    """
    who = np.asarray(voter)
    unusual: dict[Score, VoterTest] = {}
    scores: tuple[Score, Score] = ("rarity", "commonness")
    for score in scores:
        p = vote_p_values(a, b, outcome, who, score=score, ties="randomized", rng=rng)
        unusual[score] = voter_test(who, p, rng=rng, alpha=alpha)
    favour = favour_test(a, b, outcome, who, models, rng=rng, alpha=alpha)
    p_values = [unusual["rarity"].p_value, unusual["commonness"].p_value, favour.p_value]
    p_value = np.minimum(np.min(p_values, axis=0) * len(p_values), 1.0)
    return VoterAudit(
        voter=favour.voter,
        rarity=p_values[0],
        commonness=p_values[1],
        favour=p_values[2],
        favours=favour.favours,
        p_value=p_value,
        tested=unusual["rarity"].tested | unusual["commonness"].tested | favour.tested,
        flagged=p_value <= alpha,
        alpha=alpha,
    )


def random_stops(voters: int, stops: int, horizon: int, rng: np.random.Generator) -> Integers:
    """Different numbers out of 1 to `horizon` for each voter, ascending, shape (voters, stops).

    Floyd's way to sample without replacement, for all voters at once: Bentley and Floyd (1987),
    "Programming pearls: a sample of brilliance".
    """
    drawn = np.zeros((voters, stops), dtype=np.int64)
    for place, top in enumerate(range(horizon - stops + 1, horizon + 1)):
        candidate = rng.integers(1, top + 1, voters)
        taken = (drawn[:, :place] == candidate[:, None]).any(axis=1)
        drawn[:, place] = np.where(taken, top, candidate)
    return np.sort(drawn, axis=1)


def _running_evidence(who: Integers, p: Floats) -> tuple[Integers, Integers, Integers, Floats]:
    """Voters, where each begins, their votes, and sums of -2 log p over votes sorted by voter.

    ``evidence[i]`` is the sum over the first i votes.
    """
    order = np.argsort(who, kind="stable")  # keeps each voter's votes in order of time
    voters, start, votes = np.unique(who[order], return_index=True, return_counts=True)
    evidence = np.concatenate(([0.0], np.cumsum(-2 * np.log(p[order]))))
    return voters.astype(np.int64), start, votes, evidence
