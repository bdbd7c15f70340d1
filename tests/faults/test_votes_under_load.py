"""10,000 submits of one battle's vote over 100 connections, mixed choices: one row."""

import asyncio
import json
from collections import Counter

import pytest

from arena.battles.generation import in_database
from arena.battles.models import Outcome, Vote
from arena.ids import uuid7
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Visitor
from tests.faults.web_process import CSRF, WebProcess, web_process

CONNECTIONS, SUBMITS = 100, 100


async def submit(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    web: WebProcess,
    *,
    path: str,
    cookies: str,
    outcome: str,
) -> tuple[int, bytes]:
    """Post one vote on a connection that is kept open."""
    body = json.dumps({"outcome": outcome}).encode()
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{web.port}",
        f"Cookie: {cookies}",
        f"X-CSRFToken: {CSRF}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    writer.write("\r\n".join([*head, "", ""]).encode() + body)
    raw = await reader.readuntil(b"\r\n\r\n")
    status, *lines = raw.decode("latin-1").split("\r\n")
    lengths = [line for line in lines if line.lower().startswith("content-length:")]
    reply = await reader.readexactly(int(lengths[0].partition(":")[2]))
    return int(status.split()[1]), reply


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_ten_thousand_submits_store_one_row(add_models: AddModels) -> None:
    await add_models("halcyon-3-mini", "juniper-8b")
    visitor = Visitor()
    battle = (await visitor.battle("Hello")).battle
    seen: Counter[tuple[int, str]] = Counter()
    async with web_process(PARITY_UNDO_SECONDS="600") as web:

        async def keep_submitting(number: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            for turn in range(SUBMITS):
                status, reply = await submit(
                    reader,
                    writer,
                    web,
                    path=f"/battle/{battle}/vote/",
                    cookies=web.cookies(visitor.id),
                    outcome=Outcome.values[(number + turn) % 4],
                )
                told = json.loads(reply)
                seen[status, told.get("outcome", "")] += 1
            writer.close()
            await writer.wait_closed()

        await asyncio.gather(*(keep_submitting(number) for number in range(CONNECTIONS)))
    stored = await in_database(Vote.objects.get)
    assert sum(seen.values()) == CONNECTIONS * SUBMITS
    assert set(seen) <= {(200, stored.outcome), (429, "")}
    assert seen[200, stored.outcome] > 0


async def test_a_vote_with_another_visitors_cookie_or_without_a_token_is_refused(
    add_models: AddModels,
) -> None:
    await add_models("halcyon-3-mini", "juniper-8b")
    visitor = Visitor()
    battle = (await visitor.battle("Hello")).battle
    async with web_process() as web:
        for cookie in (web.cookies(uuid7()), web.cookies(visitor.id).partition(";")[0]):
            reader, writer = await asyncio.open_connection("127.0.0.1", web.port)
            status, _ = await submit(
                reader, writer, web, path=f"/battle/{battle}/vote/", cookies=cookie, outcome="a"
            )
            writer.close()
            await writer.wait_closed()
            assert status == 403
    assert not await in_database(Vote.objects.exists)
