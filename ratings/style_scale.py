"""How large style features are: root mean squares and standard deviations, in one pass."""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats
from ratings.compiled import even_shares, in_threads, kernels
from ratings.errors import InvalidVotes
from ratings.style_sorted import TURNED

_SMALLEST, _LARGEST = 1e-100, 1e100
"""Typical sizes of a feature beyond which its products could not be summed."""


@dataclass(frozen=True, eq=False)
class FeatureSizes:
    """Of k features over n votes.

    Attributes
    ----------
    typical : (k,) root mean square
    spread : (k,) standard deviation; exactly 0 for a constant
    """

    typical: Floats
    spread: Floats

    @classmethod
    def of(cls, features: AnyFloat, kind: AnyInteger | None = None) -> "FeatureSizes":
        """Measure the columns of (n, k) features; of rows whose `kind` is turned, the negative.

        Differences of style spread around 0, so the difference of two sums loses nothing; a column
        far from 0 is done again the slow way.
        """
        n = max(len(features), 1)
        total, square = _sums(features, kind)
        mean, mean_square = total / n, square / n
        with np.errstate(over="ignore", invalid="ignore"):
            variance = mean_square - mean**2
        for column in np.flatnonzero(variance < 1e-4 * mean_square).tolist():
            values = features[:, column].astype(np.float64)
            if kind is not None:
                values[kind >= TURNED] *= -1
            variance[column] = np.mean((values - mean[column]) ** 2)
        variance[variance <= 1e-24 * mean_square] = 0
        typical = np.sqrt(mean_square)
        for column in np.flatnonzero(typical == 0).tolist():
            if features[:, column].any():  # too small for their squares
                typical[column] = np.finfo(float).tiny
        return cls(typical, np.sqrt(variance))

    def check(self, names: tuple[str, ...]) -> None:
        """Refuse sizes whose products leave the range of floating point.

        Raises
        ------
        InvalidVotes
        """
        for name, size in zip(names, self.typical.tolist(), strict=True):
            if not (size == 0 or _SMALLEST < size < _LARGEST):
                raise InvalidVotes(
                    f"the feature {name!r} is too {'small' if size < 1 else 'large'} to compute "
                    f"with: give it in a unit that brings it between {_SMALLEST:g} and {_LARGEST:g}"
                )


def _sums(features: AnyFloat, kind: AnyInteger | None) -> tuple[Floats, Floats]:
    """Sums of each column, as voted, and of its square, (k,) each."""
    compiled = kernels(len(features))
    if kind is None or compiled is None:
        sign = np.ones(len(features)) if kind is None else np.where(kind < TURNED, 1.0, -1.0)
        with np.errstate(over="ignore"):
            square = np.einsum("ij,ij->j", features, features, dtype=np.float64)
        return np.einsum("i,ij->j", sign, features, dtype=np.float64), square
    shares = even_shares(len(features))
    sums = np.zeros((len(shares), 2, features.shape[1]))

    def add(share: int, first: int, last: int) -> None:
        compiled.feature_sums(features.T, kind, first, last, *sums[share])

    in_threads(add, [(share, *edges) for share, edges in enumerate(shares)])
    total, square = sums.sum(axis=0)
    return total, square
