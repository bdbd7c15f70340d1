"""Direct votes of every pair of a board, and the joint covariance of its ratings, as stored."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.boards.models import Board, PairTable


@dataclass(frozen=True, eq=False)
class JointRatings:
    """How the ratings of m models hang together.

    Attributes
    ----------
    models : tuple of m int
        Primary keys.
    covariance : (m, m) float32
        Of the ratings, in points squared, centred on their mean; NaN without a rating.
    """

    models: tuple[int, ...]
    covariance: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Pairs(JointRatings):
    """What the models did against each other, beside that.

    Attributes
    ----------
    won, tied, both_bad : (m, m) int32
        Votes from the row's side; `tied` and `both_bad` are symmetric.
    replay_id : str
        Of the fit that it came from.
    """

    won: NDArray[np.int32]
    tied: NDArray[np.int32]
    both_bad: NDArray[np.int32]
    replay_id: str

    @property
    def votes(self) -> NDArray[np.int32]:
        """Return the votes between row and column, (m, m), symmetric."""
        total: NDArray[np.int32] = self.won + self.won.T + self.tied + self.both_bad
        return total


def store_pairs(board: Board, pairs: Pairs) -> None:
    """Put the pairs of a board's newest fit in the place of those before."""
    PairTable.objects.update_or_create(
        board=board,
        defaults={
            "replay_id": pairs.replay_id,
            "language_models": list(pairs.models),
            **{
                name: _deflated(getattr(pairs, name), kind)
                for name, kind in (
                    ("won", "<i4"),
                    ("tied", "<i4"),
                    ("both_bad", "<i4"),
                    ("covariance", "<f4"),
                )
            },
        },
    )


def read_pairs(board: Board) -> Pairs | None:
    """Return the pairs of a board's newest full fit, or None before the first."""
    stored = PairTable.objects.filter(board=board).first()
    if stored is None:
        return None
    m = len(stored.language_models)
    return Pairs(
        models=tuple(stored.language_models),
        won=_table(stored.won, np.int32, m),
        tied=_table(stored.tied, np.int32, m),
        both_bad=_table(stored.both_bad, np.int32, m),
        covariance=_table(stored.covariance, np.float32, m),
        replay_id=stored.replay_id,
    )


def joint_ratings(boards: Iterable[Board]) -> Iterator[tuple[int, JointRatings]]:
    """Yield the joint ratings of boards that have any, by the board's primary key, one by one."""
    stored = PairTable.objects.filter(board__in=boards)
    for board, models, covariance in stored.values_list(
        "board", "language_models", "covariance"
    ).iterator(chunk_size=4):
        yield board, JointRatings(tuple(models), _table(covariance, np.float32, len(models)))


def _table[T: np.generic](content: bytes | memoryview, kind: type[T], m: int) -> NDArray[T]:
    return np.frombuffer(zlib.decompress(content), dtype=kind).reshape(m, m)


def _deflated(table: NDArray[np.generic], kind: str) -> bytes:
    return zlib.compress(np.ascontiguousarray(table, dtype=kind).tobytes(), level=1)
