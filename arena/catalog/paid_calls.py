"""Calls beside battles, of admission tests and of jobs: within the slots, the rate and the budget
of their endpoint.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from arena.catalog import budget
from arena.catalog.gpu_groups import groups_of
from arena.catalog.models import Endpoint, Reservation
from arena.catalog.slots import EndpointSlots, Place
from arena.catalog.tariffs import Tariff
from arena.ids import uuid7
from workers.endpoints import (
    EndpointAddress,
    Message,
    NoRoomError,
    Paying,
    Payment,
    Room,
    free_of_charge,
)

_SECONDS_BETWEEN_LOOKS = 0.25

_reserve = database_sync_to_async(budget.reserve, thread_sensitive=False)
_settle = database_sync_to_async(budget.settle, thread_sensitive=False)


def paying_for(
    endpoint: Endpoint | None, purpose: Reservation.Purpose, *, tariff: Tariff | None = None
) -> Paying:
    """Return what reserves before each call, and settles after it.

    Entering it raises `budget.OverBudgetError` when the call cannot be paid for.

    Parameters
    ----------
    endpoint
        None while it is not stored: then the site alone pays, by ``tariff``.
    """
    if budget.is_free(endpoint, tariff, on=timezone.now().date()):
        return free_of_charge

    @asynccontextmanager
    async def paying(
        address: EndpointAddress, messages: Sequence[Message]
    ) -> AsyncGenerator[Payment]:
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


def room_at(endpoint: Endpoint, *, seconds: float) -> Room:
    """Return what takes slots of an endpoint, and its turns in the minute, around calls.

    A single call has the endpoint as a battle would; more at once may be as many as the admin
    allows, also where fewer went well until now.

    Parameters
    ----------
    seconds
        How long battles are let pass; after that it raises `NoRoomError`.
    """
    rate = endpoint.requests_per_minute

    @asynccontextmanager
    async def room(calls: int) -> AsyncGenerator[None]:
        limit = endpoint.calls_at_once if calls == 1 else endpoint.max_concurrent
        async with EndpointSlots(settings.REDIS_URL, process=uuid7(), beside_battles=True) as slots:
            with slots.stand_in_line(
                {endpoint.pk: limit},
                requests={endpoint.pk: calls},
                rates={endpoint.pk: rate} if rate else {},
                groups=groups_of([endpoint]),
            ) as place:
                await _let_in(slots, place, seconds)
                yield

    return room


async def _let_in(slots: EndpointSlots, place: Place, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not place.granted:
                if slots.alone:
                    raise NoRoomError("slots_unknown")
                await place.news(seconds=_SECONDS_BETWEEN_LOOKS)
    except TimeoutError:
        raise NoRoomError("no_slot") from None
