"""Decided votes as columns of numbers, and which of them a board takes."""

from dataclasses import dataclass, fields
from enum import IntFlag
from typing import Self

import numpy as np
from numpy.typing import NDArray

STYLE = ("tokens", "headers", "lists", "bold")
"""Style features, in the order of `VoteColumns.style` and of `ratings.votefile.STYLE_COLUMNS`."""


class Bit(IntFlag):
    """What is true of a vote, as its column holds it."""

    COUNTED = 1
    HARD = 2
    LONGER = 4
    MULTI_TURN = 8
    REFUSAL = 16
    STARTER = 32
    STYLED = 64
    LABELLED = 128
    WITH_PICTURE = 256


@dataclass(frozen=True, eq=False)
class VoteColumns:
    """n decided votes.

    Attributes
    ----------
    vote : (n,) int64
        Primary keys.
    revision : (n,) int64
        Of the facts, in their source.
    a, b : (n,) int32
        Primary keys of the models.
    outcome : (n,) int8
        In the order of `ratings.outcomes.OUTCOMES`.
    voter : (n,) int64
        63 bits of the voter's key: enough to tell voters apart, too few to be one.
    at : (n,) int64
        When it was cast, in microseconds since 2000.
    bits : (n,) uint16
        Of `Bit`.
    category : (n,) int8
        Place in `arena.integrity.categories.USES`, from 1; 0 without one.
    language : (n,) int8
        Place in `arena.integrity.languages.TAGS`.
    style : (n, 4) float64
        (a - b) / (a + b) of each count of `STYLE`; 0 where both are 0.
    """

    vote: NDArray[np.int64]
    revision: NDArray[np.int64]
    a: NDArray[np.int32]
    b: NDArray[np.int32]
    outcome: NDArray[np.int8]
    voter: NDArray[np.int64]
    at: NDArray[np.int64]
    bits: NDArray[np.uint16]
    category: NDArray[np.int8]
    language: NDArray[np.int8]
    style: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.vote)

    @classmethod
    def of(cls, rows: NDArray[np.void]) -> Self:
        """Take rows as `arena.boards.vote_rows` reads them, in their order."""
        return cls(
            vote=rows["vote"].astype(np.int64),
            revision=rows["revision"].astype(np.int64),
            a=rows["a"].astype(np.int32),
            b=rows["b"].astype(np.int32),
            outcome=rows["outcome"].astype(np.int8),
            voter=(rows["voter"][:, 1] & np.uint64((1 << 63) - 1)).astype(np.int64),
            at=rows["at"].astype(np.int64),
            bits=rows["bits"].astype(np.uint16),
            category=rows["category"].astype(np.int8),
            language=(rows["language"] - 1).astype(np.int8),
            style=_style(rows),
        )

    @classmethod
    def joined(cls, *parts: "VoteColumns") -> Self:
        """Put columns one after the other."""
        return cls(
            **{
                field.name: np.concatenate([getattr(part, field.name) for part in parts])
                for field in fields(cls)
            }
        )

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "VoteColumns":
        """Return the votes at `rows` alone, in their order."""
        return VoteColumns(
            **{field.name: getattr(self, field.name)[rows] for field in fields(self)}
        )

    def in_order(self) -> "VoteColumns":
        """Return the votes in the order in which they were stored; no copy when they are in it."""
        if len(self) < 2 or bool((self.vote[1:] > self.vote[:-1]).all()):
            return self
        return self.take(np.argsort(self.vote, kind="stable"))

    def has(self, bit: Bit) -> NDArray[np.bool_]:
        """Return of which votes something is true."""
        return (self.bits & np.uint16(bit)) > 0

    def counted(self) -> "VoteColumns":
        """Return the counted votes; no copy when all are."""
        counted = self.has(Bit.COUNTED)
        return self if counted.all() else self.take(counted)


def _style(rows: NDArray[np.void]) -> NDArray[np.float64]:
    style = np.zeros((len(rows), len(STYLE)))
    for place, count in enumerate(STYLE):
        a, b = (rows[f"{count}_{side}"].astype(np.float64) for side in "ab")
        np.divide(a - b, a + b, out=style[:, place], where=a + b > 0)
    return style
