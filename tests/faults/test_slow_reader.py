"""Browsers that stop reading: each is cut off, and the process does not grow."""

import asyncio
import json
import socket as sockets
import time

import psutil
import pytest
from websockets.asyncio.client import ClientConnection

from arena.battles.generation import in_database
from arena.catalog.models import Endpoint
from arena.ids import uuid7
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript
from tests.faults.measured import measured
from tests.faults.test_killed_process import listen
from tests.faults.web_process import WebProcess, web_process

READERS = 10
RESUMES = 20
MEGABYTE = 1024 * 1024

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def narrow_socket(port: int) -> sockets.socket:
    """Connect with a receive buffer that fills at once."""
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    narrow.connect(("127.0.0.1", port))
    narrow.setblocking(False)
    return narrow


def ports_of(web: WebProcess) -> set[int]:
    """Return the ports of the peers that the process still has."""
    found = psutil.Process(web.process.pid).net_connections(kind="tcp")
    return {each.raddr.port for each in found if each.raddr}


async def test_a_browser_that_stops_reading_is_cut_off(add_models: AddModels) -> None:
    await add_models("steady-400-20000", "steady-400-20001")
    await in_database(lambda: Endpoint.objects.update(token_limit=30_000))
    voter, turn = uuid7(), Transcript()
    async with web_process() as web:
        async with web.socket(voter, max_size=None) as socket:
            await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
            await listen(socket, turn)
        before, most = web.memory, 0
        readers: list[ClientConnection] = []
        for _ in range(READERS):
            readers.append(await web.socket(voter, sock=narrow_socket(web.port), max_size=None))
            readers[-1].transport.pause_reading()
            resume = json.dumps({"type": "resume", "battle": turn.battle, "after": 0})
            for _ in range(RESUMES):
                await readers[-1].send(resume)
        ports = {reader.local_address[1] for reader in readers}
        assert ports <= ports_of(web)
        began = time.monotonic()
        while ports & ports_of(web):
            most = max(most, web.memory)
            await asyncio.sleep(0.2)
        seconds = time.monotonic() - began
        other = Transcript()  # nobody else was harmed
        async with web.socket(uuid7(), max_size=None) as socket:
            await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
            await listen(socket, other, until_seq=5)
        assert other.seq >= 5
        for reader in readers:
            reader.transport.abort()
    grown = (most - before) / MEGABYTE
    size = len(turn.texts["a"]) + len(turn.texts["b"])
    measured(
        25,
        f"{READERS} readers that took nothing of {RESUMES} times {size} characters: cut off after "
        f"{seconds:.1f} s, memory +{grown:.1f} MB",
    )
    assert size > 150_000
    assert grown < 20
