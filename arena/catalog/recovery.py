"""Endpoints that failed in a row are asked for a greeting before their pause ends: voters are not
the ones to find out that they still fail.

While nobody asks, a pause ends by itself.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from django.utils import timezone

from arena.catalog.addresses import endpoint_address, endpoint_clients
from arena.catalog.admissions import plan
from arena.catalog.background import in_background
from arena.catalog.budget import OverBudgetError
from arena.catalog.models import AdmissionState, Endpoint, Reservation
from arena.catalog.paid_calls import paying_for, room_at
from workers.endpoints import EndpointAddress, Message, NoRoomError, Paying, Room, ask

# The job looks four times a minute, so nobody comes back between two looks.
_SOON = dt.timedelta(seconds=30)
# Out of battles while it is asked; no answer takes as long.
_WHILE_ASKED = dt.timedelta(minutes=5)
# Enough for a model that thinks first.
_TOKENS = 512
# So long battles of its GPU group, or that go on here, are let pass.
_SECONDS_FOR_A_SLOT = 60.0
_GREETING: list[Message] = [{"role": "user", "content": "Say hello in one short sentence."}]

type Question = tuple[EndpointAddress, Room, Paying]


def ask_the_paused(
    now: dt.datetime, *, start: Callable[[Callable[[], object], str], None] = in_background
) -> None:
    """Ask each endpoint that would return soon; it returns when it answers, or pauses longer.

    One that hangs holds up no other, nor whoever called: ``start`` runs each by itself.
    """
    for endpoint in _claimed(now):
        start(partial(_ask_whether_back, endpoint, now), f"greeting of endpoint {endpoint.pk}")


def _ask_whether_back(endpoint: Endpoint, now: dt.datetime) -> None:
    question = _question(endpoint, now)
    if question is None:
        return
    code = asyncio.run(_answer(*question))
    if code is None:
        Endpoint.objects.record_success([endpoint.pk])
    elif code:
        _fail(endpoint, code, timezone.now())


def _claimed(now: dt.datetime) -> list[Endpoint]:
    """Return the endpoints whose pause is nearly over, each to one caller alone."""
    paused = Endpoint.objects.filter(
        enabled=True,
        admission=AdmissionState.PASSED,
        language_model__retired_at=None,
        suspended_until__gt=now,
        suspended_until__lte=now + _SOON,
    )
    claimed: list[Endpoint] = []
    for endpoint in paused.select_related("provider"):
        # Of models that cannot be loaded together one is asked; the others come back by themselves.
        if endpoint.gpu_group and endpoint.gpu_group in {one.gpu_group for one in claimed}:
            continue
        unchanged = Endpoint.objects.filter(
            pk=endpoint.pk, suspended_until=endpoint.suspended_until
        )
        if unchanged.update(suspended_until=now + _WHILE_ASKED):
            claimed.append(endpoint)
    return claimed


def _question(endpoint: Endpoint, now: dt.datetime) -> Question | None:
    try:
        address = endpoint_address(endpoint)
    except ValueError:  # its key or its parameters cannot be used
        _fail(endpoint, "misconfigured", now)
        return None
    if address.token_limit:
        address = replace(address, token_limit=min(address.token_limit, _TOKENS))
    room = room_at(endpoint, seconds=_SECONDS_FOR_A_SLOT)
    return address, room, paying_for(endpoint, Reservation.Purpose.ADMISSION)


async def _answer(address: EndpointAddress, room: Room, paying: Paying) -> str | None:
    """Return None for an answer, else the error's code; empty when the call cannot be made."""
    limits = plan().limits
    try:
        async with (
            endpoint_clients() as clients,
            room(1),
            paying(address, _GREETING) as payment,
        ):
            result = await ask(clients, address, _GREETING, limits=limits)
            payment.usage = result.finished.usage if result.finished else None
            payment.charged = result.charged
    except (OverBudgetError, NoRoomError):
        return ""
    return None if result.ok or result.cut_by_limit else result.code


def _fail(endpoint: Endpoint, code: str, at: dt.datetime) -> None:
    Endpoint.objects.record_failure(endpoint.pk, code=code, at=at, while_paused=True)
