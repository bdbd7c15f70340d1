"""Where an endpoint stands: in battles, or why not. One answer for every page and alarm."""

import datetime as dt
from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

from arena.catalog.budget import refusals
from arena.catalog.models import AdmissionState, Endpoint


class EndpointState(StrEnum):
    """Whether an endpoint can be drawn, in the words of the admin."""

    IN_BATTLES = "in battles"
    OFF = "off"
    RETIRED = "retired"
    UNTESTED = "not tested"
    FAILED = "failed its test"
    PAUSED = "paused"
    OVER_CAP = "over its cap"


class EndpointStanding(NamedTuple):
    """An endpoint, its state, and the code of why it cannot pay for a call, if it cannot."""

    endpoint: Endpoint
    state: EndpointState
    refusal: str


def standings(endpoints: Collection[Endpoint], *, at: dt.datetime) -> list[EndpointStanding]:
    """Return where endpoints stand, whose models are already read; a few queries for all."""
    refused = refusals(endpoints, at=at)
    return [
        EndpointStanding(
            one, state_of(one, at=at, can_pay=one.pk not in refused), refused.get(one.pk, "")
        )
        for one in endpoints
    ]


def state_of(endpoint: Endpoint, *, at: dt.datetime, can_pay: bool = True) -> EndpointState:
    """Return where a stored endpoint stands."""
    if not endpoint.enabled:
        return EndpointState.OFF
    if endpoint.language_model.retired_at:
        return EndpointState.RETIRED
    if endpoint.admission != AdmissionState.PASSED:
        failed = endpoint.admission == AdmissionState.FAILED
        return EndpointState.FAILED if failed else EndpointState.UNTESTED
    if endpoint.suspended_until and endpoint.suspended_until > at:
        return EndpointState.PAUSED
    return EndpointState.IN_BATTLES if can_pay else EndpointState.OVER_CAP
