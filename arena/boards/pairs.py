"""Direct votes of every pair of a board, and the joint covariance of its ratings, as stored."""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from arena.boards.models import Board, PairTable


@dataclass(frozen=True, eq=False)
class Pairs:
    """What m models did against each other.

    Attributes
    ----------
    models : tuple of m int
        Primary keys.
    won, tied, both_bad : (m, m) int32
        Votes from the row's side; `tied` and `both_bad` are symmetric.
    covariance : (m, m) float32
        Of the ratings, in points squared, centred on their mean; NaN without a rating.
    replay_id : str
        Of the fit that it came from.
    """

    models: tuple[int, ...]
    won: NDArray[np.int32]
    tied: NDArray[np.int32]
    both_bad: NDArray[np.int32]
    covariance: NDArray[np.float32]
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
    return pairs_by_board([board]).get(board.pk)


def pairs_by_board(boards: Iterable[Board]) -> dict[int, Pairs]:
    """Return the pairs of boards by their primary keys, of those that have any."""
    found = PairTable.objects.filter(board__in=boards)
    return {stored.board_id: _pairs(stored) for stored in found}


def _pairs(stored: PairTable) -> Pairs:
    m = len(stored.language_models)

    def table[T: np.generic](content: bytes | memoryview, kind: type[T]) -> NDArray[T]:
        return np.frombuffer(zlib.decompress(content), dtype=kind).reshape(m, m)

    return Pairs(
        models=tuple(stored.language_models),
        won=table(stored.won, np.int32),
        tied=table(stored.tied, np.int32),
        both_bad=table(stored.both_bad, np.int32),
        covariance=table(stored.covariance, np.float32),
        replay_id=stored.replay_id,
    )


def _deflated(table: NDArray[np.generic], kind: str) -> bytes:
    return zlib.compress(np.ascontiguousarray(table, dtype=kind).tobytes(), level=1)
