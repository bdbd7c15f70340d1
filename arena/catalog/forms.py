"""The admin's forms for endpoints and providers. A key goes in and never comes out again."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import ActionForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from arena.catalog.budget_form import BudgetForm
from arena.catalog.enrol import Enrolment, find_provider, refuse_fictional
from arena.catalog.modalities import Modality
from arena.catalog.models import Endpoint, LanguageModel, Provider
from arena.catalog.sampling import SamplingReason
from arena.catalog.validation import (
    clean_api_key,
    clean_base_url,
    clean_model_name,
    clean_parameters,
    server_at,
)
from workers.endpoints import presets

_KEEP_OUT = {"autocomplete": "new-password", "spellcheck": "false"}


class KeyField(forms.CharField):
    """A key: typed, checked, never rendered back, and never quoted in an error."""

    widget = UnfoldAdminPasswordWidget(attrs=_KEEP_OUT, render_value=False)

    def __init__(self, **options: Any) -> None:
        super().__init__(label="API key", required=False, strip=False, **options)

    def clean(self, value: Any) -> str:
        """Return the key without the space around it."""
        return clean_api_key(super().clean(value))


class PresetField(forms.ChoiceField):
    """A kind of server, or none: then it is what the base URL looks like."""

    def __init__(self, **options: Any) -> None:
        choices = [("", "As the base URL says"), *((p.slug, p.title) for p in presets().values())]
        super().__init__(
            label="Kind of server",
            choices=choices,
            required=False,
            widget=UnfoldAdminSelectWidget,
            **options,
        )


class NamesField(forms.Field):
    """Names of models, ticked in the list of what a server offers."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[str]:
        """Return each name once, in order."""
        return [clean_model_name(name) for name in dict.fromkeys(value or ())]


class BaseURLField(forms.CharField):
    """A base URL, kept as it was entered."""

    widget = UnfoldAdminTextInputWidget(
        attrs={"placeholder": "https://api.example.com/v1", "inputmode": "url"}
    )

    def clean(self, value: Any) -> str:
        """Return the URL, checked; empty where that is allowed."""
        text = super().clean(value)
        return clean_base_url(text) if text else ""


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """An account or server. Its key can be set, replaced and removed, not read."""

    base_url = BaseURLField(
        label="Base URL",
        help_text="What stands before /chat/completions. Sent as it is; nothing is added.",
    )
    api_key = KeyField(
        help_text="Leave empty to keep the stored key. It is never shown again, and never sent to "
        "another server: with a new host, port or scheme it is entered again."
    )
    preset = PresetField()
    remove_key = forms.BooleanField(
        label="Remove the stored key", required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        model = Provider
        fields: ClassVar = ["name", "base_url", "preset"]

    def clean(self) -> dict[str, Any]:
        """Refuse a new key with the wish to remove it, and a new server for the stored key."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("api_key") and cleaned.get("remove_key"):
            raise ValidationError({"remove_key": "Either enter a new key or remove the old one."})
        self._refuse_to_send_the_key_elsewhere(cleaned)
        return cleaned

    def _refuse_to_send_the_key_elsewhere(self, cleaned: dict[str, Any]) -> None:
        """Refuse another server with the stored key: whoever moves it could read the key there."""
        base_url, stored = cleaned.get("base_url"), self.instance
        if (
            not base_url
            or not stored.api_key_encrypted
            or server_at(base_url) == server_at(stored.base_url)
        ):
            return
        if not cleaned.get("api_key") and not cleaned.get("remove_key"):
            raise ValidationError(
                {
                    "api_key": "A stored key is never sent to another server than it was entered "
                    "for: enter the key of this one, or remove the stored key."
                }
            )

    def save(self, commit: bool = True) -> Provider:
        """Keep the key encrypted."""
        if self.cleaned_data.get("api_key") or self.cleaned_data.get("remove_key"):
            self.instance.set_api_key(self.cleaned_data["api_key"])
        provider: Provider = super().save(commit)
        return provider


class LanguageModelForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """A contestant and what is known of it."""

    modalities = forms.MultipleChoiceField(
        label="Input",
        choices=Modality,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="What the model can be given. Nothing ticked: not known.",
    )

    class Meta:
        model = LanguageModel
        fields: ClassVar = "__all__"

    def clean(self) -> dict[str, Any]:
        """Ask why a model is taken out; a reason does not outlive the change it was given for."""
        cleaned: dict[str, Any] = super().clean() or {}
        changed = set(self.changed_data)
        if not changed & {"retired_at", "sampling_weight"}:
            return cleaned
        out = cleaned.get("retired_at") or cleaned.get("sampling_weight") == 0
        if not out and not changed & {"sampling_reason", "sampling_note"}:
            cleaned |= {"sampling_reason": "", "sampling_note": ""}
        if out:
            refuse_without_reason(cleaned.get("sampling_reason"), cleaned.get("sampling_note"))
        return cleaned


def refuse_without_reason(reason: str | None, note: str | None) -> None:
    """Raise ValidationError where nothing says why a model is not drawn any more."""
    if not reason:
        raise ValidationError({"sampling_reason": "Say why: it is shown to everybody, for ever."})
    if reason == SamplingReason.OTHER and not note:
        raise ValidationError({"sampling_note": "Say which other reason."})


class SamplingActionForm(ActionForm):  # type: ignore[misc]  # untyped
    """What is asked beside an action on a list of models."""

    sampling_reason = forms.ChoiceField(
        label="Reason",
        choices=[("", "Reason (for retiring)"), *SamplingReason.choices],
        required=False,
        widget=UnfoldAdminSelectWidget(attrs={"aria-label": "Reason"}),
    )
    sampling_note = forms.CharField(
        label="In other words",
        max_length=200,
        required=False,
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "In other words", "aria-label": "In other words"}
        ),
    )


class EndpointForm(BudgetForm, forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """A stored endpoint."""

    class Meta:
        model = Endpoint
        fields: ClassVar = ["provider", "language_model", "model_name", "parameters"]

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        if self.instance.pk:
            self.show_budget_of(self.instance)

    def clean(self) -> dict[str, Any]:
        """Refuse a cap without a price."""
        cleaned: dict[str, Any] = super().clean() or {}
        endpoint = self.instance if self.instance.pk else None
        self.refuse_unpriced_cap(cleaned.get("language_model"), endpoint)
        return cleaned

    def clean_parameters(self) -> dict[str, Any]:
        """Refuse parameters that the client sets itself."""
        return clean_parameters(self.cleaned_data["parameters"] or {})

    def clean_model_name(self) -> str:
        """Refuse control characters; anything else may be in a name."""
        name = self.cleaned_data["model_name"]
        return clean_model_name(name) if name else ""

    def clean_language_model(self) -> LanguageModel | None:
        """Refuse a contestant that does not exist."""
        model: LanguageModel | None = self.cleaned_data["language_model"]
        if model:
            refuse_fictional(model)
        return model


class NewEndpointForm(EndpointForm):
    """An endpoint from base URL, key and model name; provider and contestant follow from them."""

    base_url = BaseURLField(
        label="Base URL",
        required=False,
        help_text="What stands before /chat/completions, for example https://api.example.com/v1. "
        "Not needed with a provider.",
    )
    api_key = KeyField(
        help_text="Stored encrypted and never shown again. Leave it empty for a server without "
        "keys, or to use the provider's stored one."
    )

    preset = PresetField(help_text="Its usual address is filled in, and its ways are known.")
    chosen = NamesField(label="Chosen from the list", required=False)

    class Meta(EndpointForm.Meta):
        fields: ClassVar = [
            *("preset", "base_url", "api_key", "model_name", "chosen", "provider"),
            *("language_model", "parameters", "enabled"),
        ]

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self.fields["provider"].required = False
        self.fields["provider"].help_text = "An account that is stored already, instead of a URL."
        self.fields["language_model"].required = False
        self.fields["language_model"].label = "Contestant"
        self.fields["language_model"].help_text = (
            "Which model of the arena this endpoint serves. Left empty, it is the one that the "
            "catalogue knows by this name, with its facts; else a new one, called as the server "
            "calls it."
        )
        self.fields["model_name"].required = False
        self.fields[
            "model_name"
        ].help_text = (
            "What the server calls the model, sent as it is. Or let the server list what it has."
        )
        self.fields["enabled"].label = "Put into battles once it has passed its test"

    def clean(self) -> dict[str, Any]:
        """Find what is stored already; refuse an endpoint that is there."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        provider, base_url = cleaned.get("provider"), cleaned.get("base_url", "")
        if not provider and not base_url:
            raise ValidationError({"base_url": "Enter a base URL or choose a provider."})
        names = self._names(cleaned)
        if not cleaned.get("language_model"):
            for model in LanguageModel.objects.filter(name__in=names):
                refuse_fictional(model)
        known = provider or find_provider(base_url)
        if known:
            self._refuse_conflicts(known, base_url, cleaned)
        return cleaned

    def _refuse_conflicts(self, provider: Provider, base_url: str, cleaned: dict[str, Any]) -> None:
        if base_url and provider.base_url != base_url:
            raise ValidationError(
                {"base_url": f"{provider} has another base URL: empty this field, or the choice."}
            )
        key, stored = cleaned.get("api_key"), provider.api_key_encrypted
        if key and stored and not provider.has_api_key(key):
            raise ValidationError(
                {
                    "api_key": f"The provider {provider} has another key for this address. Leave "
                    "the key empty to use that one, or replace it on the provider's page."
                }
            )
        there = Endpoint.objects.filter(provider=provider, model_name__in=self._names(cleaned))
        if model := cleaned.get("language_model"):
            there = there.filter(language_model=model)
        if stored_name := there.values_list("model_name", flat=True).first():
            raise ValidationError({"model_name": f"{provider} serves {stored_name} already."})

    def _names(self, cleaned: dict[str, Any]) -> list[str]:
        """Return the names to add: the one that was entered and those that were ticked.

        Raises
        ------
        ValidationError
            When there is none, or there are several for one contestant.
        """
        typed = [cleaned["model_name"]] if cleaned.get("model_name") else []
        names = list(dict.fromkeys([*typed, *cleaned.get("chosen", [])]))
        if not names:
            raise ValidationError(
                {"model_name": "Enter the model's name, or tick it in what the server offers."}
            )
        if len(names) > 1 and cleaned.get("language_model"):
            raise ValidationError(
                {"language_model": "Several models cannot be one contestant: add them one by one."}
            )
        return names

    def enrolments(self) -> list[Enrolment]:
        """Return what was entered, for `enrol`; it joins battles when it has passed its test."""
        entered = self.cleaned_data
        return [
            Enrolment(
                base_url=entered["base_url"],
                api_key=entered["api_key"] or None,
                model_name=name,
                provider=entered["provider"],
                preset=entered["preset"],
                language_model=entered["language_model"],
                parameters=entered["parameters"],
                enabled=entered["enabled"],
                **self.entered_budget(),
            )
            for name in self._names(entered)
        ]
