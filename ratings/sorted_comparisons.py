"""Votes with style features, kept sorted by pair: the form in which a style fit is fastest.

A local store of votes can keep these columns; appending to it is a merge by pair. A fit from them
reads each column three times in order, and once when it starts from the last board.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats, Integers
from ratings.comparisons import Comparisons
from ratings.compiled import kernels
from ratings.errors import InvalidVotes
from ratings.outcomes import OUTCOMES
from ratings.style_scale import FeatureSizes
from ratings.style_sorted import TURNED, sort_columns
from ratings.tally import Tally

_UNTURN = np.array([0, 1, 2, 3, 1, 0, 2, 3], dtype=np.int8)
"""Outcome code as it was voted, by kind."""


@dataclass(frozen=True, eq=False)
class SortedComparisons:
    """n votes between m models in order of their pair (i, j), i < j, as seen from model i.

    Made by `Comparisons.sorted`; or from columns that were kept.

    Parameters
    ----------
    models : tuple of m str
    bounds : (m m + 1,) int64
        The votes of the pair i m + j are rows ``bounds[i m + j]`` to ``bounds[i m + j + 1]``.
    kind : (n,) int8
        Outcome code as seen from i (0 i is better, 1 j, 2 tie, 3 both bad); plus 4 when i stood
        on side B.
    features : (n, k) float32 or float64
        Style differences, i minus j; kept column after column (``order="F"``), to which others are
        copied.
    feature_names : tuple of k str

    Raises
    ------
    InvalidVotes
        Columns that do not fit together.
    """

    models: tuple[str, ...]
    bounds: Integers
    kind: AnyInteger
    features: AnyFloat
    feature_names: tuple[str, ...]

    def __post_init__(self) -> None:
        m, n = len(self.models), len(self.kind)
        if self.bounds.shape != (m * m + 1,) or self.bounds[0] != 0 or self.bounds[-1] != n:
            raise InvalidVotes(f"the bounds of {m} models and {n} votes must run from 0 to {n}")
        if (np.diff(self.bounds) < 0).any() or np.tril(self._per_pair).any():
            raise InvalidVotes(
                "the bounds must rise, and hold no votes of a pair (i, j) with i >= j"
            )
        if n and (self.kind.min() < 0 or self.kind.max() >= 2 * TURNED):
            raise InvalidVotes(f"a kind of vote must lie between 0 and {2 * TURNED - 1}")
        if self.features.shape != (n, len(self.feature_names)):
            raise InvalidVotes(f"features must have shape ({n}, {len(self.feature_names)})")
        columns = np.asfortranarray(self.features)
        object.__setattr__(self, "features", columns)
        with np.errstate(over="ignore", invalid="ignore"):
            total = columns.sum()
        if not np.isfinite(total):
            raise InvalidVotes("a feature is not a finite number")

    def __len__(self) -> int:
        return len(self.kind)

    @cached_property
    def tally(self) -> Tally:
        """Counts per ordered pair and outcome."""
        m, compiled = len(self.models), kernels(len(self))
        by_kind = np.zeros((2 * TURNED, m * m))
        if compiled is not None:
            compiled.count_kinds(self.bounds, self.kind, by_kind)
        else:
            pair = np.repeat(np.arange(m * m), np.diff(self.bounds))
            np.add.at(by_kind, (self.kind, pair), 1)
        count = np.zeros((len(OUTCOMES), m, m))
        for kind, table in enumerate(by_kind.reshape(-1, m, m)):
            count[_UNTURN[kind]] += table if kind < TURNED else table.T
        return Tally.from_counts(self.models, count)

    @cached_property
    def sizes(self) -> FeatureSizes:
        """How large the features are."""
        return FeatureSizes.of(self.features, self.kind)

    def comparisons(self) -> Comparisons:
        """Return the same votes as plain columns, sides as they were."""
        m = len(self.models)
        pair = np.repeat(np.arange(m * m, dtype=np.int32), np.diff(self.bounds))
        turned = self.kind >= TURNED
        low, high = pair // m, pair % m
        return Comparisons(
            self.models,
            np.where(turned, high, low),
            np.where(turned, low, high),
            _UNTURN[self.kind],
            features=np.where(turned[:, None], -self.features, self.features),
            feature_names=self.feature_names,
        )

    def digest(self) -> str:
        """SHA-256 of every column."""
        state = hashlib.sha256("\0".join((*self.models, "", *self.feature_names)).encode())
        for column, kind in ((self.bounds, "<i8"), (self.kind, "i1"), (self.features, "<f8")):
            for start in range(0, len(column), 1 << 18):
                block = column[start : start + (1 << 18)]
                state.update(np.ascontiguousarray(block, dtype=kind).data)
        return state.hexdigest()

    @property
    def _per_pair(self) -> Floats:
        m = len(self.models)
        per_pair: Floats = np.diff(self.bounds).reshape(m, m)
        return per_pair


def sorted_comparisons(votes: Comparisons) -> SortedComparisons:
    """Sort votes by pair: see `Comparisons.sorted`."""
    if votes.weight is not None or votes.voter is not None or votes.features is None:
        raise InvalidVotes("votes are sorted with their features, without weights or voters")
    m, compiled = len(votes.models), kernels(len(votes))
    if compiled is not None:
        bounds, kind, features, _ = sort_columns(
            m, votes.a, votes.b, votes.outcome, votes.features, compiled=compiled
        )
        return SortedComparisons(votes.models, bounds, kind, features, votes.feature_names)
    low, high = np.minimum(votes.a, votes.b), np.maximum(votes.a, votes.b)
    pair = low.astype(np.int64) * m + high
    order = np.argsort(pair, kind="stable")
    turned, outcome = (votes.a > votes.b)[order], votes.outcome[order]
    kind = np.where(turned, TURNED + _UNTURN[outcome + TURNED], outcome).astype(np.int8)
    features = votes.features[order]
    features[turned] *= -1
    bounds = np.concatenate([[0], np.cumsum(np.bincount(pair, minlength=m * m))])
    return SortedComparisons(votes.models, bounds, kind, features, votes.feature_names)
