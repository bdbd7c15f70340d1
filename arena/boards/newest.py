"""Finding the newest snapshots. Imports no numerics, so that pages start without them."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from arena.boards.models import Board, Snapshot


def newest_snapshots(boards: QuerySet[Board] | None = None) -> QuerySet[Snapshot]:
    """Return the newest snapshot of each board, of all boards where none are given."""
    newest = Snapshot.objects.filter(board=OuterRef("pk")).order_by("-id").values("pk")[:1]
    wanted = Board.objects.all() if boards is None else boards
    newest_ids = wanted.annotate(newest=Subquery(newest)).values("newest")
    return Snapshot.objects.filter(pk__in=newest_ids).select_related("board")


def newest_snapshot(
    source: str,
    method: str,
    *,
    category: str = "",
    language: str = "",
    days: int | None = None,
    style_controlled: bool = False,
) -> Snapshot | None:
    """Return the newest snapshot of a source, method and slice, by default of all votes."""
    board = Board.objects.filter(
        source=source,
        method=method,
        category=category,
        language=language,
        days=days,
        style_controlled=style_controlled,
    ).first()
    return None if board is None else newest_of(board)


def newest_of(board: Board) -> Snapshot | None:
    """Return a board's newest snapshot, or None before the first."""
    return board.snapshots.select_related("board").order_by("-id").first()


def newest_mix(board: Board) -> dict[str, Any] | None:
    """Return the gap in the fixed mix of languages as the board was last published.

    Between two publications the live board has none of its own. None before the first, and for a
    board of one language or one use.
    """
    published = board.snapshots.exclude(published_for=None).order_by("-id")
    found = published.values_list("gap__mix", "created_at").first()
    if not found or not found[0]:
        return None
    return {**found[0], "at": found[1].isoformat()}


def rated_sources() -> list[str]:
    """Return the sources that have boards: live first, then imports, then simulated."""
    found = set(Board.objects.order_by().values_list("source", flat=True).distinct())
    return sorted(found, key=lambda source: (source != "live", source == "simulated", source))
