"""Admission tests of stored endpoints: what is remembered, what is used, when they run."""

import asyncio
import datetime as dt
import socket
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from arena.catalog import admissions, tasks
from arena.catalog.addresses import endpoint_address
from arena.catalog.admissions import (
    end_interrupted,
    open_admission,
    run_admission,
)
from arena.catalog.due_tests import due_endpoints
from arena.catalog.models import Admission, Endpoint, Provider
from arena.catalog.wording import line_of
from tests.arena.catalog.tested import NAME, last_step, outcome, outcome_of, stored
from tests.arena.scripted_thread import playing, serving
from workers.demo.http import Exchange
from workers.demo.manners import KEY, MANNERS, MannerlyServer, Manners
from workers.demo.scripted import ScriptedServer
from workers.endpoints import Findings


@pytest.mark.django_db
def test_it_says_what_is_wrong_in_plain_words() -> None:
    with serving(require_key="sk-right") as server:
        url = server.base_url
        cases = {
            (url, NAME, "sk-planted"): ("auth", "refused the key"),
            (url, NAME, ""): ("auth", "refused the key"),
            (url, "no such/模型", "sk-right"): ("wrong_name", NAME),
            (url + "/x", NAME, "sk-right"): ("not_found", "base URL"),
            (url, "fault:json-200", "sk-right"): ("content_type", "does not stream"),
            (url, "fault:html-200", "sk-right"): ("content_type", "does not stream"),
            (url, "fault:done-only", "sk-right"): ("empty", "without a word"),
            (url, "fault:eof", "sk-right"): ("truncated", "broke off"),
            (url, "fault:429", "sk-right"): ("rate_limited", "too many"),
            (url, "fault:http-402", "sk-right"): ("payment", "money"),
            (url, "fault:redirect", "sk-right"): ("redirected", "another address"),
            (url, "fault:http-500", "sk-right"): ("server_failed", "error of its own"),
        }
        for (base_url, name, key), (code, word) in cases.items():
            found, sentence = outcome(base_url, name, key)
            assert (found, word in sentence) == (code, True), (name, found, sentence)
    assert not Endpoint.objects.available(at=timezone.now()).exists()


@pytest.mark.django_db
def test_it_tells_a_server_that_is_not_there_from_an_address_that_is_never_called() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        assert outcome(f"http://127.0.0.1:{free.getsockname()[1]}/v1")[0] == "unreachable"
    endpoint = stored("https://x.example")
    Provider.objects.filter(pk=endpoint.provider_id).update(base_url="http://169.254.169.254/v1")
    assert last_step(outcome_of(Endpoint.objects.get(pk=endpoint.pk))).code == "address_refused"


@pytest.mark.django_db
def test_a_private_address_is_not_called_and_the_line_that_allows_it_is_said(
    settings: Settings,
) -> None:
    with serving() as server:
        url = server.base_url.replace("127.0.0.1", "localhost")
        port = url.rpartition(":")[2].partition("/")[0]
        settings.ENDPOINT_ALLOW = []
        code, sentence = outcome(url)
        assert code == "address_private"
        assert f"PARITY_ENDPOINT_ALLOW=127.0.0.1:{port} " in sentence
        assert not server.requests
        settings.ENDPOINT_ALLOW = [f"127.0.0.1:{port}"]
        assert outcome(url)[1] == "ok"


@pytest.mark.django_db
def test_an_endpoint_joins_battles_when_it_passes_and_leaves_when_it_fails() -> None:
    now = timezone.now()
    with serving() as server:
        endpoint = stored(server.base_url)
        assert endpoint.enabled
        assert not Endpoint.objects.available(at=now).exists()
        Endpoint.objects.update(failures_in_a_row=3, suspended_until="2100-01-01T00:00Z")
        admission = outcome_of(endpoint)
        assert admission.state == "passed"
        assert [step["name"] for step in admission.steps][:4] == ["reach", "key", "model", "stream"]
        assert len(admission.steps) == 12
        assert Endpoint.objects.available(at=now).get() == endpoint
        Endpoint.objects.update(model_name="fault:empty")
        endpoint.refresh_from_db()
        assert outcome_of(endpoint).state == "failed"
        assert not Endpoint.objects.available(at=now).exists()
    assert endpoint.last_failure_code == "empty"


@pytest.mark.django_db
def test_what_was_found_is_used_in_every_call() -> None:
    manners = Manners(
        stream_options="refused",
        limits=("max_completion_tokens",),
        refuses_parameters=("seed",),
        system=False,
    )
    with playing(MannerlyServer(manners)) as server:
        parameters = {"seed": 7, "top_p": 0.9}
        endpoint = stored(server.base_url, manners.name, KEY, parameters=parameters)
        admission = outcome_of(endpoint)
    assert admission.state == "passed", admission.steps
    address = endpoint_address(endpoint)
    assert address.quirks == {"no_stream_options", "max_completion_tokens", "no_system_role"}
    assert dict(address.parameters) == {"top_p": 0.9}
    assert endpoint.parameters == parameters, "what the administrator set stays as it was set"
    assert endpoint.findings["takes_images"] is False
    assert "context_tokens" not in endpoint.findings, "nobody said"


@pytest.mark.django_db
def test_a_preset_spares_the_refusals() -> None:
    with playing(MannerlyServer(MANNERS["cohere"])) as server:
        endpoint = stored(server.base_url, key=KEY, name=MANNERS["cohere"].name, preset="cohere")
        admission = outcome_of(endpoint)
        assert endpoint.provider.preset == "cohere"
        assert all("stream_options" not in request.body for request in server.requests)
    assert admission.state == "passed"


@pytest.mark.django_db
def test_a_key_that_cannot_be_decrypted_is_said(settings: Settings) -> None:
    endpoint = stored("https://x.example", key="k")
    settings.ENCRYPTION_KEYS = ["another"]
    assert "PARITY_ENCRYPTION_KEYS" in line_of(last_step(outcome_of(endpoint)))


@pytest.mark.django_db
def test_an_endpoint_has_one_open_test_and_one_run_of_it() -> None:
    with serving() as server:
        endpoint = stored(server.base_url)
        first, is_new = open_admission(endpoint, Admission.Reason.ASKED)
        again, is_new_again = open_admission(endpoint, Admission.Reason.ASKED)
        assert (first, is_new, is_new_again) == (again, True, False)
        Admission.objects.update(state="running")
        assert run_admission(first.pk).steps == [], "somebody else runs it"
        assert not server.requests


@pytest.mark.django_db
def test_a_run_whose_process_died_is_ended_and_can_be_asked_for_again() -> None:
    endpoint = stored("https://x.example")
    lost, _ = open_admission(endpoint, Admission.Reason.ASKED)
    later = timezone.now() + dt.timedelta(minutes=1)
    assert end_interrupted(timezone.now()) == 0
    assert end_interrupted(later) == 1
    lost.refresh_from_db()
    assert (lost.state, lost.ended_at) == ("failed", later)
    assert open_admission(endpoint, Admission.Reason.ASKED)[1]


class Held(ScriptedServer):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__(speed=float("inf"))
        self.asked, self.let_go = threading.Event(), threading.Event()

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        self.asked.set()
        await asyncio.to_thread(self.let_go.wait, 30)
        await super().complete(exchange, body)


@pytest.mark.django_db
def test_a_long_step_keeps_saying_that_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admissions, "_BEAT_SECONDS", 0.02)
    with playing(Held()) as server:
        address = endpoint_address(stored(server.base_url))
        beats: list[bool] = []

        def beat() -> None:
            beats.append(server.asked.is_set())
            if sum(beats) == 3:  # and only then is there an answer
                server.let_go.set()

        found = list(admissions.events_of(address, admissions.plan(), beat=beat))
    assert sum(beats) >= 3
    assert isinstance(found[-1], Findings)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_others_have_ended_stores_nothing() -> None:
    with playing(Held()) as server:
        endpoint = stored(server.base_url)
        admission, _ = open_admission(endpoint, Admission.Reason.ASKED)

        runner = run_beside(admission)
        assert server.asked.wait(30)
        assert end_interrupted(timezone.now() + dt.timedelta(minutes=1)) == 1
        again, is_new = open_admission(endpoint, Admission.Reason.ASKED)
        assert is_new
        server.let_go.set()
        runner.join(30)
    admission.refresh_from_db()
    again.refresh_from_db()
    endpoint.refresh_from_db()
    assert (admission.state, again.state, endpoint.admission) == ("failed", "waiting", "untested")


def run_beside(admission: Admission) -> threading.Thread:
    """Run a test in a thread, with a connection of its own."""

    def run() -> None:
        run_admission(admission.pk)
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def wait_for_tests() -> None:
    """Wait for the tests that run beside this one."""
    for thread in threading.enumerate():
        if thread.name.startswith("admission"):
            thread.join(30)


@pytest.mark.django_db(transaction=True)
def test_a_test_of_an_address_that_was_changed_is_ended_and_another_begins() -> None:
    with playing(Held()) as old, serving() as new:
        endpoint = stored(old.base_url)
        first, _ = open_admission(endpoint, Admission.Reason.ASKED)
        runner = run_beside(first)
        assert old.asked.wait(30)
        Endpoint.objects.update(findings={"takes_images": True})
        Provider.objects.update(base_url=new.base_url)
        admissions.test_again([endpoint], moved=True)
        first.refresh_from_db()
        assert (first.state, last_step(first).code) == ("failed", "changed")
        wait_for_tests()
        old.let_go.set()
        runner.join(30)
        assert new.requests
    endpoint.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, last_step(first).code) == ("failed", "changed")
    assert endpoint.admissions.first().state == "passed"  # type: ignore[union-attr]
    assert endpoint.admission == "passed"
    assert endpoint.findings["takes_images"] is False, "what the other server saw is forgotten"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("passes", [True, False], ids=["passes", "fails"])
def test_what_a_test_found_at_another_address_is_not_believed(passes: bool) -> None:
    with playing(Held()) as old, socket.socket() as nobody, serving() as there:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        nowhere = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        endpoint = stored(old.base_url, NAME if passes else "fault:empty")
        first, _ = open_admission(endpoint, Admission.Reason.ASKED)
        runner = run_beside(first)
        assert old.asked.wait(30)
        Provider.objects.update(base_url=nowhere if passes else there.base_url)
        Endpoint.objects.update(model_name=NAME)
        old.let_go.set()
        runner.join(30)
        wait_for_tests()
    first.refresh_from_db()
    endpoint.refresh_from_db()
    assert (first.state, last_step(first).code) == ("failed", "changed")
    assert endpoint.admission == ("failed" if passes else "passed")
    assert endpoint.admissions.count() == 2


@pytest.mark.django_db
def test_the_schedule_finds_what_is_due(settings: Settings) -> None:
    settings.ADMISSION_HOURS = 24.0
    endpoints = {
        name: stored("https://x.example", name)
        for name in ("new", "fresh", "old", "failed", "off", "retired", "running")
    }
    now = timezone.now()
    for name, hours in (("fresh", 1), ("old", 25), ("running", 30)):
        Endpoint.objects.filter(pk=endpoints[name].pk).update(
            admission="passed", admitted_at=now - dt.timedelta(hours=hours)
        )
    Endpoint.objects.filter(pk=endpoints["failed"].pk).update(admission="failed")
    Admission.objects.create(
        endpoint=endpoints["failed"], reason="asked", state="failed", ended_at=now, created_at=now
    )
    Endpoint.objects.filter(pk=endpoints["off"].pk).update(enabled=False)
    retired = endpoints["retired"].language_model
    retired.retired_at = now
    retired.save()
    open_admission(endpoints["running"], Admission.Reason.ASKED)

    def due(at: dt.datetime) -> set[str]:
        return {endpoint.model_name for endpoint in due_endpoints(at)}

    assert due(now) == {"new", "old"}
    assert due(now + dt.timedelta(minutes=11)) == {"new", "old", "failed"}


@pytest.mark.django_db
def test_those_of_one_gpu_group_are_tested_in_turn() -> None:
    for name in ("first", "second", "other", "none", "neither"):
        stored("https://x.example", name)
    now = timezone.now()
    Endpoint.objects.filter(model_name__in=["first", "second"]).update(gpu_group="one")
    Endpoint.objects.filter(model_name="other").update(gpu_group="two")

    def due() -> list[str]:
        return [endpoint.model_name for endpoint in due_endpoints(now)]

    assert due() == ["first", "other", "none", "neither"]
    open_admission(Endpoint.objects.get(model_name="first"), Admission.Reason.ASKED)
    assert due() == ["other", "none", "neither"]
    Admission.objects.update(state="failed", ended_at=now)
    assert due()[0] == "second"


@pytest.mark.django_db(transaction=True)
def test_the_schedule_runs_them_beside_the_worker() -> None:
    with serving() as server:
        endpoint = stored(server.base_url)
        tasks.test_endpoints_that_are_due()
        admissions.test_in_background([endpoint], Admission.Reason.ASKED)  # the open one is enough
        deadline = time.monotonic() + 20
        while Admission.objects.get().ended_at is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        wait_for_tests()
    assert Admission.objects.get().state == "passed"
    endpoint.refresh_from_db()
    assert endpoint.admission == "passed"
