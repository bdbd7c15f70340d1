"""On which boards of all votes models stand, and which of them a page is about."""

from collections.abc import Collection
from urllib.parse import urlencode

from django.db.models import Count
from django.http import Http404, QueryDict

from arena.boards.choices import Option, source_label, sources
from arena.boards.models import Board, SnapshotRow
from arena.boards.newest import newest_snapshots
from arena.catalog.models import LanguageModel


def boards_of(models: Collection[LanguageModel]) -> list[Board]:
    """Return the boards on which any of some models stand, the one that says most first.

    That is a board which rates more of them; of two that rate as many, one on which more of them
    stand; then the live one, imports, the simulated one.
    """
    newest = newest_snapshots(Board.objects.of_all_votes())
    rows = SnapshotRow.objects.filter(snapshot__in=newest, language_model__in=models)
    found = {
        board: (-rated, -stand)
        for board, rated, stand in rows.order_by()
        .values_list("snapshot__board")
        .annotate(rated=Count("rating"), stand=Count("pk"))
    }
    place = {source: number for number, source in enumerate(sources())}
    return sorted(
        Board.objects.filter(pk__in=found),
        key=lambda board: (*found[board.pk], place[board.source]),
    )


def asked_source(query: QueryDict) -> str:
    """Return the source that an address names; empty where the page may choose.

    Raises
    ------
    Http404
        There is no such source.
    """
    source = query.get("source", "")
    if source and source not in sources():
        raise Http404("no such source")
    return source


def board_among(boards: Collection[Board], source: str) -> Board | None:
    """Return the board of a source, or the first where none is named."""
    return next((board for board in boards if source in {"", board.source}), None)


def source_query(board: Board | None) -> str:
    """Return the part of an address that names a board's source, also where it is the default."""
    return f"?{urlencode({'source': board.source})}" if board else ""


def source_options(boards: Collection[Board], current: Board | None) -> list[Option]:
    """Return the switch of sources; none where there is nothing to choose."""
    if len(boards) < 2:
        return []
    return [
        Option(source_label(board.source), source_query(board), board == current, board.source)
        for board in boards
    ]
