"""The part of the endpoint's form that is about money: price and caps, in US dollars."""

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from arena.catalog import budget
from arena.catalog.models import Budget, Endpoint, LanguageModel
from arena.catalog.tariffs import Tariff, list_price, price_of, set_price

PRICES = ("input_usd", "output_usd")
CAPS = ("daily_cap", "total_cap")


class Dollars(forms.DecimalField):
    """An amount of money; empty where there is none."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            help_text=help_text,
            required=False,
            min_value=Decimal(0),
            max_digits=12,
            decimal_places=6,
        )


class BudgetForm(forms.Form):
    """Price and caps of an endpoint; mixed into its forms."""

    input_usd = Dollars(
        "US dollars per million input tokens",
        "0 for a server of your own. Empty: calls are counted at the list price of its model, and "
        "under a cap, of it or of the site, none is made. A change counts from today on.",
    )
    output_usd = Dollars("US dollars per million output tokens")
    daily_cap = Dollars(
        "Cap a day (US dollars)",
        "What its calls may cost in a day (UTC). At the cap it leaves the draw, and returns by "
        "itself the next day.",
    )
    total_cap = Dollars(
        "Cap in total (US dollars)", "At the cap it leaves the draw until the cap is raised."
    )

    def show_budget_of(self, endpoint: Endpoint) -> None:
        """Fill the fields with what is stored."""
        now = timezone.now()
        spend = budget.spend_of([endpoint.pk], at=now)[endpoint.pk]
        self.initial.update({"daily_cap": spend.daily_cap, "total_cap": spend.total_cap})
        if own := price_of(endpoint, on=now.date()):
            self.initial.update({"input_usd": own.input_usd, "output_usd": own.output_usd})

    def tariff(self) -> Tariff | None:
        """Return the price that was entered."""
        input_usd, output_usd = (self.cleaned_data.get(name) for name in PRICES)
        return None if input_usd is None or output_usd is None else Tariff(input_usd, output_usd)

    def refuse_unpriced_cap(self, model: LanguageModel | None, endpoint: Endpoint | None) -> None:
        """Raise ValidationError for half a price, and for a cap without a price."""
        entered = {name for name in PRICES if self.cleaned_data.get(name) is not None}
        if len(entered) == 1:
            [missing] = {*PRICES} - entered
            raise ValidationError({missing: "Enter both prices, or neither."})
        capped = [name for name in CAPS if self.cleaned_data.get(name) is not None]
        today = timezone.now().date()
        if capped and not entered and not (endpoint and price_of(endpoint, on=today)):
            listed = list_price(model, on=today) if model else None
            raise ValidationError({capped[0]: budget.cap_without_price(listed)})

    def store_budget_of(self, endpoint: Endpoint) -> None:
        """Store what was changed."""
        if tariff := self.tariff():
            set_price(endpoint, tariff, since=timezone.now().date())
        if set(CAPS) & set(self.changed_data):
            budget.set_caps(endpoint, **{name: self.cleaned_data.get(name) for name in CAPS})

    def entered_budget(self) -> dict[str, Any]:
        """Return the same for an endpoint that is not stored yet, as `Enrolment` takes it."""
        return {name: self.cleaned_data.get(name) for name in (*PRICES, *CAPS)}


class BudgetCapsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable
    """The caps of a stored budget."""

    class Meta:
        model = Budget
        fields: ClassVar = [*CAPS]

    def clean(self) -> dict[str, Any]:
        """Refuse a cap of an endpoint that has no price of its own."""
        cleaned: dict[str, Any] = super().clean() or {}
        endpoint, today = self.instance.endpoint, timezone.now().date()
        capped = [name for name in CAPS if cleaned.get(name) is not None]
        if capped and endpoint and not price_of(endpoint, on=today):
            listed = list_price(endpoint.language_model, on=today)
            raise ValidationError({capped[0]: budget.cap_without_price(listed)})
        return cleaned
