"""Verdicts on votes, to look at; and the endpoint that labels prompts, to choose."""

from django.contrib import admin

from arena.battles.moderation.models import Ruling, TextCheck, TextLook
from arena.integrity.admin_of_moderation import RulingAdmin, TextCheckAdmin, TextLookAdmin
from arena.integrity.models import FailedLabel, Labeller, VoteFacts
from arena.only_one import OnlyOneAdmin
from arena.read_only import ReadOnlyAdmin

admin.site.register(TextCheck, TextCheckAdmin)
admin.site.register(Ruling, RulingAdmin)
admin.site.register(TextLook, TextLookAdmin)


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


@admin.register(Labeller)
class LabellerAdmin(OnlyOneAdmin):
    """One endpoint at most; without one, categories are told by rules."""

    list_display = ("endpoint", "enabled")
    list_select_related = ("endpoint__language_model", "endpoint__provider")
    raw_id_fields = ("endpoint",)  # a list of all endpoints would cost a query for each


@admin.register(FailedLabel)
class FailedLabelAdmin(ReadOnlyAdmin):
    """Prompts that stay unverified until the labelling endpoint answers."""

    list_display = ("vote_id", "attempts", "error_code", "next_at")
    list_filter = ("error_code",)
