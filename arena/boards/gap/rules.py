"""Which models are good enough for a frontier, and where the reader may put the cut."""

from dataclasses import asdict, dataclass
from typing import Any

from ratings.licences import LADDER


@dataclass(frozen=True)
class Rule:
    """What a model needs to stand on a frontier: counted votes, and a narrow interval."""

    min_votes: int
    max_half_width: float

    def words(self) -> dict[str, Any]:
        """Return the rule as it is stored and shown."""
        return asdict(self)


STANDARD = Rule(min_votes=300, max_half_width=25.0)
# Shown, marked, only where the standard rule leaves nothing to compare.
LOWERED = Rule(min_votes=100, max_half_width=75.0)

# Each cut is named by the least open class that still counts as open; the first is the default.
CUTS = LADDER
DEFAULT_CUT = CUTS[0]

# Counted battles below which a slice's gap is not drawn.
MIN_BATTLES = 1000
# Gigabytes of the practical gap: one consumer card, one or two data-centre cards.
BUDGETS = (24.0, 80.0, 160.0)
