"""Checked texts in the admin: what was flagged, why, and a page to read one and rule on it."""

import datetime as dt
import uuid
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.decorators import display
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from arena.battles.moderation.models import TextCheck, Verdict
from arena.integrity.moderation import moderation_state
from arena.integrity.moderation_figures import moderation_figures
from arena.integrity.rulings import rule_on, show_text
from arena.read_only import ReadOnlyAdmin
from workers.endpoints import PictureUrl

_RULE = "battles.rule_on_texts"
_DAY = dt.timedelta(hours=24)


class RulingForm(forms.Form):
    """A moderator's ruling on one text."""

    verdict = forms.ChoiceField(choices=Verdict, widget=UnfoldAdminRadioSelectWidget)
    note = forms.CharField(
        max_length=500,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Why, for other moderators. Never public.",
    )


class Undecided(admin.SimpleListFilter):
    """What moderators have to look at."""

    title = "ruling"
    parameter_name = "ruling"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return the one choice beside all."""
        return [("waits", "waits for a moderator")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[TextCheck]
    ) -> QuerySet[TextCheck] | None:
        """Keep flagged texts on which nobody has ruled."""
        if self.value() != "waits":
            return None
        return queryset & TextCheck.objects.to_rule_on()


class TextCheckAdmin(ReadOnlyAdmin):
    """What the check said of prompts and answers. Texts are read on a page of their own."""

    list_display = (
        *("id", "created_at", "part", "outcome", "categories", "action", "verdict", "error_code"),
    )
    list_filter = (Undecided, "state", "action", "verdict", "part")
    search_fields = ("turn__battle__id__exact",)
    search_help_text = "A battle's whole id."
    ordering = ("-id",)
    list_before_template = "admin/battles/textcheck/figures.html"
    actions = ("make_public", "withhold")
    fields = (
        *("part", "outcome", "action", "scores_by_category", "battle", "verdict", "read_it"),
        *("created_at", "tried_at", "seconds", "attempts", "error_code", "rulings", "looks"),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[TextCheck]:
        """Return checks with their turns."""
        queryset: QuerySet[TextCheck] = super().get_queryset(request)
        return queryset.select_related("turn")

    def get_urls(self) -> list[URLPattern]:
        """Add the page on which a text is read and ruled on."""
        page = path(
            "<int:pk>/rule/", self.admin_site.admin_view(self.rule), name="battles_textcheck_rule"
        )
        return [page, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the counts of the last day above the list."""
        now = timezone.now()
        more = {"state": moderation_state(), "figures": moderation_figures(since=now - _DAY)}
        return super().changelist_view(request, more | (extra_context or {}))

    def has_rule_permission(self, request: HttpRequest) -> bool:
        """Return whether this account is a moderator's."""
        return request.user.has_perm(_RULE)

    @display(  # type: ignore[untyped-decorator]  # the theme's, for its coloured labels
        description="state",
        label={"clear": "success", "flagged": "danger", "unverified": "warning", "waiting": "info"},
    )
    def outcome(self, check: TextCheck) -> str:
        """Return the state in a word."""
        return check.state

    @admin.display(description="flagged for")
    def categories(self, check: TextCheck) -> str:
        """Return the categories, the worst first."""
        return ", ".join(check.flagged_for) or "-"

    @admin.display(description="scores")
    def scores_by_category(self, check: TextCheck) -> str:
        """Return all scores, the highest first, with a mark where it is flagged."""
        scores = sorted(check.scores.items(), key=lambda item: -item[1])
        rows = (
            (category, f"{score:.3f}", "flagged" if category in check.flagged_for else "")
            for category, score in scores
        )
        return format_html(
            '<table class="difference"><tbody>{}</tbody></table>',
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )

    @admin.display(description="battle")
    def battle(self, check: TextCheck) -> str:
        """Return the way to the battle; a prompt that was not sent has none."""
        if check.turn is None:
            return "It was not sent: nothing of it is stored."
        return format_html(
            '<a href="{}">{}</a>', _battle_url(check.turn.battle_id), check.turn.battle_id
        )

    @admin.display(description="text")
    def read_it(self, check: TextCheck) -> str:
        """Return the way to the page that shows the text."""
        if check.turn_id is None:
            return "-"
        url = reverse("admin:battles_textcheck_rule", args=[check.pk])
        return format_html('<a href="{}">Read it and rule on it (moderators)</a>', url)

    @admin.display(description="rulings, the last first")
    def rulings(self, check: TextCheck) -> str:
        """Return who ruled what and when."""
        return _lines(
            (ruling.at, ruling.moderator, f"{ruling.get_verdict_display()}. {ruling.note}")
            for ruling in check.rulings.all()
        )

    @admin.display(description="shown to")
    def looks(self, check: TextCheck) -> str:
        """Return who had the text shown."""
        return _lines((look.at, look.moderator, "") for look in check.looks.all())

    @admin.action(description="Rule: they may be public", permissions=["rule"])
    def make_public(self, request: HttpRequest, queryset: QuerySet[TextCheck]) -> None:
        """Rule on several at once."""
        self._rule_on(request, queryset, Verdict.PUBLIC)

    @admin.action(description="Rule: they stay withheld, votes count", permissions=["rule"])
    def withhold(self, request: HttpRequest, queryset: QuerySet[TextCheck]) -> None:
        """Rule on several at once."""
        self._rule_on(request, queryset, Verdict.WITHHELD)

    def _rule_on(
        self, request: HttpRequest, checks: QuerySet[TextCheck], verdict: Verdict, note: str = ""
    ) -> None:
        keys = list(checks.values_list("pk", flat=True))
        moderator = request.user.get_username()
        count = rule_on(keys, verdict, moderator=moderator, note=note, now=timezone.now())
        self.message_user(request, f"Ruled on {count}: {verdict.label}.", messages.SUCCESS)

    def rule(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a text to a moderator who asks for it, and take the ruling."""
        if not self.has_rule_permission(request):
            raise PermissionDenied
        check = get_object_or_404(self.get_queryset(request), pk=pk, turn__isnull=False)
        form, text = RulingForm(initial={"verdict": check.verdict}), None
        if "show" in request.POST:
            text = show_text(check, moderator=request.user.get_username(), now=timezone.now())
        elif request.method == "POST":
            form = RulingForm(request.POST)
            if form.is_valid():
                verdict = Verdict(form.cleaned_data["verdict"])
                rows = TextCheck.objects.filter(pk=pk)
                self._rule_on(request, rows, verdict, form.cleaned_data["note"])
                return HttpResponseRedirect(reverse("admin:battles_textcheck_changelist"))
        context = {
            "is_picture": isinstance(text, PictureUrl),
            **self.admin_site.each_context(request),
            "title": f"Rule on {check.get_part_display()}",
            "opts": self.model._meta,
            "check": check,
            "categories": self.categories(check),
            "form": form,
            "text": text,
        }
        return TemplateResponse(request, "admin/battles/textcheck/rule.html", context)


class RulingAdmin(ReadOnlyAdmin):
    """What moderators ruled."""

    list_display = ("at", "moderator", "verdict", "note", "text_check_id")
    list_filter = ("verdict",)
    search_fields = ("moderator__exact",)


class TextLookAdmin(ReadOnlyAdmin):
    """Who had which text shown."""

    list_display = ("at", "moderator", "text_check_id")
    search_fields = ("moderator__exact",)


def _lines(rows: Any) -> str:
    lines = ((f"{at:%Y-%m-%d %H:%M}", who, what) for at, who, what in rows)
    return format_html_join("", "<p>{} {} {}</p>", lines) or "-"


def _battle_url(battle: uuid.UUID) -> str:
    return reverse("admin:battles_battle_change", args=[battle])
