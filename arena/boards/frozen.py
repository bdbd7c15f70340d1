"""Which frozen board an id stands for.

An id is made of votes, parameters and code. Boards that take the same votes share it: all votes and
those of the last 90 days, while the site is young.
"""

from dataclasses import dataclass

from arena.boards.models import Board, Snapshot


@dataclass(frozen=True)
class Frozen:
    """A frozen board, and the others that have its id.

    Attributes
    ----------
    snapshot : Snapshot
    others : tuple of Board
    """

    snapshot: Snapshot
    others: tuple[Board, ...]


def frozen_board(replay_id: str, *, board: str = "", source: str = "") -> Frozen | None:
    """Find the board that has an id; None where there is none.

    Parameters
    ----------
    replay_id : str
        64 hexadecimal digits.
    board, source : str
        Which of several boards; without them, the one that was published first.
    """
    stored = Snapshot.objects.filter(replay_id=replay_id).select_related("board")
    rows = stored.only("published_for", "board").order_by("pk")
    by_board: dict[int, Snapshot] = {}
    # What a later publication found unchanged has the same id; the first has the whole story.
    for row in sorted(rows, key=lambda row: (row.published_for is None, row.pk)):
        by_board.setdefault(row.board_id, row)
    # Compared here, because an address can say what the database does not take.
    asked = [
        row
        for row in by_board.values()
        if board in ("", row.board.slug) and source in ("", row.board.source)
    ]
    if not asked:
        return None
    chosen = stored.get(pk=asked[0].pk)
    others = (row.board for pk, row in by_board.items() if pk != chosen.board_id)
    return Frozen(chosen, tuple(others))
