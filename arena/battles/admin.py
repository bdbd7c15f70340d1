"""Battles, turns, replies and votes, to look at: what happened is never changed here."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from arena.battles.models import Battle, Reply, Turn, Vote
from arena.battles.moderation.models import Part, TextCheck
from arena.read_only import ReadOnlyAdmin, ReadOnlyInline
from arena.voters.admin import SourceFilter

_WITHHELD = "(flagged: moderators read it under Text checks)"


class ShownPrompt:
    """Turns whose prompt is shown unless it is withheld."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Turn]:
        """Return turns that know whether their prompt is withheld."""
        queryset: QuerySet[Turn] = super().get_queryset(request)  # type: ignore[misc]
        flagged = TextCheck.objects.withheld().filter(turn=OuterRef("pk"), part=Part.PROMPT)
        return queryset.annotate(is_withheld=Exists(flagged))

    @admin.display(description="prompt")
    def shown_prompt(self, turn: Any) -> str:
        """Return the prompt, or why it is not shown."""
        return _WITHHELD if turn.is_withheld else turn.prompt


class ShownAnswer:
    """Replies whose text is shown unless it is withheld."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        """Return replies, with their models, that know whether their text is withheld."""
        queryset: QuerySet[Reply] = super().get_queryset(request)  # type: ignore[misc]
        flagged = TextCheck.objects.withheld().filter(turn=OuterRef("turn"), part=OuterRef("side"))
        return queryset.select_related("language_model", "turn").annotate(
            is_withheld=Exists(flagged)
        )

    @admin.display(description="text")
    def shown_text(self, reply: Any) -> str:
        """Return the text, or why it is not shown."""
        return _WITHHELD if reply.is_withheld else reply.text

    @admin.display(description="reasoning")
    def shown_reasoning(self, reply: Any) -> str:
        """Return the reasoning, or why it is not shown."""
        return _WITHHELD if reply.is_withheld else reply.reasoning


class TurnInline(ShownPrompt, ReadOnlyInline):
    """A battle's turns; each links to its replies."""

    model = Turn
    fields = ("number", "attempt", "state", "shown_prompt", "started_at", "ended_at")
    readonly_fields = ("shown_prompt",)


class VoteInline(ReadOnlyInline):
    """A battle's vote; more than one only where votes were taken back."""

    model = Vote
    fields = ("outcome", "source", "cast_at", "final_at")


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    """Who met whom. Both names stand here also before the vote."""

    list_display = ("id", "created_at", "model_a", "model_b", "blind", "void_reason")
    list_filter = (
        "blind",
        ("voided_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("id__exact", "model_a__name__exact", "model_b__name__exact")
    search_help_text = "A battle's whole id, or a model's whole name."
    ordering = ("-id",)  # in the order of time, and the only index that is
    exclude = ("voter",)
    inlines = (TurnInline, VoteInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Battle]:
        """Return battles with what list and page name."""
        queryset: QuerySet[Battle] = super().get_queryset(request)
        return queryset.select_related(
            *("model_a", "model_b", "endpoint_a__provider", "endpoint_a__language_model"),
            *("endpoint_b__provider", "endpoint_b__language_model"),
        )


class ReplyInline(ShownAnswer, ReadOnlyInline):
    """The two answers of a turn."""

    model = Reply
    fields = ("side", "language_model", "state", "finish_reason", "error_code", "shown_text")
    readonly_fields = ("shown_text",)


@admin.register(Turn)
class TurnAdmin(ShownPrompt, ReadOnlyAdmin):
    """One prompt and its two answers."""

    list_display = ("id", "battle_id", "number", "attempt", "state", "started_at")
    list_filter = ("state",)
    search_fields = ("battle__id__exact",)
    search_help_text = "A battle's whole id."
    ordering = ("-id",)
    exclude = ("runner", "prompt")
    readonly_fields = ("shown_prompt",)
    inlines = (ReplyInline,)


@admin.register(Reply)
class ReplyAdmin(ShownAnswer, ReadOnlyAdmin):
    """One answer: how it ended, its figures, what was sent, and the server's own error."""

    list_display = (
        *("id", "side", "language_model", "state", "finish_reason", "error_code"),
        *("first_token_seconds", "total_seconds", "completion_tokens"),
    )
    list_filter = ("state", "finish_reason")
    search_fields = ("turn__battle__id__exact", "language_model__name__exact", "error_code__exact")
    search_help_text = "A battle's whole id, a model's whole name, or an error code."
    ordering = ("-id",)
    exclude = ("text", "reasoning")
    readonly_fields = ("shown_text", "shown_reasoning")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        """Return replies with what list and page name."""
        queryset: QuerySet[Reply] = super().get_queryset(request)
        return queryset.select_related(
            *("turn", "language_model", "endpoint__provider", "endpoint__language_model")
        )


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    """What was voted. A vote that was taken back stays listed, marked."""

    list_display = ("id", "battle_id", "outcome", "source", "cast_at", "final_at", "taken_back")
    list_filter = ("outcome", SourceFilter)
    list_select_related = ("retraction",)
    search_fields = ("id__exact", "battle__id__exact", "external_id__exact")
    search_help_text = "A vote's number, a battle's whole id, or a row's id in an imported file."
    ordering = ("-id",)

    @admin.display(description="taken back")
    def taken_back(self, vote: Any) -> Any:
        """Return when the vote was undone, if it was."""
        return vote.retraction.at if hasattr(vote, "retraction") else None
