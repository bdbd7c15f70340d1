"""Calls beside battles, made one by one within the rate and the budget of their endpoint: those of
admission tests and of jobs.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from channels.db import database_sync_to_async
from django.utils import timezone

from arena.catalog import budget, rates
from arena.catalog.models import Endpoint, Reservation
from arena.catalog.tariffs import Tariff
from workers.endpoints import EndpointAddress, Message, Paying, Payment, free_of_charge

_reserve = database_sync_to_async(budget.reserve, thread_sensitive=False)
_settle = database_sync_to_async(budget.settle, thread_sensitive=False)


def paying_for(
    endpoint: Endpoint | None, purpose: Reservation.Purpose, *, tariff: Tariff | None = None
) -> Paying:
    """Return what waits for its turn and reserves before each call, and settles after it.

    Entering it raises `budget.OverBudgetError` when the call cannot be paid for, or when nobody
    knows how many there were in the last minute.

    Parameters
    ----------
    endpoint
        None while it is not stored: then the site alone pays, by ``tariff``.
    """
    rate = endpoint.requests_per_minute if endpoint else None
    if not rate and budget.is_free(endpoint, tariff, on=timezone.now().date()):
        return free_of_charge

    @asynccontextmanager
    async def paying(
        address: EndpointAddress, messages: Sequence[Message]
    ) -> AsyncGenerator[Payment]:
        if endpoint and rate:
            await rates.wait_for_turn(endpoint.pk, rate)
        order = budget.Order(
            endpoint=endpoint, messages=messages, token_limit=address.token_limit, tariff=tariff
        )
        [reservation] = await _reserve([order], at=timezone.now(), purpose=purpose)
        payment = Payment()
        try:
            yield payment
        finally:
            # A call that is cut off has cost something too.
            await asyncio.shield(_settle(reservation, usage=payment.usage, charged=payment.charged))

    return paying
