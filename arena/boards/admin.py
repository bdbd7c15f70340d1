"""Boards and their frozen snapshots, to look at."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.boards.models import Board, BoardFailure, Ledger, Publication, Snapshot, SnapshotRow
from arena.boards.position import PositionBias
from arena.read_only import ReadOnlyAdmin, ReadOnlyInline


@admin.register(Board)
class BoardAdmin(ReadOnlyAdmin):
    """Which slice of which votes is rated, and how."""

    list_display = ("slug", "source", "method", "category", "language", "created_at")
    list_filter = ("method",)
    search_fields = ("slug", "source")


class SnapshotRowInline(ReadOnlyInline):
    """The models of a snapshot, best first."""

    model = SnapshotRow
    per_page = 100
    fields = ("language_model", "votes", "rating", "lower", "upper", "rank_best", "rank_worst")
    show_change_link = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SnapshotRow]:
        """Return rows with their models."""
        queryset: QuerySet[SnapshotRow] = super().get_queryset(request)
        return queryset.select_related("language_model")


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnlyAdmin):
    """A board as it stood."""

    list_display = ("board", "created_at", "votes", "voters", "published_for", "replay_id")
    list_filter = ("board__method",)
    list_select_related = ("board",)
    search_fields = ("replay_id__exact", "board__slug__exact")
    search_help_text = "A replay id, or a board's name."
    inlines = (SnapshotRowInline,)


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """When the full set of a source's boards was written."""

    list_display = ("source", "period", "boards", "decisions", "completed_at")
    list_filter = ("source",)


@admin.register(Ledger)
class LedgerAdmin(ReadOnlyAdmin):
    """What the transparency page says of each source, and whether the position sways votes."""

    list_display = ("source", "made_at", "battles", "counted", "position_bias")
    fields = (*list_display, "content")

    @admin.display(description="battles")
    def battles(self, ledger: Ledger) -> str:
        """Return how many there were."""
        return f"{ledger.content['battles']:,}"

    @admin.display(description="counted votes")
    def counted(self, ledger: Ledger) -> str:
        """Return how many there were."""
        return f"{ledger.content['counted']:,}"

    @admin.display(description="position bias (a model against itself)")
    def position_bias(self, ledger: Ledger) -> str:
        """Return the share that chose A, with its interval."""
        bias = PositionBias.kept(ledger.content)
        if bias is None:
            return "not measured: no vote yet on a model against itself"
        figures = bias.in_percent()
        certain = "more than chance" if bias.is_certain else "no more than chance"
        return (
            f"A in {figures['share']}% of {bias.votes:,} votes that chose a side "
            f"({figures['lower']}% to {figures['upper']}%): {certain}"
        )


@admin.register(BoardFailure)
class BoardFailureAdmin(ReadOnlyAdmin):
    """Sources whose boards could not be made; empty when all is well."""

    list_display = ("source", "job", "error", "at")
