"""Speed and price of models, from the arena's own replies and the prices in force."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection, transaction

from arena.boards.models import Measurement
from arena.catalog.models import Price

DAYS = 90
# A median of fewer replies says little.
LEAST_REPLIES = 10
# The share of estimated counts that is not worth a mark.
TRIFLE = 0.01

_MEASURE = """
    INSERT INTO boards_measurement (language_model_id, replies, first_token_seconds,
        tokens_per_second, prompt_tokens, completion_tokens, estimated_share, measured_at)
    SELECT r.language_model_id, count(*),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY r.first_token_seconds),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY
            r.completion_tokens / nullif(r.total_seconds - r.first_token_seconds, 0)),
        avg(r.prompt_tokens), avg(r.completion_tokens),
        avg(r.tokens_estimated::int), %(now)s
    FROM battles_reply r JOIN battles_turn t ON t.id = r.turn_id
    WHERE t.started_at >= %(since)s AND r.state = 'complete' AND r.total_seconds IS NOT NULL
    GROUP BY r.language_model_id
    HAVING count(*) >= %(least)s
"""


@dataclass(frozen=True)
class Economy:
    """One model's speed and cost; None where it is not known.

    Attributes
    ----------
    first_token_seconds, tokens_per_second : float or None
        Medians over the complete replies of the last 90 days.
    cost_of_thousand : Decimal or None
        US dollars for 1,000 answers of the mean length, at the price in force.
    input_usd, output_usd : Decimal or None
        Per million tokens.
    estimated_share : float
        Of the replies whose tokens are an estimate, because the server reported none.
    """

    replies: int = 0
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    cost_of_thousand: Decimal | None = None
    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    estimated_share: float = 0.0

    @property
    def is_estimated(self) -> bool:
        """Return whether speed and cost rest on estimated tokens by more than a trifle."""
        return self.estimated_share >= TRIFLE


@transaction.atomic
def measure_replies(now: dt.datetime) -> int:
    """Measure every model anew; return how many had enough replies."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM boards_measurement")
        since = now - dt.timedelta(days=DAYS)
        cursor.execute(_MEASURE, {"now": now, "since": since, "least": LEAST_REPLIES})
        return int(cursor.rowcount)


def economies(on: dt.date, *, of: Collection[int]) -> dict[int, Economy]:
    """Return speed and cost of models on a day, by primary key; all that are asked for."""
    measured = Measurement.objects.in_bulk(list(of))
    prices = prices_on(on, of=of)
    return {pk: _economy(measured.get(pk), prices.get(pk)) for pk in of}


def prices_on(on: dt.date, *, of: Collection[int]) -> dict[int, Price]:
    """Return each model's price in force on a day; the maker's before that of any endpoint."""
    known = Price.objects.filter(language_model__in=of, since__lte=on)
    newest: dict[int, Price] = {}
    for price in known.order_by("since"):
        held = newest.get(price.language_model_id)
        if held is None or held.endpoint_id is not None or price.endpoint_id is None:
            newest[price.language_model_id] = price
    return newest


def _economy(measured: Measurement | None, price: Price | None) -> Economy:
    cost = None
    if measured and price and None not in (measured.prompt_tokens, measured.completion_tokens):
        tokens = Decimal(measured.prompt_tokens or 0), Decimal(measured.completion_tokens or 0)
        # A thousand answers at a price per million tokens.
        cost = (tokens[0] * price.input_usd + tokens[1] * price.output_usd) / 1000
        cost = cost.quantize(Decimal("0.0001"))
    return Economy(
        replies=measured.replies if measured else 0,
        first_token_seconds=measured.first_token_seconds if measured else None,
        tokens_per_second=measured.tokens_per_second if measured else None,
        cost_of_thousand=cost,
        input_usd=price.input_usd if price else None,
        output_usd=price.output_usd if price else None,
        estimated_share=measured.estimated_share if measured else 0.0,
    )
