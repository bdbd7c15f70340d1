"""Bootstrap of a Bradley-Terry fit: counts are resampled, not votes.

Giving every vote a Poisson(1) multiplicity makes the count of a pair and outcome Poisson with the
observed count as its mean, so a round costs the number of cells, whatever the number of votes.
"""

from collections.abc import Iterator

import numpy as np

from ratings.arrays import Floats
from ratings.rated import RatedVotes
from ratings.tally import Tally


def resampled_weights(
    tally: Tally, votes: RatedVotes | None, rounds: int, seed: int
) -> Iterator[Floats]:
    """Yield the (4, m, m) weights of each round.

    Parameters
    ----------
    tally : Tally
        The counted votes of the rated models.
    votes : Comparisons, optional
        Needed only when votes have weights of their own: then votes are resampled one by one,
        since the counts no longer tell how the weights vary.
    rounds, seed : int
    """
    rng = np.random.default_rng(seed)
    if votes is not None and votes.weight is not None:
        yield from _resampled_votes(tally, votes, rounds, rng)
        return
    cells = np.flatnonzero(tally.count)
    count = tally.count.ravel()[cells]
    unit = tally.weight.ravel()[cells] / count
    for _ in range(rounds):
        weights = np.zeros(tally.count.size)
        weights[cells] = rng.poisson(count) * unit
        yield weights.reshape(tally.count.shape)


def _resampled_votes(
    tally: Tally, votes: RatedVotes, rounds: int, rng: np.random.Generator
) -> Iterator[Floats]:
    m = len(tally.models)
    key = (votes.outcome.astype(np.int64) * m + votes.a) * m + votes.b
    for _ in range(rounds):
        drawn = votes.weights * rng.poisson(1.0, len(votes))
        yield np.bincount(key, drawn, 4 * m * m).reshape(4, m, m)
