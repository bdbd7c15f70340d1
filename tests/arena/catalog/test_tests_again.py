"""Admission tests by schedule: what is taken again, what is kept, what crowds are tried."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from arena.catalog import admissions
from arena.catalog.addresses import endpoint_address
from arena.catalog.crowding import Crowding, remembered
from arena.catalog.endpoint_pages import told
from arena.catalog.models import Admission, Endpoint
from arena.catalog.wording import sentence_of
from tests.arena.catalog.tested import last_step, outcome_of, stored
from tests.arena.scripted_thread import playing, serving
from workers.demo.http import Exchange
from workers.demo.manners import KEY, MANNERS, MODEL, MannerlyServer, Manners
from workers.demo.model_server import refuse
from workers.endpoints import Findings, Step


@pytest.mark.django_db
def test_a_scheduled_test_leaves_out_what_costs_and_keeps_what_was_found() -> None:
    with serving() as server:
        endpoint = stored(server.base_url)
        outcome_of(endpoint)
        before = endpoint.findings["takes_images"], endpoint.findings["concurrency"]
        admission = outcome_of(endpoint, reason=Admission.Reason.SCHEDULED)
        names = {step["name"] for step in admission.steps}
    assert names.isdisjoint({"images", "context", "concurrency"})
    assert (endpoint.findings["takes_images"], endpoint.findings["concurrency"]) == before


@pytest.mark.django_db
def test_a_scheduled_test_takes_the_steps_that_no_test_took(settings: Settings) -> None:
    costly = {"images", "context", "concurrency"}
    with playing(MannerlyServer(MANNERS["vllm"])) as server:
        endpoint = stored(server.base_url, "another name")
        assert outcome_of(endpoint).state == "failed"
        Endpoint.objects.update(model_name=MANNERS["vllm"].name)
        endpoint.refresh_from_db()
        scheduled = Admission.Reason.SCHEDULED
        admission = outcome_of(endpoint, reason=scheduled)
        assert {step["name"] for step in admission.steps} >= costly
        assert endpoint.findings["takes_images"] is True
        assert endpoint.findings["context_tokens"] == 4096
        assert endpoint_address(endpoint).token_limit == 2048
        admission = outcome_of(endpoint, reason=scheduled)
        assert {step["name"] for step in admission.steps}.isdisjoint(costly)
        settings.MAX_PROMPT_CHARACTERS += 1
        admission = outcome_of(endpoint, reason=scheduled)
        assert {step["name"] for step in admission.steps} & costly == {"context"}


@pytest.mark.django_db
def test_calls_at_once_that_were_too_many_leave_what_was_allowed_as_it_is() -> None:
    with serving() as server:
        endpoint = stored(server.base_url)
        assert endpoint.max_concurrent == endpoint.calls_at_once == 8
        admissions.remember(endpoint.pk, Findings(concurrency=2, crowded=True))
        endpoint.refresh_from_db()
        assert (endpoint.max_concurrent, endpoint.calls_at_once) == (8, 2)
        outcome_of(endpoint, reason=Admission.Reason.SCHEDULED)
    assert (endpoint.max_concurrent, endpoint.calls_at_once) == (8, 8), "there is room now"


class TooManyAMinute(MannerlyServer):
    """Lets so many short calls in, and refuses those that come after."""

    def __init__(self) -> None:
        super().__init__(Manners())
        self.brief, self.takes = 0, 0

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        is_brief = body.get("max_tokens") == 32 and "hello" in body["messages"][-1]["content"]
        self.brief += is_brief
        if is_brief and self.brief > self.takes:
            await refuse(exchange, 429, "So many calls a minute are enough")
        else:
            await super().complete(exchange, body)


def test_each_crowd_that_is_refused_makes_the_pause_before_the_next_longer() -> None:
    refused = Step(name="concurrency", outcome="unknown", code="rate")
    at, findings, pauses = timezone.now(), {"takes_images": True}, []
    for _ in range(7):
        findings = remembered(findings, [refused], at=at)
        crowding = Crowding.of(findings)
        assert crowding
        pauses.append((crowding.again_at - at).days)
        assert not crowding.is_over(crowding.again_at - dt.timedelta(seconds=1))
        assert crowding.is_over(crowding.again_at)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    without = Step(name="concurrency", outcome="unknown", code="no_slot")
    assert remembered(findings, [without], at=at) == findings, "nobody asked"
    assert remembered(findings, [], at=at) == findings
    well = Step(name="concurrency", outcome="passed", code="ok", values={"calls": 8})
    assert remembered(findings, [well], at=at) == {"takes_images": True}


@pytest.mark.django_db
def test_the_schedule_tries_a_crowd_again_when_the_pause_is_over_and_says_when() -> None:
    scheduled = Admission.Reason.SCHEDULED
    with playing(TooManyAMinute()) as server:
        endpoint = stored(server.base_url, MODEL, KEY)
        admission = outcome_of(endpoint, reason=scheduled)
        assert admission.state == "passed"
        assert last_step(admission).code == "rate"
        crowding, asked = Crowding.of(endpoint.findings), server.brief
        assert crowding
        again = outcome_of(endpoint, reason=scheduled)
        assert "concurrency" not in {step["name"] for step in again.steps}
        assert server.brief == asked, "no crowd was asked"
        assert Crowding.of(endpoint.findings) == crowding
        assert f"{crowding.again_at:%-d %B}" in told(again)["steps"][-1]["sentence"]
        over = {"tries": 1, "again_at": timezone.now().isoformat()}
        Endpoint.objects.update(findings={**endpoint.findings, "crowding": over})
        endpoint.refresh_from_db()
        server.takes = 1000
        assert last_step(outcome_of(endpoint, reason=scheduled)).outcome == "passed"
    assert Crowding.of(endpoint.findings) is None
    assert endpoint.findings["concurrency"] == endpoint.max_concurrent


@pytest.mark.django_db
def test_whoever_asks_for_a_test_has_the_crowd_tried_at_once() -> None:
    with playing(TooManyAMinute()) as server:
        endpoint = stored(server.base_url, MODEL, KEY)
        for tries in (1, 2):
            assert last_step(outcome_of(endpoint)).code == "rate"
            crowding = Crowding.of(endpoint.findings)
            assert crowding
            assert crowding.tries == tries


@pytest.mark.django_db
def test_a_step_that_was_left_open_keeps_what_was_known() -> None:
    endpoint = stored("https://x.example")
    admissions.remember(endpoint.pk, Findings(limits_tokens=True, takes_images=True))
    admissions.remember(endpoint.pk, Findings(reports_usage=True))
    endpoint.refresh_from_db()
    assert endpoint.findings["limits_tokens"] is True
    assert endpoint.findings["takes_images"] is True


@pytest.mark.django_db
def test_what_was_left_open_is_said_with_its_reason() -> None:
    busy = Step(name="temperature", outcome="unknown", code="rate_limited")
    assert "not found out" in sentence_of(busy)
    assert "too many requests" in sentence_of(busy)
    crowd = Step(
        name="concurrency",
        outcome="adapted",
        code="timeout_first_token",
        values={"calls": 2, "tried": 4},
    )
    assert "at most 2" in sentence_of(crowd)
    assert "in time" in sentence_of(crowd)


@pytest.mark.django_db
def test_too_many_requests_in_a_scheduled_test_say_nothing_of_the_endpoint() -> None:
    with serving() as server:
        endpoint = stored(server.base_url)
        outcome_of(endpoint)
        Endpoint.objects.update(model_name="fault:429")
        endpoint.refresh_from_db()
        assert outcome_of(endpoint, reason=Admission.Reason.SCHEDULED).state == "failed"
    assert endpoint.admission == "passed"
