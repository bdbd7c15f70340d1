"""Bootstrap of a Bradley-Terry fit: counts are resampled, not votes.

Giving every vote a Poisson(1) multiplicity makes the count of a pair and outcome Poisson with the
observed count as its mean, so a round costs the number of cells, whatever the number of votes.
Every round has a random generator of its own, so the answer does not depend on how many threads
share the rounds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ratings.arrays import Flags, Floats, Integers
from ratings.compiled import even_shares, in_threads, processors
from ratings.rated import RatedVotes
from ratings.tally import Tally, by_score


@dataclass(frozen=True, eq=False)
class Cells:
    """Counts of every pair and kind of result, side A and side B together.

    Attributes
    ----------
    m : int
    place : (c,) position in ``won`` raveled, or beyond it in the upper half of ``level``
    count : (c,) votes
    unit : (c,) weight of one vote
    """

    m: int
    place: Integers
    count: Floats
    unit: Floats

    @classmethod
    def of(cls, tally: Tally) -> "Cells":
        """Fold a tally whose votes have no weights but those of their pairs."""
        count, weight = (
            np.concatenate([won.ravel(), np.triu(level).ravel()])
            for won, level in (by_score(tally.count), by_score(tally.weight))
        )
        place = np.flatnonzero(count)
        return cls(len(tally.models), place, count[place], weight[place] / count[place])

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw resampled weights of won (m, m) and undecided votes (m, m)."""
        m = self.m
        drawn = np.zeros(2 * m * m)
        drawn[self.place] = rng.poisson(self.count) * self.unit
        level = drawn[m * m :].reshape(m, m)
        return drawn[: m * m].reshape(m, m), level + level.T


@dataclass(frozen=True, eq=False)
class WeighedVotes:
    """Votes with weights of their own: counts do not tell how those vary, so votes are drawn."""

    votes: RatedVotes

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw as `Cells.draw` does."""
        votes, m = self.votes, self.votes.m
        key = (votes.outcome.astype(np.int64) * m + votes.a) * m + votes.b
        drawn = votes.weights * rng.poisson(1.0, len(votes))
        return by_score(np.bincount(key, drawn, 4 * m * m).reshape(4, m, m))


def bootstrap_strengths(
    source: Cells | WeighedVotes,
    refit: Callable[[Floats, Floats], Floats | None],
    m: int,
    rounds: int,
    seed: int,
) -> tuple[Floats, int]:
    """Refit `rounds` times.

    Parameters
    ----------
    source : Cells or WeighedVotes
    refit : callable
        From won and undecided weights, each (m, m), to strengths (m,), or None without a fit.
    m, rounds, seed : int

    Returns
    -------
    replicates : (rounds with a fit, m)
    failed : int
    """
    seeds = np.random.SeedSequence(seed).spawn(rounds)
    replicates = np.empty((rounds, m))
    fitted: Flags = np.zeros(rounds, dtype=bool)

    def play(first: int, last: int) -> None:
        for place in range(first, last):
            theta = refit(*source.draw(np.random.default_rng(seeds[place])))
            if theta is not None:
                replicates[place] = theta
                fitted[place] = True

    in_threads(play, even_shares(rounds, processors()))
    return replicates[fitted], int(rounds - fitted.sum())
