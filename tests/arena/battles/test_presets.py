"""A battle against every kind of server, over real sockets, after its admission test."""

from typing import Any

import pytest

from arena.battles.generation import in_database
from arena.battles.models import Reply
from arena.catalog.admissions import open_admission, run_admission
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.models import Admission, Endpoint
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Visitor
from workers.demo import predictions
from workers.demo.manners import KEY, MANNERS, MannerlyServer
from workers.endpoints import presets

ASKED = Admission.Reason.ASKED


async def admitted(base_url: str, name: str, key: str, preset: str) -> Endpoint:
    """Store an endpoint as an administrator would, and test it."""

    def test() -> Endpoint:
        wanted = Enrolment(base_url=base_url, model_name=name, api_key=key, preset=preset)
        endpoint = enrol(wanted).endpoint
        run = run_admission(open_admission(endpoint, ASKED)[0].pk)
        assert run.state == "passed", run.steps
        return endpoint

    return await in_database(test)


async def battle_with(endpoint: Endpoint) -> Reply:
    """Battle until both answers are whole, twice; return the endpoint's second reply."""
    visitor = Visitor()
    first = await visitor.battle("How do rivers change the land?")
    assert first.end["votable"] is True, first.end
    second = await visitor.follow_up(first.battle, "And the sea?")
    assert second.end["votable"] is True, second.end
    replies = await in_database(lambda: list(Reply.objects.filter(endpoint=endpoint)))
    assert [reply.state for reply in replies] == ["complete", "complete"]
    return replies[1]


@pytest.mark.parametrize("slug", MANNERS)
async def test_a_battle_works_against_it(add_models: AddModels, settings: Any, slug: str) -> None:
    settings.ADMISSION_PATIENCE_SECONDS = 2.0  # some are loading at first
    await add_models("juniper-8b")
    manners = MANNERS[slug]
    async with MannerlyServer(manners) as server:
        key = KEY if manners.key else ""
        endpoint = await admitted(server.base_url, manners.name, key, slug)
        server.requests.clear()
        reply = await battle_with(endpoint)
        bodies = [request.body for request in server.requests]
    assert len(bodies) == 2, "nothing was refused and tried again"
    assert reply.text.startswith("The river keeps its course")
    assert "<think>" not in reply.text
    assert bool(reply.reasoning) == (manners.thinks != "no")
    assert reply.tokens_estimated == (manners.usage == "never")
    assert reply.finish_reason == "stop"
    assert reply.sent["request"]["model"] == manners.name
    assert KEY not in str(reply.sent)
    assert [message["role"] for message in bodies[1]["messages"]] == ["user", "assistant", "user"]


async def test_a_battle_works_against_replicate(add_models: AddModels) -> None:
    await add_models("juniper-8b")
    async with predictions.PredictionServer() as server:
        endpoint = await admitted(server.base_url, predictions.MODEL, predictions.KEY, "replicate")
        reply = await battle_with(endpoint)
    assert reply.text.startswith("The river keeps its course")
    assert not reply.tokens_estimated


def test_every_preset_was_battled() -> None:
    assert set(MANNERS) | {"replicate"} == set(presets())
