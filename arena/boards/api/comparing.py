"""Two models against each other, on every board where both stand."""

import math
from typing import Any

from arena.boards.comparison import Encounter, direct_votes
from arena.boards.pairs import read_pairs


def figures(encounter: Encounter) -> dict[str, Any]:
    """Return the direct votes of two models on one board, and what the ratings expect."""
    board, (first, second), expected = encounter.board, encounter.rows, encounter.expected
    pairs = read_pairs(board)
    points = (expected.difference, *expected.bounds) if expected else (None,) * 3
    chances = expected.chances if expected else (None,) * 3
    needed = expected.votes_needed if expected else math.inf
    return {
        "board": board.slug,
        "source": board.source,
        "category": board.category,
        "language": board.language,
        "id": first.snapshot.replay_id,
        "first_rating": first.rating,
        "second_rating": second.rating,
        **dict(zip(("difference", "lower", "upper"), _rounded(points, 2), strict=True)),
        **dict(
            zip(("win_probability", "win_lower", "win_upper"), _rounded(chances, 4), strict=True)
        ),
        "votes_needed": int(needed) if math.isfinite(needed) else None,
        "pairs_id": pairs.replay_id if pairs else "",
        "direct": direct_votes(first.language_model_id, second.language_model_id, pairs),
    }


def _rounded(figures: tuple[float | None, ...], digits: int) -> list[float | None]:
    return [None if figure is None else round(figure, digits) for figure in figures]
