"""Signing in and out wins nobody new limits, and codes have a limit of their own."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from arena.gate import HttpGate
from arena.ids import uuid7
from arena.voters.identity import COOKIE, sign
from arena.voters.visitors import close_visitors


@pytest.fixture
async def here(redis_url: str, settings: Any) -> AsyncIterator[None]:
    settings.REDIS_URL = redis_url
    yield
    await close_visitors()


async def status(path: str, voter: uuid.UUID, counted_as: uuid.UUID | None = None) -> int:
    """Return how the gate, before a site that says 200 to everything, answers a request."""
    said: list[Any] = []

    async def site(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Any:
        raise AssertionError("nobody reads a body here")

    async def send(message: Any) -> None:
        said.append(message)

    line = f"{COOKIE}={sign(voter, counted_as=counted_as)}".encode()
    scope = {"type": "http", "path": path, "headers": [(b"cookie", line)], "query_string": b""}
    await HttpGate(site)(scope, receive, send)
    return int(said[0]["status"])


@pytest.mark.parametrize(
    ("path", "at_once"), [("/me/account/send/", 5), ("/zh-hans/me/account/code/", 20)]
)
async def test_codes_and_tries_have_limits(here: None, path: str, at_once: int) -> None:
    voter = uuid7()
    answers = [await status(path, voter) for _ in range(at_once + 2)]
    assert answers == [200] * at_once + [429] * 2
    assert await status("/me/account/", voter) == 200
    assert await status(path, uuid7()) == 200


async def test_a_browser_keeps_its_limits_when_it_signs_in_and_out(
    here: None, settings: Any
) -> None:
    settings.REQUESTS_PER_MINUTE = 4
    browser = uuid7()
    answers = [await status("/me/", browser)]
    answers += [await status("/me/", uuid7(), browser) for _ in range(5)]
    assert answers == [200] * 4 + [429] * 2
    assert await status("/me/", browser) == 429
