"""How large style features are: root mean squares and standard deviations, in one pass."""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import AnyFloat, Flags, Floats
from ratings.compiled import even_shares, in_threads, kernels

_BLOCK = 1 << 18


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
    def of(cls, features: AnyFloat, turned: Flags | None = None) -> "FeatureSizes":
        """Measure the columns of (n, k) features; of rows that are `turned`, the negative.

        Differences of style spread around 0, so the difference of two sums loses nothing; a column
        far from 0 is done again the slow way.
        """
        n = max(len(features), 1)
        total, square = _sums(features)
        rows = np.empty(0, dtype=np.int64) if turned is None else np.flatnonzero(turned)
        for start in range(0, len(rows), _BLOCK):
            block = features.take(rows[start : start + _BLOCK], axis=0)
            total -= 2 * block.sum(axis=0, dtype=np.float64)
        mean, mean_square = total / n, square / n
        variance = mean_square - mean**2
        for column in np.flatnonzero(variance < 1e-4 * mean_square).tolist():
            values = features[:, column].astype(np.float64)
            values[rows] *= -1
            deviation = values - mean[column]
            variance[column] = np.mean(deviation**2)
        variance[variance <= 1e-24 * mean_square] = 0
        return cls(np.sqrt(mean_square), np.sqrt(variance))


def _sums(features: AnyFloat) -> tuple[Floats, Floats]:
    """Sums of each column and of its square, (k,) each."""
    compiled = kernels(len(features))
    if compiled is None or not features.shape[1]:
        total = np.einsum("ij->j", features, dtype=np.float64)
        return total, np.einsum("ij,ij->j", features, features, dtype=np.float64)
    features = np.ascontiguousarray(features)
    shares = even_shares(len(features))
    sums = np.zeros((len(shares), 2, features.shape[1]))

    def add(share: int, first: int, last: int) -> None:
        compiled.feature_sums(features, first, last, *sums[share])

    in_threads(add, [(share, *edges) for share, edges in enumerate(shares)])
    total, square = sums.sum(axis=0)
    return total, square
