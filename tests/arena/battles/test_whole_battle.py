"""A battle from the first prompt to the names, as a browser has it."""

import asyncio

import pytest

from arena.battles.generation import in_database
from arena.battles.models import Battle, Reply, Side, Turn, Vote
from arena.catalog.models import Endpoint
from tests.arena.battles.visitor import Visitor
from tests.arena.rows import add_model
from workers.demo.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("process")


@pytest.fixture
async def endpoints(process: None, scripted: ScriptedServer) -> list[Endpoint]:
    names = ["halcyon-3-mini", "juniper-8b"]
    return [await in_database(add_model, name, base_url=scripted.base_url) for name in names]


async def test_it_streams_stores_takes_a_vote_and_reveals(
    endpoints: list[Endpoint], settings: object
) -> None:
    settings.UNDO_SECONDS = 0.2  # type: ignore[attr-defined]
    visitor = Visitor()
    turn = await visitor.battle("Explain tail recursion to a cook.")
    assert turn.end["state"] == "complete"
    assert turn.end["votable"] is True
    assert turn.end["void"] is None
    assert all(turn.texts.values())
    replies = {r.side: r.text for r in await in_database(lambda: list(Reply.objects.all()))}
    assert replies == turn.texts

    status, vote = await visitor.vote(turn.battle, "a")
    assert (status, vote["outcome"]) == (200, "a")
    status, early = await visitor.get(f"/battle/{turn.battle}/reveal/")
    assert (status, early["code"]) == (425, "not_final")
    await asyncio.sleep(0.25)
    status, reveal = await visitor.get(f"/battle/{turn.battle}/reveal/")
    assert status == 200
    battle = await in_database(lambda: Battle.objects.select_related("model_a", "model_b").get())
    for side in Side:
        assert reveal["sides"][side]["model"]["name"] == battle.model(side).name
        assert reveal["sides"][side]["completion_tokens"] > 0
    assert reveal["receipt"]["code"] == vote["receipt"]
    assert await in_database(Vote.objects.count) == 1
