"""Which models are good enough for a frontier, and where the reader may put the cut."""

import datetime as dt
from collections.abc import Mapping
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


@dataclass(frozen=True)
class LanguageMix:
    """Shares of the votes by language, which no change of who votes can move.

    Attributes
    ----------
    since : date
        Totals of another mix are not to be joined to these.
    shares : mapping of language to share
        As slices name languages; no two may hold the same votes.
    """

    since: dt.date
    shares: Mapping[str, float]


STANDARD = Rule(min_votes=300, max_half_width=25.0)
# Shown, marked, only where the standard rule leaves nothing to compare.
LOWERED = Rule(min_votes=100, max_half_width=75.0)
# Eligible models of each side below which the page draws no frontier: the only one is no best.
MIN_MODELS = 2

# Each cut is named by the least open class that still counts as open; the first is the default.
CUTS = LADDER
DEFAULT_CUT = CUTS[0]

# Counted battles below which a slice's gap is not drawn.
MIN_BATTLES = 1000
# Half English, half Chinese of either script: the two languages of this site.
MIX = LanguageMix(dt.date(2026, 11, 21), {"en": 0.5, "zh": 0.5})
# Gigabytes of the practical gap: one consumer card, one or two data-centre cards.
BUDGETS = (24.0, 80.0, 160.0)
