"""Verdicts on votes, to look at."""

from django.contrib import admin

from arena.integrity.models import VoteFacts
from arena.read_only import ReadOnlyAdmin


@admin.register(VoteFacts)
class VoteFactsAdmin(ReadOnlyAdmin):
    """Counted or why not, by which version of the rules."""

    list_display = (
        *("vote_id", "counted", "not_counted_because", "category", "language"),
        *("rule_version", "decided_at"),
    )
    list_filter = ("counted", "not_counted_because")
    search_fields = ("vote__id__exact",)
    search_help_text = "A vote's number."
    ordering = ("-vote_id",)
