"""How surprising each vote is, next to what other voters said about the same pair.

For a vote with outcome H' in a pair for which n votes h of other voters are known,

    p = (1 + #{h >= H'}) / (n + 1),

which is a valid p-value if the vote is exchangeable with the others' (Chiang et al. 2024,
"Chatbot Arena", section on anomalous users). Without the 1 a vote that nobody else cast would be
infinitely surprising. Votes have three outcomes, so such p-values are coarse and too large;
`ties="randomized"` spreads each evenly over the step on which it lies,

    p = (#{h > H'} + u (1 + #{h = H'})) / (n + 1),   u uniform on (0, 1],

which is uniform for an honest voter.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats, Integers
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.outcomes import A, B

type Score = Literal["first", "rarity", "commonness"]
type PTies = Literal["conservative", "randomized"]

_LOST, _EVEN, _WON = 0, 1, 2
"""Outcome of the first model of a pair; both bad is even, as ties are."""


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
    score : {"first", "rarity", "commonness"}
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
    if score not in {"first", "rarity", "commonness"} or ties not in {"conservative", "randomized"}:
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
        joined = history + (np.arange(3) == code[:, None])
        extreme = joined if score == "commonness" else -joined
    mine = np.take_along_axis(extreme, code[:, None], axis=1)
    above = np.where(extreme > mine, history, 0).sum(axis=1)
    level = np.where(extreme == mine, history, 0).sum(axis=1)
    return above, level, history.sum(axis=1)
