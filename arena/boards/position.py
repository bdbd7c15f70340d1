"""What the position of an answer does to votes, measured where nothing else is told apart.

A small share of battles is a model against itself (`PARITY_SAME_MODEL_SHARE`). Sides are drawn, so
if A is preferred there more often than B, or less, it is for the position. These votes count on no
board.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from django.db.models import Count

from arena.battles.models import Outcome
from arena.integrity.models import NotCounted, VoteFacts
from ratings import clustered_interval


@dataclass(frozen=True, kw_only=True)
class PositionBias:
    """How votes on a model against itself went.

    Attributes
    ----------
    votes : int
        Those that chose A or B; not 0.
    even : int
        Those that said tie or both bad.
    share : float
        Of ``votes``, those that chose A.
    lower, upper : float
        Its 95 percent interval, clustered by voter.
    """

    votes: int
    even: int
    share: float
    lower: float
    upper: float

    @classmethod
    def kept(cls, content: Mapping[str, Any]) -> Self | None:
        """Return what a ledger keeps, if it has any."""
        stored = content.get("position")
        return cls(**stored) if stored else None

    @property
    def is_certain(self) -> bool:
        """Whether it is more than chance: the interval leaves out one half."""
        return not self.lower <= 0.5 <= self.upper

    def in_percent(self) -> dict[str, str]:
        """Return share and interval as they are written."""
        figures = {"share": self.share, "lower": self.lower, "upper": self.upper}
        return {name: f"{100 * figure:.1f}" for name, figure in figures.items()}


def position_bias(source: str) -> dict[str, Any] | None:
    """Return the `PositionBias` of a source as a ledger keeps it; None where no vote chose."""
    facts = VoteFacts.objects.filter(source=source, not_counted_because=NotCounted.SAME_MODEL)
    rows = facts.values_list("vote__battle__voter", "vote__outcome").annotate(votes=Count("pk"))
    found = _bias(rows.order_by().iterator())
    return asdict(found) if found else None


def _bias(rows: Iterable[tuple[Any, str, int]]) -> PositionBias | None:
    """Return the bias of rows of voter, outcome and how many votes."""
    by_voter: dict[Any, dict[str, int]] = {}
    even = 0
    for voter, outcome, votes in rows:
        if outcome in {Outcome.A, Outcome.B}:
            by_voter.setdefault(voter, {Outcome.A: 0, Outcome.B: 0})[outcome] = votes
        else:
            even += votes
    if not by_voter:
        return None
    chose_a = [own[Outcome.A] for own in by_voter.values()]
    chose = [sum(own.values()) for own in by_voter.values()]
    lower, upper = clustered_interval(chose_a, chose)
    votes = sum(chose)
    share = sum(chose_a) / votes
    return PositionBias(votes=votes, even=even, share=share, lower=lower, upper=upper)
