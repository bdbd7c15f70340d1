"""What a web process refuses before Django begins; the site behind it answers everything."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from django.db import connection

from arena.battles.generation import in_database
from arena.battles.lifespan import readiness
from arena.catalog.models import LanguageModel
from arena.connections import database_watch
from arena.gate import (
    _AT_ONCE,
    _EXPORTS_AT_ONCE,
    _EXPORTS_OF_ONE_NETWORK,
    HttpGate,
    Receive,
)
from arena.ids import uuid7
from arena.voters.identity import COOKIE, sign
from arena.voters.visitors import close_visitors

# More than are answered at once.
SLOW = 20
BATTLE = "/battle/01999999-0000-7000-8000-000000000000/"


@pytest.fixture
async def here(redis_url: str, settings: Any) -> AsyncIterator[None]:
    settings.REDIS_URL = redis_url
    yield
    await close_visitors()


async def answer_with_nothing(scope: Any, receive: Any, send: Any) -> None:
    """Answer anything with 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def nothing() -> Any:
    return {"type": "http.request", "body": b"", "more_body": False}


def scope_of(path: str, voter: uuid.UUID) -> dict[str, Any]:
    line = f"{COOKIE}={sign(voter)}".encode()
    return {"type": "http", "path": path, "headers": [(b"cookie", line)], "query_string": b""}


def once() -> Receive:
    """Return what says that a request has no body, and then nothing more."""
    said = asyncio.Event()

    async def receive() -> Any:
        if said.is_set():
            await asyncio.Event().wait()  # nobody hangs up
        said.set()
        return await nothing()

    return receive


async def status(gate: HttpGate, path: str, voter: uuid.UUID | None = None) -> int:
    """Return how a gate answers a visitor, who was never here where none is named."""
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    await gate(scope_of(path, voter or uuid7()), nothing, send)
    return int(said[0]["status"])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        *[(path, 503) for path in ("/", "/chat/", "/side-by-side/", BATTLE)],
        *[(path, 503) for path in ("/zh-hans/", "/en/chat/", f"/zh-hant{BATTLE}")],
        *[(path, 200) for path in ("/leaderboard/", "/me/", "/admin/", "/zh-hans/gap/")],
        *[(path, 200) for path in (f"{BATTLE}vote/", "/static/site/base.css")],
    ],
)
async def test_a_process_that_ends_refuses_the_pages_of_battles_alone(
    here: None, monkeypatch: pytest.MonkeyPatch, path: str, code: int
) -> None:
    monkeypatch.setattr(readiness, "draining", True)
    assert await status(HttpGate(answer_with_nothing), path) == code


async def test_the_figures_count_as_requests_and_are_there_without_the_database(
    here: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REQUESTS_PER_MINUTE = 2
    gate, voter = HttpGate(answer_with_nothing), uuid7()
    assert [await status(gate, "/metrics", voter) for _ in range(4)] == [200, 200, 429, 429]
    monkeypatch.setattr(database_watch, "answers", False)
    assert await status(gate, "/metrics") == 200
    assert await status(gate, "/leaderboard/") == 503


async def test_slow_readers_hold_no_places(here: None) -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, True, False):
            await send({"type": "http.response.body", "body": b"part", "more_body": more})

    gate, goes_on, reading = HttpGate(stream), asyncio.Event(), asyncio.Semaphore(0)
    taken: list[bytes] = []

    async def read_slowly(message: Any) -> None:
        if message["type"] == "http.response.body":
            reading.release()
            await goes_on.wait()
            taken.append(message["body"])

    paths = ["/static/site/base.css", "/api/v1/releases/2026/votes.parquet"] * SLOW
    scopes = [scope_of(path, uuid7()) for path in paths]
    slow = [asyncio.create_task(gate(scope, nothing, read_slowly)) for scope in scopes]
    for _ in slow:
        await reading.acquire()
    assert [await status(gate, path) for path in (*paths[:2], "/leaderboard/")] == [200] * 3
    goes_on.set()
    await asyncio.gather(*slow)
    assert taken == [b"part"] * 3 * len(slow)
    assert gate._room._value == _AT_ONCE, "each place was left, and once"


@pytest.mark.django_db(transaction=True)
async def test_few_exports_are_sent_at_once(here: None) -> None:
    async def stream(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, False):
            await send({"type": "http.response.body", "body": b"part", "more_body": more})

    gate, goes_on, reading = HttpGate(stream), asyncio.Event(), asyncio.Semaphore(0)

    async def read_slowly(message: Any) -> None:
        if message["type"] == "http.response.body":
            reading.release()
            await goes_on.wait()

    async def ask(network: int, path: str = "/me/export/") -> tuple[int, dict[bytes, bytes]]:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        scope = scope_of(path, uuid7()) | {"client": (f"198.51.100.{network}", 1)}
        await gate(scope, nothing, send)
        return said[0]["status"], dict(said[0]["headers"])

    async def begin(network: int) -> asyncio.Task[None]:
        scope = scope_of("/me/export/", uuid7()) | {"client": (f"198.51.100.{network}", 1)}
        task = asyncio.create_task(gate(scope, nothing, read_slowly))
        await reading.acquire()
        return task

    slow = [await begin(0) for _ in range(_EXPORTS_OF_ONE_NETWORK)]
    status, headers = await ask(0)
    assert (status, headers[b"retry-after"]) == (503, b"5")
    assert [(await ask(*other))[0] for other in ((1,), (0, "/me/"))] == [200, 200]
    others = range(len(slow), _EXPORTS_AT_ONCE)
    slow += [await begin(number // _EXPORTS_OF_ONE_NETWORK) for number in others]
    assert (await ask(200))[0] == 503
    slow[0].cancel()  # whoever read it hung up
    await asyncio.wait(slow[:1])
    assert (await ask(0))[0] == 200
    goes_on.set()
    await asyncio.gather(*slow[1:])
    assert not gate._exports, "each place was left"


async def test_an_answer_before_the_body_is_read_ends_the_connection(
    here: None, settings: Any
) -> None:
    settings.REQUESTS_PER_MINUTE = 1
    gate, voter = HttpGate(answer_with_nothing), uuid7()

    async def is_last(*headers: tuple[bytes, bytes]) -> bool:
        said: list[Any] = []

        async def send(message: Any) -> None:
            said.append(message)

        scope = scope_of("/me/", voter)
        scope["headers"] += headers
        await gate(scope, nothing, send)
        assert said[0]["status"] == 429
        return (b"connection", b"close") in said[0]["headers"]

    assert await status(gate, "/me/", voter) == 200
    assert not await is_last()
    assert not await is_last((b"content-length", b"0"))
    assert await is_last((b"content-length", b"7"))
    assert await is_last((b"transfer-encoding", b"chunked"))


@pytest.mark.django_db(transaction=True)
async def test_slow_readers_hold_no_connections_to_the_database(here: None) -> None:
    most = connection.settings_dict["OPTIONS"]["pool"]["max_size"]
    await in_database(
        lambda: LanguageModel.objects.bulk_create(
            LanguageModel(name=f"{number} {'long' * 40}", slug=f"m{number}")
            for number in range(200)
        )
    )
    goes_on, reading = asyncio.Event(), asyncio.Semaphore(0)
    statuses: list[int] = []

    async def read_slowly(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        else:
            reading.release()
            await goes_on.wait()

    gate = HttpGate(get_asgi_application())
    page = {"method": "GET", "query_string": b"limit=200"}
    scopes = [scope_of("/api/v1/models", uuid7()) | page for _ in range(most + 5)]
    for scope in scopes:
        scope["headers"].append((b"host", b"localhost"))
    slow = [asyncio.create_task(gate(scope, once(), read_slowly)) for scope in scopes]
    for _ in slow:
        await reading.acquire()
    goes_on.set()
    await asyncio.gather(*slow)
    assert statuses == [200] * len(scopes)
