"""What tokens cost: the price in force on a day, as decimals."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from django.db.models import Q

from arena.catalog.models import Endpoint, Price

_MICRODOLLAR = Decimal("0.000001")
_PER_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Tariff:
    """US dollars per million tokens."""

    input_usd: Decimal
    output_usd: Decimal

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Return what a call costs, in US dollars, rounded up to the millionth."""
        dollars = self.input_usd * prompt_tokens + self.output_usd * completion_tokens
        return (dollars / _PER_TOKENS).quantize(_MICRODOLLAR, rounding=ROUND_UP)


def tariffs_on(day: dt.date, *, of: Collection[Endpoint]) -> dict[int, Tariff]:
    """Return the price in force at each endpoint: its own, else its model's list price.

    Endpoints without either are left out: an unknown price is not 0.
    """
    models = {endpoint.language_model_id for endpoint in of}
    prices = Price.objects.filter(
        Q(endpoint=None) | Q(endpoint__in=[endpoint.pk for endpoint in of]),
        language_model__in=models,
        since__lte=day,
    ).order_by("since")
    newest = {
        (price.language_model_id, price.endpoint_id): Tariff(price.input_usd, price.output_usd)
        for price in prices
    }
    found = {
        endpoint.pk: newest.get((endpoint.language_model_id, endpoint.pk))
        or newest.get((endpoint.language_model_id, None))
        for endpoint in of
    }
    return {pk: tariff for pk, tariff in found.items() if tariff}


def price_of(endpoint: Endpoint, *, on: dt.date) -> Tariff | None:
    """Return the price of its own that an endpoint has on a day."""
    own = Price.objects.filter(endpoint=endpoint, since__lte=on).order_by("since").last()
    return Tariff(own.input_usd, own.output_usd) if own else None


def set_price(endpoint: Endpoint, tariff: Tariff, *, since: dt.date) -> None:
    """Set what an endpoint costs from a day on, unless that is its price already."""
    if price_of(endpoint, on=since) != tariff:
        Price.objects.update_or_create(
            language_model_id=endpoint.language_model_id,
            endpoint=endpoint,
            since=since,
            defaults={"input_usd": tariff.input_usd, "output_usd": tariff.output_usd},
        )
