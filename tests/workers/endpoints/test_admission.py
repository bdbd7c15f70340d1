"""The admission test against servers that behave as their presets say, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from workers.demo.http import Exchange
from workers.demo.manners import KEY, MANNERS, MODEL, MannerlyServer, Manners
from workers.demo.model_server import refuse
from workers.endpoints import EndpointAddress, EndpointClients, questions
from workers.endpoints.admission import admit
from workers.endpoints.findings import Findings, Plan, Step
from workers.endpoints.presets import presets

PLAN = Plan(pause=0.01, patience=5.0, concurrency=4)


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


async def test_a_busy_server_is_waited_for_at_every_step(clients: EndpointClients) -> None:
    async with serving(busy=2, images=True) as (_, address):
        found = await run(clients, address)
    assert found.findings, found.steps
    assert found.findings.limits_tokens
    assert found.findings.takes_temperature
    assert found.findings.takes_images
    assert found.findings.truncates is False
    assert found.findings.first_token_seconds is not None


async def test_too_many_calls_a_minute_are_told_from_too_many_at_once(
    clients: EndpointClients,
) -> None:
    async with serving(busy=2) as (_, address):
        found = await run(clients, address)
    assert found.findings
    assert found.code("concurrency") == ("unknown", "rate")
    assert (found.findings.concurrency, found.findings.crowded) == (None, None)


class Exhausted(MannerlyServer):
    """Refuses all that comes after so many answers, until tomorrow."""

    def __init__(self, manners: Manners, *, answers: int, status: int = 429) -> None:
        super().__init__(manners)
        self._left, self._status = answers, status

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        if self._left:
            self._left -= 1
            await super().complete(exchange, body)
        else:
            error = {"error": {"message": "Come again tomorrow"}}
            await exchange.reply_json(self._status, error, {"Retry-After": "80000"})


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "server_failed")])
async def test_nothing_is_concluded_from_a_server_that_has_no_time(
    clients: EndpointClients, status: int, code: str
) -> None:
    async with Exhausted(Manners(images=True), answers=1, status=status) as server:
        found = await run(clients, address_of(server))
        calls = sum(request.method == "POST" for request in server.requests)
    assert calls < 30, "and it is not asked for ever"
    assert found.findings
    assert found.findings.reports_usage, "the greeting said so"
    left_open = ("system", "token_limit", "temperature", "images", "context", "speed")
    assert {found.code(name) for name in left_open} == {("unknown", code)}
    known = {"quirks", "refused", "reports_usage"}
    if status == 503:  # so does a server that breaks under two calls
        known |= {"concurrency", "crowded"}
    others = {name: value for name, value in vars_of(found.findings).items() if name not in known}
    assert set(others.values()) == {None}


def vars_of(findings: Findings) -> dict[str, Any]:
    return {name: getattr(findings, name) for name in Findings.__dataclass_fields__}


class Crowd(MannerlyServer):
    """Takes two at once: waits for all calls of each level of a test before it refuses the rest."""

    def __init__(self, *levels: int) -> None:
        super().__init__(Manners())
        self._levels, self._here = list(levels), 0
        self._all_here = asyncio.Event()

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        brief = body.get("max_tokens") == 32 and "hello" in body["messages"][-1]["content"]
        if not brief or not self._levels:
            await super().complete(exchange, body)
            return
        self._here += 1
        place, everybody = self._here, self._all_here
        if place == self._levels[0]:
            self._levels.pop(0)
            self._here, self._all_here = 0, asyncio.Event()
            everybody.set()
        await everybody.wait()
        if place > 2:
            await refuse(exchange, 429, "Too many at once")
        else:
            await super().complete(exchange, body)


async def test_too_many_at_once_are_found_after_a_second_look(clients: EndpointClients) -> None:
    async with Crowd(2, 4, 4) as server:
        found = await run(clients, address_of(server))
    assert found.findings
    assert (found.findings.concurrency, found.findings.crowded) == (2, True)
    assert found.code("concurrency") == ("adapted", "rate_limited")
    assert found.steps["concurrency"].values == {"calls": 2, "tried": 4}


async def test_one_failure_among_calls_at_once_is_not_a_limit(clients: EndpointClients) -> None:
    async with Crowd(2, 4) as server:
        found = await run(clients, address_of(server))
    assert found.findings
    assert (found.findings.concurrency, found.findings.crowded) == (4, False)


@pytest.mark.parametrize(
    ("name", "listed_as"),
    [
        ("org/kestrel-9b:fast-host", "org/kestrel-9b"),
        ("kestrel-9b", "models/kestrel-9b"),
        ("kestrel", "kestrel:latest"),
        ("never-listed", "another"),
    ],
)
async def test_what_is_refused_is_left_out_before_the_name_is_doubted(
    clients: EndpointClients, name: str, listed_as: str
) -> None:
    manners = {"name": name, "listed_as": listed_as, "stream_options": "refused"}
    async with serving(**manners, refuses_parameters=("seed",)) as (_, address):
        found = await run(clients, replace(address, parameters={"seed": 7}))
    assert found.findings, found.steps
    assert found.findings.refused == ("seed",)
    assert "no_stream_options" in found.findings.quirks


class Unknowing(MannerlyServer):
    """Says 400 where the model is not known."""

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        await refuse(exchange, 400, "Model Not Exist")


async def test_a_wrong_name_is_found_out_whatever_the_status(clients: EndpointClients) -> None:
    async with Unknowing(Manners(only_name=False)) as server:
        found = await run(clients, address_of(server, model_name="kestrel-9b-chat"))
        assert found.code("model") == ("failed", "wrong_name")
        assert found.steps["model"].values["offered"] == [MODEL]
        found = await run(clients, address_of(server))
    assert found.code("stream") == ("failed", "bad_request")


async def test_calls_at_once_are_counted_where_no_token_limit_is_taken(
    clients: EndpointClients,
) -> None:
    async with serving(limits=("limit",)) as (_, address):
        found = await run(clients, address)
    assert found.code("concurrency") == ("passed", "ok")
    assert found.findings
    assert found.findings.concurrency == 4


@pytest.mark.parametrize(
    ("manners", "limits_tokens", "code"),
    [
        ({"laconic": "Good morning to you all, and welcome."}, True, ("passed", "max_tokens")),
        ({"laconic": "Hello"}, None, ("unknown", "short")),
        ({"keeps_limit": False}, False, ("lacking", "ignored")),
        (
            {"keeps_limit": False, "laconic": "Good morning to you all, and welcome."},
            False,
            ("lacking", "ignored"),
        ),
    ],
)
async def test_a_short_answer_does_not_tell_whether_a_limit_is_kept(
    clients: EndpointClients,
    manners: dict[str, Any],
    limits_tokens: bool | None,
    code: tuple[str, str],
) -> None:
    async with serving(**manners) as (_, address):
        found = await run(clients, address)
    assert found.findings
    assert found.findings.limits_tokens is limits_tokens
    assert found.code("token_limit") == code


async def test_a_guess_is_not_sight(clients: EndpointClients) -> None:
    async with serving(images=True, sees=False) as (server, address):
        found = await run(clients, address)
        pictures = sum("image_url" in str(request.body) for request in server.requests)
    assert found.code("images") == ("lacking", "unseen")
    assert found.findings
    assert found.findings.takes_images is False
    assert pictures == 2, "one that was misread is followed by another"


def test_both_colours_are_named_in_their_order_and_no_others() -> None:
    picture = questions.TwoColours((220, 20, 20), (20, 40, 220))
    for right in (
        "Red, blue.",
        "Left: **red**; right: blue",
        "rouge bleu",
        "左边是红色，右边是蓝色。",
    ):
        assert picture.is_described_by(right), right
    for wrong in ("Blue red", "Red", "Red, green, blue", "reddish blue", "", "Black and white"):
        assert not picture.is_described_by(wrong), wrong
