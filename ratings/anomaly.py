"""Voters whose votes do not look like other people's.

The sequential test of Chiang et al. (2024), "Chatbot Arena: An Open Platform for Evaluating LLMs
by Human Preference" (section on anomalous users). For the i-th vote of a voter, with outcome H'
in a pair for which n votes h of *other* voters are known,

    p_i = (1 + #{h >= H'}) / (n + 1),

which is a valid p-value if the vote is exchangeable with the others'. Without the 1 a vote that
nobody else cast would be infinitely surprising. After j votes M_j = -2 sum log p_i is compared
with the chi-squared distribution of 2j degrees of freedom (Fisher), at a few stops j drawn at
random, so that a rigger cannot time a pause, each at alpha divided by the number of stops.

Votes have three outcomes, so the p-values above are coarse and the test is far more cautious
than alpha says. `ties="randomized"` spreads each p-value evenly over the step on which it lies:

    p_i = (#{h > H'} + u (1 + #{h = H'})) / (n + 1),   u uniform on (0, 1],

which is uniform for an honest voter. How much that finds, and how often it accuses the honest,
is measured in docs/anomaly.md. A flag is a reason to look, not a proof.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.outcomes import A, B

type Score = Literal["first", "rarity"]
type PTies = Literal["conservative", "randomized"]

_LOST, _EVEN, _WON = 0, 1, 2
"""Outcome of the first model of a pair; both bad is even, as ties are."""


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


def vote_p_values(
    a: ArrayLike,
    b: ArrayLike,
    outcome: ArrayLike,
    voter: ArrayLike,
    *,
    score: Score = "first",
    toward: int | None = None,
    ties: PTies = "conservative",
    rng: np.random.Generator | None = None,
) -> Floats:
    """Compare every vote with those of all other voters on the same pair.

    Parameters
    ----------
    a, b : (n,) int
        Positions of the models on side A and B. Which side a model stood on is ignored.
    outcome : (n,) int
        Codes of `ratings.outcomes`.
    voter : (n,) int
        A voter's own votes are never part of the history they are held against; otherwise a
        busy rigger would become the norm.
    score : {"first", "rarity"}
        What makes a vote extreme. ``"first"``: that the first model of the pair (the one with
        the lower position) won, as in the paper. ``"rarity"``: that few votes of the pair, this
        one among them, had this outcome; it works in both directions.
    toward : int, optional
        With ``score="first"``: put this model first, to look for votes in its favour. All votes
        must be on pairs it is in.
    ties : {"conservative", "randomized"}
        How a vote equal in score to past ones counts; see the module.
    rng : numpy.random.Generator
        Needed for randomized ties.

    Returns
    -------
    (n,) float64 in (0, 1]. A vote on a pair nobody else has judged says nothing: 1, or u.

    Raises
    ------
    InvalidVotes, InvalidParameter
    """
    columns = [np.asarray(column) for column in (a, b, outcome, voter)]
    if len({column.shape for column in columns}) > 1 or columns[0].ndim != 1:
        raise InvalidVotes("a, b, outcome and voter must be columns of equal length")
    if score not in {"first", "rarity"} or ties not in {"conservative", "randomized"}:
        raise InvalidParameter(f"unknown score {score!r} or ties {ties!r}")
    if toward is not None and score != "first":
        raise InvalidParameter(
            "toward= looks for votes in one direction, so it needs score='first'"
        )
    if ties == "randomized" and rng is None:
        raise InvalidParameter("randomized ties need a random generator")
    if len(columns[0]) == 0:
        return np.empty(0)
    pair, code = _oriented(columns[0], columns[1], columns[2], toward)
    above, level, n = _ranked(_history(pair, code, columns[3]), code, score)
    share = 1.0 if rng is None or ties == "conservative" else 1.0 - rng.random(len(code))
    return np.asarray((above + share * (1 + level)) / (n + 1))


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


def _oriented(
    a: Integers, b: Integers, outcome: Integers, toward: int | None
) -> tuple[Integers, Integers]:
    """Number of each vote's pair, and the outcome for the first model of the pair."""
    if (a == b).any():
        raise InvalidVotes("a vote compares a model with itself")
    if toward is not None and ((a != toward) & (b != toward)).any():
        raise InvalidVotes(f"a vote has nothing to do with model {toward}, which is put first")
    swap = a > b if toward is None else b == toward
    first, second = np.where(swap, b, a).astype(np.int64), np.where(swap, a, b).astype(np.int64)
    won, lost = (
        np.where(swap, outcome == B, outcome == A),
        np.where(swap, outcome == A, outcome == B),
    )
    code = np.where(won, _WON, np.where(lost, _LOST, _EVEN))
    _, pair = np.unique(first * (int(max(a.max(), b.max())) + 1) + second, return_inverse=True)
    return pair, code


def _history(pair: Integers, code: Integers, voter: Integers) -> Integers:
    """Count outcomes of other voters on each vote's pair, shape (n, 3)."""
    everyone = _count(pair, code)
    _, who = np.unique(voter, return_inverse=True)
    _, own = np.unique(who * (int(pair.max()) + 1) + pair, return_inverse=True)
    return np.asarray(everyone[pair] - _count(own, code)[own])


def _count(group: Integers, code: Integers) -> Integers:
    counts = np.bincount(group * 3 + code, minlength=3 * (int(group.max()) + 1))
    return counts.reshape(-1, 3)


def _ranked(history: Integers, code: Integers, score: Score) -> tuple[Integers, Integers, Integers]:
    """How many past votes are more extreme than each vote, how many as extreme, how many in all."""
    if score == "first":
        extreme = np.broadcast_to(np.arange(3), history.shape)
    else:
        # The vote itself joins the table, so that it and the past votes are scored alike: what
        # keeps the p-value valid (a full conformal p-value).
        extreme = -(history + (np.arange(3) == code[:, None]))
    mine = np.take_along_axis(extreme, code[:, None], axis=1)
    above = np.where(extreme > mine, history, 0).sum(axis=1)
    level = np.where(extreme == mine, history, 0).sum(axis=1)
    return above, level, history.sum(axis=1)
