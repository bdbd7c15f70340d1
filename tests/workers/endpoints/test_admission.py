"""The admission test against servers that behave as their presets say, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.workers.asking import QUICK
from workers.demo.manners import KEY, MANNERS, MODEL, MannerlyServer, Manners
from workers.endpoints import EndpointAddress, EndpointClients
from workers.endpoints.admission import admit
from workers.endpoints.findings import Findings, Plan, Step
from workers.endpoints.presets import presets

PLAN = Plan(pause=0.01, patience=5.0, limits=QUICK, concurrency=4)


class Run:
    """What a test yielded."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.steps: dict[str, Step] = {}
        self.findings: Findings | None = None

    def code(self, name: str) -> tuple[str, str]:
        return self.steps[name].outcome, self.steps[name].code


async def run(clients: EndpointClients, address: EndpointAddress, plan: Plan = PLAN) -> Run:
    found = Run()
    async for event in admit(clients, address, plan):
        match event:
            case Step():
                found.steps[event.name] = event
            case Findings():
                found.findings = event
            case str():
                found.begun.append(event)
    return found


@asynccontextmanager
async def serving(**manners: Any) -> AsyncIterator[tuple[MannerlyServer, EndpointAddress]]:
    async with MannerlyServer(Manners(**manners)) as server:
        yield server, address_of(server)


def address_of(server: MannerlyServer, **known: Any) -> EndpointAddress:
    given = {"api_key": KEY if server.manners.key else "", "model_name": server.manners.name}
    return EndpointAddress(base_url=server.base_url, **{**given, **known})


def test_every_preset_has_manners() -> None:
    assert set(presets()) - {"replicate"} == set(MANNERS)
    assert len(presets()) == 22


@pytest.mark.parametrize("with_preset", [True, False], ids=["preset", "unknown"])
@pytest.mark.parametrize("slug", MANNERS)
async def test_it_admits_every_preset_and_remembers_what_to_send(
    clients: EndpointClients, slug: str, with_preset: bool
) -> None:
    manners, preset = MANNERS[slug], presets()[slug]
    async with MannerlyServer(manners) as server:
        quirks = preset.quirks if with_preset else frozenset()
        found = await run(clients, address_of(server, quirks=quirks))

    assert found.findings, found.steps
    assert all(found.steps[name].outcome in {"passed", "adapted"} for name in ("reach", "stream"))
    renamed = "max_completion_tokens" in found.findings.quirks
    assert ("max_completion_tokens" if renamed else "max_tokens") in manners.limits
    assert ("no_stream_options" in found.findings.quirks) == (manners.stream_options == "refused")
    assert found.findings.reports_usage == (manners.usage != "never")
    assert found.findings.limits_tokens
    assert found.findings.takes_temperature == (manners.temperature != "default")
    assert found.findings.takes_images == manners.images
    fits = manners.context > 8000
    cut = manners.overflow == "cut"
    assert found.findings.truncates == (False if fits else (cut or None))
    assert found.findings.concurrency == 4
    assert found.findings.first_token_seconds is not None
    if not fits:
        assert found.findings.context_tokens is not None
        assert found.findings.context_tokens <= manners.context
    assert (found.code("reach") == ("adapted", "waited")) == bool(manners.loading)
    refused = found.steps["stream"].values.get("changes", [])
    if with_preset:
        assert refused == [], "what the preset says is enough"


async def test_each_step_is_told_as_it_begins_and_ends(clients: EndpointClients) -> None:
    async with serving() as (_, address):
        found = await run(clients, address)
    assert found.begun == ["reach", *list(found.steps)[4:]]
    assert len(found.steps) == 12


@pytest.mark.parametrize(
    ("known", "step", "code"),
    [
        ({"api_key": "wrong-key-0123"}, "key", "auth"),
        ({"model_name": "no such/模型"}, "model", "wrong_name"),
        ({"base_url": "http://169.254.169.254/v1"}, "reach", "address_refused"),
    ],
)
async def test_it_says_which_required_step_failed(
    clients: EndpointClients, known: dict[str, Any], step: str, code: str
) -> None:
    async with serving() as (_, address):
        found = await run(clients, replace(address, **known))
    assert found.findings is None
    assert list(found.steps)[-1] == step
    assert found.code(step) == ("failed", code)
    assert "wrong-key" not in found.steps[step].detail


async def test_a_wrong_name_comes_with_those_that_are_offered(clients: EndpointClients) -> None:
    async with serving() as (_, address):
        found = await run(clients, replace(address, model_name="x"))
    assert found.steps["model"].values["offered"] == [MODEL]


async def test_it_drops_the_parameters_that_are_refused_and_no_others(
    clients: EndpointClients,
) -> None:
    async with serving(refuses_parameters=("seed", "top_k")) as (server, address):
        asked = {"seed": 7, "top_p": 0.9, "top_k": 40}
        found = await run(clients, replace(address, parameters=asked))
        assert found.findings
        assert set(found.findings.refused) == {"seed", "top_k"}
        assert found.steps["stream"].values["changes"] == ["seed", "top_k"]
        assert server.requests[-1].body["top_p"] == 0.9
        assert "seed" not in server.requests[-1].body


async def test_a_system_prompt_moves_where_there_is_no_role_for_it(
    clients: EndpointClients,
) -> None:
    async with serving(system=False) as (_, address):
        found = await run(clients, replace(address, system_prompt="Be brief."))
        assert found.findings
        assert found.findings.quirks == ("no_system_role",)
        plain = await run(clients, address)
        assert plain.code("system") == ("adapted", "no_system_role")
        assert plain.findings
        assert plain.findings.quirks == ("no_system_role",)


async def test_a_server_without_a_token_limit_is_found_out(clients: EndpointClients) -> None:
    async with serving(limits=("limit",)) as (_, address):
        found = await run(clients, address)
    assert found.code("token_limit") == ("lacking", "refused")
    assert found.findings
    assert found.findings.limits_tokens is False
    assert "no_token_limit" in found.findings.quirks


async def test_a_prompt_that_is_cut_silently_is_found_out(clients: EndpointClients) -> None:
    async with MannerlyServer(MANNERS["ollama"]) as server:
        found = await run(clients, address_of(server))
    assert found.code("context") == ("lacking", "truncated")
    assert found.findings
    assert found.findings.context_tokens
    assert 3000 < found.findings.context_tokens <= 4200


async def test_it_waits_for_a_server_that_loads_and_not_for_ever(clients: EndpointClients) -> None:
    async with serving(loading=3) as (_, address):
        assert (await run(clients, address)).findings
    async with serving(loading=10**6) as (_, address):
        found = await run(clients, address, replace(PLAN, patience=0.1))
    assert found.code("stream") == ("failed", "server_failed")


async def test_steps_that_are_skipped_are_not_taken(clients: EndpointClients) -> None:
    async with serving() as (server, address):
        found = await run(clients, address, replace(PLAN, skip=frozenset({"images", "context"})))
        assert "images" not in found.steps
        assert "context" not in found.steps
        assert not any("code word" in str(request.body) for request in server.requests)
