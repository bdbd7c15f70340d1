"""What tokens cost: the price in force on a day, as decimals."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal

from django.db.models import Q

from arena.catalog.models import Endpoint, LanguageModel, Price

_MICRODOLLAR = Decimal("0.000001")
_PER_TOKENS = 1_000_000


@dataclass(frozen=True, slots=True)
class Tariff:
    """US dollars per million tokens.

    ``listed`` is whether the model's maker asks for it, and nobody said that this endpoint does.
    A list price is good for counting and not for a cap: other hosts ask for more, and a free tier
    is listed as 0.
    """

    input_usd: Decimal
    output_usd: Decimal
    listed: bool = field(default=False, compare=False)

    def cost(self, prompt_tokens: int, completion_tokens: int) -> Decimal:
        """Return what a call costs, in US dollars, rounded up to the millionth."""
        dollars = self.input_usd * prompt_tokens + self.output_usd * completion_tokens
        return (dollars / _PER_TOKENS).quantize(_MICRODOLLAR, rounding=ROUND_UP)


def tariffs_on(day: dt.date, *, of: Collection[Endpoint]) -> dict[int, Tariff]:
    """Return the price in force at each endpoint: its own, else its model's list price.

    Endpoints without either are left out: an unknown price is not 0.
    """
    prices = Price.objects.filter(
        Q(endpoint=None) | Q(endpoint__in=[endpoint.pk for endpoint in of]),
        language_model__in={endpoint.language_model_id for endpoint in of},
        since__lte=day,
    ).order_by("since")
    newest = {(price.language_model_id, price.endpoint_id): _tariff(price) for price in prices}
    found = {
        endpoint.pk: newest.get((endpoint.language_model_id, endpoint.pk))
        or newest.get((endpoint.language_model_id, None))
        for endpoint in of
    }
    return {pk: tariff for pk, tariff in found.items() if tariff}


def _tariff(price: Price) -> Tariff:
    return Tariff(price.input_usd, price.output_usd, listed=price.endpoint_id is None)


def list_price(model: LanguageModel, *, on: dt.date) -> Tariff | None:
    """Return what a model's maker asks for on a day."""
    listed = model.prices.filter(endpoint=None, since__lte=on).order_by("since").last()
    return _tariff(listed) if listed else None


def price_of(endpoint: Endpoint, *, on: dt.date) -> Tariff | None:
    """Return the price of its own that an endpoint has on a day."""
    tariff = tariffs_on(on, of=[endpoint]).get(endpoint.pk)
    return None if tariff is None or tariff.listed else tariff


def confirm_list_prices(endpoints: Collection[Endpoint], *, on: dt.date) -> list[Endpoint]:
    """Make its model's list price the own price of each endpoint that has none.

    Returns those that still have none, because no list price is known, or it is 0: that of a free
    tier, which nobody confirms for many servers at once.
    """
    known, left = tariffs_on(on, of=endpoints), []
    for endpoint in endpoints:
        tariff = known.get(endpoint.pk)
        if tariff is None or (tariff.listed and not tariff.input_usd + tariff.output_usd):
            left.append(endpoint)
        elif tariff.listed:
            set_price(endpoint, tariff, since=on)
    return left


def set_price(endpoint: Endpoint, tariff: Tariff, *, since: dt.date) -> None:
    """Set what an endpoint costs from a day on, unless that is its price already."""
    if price_of(endpoint, on=since) != tariff:
        Price.objects.update_or_create(
            language_model_id=endpoint.language_model_id,
            endpoint=endpoint,
            since=since,
            defaults={"input_usd": tariff.input_usd, "output_usd": tariff.output_usd},
        )
