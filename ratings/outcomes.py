"""The four outcomes of a vote, and the policies for the two that name no winner."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from ratings.arrays import Floats
from ratings.errors import InvalidParameter

A: Final = 0
B: Final = 1
TIE: Final = 2
BOTH_BAD: Final = 3
OUTCOMES: Final = ("a", "b", "tie", "both_bad")

type Ties = Literal["half", "davidson", "drop"]
type BothBad = Literal["half", "drop"]


@dataclass(frozen=True)
class Scoring:
    """How each outcome counts for the model on side A: 1, 0, one half, or not at all.

    How both-bad counts is policy, not a detail: on public votes the spread between models moved
    by a sixth between the two choices, which is why it is a parameter of every board.
    """

    ties: Ties = "half"
    both_bad: BothBad = "half"

    def __post_init__(self) -> None:
        if self.ties not in get_args(Ties.__value__):
            raise InvalidParameter(f"ties must be 'half', 'davidson' or 'drop', not {self.ties!r}")
        if self.both_bad not in get_args(BothBad.__value__):
            raise InvalidParameter(f"both_bad must be 'half' or 'drop', not {self.both_bad!r}")

    @property
    def counted(self) -> tuple[bool, bool, bool, bool]:
        """Whether each outcome code is evidence at all."""
        return (True, True, self.ties != "drop", self.both_bad != "drop")

    @property
    def scores(self) -> Floats:
        """Score of side A by outcome code, shape (4,); NaN where the outcome is dropped."""
        return np.where(self.counted, [1.0, 0.0, 0.5, 0.5], np.nan)
