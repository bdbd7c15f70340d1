"""SIGTERM in the middle of fifty streams: nothing new begins, what runs ends, the exit is clean."""

import asyncio
import json
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from arena.battles.generation import in_database
from arena.battles.models import Turn, TurnState
from arena.catalog.models import Endpoint
from arena.ids import uuid7
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript, Visitor
from tests.faults.http_connection import http_connection
from tests.faults.measured import measured
from tests.faults.test_killed_process import listen
from tests.faults.web_process import ClientConnection, WebProcess, web_process

STREAMS = 50

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


async def begin(web: WebProcess, count: int) -> list[tuple[ClientConnection, Transcript]]:
    """Begin battles, one a visitor, and wait until each shows something."""
    await in_database(Endpoint.objects.update, max_concurrent=100)
    begun = []
    for _ in range(count):
        socket = await web.socket(uuid7())
        await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
        begun.append((socket, Transcript()))
    await asyncio.gather(*(listen(socket, turn, until_seq=1) for socket, turn in begun))
    return begun


async def test_fifty_streams_end_while_nothing_new_begins(add_models: AddModels) -> None:
    await add_models("steady-1-500", "steady-1-501")
    visitor = Visitor()
    async with web_process() as web, http_connection(web, web.cookies(visitor.id)) as http:
        idle = await web.socket(uuid7())
        streams = await begin(web, STREAMS)
        web.terminate()
        began = time.monotonic()
        while (ready := await http.get("/readyz")).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        page, other = await http.get("/"), await http.get("/leaderboard/")
        with pytest.raises(InvalidStatus) as refused:
            await web.socket(uuid7())
        await idle.send(json.dumps({"type": "prompt", "text": "Hello"}))
        told = json.loads(await idle.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await idle.recv()
        await asyncio.gather(*(listen(socket, turn) for socket, turn in streams))
        code = await web.wait(seconds=35)
        seconds = time.monotonic() - began
    ends = [(turn.end["state"], turn.end["votable"]) for _, turn in streams]
    measured(26, f"{STREAMS} streams ended {set(ends)}, exit {code} after {seconds:.1f} s")
    assert (ready.status, page.status, other.status) == (503, 503, 200)
    assert int(page.headers["retry-after"]) > 0
    assert refused.value.response.status_code == 503
    assert told["code"] == "restarting"
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert ends == [("complete", True)] * STREAMS
    assert code == 0


async def test_streams_that_do_not_end_are_void_within_thirty_seconds(
    add_models: AddModels,
) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    async with web_process() as web:
        streams = await begin(web, 5)
        web.terminate()
        began = time.monotonic()
        await asyncio.gather(*(listen(socket, turn) for socket, turn in streams))
        code = await web.wait(seconds=40)
        seconds = time.monotonic() - began
    measured(26, f"5 endless streams void, exit {code} after {seconds:.1f} s")
    assert [turn.end["void"] for _, turn in streams] == ["abandoned"] * 5
    states = await in_database(lambda: set(Turn.objects.values_list("state", flat=True)))
    assert states == {TurnState.FAILED}
    assert code == 0
