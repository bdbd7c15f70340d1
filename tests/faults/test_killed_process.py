"""The web process is killed or asked to end in the middle of battles."""

import asyncio
import datetime as dt
import json

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed

from arena.battles.generation import in_database
from arena.battles.models import Reply, Turn, TurnState
from arena.battles.tasks import void_abandoned_turns
from arena.battles.turns import SILENT_SECONDS, void_abandoned
from arena.catalog.models import Endpoint
from arena.ids import uuid7
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript, Visitor
from tests.faults.web_process import ClientConnection, web_process

SECONDS = 60.0


async def listen(socket: ClientConnection, turn: Transcript, *, until_seq: int = 2**31) -> None:
    """Receive until the turn is over, or until a frame's number."""
    async with asyncio.timeout(SECONDS):
        while not turn.over and turn.seq < until_seq:
            turn.take(json.loads(await socket.recv()))


@pytest.mark.slow
async def test_a_killed_process_leaves_no_half_battle_that_can_be_voted(
    add_models: AddModels,
) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    visitor, turn, late = Visitor(uuid7()), Transcript(), Transcript()
    async with web_process() as first, first.socket(visitor.id) as socket:
        await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
        await listen(socket, turn, until_seq=5)
        first.kill()
        with pytest.raises(ConnectionClosed):
            await listen(socket, turn)
    assert not turn.over
    await in_database(void_abandoned_turns)  # too early: the process may only be slow
    assert (await in_database(Turn.objects.get)).state == TurnState.STREAMING
    async with web_process() as second, second.socket(visitor.id) as socket:
        await socket.send(json.dumps({"type": "resume", "battle": turn.battle, "after": 0}))
        # Its last frames may have reached its own readers alone; what is there is the same.
        await listen(socket, late, until_seq=turn.seq - 2)
        assert late.texts["a"]
        assert all(turn.texts[side].startswith(late.texts[side]) for side in "ab")
        assert (await visitor.vote(turn.battle, "a"))[0] == 409
        later = timezone.now() + dt.timedelta(seconds=SILENT_SECONDS + 1)
        assert await in_database(void_abandoned, at=later) == 1
        assert await in_database(void_abandoned, at=later) == 0
        await listen(socket, late)
    assert (late.end["state"], late.end["void"]) == ("failed", "abandoned")
    assert (await visitor.vote(turn.battle, "a"))[0] == 409
    replies = await in_database(lambda: list(Reply.objects.all()))
    assert {reply.error_code for reply in replies} == {"abandoned"}


@pytest.mark.slow
async def test_the_gpu_group_of_a_killed_process_comes_free(add_models: AddModels) -> None:
    one, two, _ = await add_models("steady-1-5000", "steady-200-5", "steady-200-6")

    def serve(endpoint: Endpoint, *, instead_of: Endpoint) -> None:
        Endpoint.objects.filter(pk=instead_of.pk).update(enabled=False)
        Endpoint.objects.filter(pk=endpoint.pk).update(enabled=True)

    group = Endpoint.objects.filter(pk__in=[one.pk, two.pk])
    await in_database(group.update, gpu_group=uuid7().hex)
    await in_database(serve, one, instead_of=two)
    early, late = Transcript(), Transcript()
    async with (
        web_process() as first,
        web_process() as second,
        first.socket(uuid7()) as socket,
        second.socket(uuid7()) as other,
    ):
        await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
        await listen(socket, early, until_seq=3)
        await in_database(serve, two, instead_of=one)
        first.kill()
        await other.send(json.dumps({"type": "prompt", "text": "Hello"}))
        await listen(other, late)
    assert late.positions, "it waited for the dead process's lease"
    assert late.end["votable"] is True
    replies = Reply.objects.filter(endpoint=two).values_list("state", flat=True)
    assert await in_database(lambda: list(replies)) == ["complete"]


@pytest.mark.slow
async def test_another_process_shows_the_same_battle_and_stops_it(add_models: AddModels) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    visitor, here, there = Visitor(), Transcript(), Transcript()
    async with web_process() as web, visitor.socket() as ours, web.socket(visitor.id) as theirs:
        await ours.send(type="prompt", text="Hello")
        while here.seq < 3:
            here.take(await ours.receive())
        await theirs.send(json.dumps({"type": "resume", "battle": here.battle, "after": 0}))
        await listen(theirs, there, until_seq=3)
        await theirs.send(json.dumps({"type": "stop", "battle": here.battle}))
        await asyncio.gather(ours.turn(here), listen(theirs, there))
    assert here.end == there.end
    assert here.end["state"] == "stopped"
    assert here.texts == there.texts


@pytest.mark.slow
async def test_a_process_that_is_asked_to_end_lets_its_battles_end(add_models: AddModels) -> None:
    await add_models("steady-2-300", "steady-2-301")
    turns = [Transcript() for _ in range(10)]
    visitors = [Visitor() for _ in turns]
    async with web_process() as web:
        sockets = [await web.socket(visitor.id) for visitor in visitors]
        for socket, turn in zip(sockets, turns, strict=True):
            await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
            await listen(socket, turn, until_seq=1)
        web.terminate()
        code = await web.wait(seconds=40)
        await asyncio.gather(*(socket.close() for socket in sockets))
    assert code == 0
    states = await in_database(lambda: list(Turn.objects.values_list("state", flat=True)))
    assert states == [TurnState.COMPLETE] * len(turns)
    async with visitors[0].socket() as ours:
        await ours.send(type="resume", battle=turns[0].battle, after=turns[0].seq)
        await ours.turn(turns[0])
    assert turns[0].end["votable"] is True
