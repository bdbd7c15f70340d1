"""Bootstrap of a Bradley-Terry fit: votes are resampled, or whole voters.

Giving every vote a Poisson(1) multiplicity makes the count of a pair and outcome Poisson with the
observed count as its mean, so a round costs the number of cells, whatever the number of votes.
That takes votes for independent. Where a voter's votes hang together whole voters are drawn: each
gets a Poisson(1) multiplicity for all of their votes at once, as in the cluster bootstrap (Davison
and Hinkley 1997, section 3.8), and a round costs the number of cells of all voters.
Every round has a random generator of its own, so the answer does not depend on how many threads
share the rounds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ratings.arrays import AnyInteger, Flags, Floats, Integers
from ratings.compiled import even_shares, in_threads, processors
from ratings.covariance import number_voters
from ratings.errors import NotEnoughVotes, Separated
from ratings.rated import RatedVotes
from ratings.resampling import Cells, QuickRefits
from ratings.tally import by_score


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


@dataclass(frozen=True, eq=False)
class WholeVoters:
    """Voters are drawn, each with all of their votes.

    Attributes
    ----------
    m : int
    place : (c,) position in a raveled (4, m, m) table
    voter : (c,) number of the voter, below `voters`
    weight : (c,) of all votes of that voter there
    voters : int
    """

    m: int
    place: Integers
    voter: Integers
    weight: Floats
    voters: int

    @classmethod
    def of(cls, votes: RatedVotes, voter: AnyInteger) -> "WholeVoters":
        """Sum each voter's votes by pair and outcome.

        Raises
        ------
        NotEnoughVotes
            All votes are one voter's.
        """
        number, voters = drawn_voters(voter)
        size = 4 * votes.m * votes.m
        key = (votes.outcome.astype(np.int64) * votes.m + votes.a) * votes.m + votes.b
        cells, cell = np.unique(number * size + key, return_inverse=True)
        weight = np.bincount(cell, votes.weights)
        return cls(votes.m, cells % size, cells // size, weight, voters)

    def draw(self, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Draw as `Cells.draw` does."""
        m = self.m
        drawn = self.weight * rng.poisson(1.0, self.voters)[self.voter]
        return by_score(np.bincount(self.place, drawn, 4 * m * m).reshape(4, m, m))


def drawn_voters(voter: AnyInteger) -> tuple[Integers, int]:
    """Number voters for drawing them, as `ratings.covariance.number_voters` does.

    Raises
    ------
    NotEnoughVotes
        There is one voter only.
    """
    number, voters = number_voters(voter)
    if voters < 2:
        raise NotEnoughVotes(
            "interval='bootstrap_voters' needs votes of at least two voters: drawing one again "
            "and again cannot show how much voters differ"
        )
    return number, voters


def notes_on_failures(failed: int, rounds: int) -> list[str]:
    """What a board says of rounds that had no finite fit.

    Raises
    ------
    Separated
        They were more than half.
    """
    if failed > rounds / 2:
        raise Separated(
            f"{failed} of {rounds} bootstrap rounds have no finite fit: there are too few votes "
            "for a bootstrap"
        )
    if not failed:
        return []
    return [
        (
            f"{failed} of {rounds} bootstrap rounds had no finite fit and were left out; the "
            "intervals of models with few votes are too narrow."
        )
    ]


def bootstrap_strengths(
    source: Cells | WeighedVotes | WholeVoters,
    refit: Callable[[Floats, Floats], Floats | None],
    m: int,
    rounds: int,
    seed: int,
    *,
    quick: QuickRefits | None = None,
) -> tuple[Floats, int]:
    """Refit `rounds` times.

    Parameters
    ----------
    source : Cells, WeighedVotes or WholeVoters
    refit : callable
        From won and undecided weights, each (m, m), to strengths (m,), or None without a fit.
    m, rounds, seed : int
    quick : QuickRefits, optional
        Of the same cells; `refit` is then for the rounds that it leaves.

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
            theta = None if quick is None else quick(np.random.default_rng(seeds[place]))
            if theta is None:
                theta = refit(*source.draw(np.random.default_rng(seeds[place])))
            if theta is not None:
                replicates[place] = theta
                fitted[place] = True

    in_threads(play, even_shares(rounds, processors()))
    return replicates[fitted], int(rounds - fitted.sum())
