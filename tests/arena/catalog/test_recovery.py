"""The way back of an endpoint that failed in a row: longer pauses, a greeting before each end."""

import datetime as dt
import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from arena.catalog import budget
from arena.catalog.models import Endpoint
from arena.catalog.recovery import ask_the_paused
from arena.catalog.tariffs import Tariff, set_price
from tests.arena.rows import add_model
from tests.arena.scripted_thread import serving
from workers.demo.fiction import FICTIONAL_MODELS

NAME = FICTIONAL_MODELS[0].name
URL = "https://api.example.com/v1"
NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def breaker(settings: Settings) -> None:
    """Pause an endpoint for a minute after three failures in a row."""
    settings.BREAKER_FAILURES, settings.BREAKER_SECONDS = 3, 60.0


def at_once(work: Callable[[], object], _name: str) -> None:
    work()


def fail(endpoint: Endpoint, at: dt.datetime) -> Endpoint:
    Endpoint.objects.record_failure(endpoint.pk, code="server_failed", at=at)
    endpoint.refresh_from_db()
    return endpoint


def pause_of(endpoint: Endpoint, at: dt.datetime) -> dt.timedelta | None:
    until = endpoint.suspended_until
    return until - at if until and until > at else None


@pytest.mark.django_db
def test_each_failure_after_a_pause_makes_the_next_twice_as_long_up_to_an_hour() -> None:
    endpoint, at, pauses = add_model("m", base_url=URL), NOW, []
    for _ in range(11):
        pauses.append(pause_of(fail(endpoint, at), at))
        at = max(at, endpoint.suspended_until or at)
    minutes = [None, None, *(count * MINUTE for count in (1, 2, 4, 8, 16, 32, 60, 60, 60))]
    assert pauses == minutes
    Endpoint.objects.record_success([endpoint.pk])
    assert pause_of(fail(endpoint, at), at) is None, "one that answered begins anew"


@pytest.mark.django_db
def test_calls_that_were_under_way_when_a_pause_began_do_not_make_it_longer() -> None:
    endpoint = add_model("m", base_url=URL)
    for second in range(20):
        fail(endpoint, NOW + dt.timedelta(seconds=second))
    assert endpoint.failures_in_a_row == 3
    assert endpoint.suspended_until == NOW + dt.timedelta(seconds=2) + MINUTE


@pytest.mark.django_db
def test_one_that_answers_comes_back_and_one_that_does_not_stays_away() -> None:
    now = timezone.now()
    paused: dict[str, Any] = {"suspended_until": now + MINUTE / 6, "failures_in_a_row": 4}
    with serving() as server, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        gone = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        well = add_model("well", base_url=server.base_url, model_name=NAME, **paused)
        ill = add_model("ill", base_url=server.base_url, model_name="fault:http-500", **paused)
        away = add_model("away", base_url=gone, **paused)
        locked = add_model("locked", base_url=URL, **paused)
        locked.provider.api_key_encrypted = "written with another key"
        locked.provider.save()
        later = {**paused, "suspended_until": now + MINUTE}
        add_model("later", base_url=server.base_url, model_name=NAME, **later)
        add_model("off", base_url=server.base_url, model_name=NAME, enabled=False, **paused)
        ask_the_paused(now, start=at_once)
        asked = [request.body["model"] for request in server.requests]
    assert sorted(asked) == sorted([NAME, "fault:http-500"])
    codes = {}
    for endpoint in (well, ill, away, locked):
        endpoint.refresh_from_db()
        codes[endpoint.model_name] = endpoint.last_failure_code
    assert codes == {
        NAME: "",
        "fault:http-500": "server_failed",
        "away": "unreachable",
        "locked": "misconfigured",
    }
    assert (well.failures_in_a_row, well.suspended_until) == (0, None)
    for endpoint in (ill, away, locked):
        assert endpoint.failures_in_a_row == 5
        assert endpoint.suspended_until
        assert endpoint.suspended_until > now + 3 * MINUTE


@pytest.mark.django_db
def test_one_that_is_asked_already_is_left_alone() -> None:
    now = timezone.now()
    with serving() as server:
        endpoint = add_model(
            "m", base_url=server.base_url, model_name=NAME, suspended_until=now + MINUTE / 6
        )
        Endpoint.objects.filter(pk=endpoint.pk).update(suspended_until=now + 5 * MINUTE)
        ask_the_paused(now, start=at_once)  # another has claimed it
        assert not server.requests


@pytest.mark.django_db(transaction=True)
def test_one_that_cannot_pay_is_not_asked() -> None:
    now = timezone.now()
    with serving() as server:
        endpoint = add_model(
            "m",
            base_url=server.base_url,
            model_name=NAME,
            suspended_until=now + MINUTE / 6,
            failures_in_a_row=3,
        )
        set_price(endpoint, Tariff(Decimal(1), Decimal(1)), since=now.date())
        budget.set_caps(endpoint, daily_cap=Decimal(0))
        ask_the_paused(now, start=at_once)
        assert not server.requests
    endpoint.refresh_from_db()
    assert endpoint.failures_in_a_row == 3
