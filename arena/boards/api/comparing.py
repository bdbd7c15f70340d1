"""Two models against each other, on every board where both stand."""

import math
from typing import Any

from arena.boards.comparison import direct_votes, expectation
from arena.boards.models import Board, Method, SnapshotRow
from arena.boards.newest import newest_snapshots
from arena.boards.pairs import read_pairs
from arena.catalog.models import LanguageModel


def encounters(models: tuple[LanguageModel, LanguageModel], source: str) -> list[dict[str, Any]]:
    """Return the direct votes of two models and what the ratings expect, a board at a time.

    Boards of all time without style control: everything first, then uses and languages.
    """
    newest = newest_snapshots().filter(
        board__source=source,
        board__method=Method.BRADLEY_TERRY,
        board__days=None,
        board__style_controlled=False,
    )
    lines = SnapshotRow.objects.filter(snapshot__in=newest, language_model__in=models)
    by_board: dict[Board, dict[int, SnapshotRow]] = {}
    for line in lines.select_related("snapshot__board"):
        by_board.setdefault(line.snapshot.board, {})[line.language_model_id] = line
    boards = sorted(by_board, key=lambda board: (board.slug != "overall", board.slug))
    return [
        _encounter(board, [by_board[board][model.pk] for model in models])
        for board in boards
        if len(by_board[board]) == len(models)
    ]


def _encounter(board: Board, rows: list[SnapshotRow]) -> dict[str, Any]:
    pairs = read_pairs(board)
    expected = expectation(rows, pairs)
    points = (expected.difference, *expected.bounds) if expected else (None,) * 3
    chances = expected.chances if expected else (None,) * 3
    needed = expected.votes_needed if expected else math.inf
    return {
        "board": board.slug,
        "source": board.source,
        "category": board.category,
        "language": board.language,
        "id": rows[0].snapshot.replay_id,
        "first_rating": rows[0].rating,
        "second_rating": rows[1].rating,
        **dict(zip(("difference", "lower", "upper"), _rounded(points, 2), strict=True)),
        **dict(
            zip(("win_probability", "win_lower", "win_upper"), _rounded(chances, 4), strict=True)
        ),
        "votes_needed": int(needed) if math.isfinite(needed) else None,
        "pairs_id": pairs.replay_id if pairs else "",
        "direct": direct_votes(rows[0].language_model_id, rows[1].language_model_id, pairs),
    }


def _rounded(figures: tuple[float | None, ...], digits: int) -> list[float | None]:
    return [None if figure is None else round(figure, digits) for figure in figures]
