"""The admin of the check of prompts and answers: one row, and a way to try it."""

import asyncio
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.catalog.addresses import endpoint_clients
from arena.catalog.models import Moderation
from arena.catalog.moderation import HARMLESS, Finding, NoFinding, examine
from arena.catalog.validation import clean_model_name
from arena.only_one import OnlyOneAdmin
from workers.endpoints import HARMLESS_PICTURE

_UNTICKED = (
    "Takes pictures was unticked: it was known of another server or model. Ask it now finds out."
)


class ModerationForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """Where to ask, what follows, and from which score on."""

    class Meta:
        model = Moderation
        fields: ClassVar = [
            *("provider", "model_name", "mode", "takes_pictures", "when_dead"),
            *("thresholds", "seconds"),
        ]
        labels: ClassVar = {
            "when_dead": "While it does not answer",
            "seconds": "Time limit (seconds)",
        }
        help_texts: ClassVar = {
            "provider": "Its base URL is what stands before /moderations. Add it under Providers, "
            "where its key is encrypted; it needs no endpoints.",
            "model_name": "Sent as it is, such as omni-moderation-latest. Empty: the server's own.",
            "mode": "In every mode but off, prompts and both answers are checked, and what is "
            "flagged is out of shared links and releases until a moderator rules.",
            "takes_pictures": "Whether it looks at pictures, as omni-moderation-latest does. The "
            "list's action Ask it now finds out and ticks this; by hand, for a server that answers "
            "without saying what it looked at. Unticked, visitors' pictures are not checked.",
            "when_dead": "Only where prompts are warned of or blocked. Either way it is counted, "
            "it is shown, and what was sent is checked later.",
            "thresholds": "By category, the score from 0 to 1 from which on it is flagged, or null "
            'for never: {"violence": 0.7, "harassment": null}. Other categories go by the server. '
            "Try them with manage.py moderate_past --dry-run.",
            "seconds": "How long a visitor waits for it, at most.",
        }

    def clean_model_name(self) -> str:
        """Return the name without control characters; it may be empty."""
        name = self.cleaned_data["model_name"]
        return clean_model_name(name) if name else ""

    def clean_thresholds(self) -> dict[str, float | None]:
        """Refuse what is not a number from 0 to 1, or null, by category."""
        return clean_thresholds(self.cleaned_data["thresholds"] or {})


def clean_thresholds(value: Any) -> dict[str, float | None]:
    """Return thresholds as they are stored.

    Raises
    ------
    ValidationError
        When it is not an object of numbers from 0 to 1, or null.
    """
    if not isinstance(value, dict):
        raise ValidationError('Thresholds look like {"violence": 0.7}.')
    for category, threshold in value.items():
        is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
        if threshold is not None and not (is_number and 0 <= threshold <= 1):
            raise ValidationError(f"The threshold of {category} is a number from 0 to 1, or null.")
    return value


class ModerationAdmin(OnlyOneAdmin):
    """One check at most; without one, nothing is checked."""

    form = ModerationForm
    list_display = ("provider", "model_name", "mode", "takes_pictures", "when_dead")
    change_form_before_template = "admin/catalog/moderation/before.html"
    list_select_related = ("provider",)
    autocomplete_fields = ("provider",)
    actions = ("ask_now",)

    def save_model(
        self, request: HttpRequest, obj: Moderation, form: ModerationForm, change: bool
    ) -> None:
        """Store it; that it takes pictures was found out of one server and model, not of others."""
        changed = set(form.changed_data)
        is_another = change and not changed.isdisjoint({"provider", "model_name"})
        if is_another and obj.takes_pictures and "takes_pictures" not in changed:
            obj.takes_pictures = False
            self.message_user(request, _UNTICKED, messages.WARNING)
        super().save_model(request, obj, form, change)

    @admin.action(
        description="Ask it now about a harmless sentence and picture", permissions=["change"]
    )
    def ask_now(self, request: HttpRequest, queryset: QuerySet[Moderation]) -> None:
        """Say whether the check answers, and whether it looks at pictures, which is kept."""
        for check in queryset.select_related("provider"):
            found, seen = asyncio.run(_ask(check))
            if isinstance(found, NoFinding):
                self.message_user(request, f"No answer ({found.code}).", messages.ERROR)
                continue
            categories = ", ".join(sorted(found.scores)) or "no scores"
            said = "flagged" if found.flagged else "clear"
            self.message_user(
                request, f"It answers: {said}. It scores {categories}.", messages.SUCCESS
            )
            self.message_user(request, _note_pictures(check, seen), messages.INFO)


async def _ask(check: Moderation) -> tuple[Finding | NoFinding, Finding | NoFinding]:
    """Ask about a sentence, then about a picture."""
    async with endpoint_clients() as clients:
        found = await examine(clients, check, HARMLESS, waiting=True)
        return found, await examine(clients, check, HARMLESS_PICTURE, waiting=True)


def _note_pictures(check: Moderation, seen: Finding | NoFinding) -> str:
    """Keep what an answer about a picture tells, and return it as a sentence."""
    if isinstance(seen, NoFinding):
        if not seen.is_of_the_text:
            return f"About a picture it gave no answer ({seen.code}): ask again."
        check.note_pictures(taken=False)
        return "It does not take pictures: those that visitors attach are not checked."
    if seen.saw_picture:
        check.note_pictures(taken=True)
        return "It looks at pictures: those that visitors attach are checked from now on."
    return (
        "It answers about a picture without saying that it looked at it. Tick Takes pictures only "
        "if its makers say that it does."
    )
