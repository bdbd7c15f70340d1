"""The votes that a fit rests on: counted, between rated models, numbered among those."""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats
from ratings.comparisons import Comparisons
from ratings.components import Components
from ratings.outcomes import Scoring
from ratings.tally import Tally


@dataclass(frozen=True, eq=False)
class RatedVotes:
    """n votes between the m models of the main component.

    Attributes
    ----------
    m : int
    a, b : (n,) integers below m
    outcome : (n,) outcome codes
    weight : (n,) float64 or None
        The votes' own weights times their pairs'; None when all are 1.
    voter : (n,) integers or None
    features : (n, k) floats or None
    """

    m: int
    a: AnyInteger
    b: AnyInteger
    outcome: AnyInteger
    weight: Floats | None
    voter: AnyInteger | None
    features: AnyFloat | None

    def __len__(self) -> int:
        return len(self.a)

    @property
    def weights(self) -> Floats:
        """Weights, written out as ones when there are none."""
        return np.ones(len(self)) if self.weight is None else self.weight


def rated_votes(
    votes: Comparisons, components: Components, scoring: Scoring, tally: Tally
) -> RatedVotes:
    """Select the votes that `tally`, restricted to the main component, was summed from.

    Columns are passed on without a copy when every vote counts.
    """
    keep = None
    if not all(scoring.counted):
        keep = np.asarray(scoring.counted)[votes.outcome]
    place = np.full(len(votes.models), -1, dtype=np.int64)
    place[components.main] = np.arange(components.main.size)
    if components.unrated:
        both = (place[votes.a] >= 0) & (place[votes.b] >= 0)
        keep = both if keep is None else keep & both
    if votes.weight is not None and not votes.weight.all():
        keep = votes.weight > 0 if keep is None else keep & (votes.weight > 0)
    chosen = votes if keep is None else votes.select(keep)
    a, b = chosen.a, chosen.b
    if components.unrated:
        a, b = place[a], place[b]
    weight = None if chosen.weight is None else np.asarray(chosen.weight, dtype=np.float64)
    if tally.factor is not None:
        own = np.ones(len(chosen)) if weight is None else weight
        weight = own * tally.factor[a, b]
    return RatedVotes(
        components.main.size, a, b, chosen.outcome, weight, chosen.voter, chosen.features
    )
