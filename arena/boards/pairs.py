"""Direct votes of every pair of a board, and how its ratings vary together, as stored."""

import zlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from arena.boards.models import Board, PairTable

_FLOAT = np.dtype("<f4")
_THREE_NUMBERS = """
    SELECT board,
        substring(covariance FROM 4 * ii + 1 FOR 4),
        substring(covariance FROM 4 * jj + 1 FOR 4),
        substring(covariance FROM 4 * ij + 1 FOR 4)
    FROM unnest(%s::bigint[], %s::text[], %s::int[], %s::int[], %s::int[], %s::int[])
        AS places (board, fit, ii, jj, ij, size)
    JOIN boards_pairtable ON board_id = board
        AND replay_id = fit  -- not a newer one's places
        AND octet_length(covariance) = 4 * size  -- nor what a release before deflated
"""


@dataclass(frozen=True, eq=False)
class Pairs:
    """What the m models of a board did against each other.

    Attributes
    ----------
    models : tuple of m int
        Primary keys.
    won, tied, both_bad : (m, m) int32
        Votes from the row's side; `tied` and `both_bad` are symmetric.
    replay_id : str
        Of the fit that it came from.
    """

    models: tuple[int, ...]
    won: NDArray[np.int32]
    tied: NDArray[np.int32]
    both_bad: NDArray[np.int32]
    replay_id: str

    @property
    def votes(self) -> NDArray[np.int32]:
        """Return the votes between row and column, (m, m), symmetric."""
        total: NDArray[np.int32] = self.won + self.won.T + self.tied + self.both_bad
        return total


def store_pairs(board: Board, pairs: Pairs, covariance: NDArray[np.float32]) -> None:
    """Put the pairs of a board's newest fit in the place of those before.

    `covariance` is that of the ratings, (m, m), in points squared, centred on their mean; NaN
    where a model has no rating.
    """
    PairTable.objects.update_or_create(
        board=board,
        defaults={
            "replay_id": pairs.replay_id,
            "language_models": list(pairs.models),
            "won": _deflated(pairs.won),
            "tied": _deflated(pairs.tied),
            "both_bad": _deflated(pairs.both_bad),
            "covariance": covariance.astype(_FLOAT).tobytes(),
        },
    )


def read_pairs(board: Board) -> Pairs | None:
    """Return the pairs of a board's newest full fit, or None before the first."""
    stored = PairTable.objects.defer("covariance").filter(board=board).first()
    if stored is None:
        return None
    m = len(stored.language_models)
    return Pairs(
        models=tuple(stored.language_models),
        won=_inflated(stored.won, m),
        tied=_inflated(stored.tied, m),
        both_bad=_inflated(stored.both_bad, m),
        replay_id=stored.replay_id,
    )


def difference_variances(boards: Collection[Board], first: int, second: int) -> dict[int, float]:
    """Return the variance of the difference of two models' ratings on each board that rates both.

    Parameters
    ----------
    boards : collection of Board
    first, second : int
        Primary keys of the models.

    Returns
    -------
    dict of int to float
        Positive, by the board's primary key, in points squared. A comparison asks for every
        slice at once: Postgres reads three numbers of each table, not the tables.
    """
    places: list[tuple[int, str, int, int, int, int]] = []
    listed = PairTable.objects.filter(board__in=boards)
    for board, fit, models in listed.values_list("board", "replay_id", "language_models"):
        if first in models and second in models:
            i, j, m = models.index(first), models.index(second), len(models)
            places.append((board, fit, i * m + i, j * m + j, i * m + j, m * m))
    if not places:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_THREE_NUMBERS, [list(column) for column in zip(*places, strict=True)])
        numbers = {
            board: np.frombuffer(b"".join(map(bytes, three)), _FLOAT).astype(float)
            for board, *three in cursor
        }
    variances = {board: ii + jj - 2 * ij for board, (ii, jj, ij) in numbers.items()}
    return {board: value for board, value in variances.items() if value > 0}  # NaN is not


def _inflated(content: bytes | memoryview, m: int) -> NDArray[np.int32]:
    return np.frombuffer(zlib.decompress(content), dtype="<i4").reshape(m, m)


def _deflated(table: NDArray[np.int32]) -> bytes:
    return zlib.compress(np.ascontiguousarray(table, dtype="<i4").tobytes(), level=1)
