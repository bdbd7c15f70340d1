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
from tests.faults.http_connection import http_connection
from tests.faults.measured import measured
from tests.faults.web_process import web_process

CONNECTIONS, SUBMITS = 100, 100


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_ten_thousand_submits_store_one_row(add_models: AddModels) -> None:
    await add_models("halcyon-3-mini", "juniper-8b")
    visitor = Visitor()
    battle = (await visitor.battle("Hello")).battle
    seen: Counter[tuple[int, str]] = Counter()
    async with web_process(PARITY_UNDO_SECONDS="600") as web:

        async def keep_submitting(number: int) -> None:
            async with http_connection(web, web.cookies(visitor.id)) as http:
                for turn in range(SUBMITS):
                    choice = {"outcome": Outcome.values[(number + turn) % 4]}
                    answer = await http.post(f"/battle/{battle}/vote/", choice)
                    seen[answer.status, answer.json.get("outcome", "")] += 1

        await asyncio.gather(*(keep_submitting(number) for number in range(CONNECTIONS)))
    stored = await in_database(Vote.objects.get)
    measured(1, f"{CONNECTIONS * SUBMITS} submits: {dict(seen)}")
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
            async with http_connection(web, cookie) as http:
                answer = await http.post(f"/battle/{battle}/vote/", {"outcome": "a"})
            assert answer.status == 403
    assert not await in_database(Vote.objects.exists)


async def test_a_vote_before_both_answers_are_complete_is_refused(add_models: AddModels) -> None:
    endpoints = await add_models("steady-1-5000", "steady-1-5001")
    visitor = Visitor()
    async with web_process() as web, web.socket(visitor.id) as socket:
        await socket.send(json.dumps({"type": "prompt", "text": "Hello"}))
        battle = json.loads(await socket.recv())["battle"]
        async with http_connection(web, web.cookies(visitor.id)) as http:
            refused = [await http.post(f"/battle/{battle}/vote/", {"outcome": o}) for o in "ab"]
            refused.append(await http.get(f"/battle/{battle}/reveal/", accept="application/json"))
        await socket.send(json.dumps({"type": "stop", "battle": battle}))
    assert [answer.status for answer in refused] == [409, 409, 409]
    names = [endpoint.model_name.encode() for endpoint in endpoints]
    assert not any(name in answer.body for name in names for answer in refused)
    assert not await in_database(Vote.objects.exists)
