"""Endpoints that fail: replaced before anything is shown, void after, never votable by halves."""

import asyncio
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from arena.battles.generation import in_database
from arena.battles.models import Battle, Reply, ReplyState, Turn, TurnState, Vote
from arena.catalog.models import Endpoint, LanguageModel, Provider, Reservation
from arena.catalog.tariffs import Tariff, set_price
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript, Visitor

GOOD = ("halcyon-3-mini", "juniper-8b")
# Ends that come before a word of the answer, with the code that is recorded.
AT_ONCE = {
    "fault:429": "rate_limited",
    "fault:http-500": "server_failed",
    "fault:http-401": "auth",
    "fault:http-404": "not_found",
    "fault:redirect": "redirected",
    "fault:disconnect": "unreachable",
    "fault:hang": "timeout_first_token",
    "fault:slow-headers": "timeout_first_token",
    "fault:pings": "timeout_first_token",
    "fault:eof-at-once": "truncated",
    "fault:html-200": "content_type",
    "fault:json-200": "content_type",
    "fault:done-only": "empty",
    "fault:empty": "empty",
    "fault:only-thinks": "empty",
}
# Ends that come after some of the answer was shown.
SHOWN = {
    "fault:stall-after-5": "timeout_idle",
    "fault:pings-after-5": "timeout_idle",
}
# Ends that come after some of the answer, so soon that it may or may not have been shown.
LATER = {
    "fault:eof": "truncated",
    "fault:truncated-chunk": "truncated",
    "fault:no-finish": "truncated",
    "fault:bad-json": "malformed",
    "fault:bad-utf8": "malformed",
    "fault:error-200": "server_failed",
    "fault:filtered": "content_filter",
    "fault:odd-reason": "error",
}


def shorten_clocks(settings: Any, code: str) -> None:
    """Let what ends by a clock end soon; nothing else hangs on how busy the machine is."""
    if code.startswith("timeout_"):
        settings.FIRST_TOKEN_SECONDS = settings.IDLE_SECONDS = 3.0


async def failed_replies() -> list[Reply]:
    return await in_database(
        lambda: list(Reply.objects.filter(state=ReplyState.FAILED).select_related("endpoint"))
    )


@pytest.mark.parametrize(("fault", "code"), AT_ONCE.items())
async def test_a_pair_that_fails_before_it_is_shown_is_replaced(
    add_models: AddModels, settings: Any, fault: str, code: str
) -> None:
    shorten_clocks(settings, code)
    # Paced: the good side begins first, and must not be seen.
    settings.PACING = "paced"
    bad, *_ = await add_models(fault, *GOOD)
    await in_database(
        LanguageModel.objects.filter(pk=bad.language_model_id).update, sampling_weight=1e12
    )
    turn = await Visitor().battle("Hello")
    assert turn.end["state"] == "complete"
    assert turn.end["votable"] is True
    assert turn.seq == len(turn.frames) + 1
    [failed] = await failed_replies()
    assert failed.error_code == code
    assert failed.endpoint == bad
    battle = await in_database(Battle.objects.get)
    assert bad.language_model_id not in {battle.model_a_id, battle.model_b_id}
    assert len(battle.pairing["replaced"]) == 1
    states = await in_database(lambda: list(Turn.objects.values_list("attempt", "state")))
    assert states == [(1, TurnState.FAILED), (2, TurnState.COMPLETE)]
    recorded = await in_database(Endpoint.objects.get, pk=bad.pk)
    assert recorded.last_failure_code == code
    assert recorded.failures_in_a_row == 1


@pytest.fixture
def payment_loses_postgres(transactional_db: None) -> Iterator[None]:
    """Break the first payment as a server that is shut down does."""
    statements = """
        CREATE SEQUENCE payments;
        CREATE FUNCTION lose_first_payment() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('payments') = 1 THEN
                RAISE EXCEPTION 'shut down' USING ERRCODE = 'admin_shutdown';
            END IF;
            RETURN OLD;
        END $$;
        CREATE TRIGGER lose_first_payment BEFORE DELETE ON catalog_reservation
            FOR EACH ROW EXECUTE FUNCTION lose_first_payment()
    """
    with connection.cursor() as cursor:
        cursor.execute(statements)
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION lose_first_payment CASCADE")
        cursor.execute("SELECT last_value FROM payments")
        assert cursor.fetchone()[0] > 1, "the payment was tried again"
        cursor.execute("DROP SEQUENCE payments")


async def test_a_failure_counts_once_though_the_payment_is_tried_again(
    payment_loses_postgres: None, add_models: AddModels, settings: Any
) -> None:
    settings.BREAKER_FAILURES = 100
    bad, _ = await add_models("fault:stall-after-5", GOOD[0])
    shorten_clocks(settings, "timeout_idle")
    tariff = Tariff(Decimal(1), Decimal(1))
    await in_database(set_price, bad, tariff, since=dt.date(2026, 1, 1))
    turn = await Visitor().battle("Hello")
    assert turn.end["void"] == "answer_failed"
    recorded = await in_database(Endpoint.objects.get, pk=bad.pk)
    assert recorded.failures_in_a_row == 1
    assert not await in_database(Reservation.objects.exists)


@pytest.mark.parametrize(("fault", "code"), [*SHOWN.items(), *LATER.items()])
async def test_a_battle_that_fails_after_it_was_shown_is_void(
    add_models: AddModels, settings: Any, fault: str, code: str
) -> None:
    shorten_clocks(settings, code)
    bad, _ = await add_models(fault, GOOD[0])
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    assert turn.end["state"] == "failed"
    assert turn.end["votable"] is False
    reason = "answer_filtered" if code == "content_filter" else "answer_failed"
    assert turn.end["void"] == (reason if turn.frames else "no_answer")
    assert turn.frames or fault in LATER
    # A reload shows what had been shown, and nothing more.
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=turn.battle, after=0)
        stored = (await socket.receive())["turns"][-1]
    assert {side: stored[side] for side in "ab"} == turn.texts
    failed = await failed_replies()
    assert {(reply.error_code, reply.endpoint) for reply in failed} == {(code, bad)}
    assert len(failed) == (1 if turn.frames else 3)
    status, refusal = await visitor.vote(turn.battle, "a")
    assert (status, refusal["code"]) == (409, "not_votable")
    assert not await in_database(Vote.objects.exists)
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=turn.battle)
        assert (await socket.turn()).error["code"] == "battle_void"


async def test_it_gives_up_after_three_pairs(add_models: AddModels) -> None:
    await add_models("fault:429", "fault:http-500", "fault:empty", "fault:http-503")
    turn = await Visitor().battle("Hello")
    assert turn.frames == []
    assert turn.end["void"] == "no_answer"
    assert turn.end["votable"] is False
    assert await in_database(Turn.objects.count) == 3


async def test_the_breaker_takes_an_endpoint_out_of_the_draw(
    add_models: AddModels, settings: Any
) -> None:
    settings.BREAKER_FAILURES = 1
    bad, *_ = await add_models("fault:429", *GOOD)
    for _ in range(4):
        turn = await Visitor().battle("Hello")
        assert turn.end["votable"] is True
    failures = [reply.endpoint_id for reply in await failed_replies()]
    assert failures in ([], [bad.pk])


async def test_a_later_turn_is_tried_again_with_the_same_two(add_models: AddModels) -> None:
    endpoints = await add_models(*GOOD)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    await in_database(
        Endpoint.objects.filter(pk=endpoints[0].pk).update, model_name="fault:http-500"
    )
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=first.battle)
        second = await socket.turn()
    assert second.end["void"] == "no_answer"
    assert second.frames == []
    turns = await in_database(lambda: list(Turn.objects.filter(number=2).order_by("attempt")))
    assert [turn.attempt for turn in turns] == [1, 2]
    models = {
        reply.language_model_id for reply in await in_database(lambda: [*Reply.objects.all()])
    }
    assert models == {endpoint.language_model_id for endpoint in endpoints}
    assert (await visitor.vote(first.battle, "a"))[0] == 409


async def test_a_failure_after_the_vote_leaves_the_vote(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 0
    endpoints = await add_models(*GOOD)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    await visitor.vote(first.battle, "b")
    await in_database(
        Endpoint.objects.filter(pk=endpoints[0].pk).update, model_name="fault:http-500"
    )
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=first.battle)
        second = await socket.turn()
        assert (second.end["state"], second.end["void"]) == ("failed", None)
        await in_database(Endpoint.objects.filter(pk=endpoints[0].pk).update, model_name=GOOD[0])
        await socket.send(type="prompt", text="More", battle=first.battle)
        third = await socket.turn()
    assert third.end["state"] == "complete"
    assert (await visitor.vote(first.battle, "a"))[1]["outcome"] == "b"


async def test_odd_text_is_stored_and_shown_safely(add_models: AddModels) -> None:
    await add_models("fault:nul", "fault:surrogates")
    turn = await Visitor().battle("Hello")
    assert turn.end["votable"] is True
    replies = await in_database(lambda: list(Reply.objects.all()))
    assert {reply.side: reply.text for reply in replies} == turn.texts
    assert "\x00" not in "".join(turn.texts.values())


async def test_reasoning_is_kept_and_never_sent_before_the_vote(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 0
    await add_models("fault:think", "fault:reasoning")
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello")
        turn = await socket.turn()
        sent = "".join(socket.received)
    reasoning = [reply.reasoning for reply in await in_database(lambda: [*Reply.objects.all()])]
    assert all(reasoning)
    assert not any(text in sent for text in reasoning)
    await visitor.vote(turn.battle, "a")
    _, reveal = await visitor.get(f"/battle/{turn.battle}/reveal/")
    told = [reveal["sides"][side]["reasoning"] for side in "ab"]
    assert sorted(told) == sorted([text] for text in reasoning)


async def test_a_full_endpoint_is_waited_for_and_the_place_in_line_is_told(
    add_models: AddModels,
) -> None:
    await add_models("steady-1-80", "steady-1-81")
    await in_database(Endpoint.objects.update, max_concurrent=1)
    turns = await asyncio.gather(*(Visitor().battle("Hello") for _ in range(3)))
    assert [turn.end["votable"] for turn in turns] == [True] * 3
    assert await in_database(Turn.objects.count) == 3  # none was tried twice
    first, second, third = sorted(turn.positions for turn in turns)
    assert (first, second, third) == ([], [1, 0], [2, 1, 0])
    endpoints = await in_database(lambda: list(Endpoint.objects.all()))
    assert [endpoint.failures_in_a_row for endpoint in endpoints] == [0, 0]


async def test_a_battle_that_waits_in_line_can_be_stopped(add_models: AddModels) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    await in_database(Endpoint.objects.update, max_concurrent=1)
    async with Visitor().socket() as running, Visitor().socket() as waiting:
        await running.send(type="prompt", text="Hello")
        while (await running.receive())["type"] != "frame":
            pass
        await waiting.send(type="prompt", text="Hello")
        turn = Transcript()
        while not turn.positions:
            turn.take(await waiting.receive())
        await waiting.send(type="stop", battle=turn.battle)
        await waiting.turn(turn)
    assert (turn.end["state"], turn.positions, turn.frames) == ("stopped", [1], [])


@pytest.mark.parametrize(("characters", "failures"), [(1, 1), (5000, 0)])
async def test_a_prompt_that_may_be_too_long_is_not_held_against_the_endpoint(
    add_models: AddModels, characters: int, failures: int
) -> None:
    bad, _ = await add_models("fault:http-400", GOOD[0])
    turn = await Visitor().battle("x" * characters)
    assert turn.end["void"] == "no_answer"
    assert {reply.error_code for reply in await failed_replies()} == {"bad_request"}
    recorded = await in_database(Endpoint.objects.get, pk=bad.pk)
    assert min(1, recorded.failures_in_a_row) == failures


async def test_a_key_that_cannot_be_read_is_a_failure_of_that_side_alone(
    add_models: AddModels, settings: Any
) -> None:
    settings.BREAKER_FAILURES = 3
    bad, *_ = await add_models("meridian-swift", GOOD[0])
    account = await in_database(
        Provider.objects.create,
        name="another account",
        base_url=bad.provider.base_url,
        api_key_encrypted="written with another key",
    )
    await in_database(Endpoint.objects.filter(pk=bad.pk).update, provider=account)
    turn = await Visitor().battle("Hello")
    assert turn.end["void"] == "no_answer"
    failed = await failed_replies()
    told = {(reply.error_code, reply.endpoint_id) for reply in failed}
    assert told == {("misconfigured", bad.pk)}
    # It leaves the draw, like any endpoint that fails.
    stored = await in_database(Endpoint.objects.get, pk=bad.pk)
    assert stored.failures_in_a_row == len(failed) == 3
    assert stored.suspended_until is not None
