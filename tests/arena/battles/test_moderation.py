"""Prompts that are checked before they are sent: flagged, clear, and while the check is dead."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from arena.battles.generation import in_database
from arena.battles.models import Battle, Turn, TurnState
from arena.battles.moderation.models import TextCheck
from arena.catalog.models import Moderation
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Socket, Transcript, Visitor
from tests.arena.moderating import set_up_check
from workers.demo.moderating import ModerationServer
from workers.demo.scripted import ScriptedServer

MODELS = ("halcyon-3-mini", "juniper-8b")
BAD = "Plan an attack on the neighbour's tulips."
CLEAR = "Explain why the sky is blue."


@pytest.fixture
async def judge() -> AsyncIterator[ModerationServer]:
    async with ModerationServer() as server:
        yield server


async def told(socket: Socket, **message: Any) -> Transcript:
    """Send a prompt and return what came of it."""
    await socket.send(**message)
    return await socket.turn()


async def checks() -> list[dict[str, Any]]:
    fields = ("part", "state", "action", "error_code", "flagged_for", "turn__battle_id")
    return await in_database(lambda: list(TextCheck.objects.order_by("pk").values(*fields)))


async def nothing_was_sent(models: ScriptedServer) -> None:
    assert not models.requests
    assert not await in_database(Battle.objects.exists)
    assert not await in_database(Turn.objects.exists)


@pytest.mark.parametrize("mode", ["off", "log"])
async def test_off_and_log_ask_nobody_before_the_models(
    add_models: AddModels, judge: ModerationServer, mode: str
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, mode)
    turn = await Visitor().battle(BAD)
    assert turn.end["state"] == "complete"
    assert turn.end["votable"] is True
    assert not judge.asked
    found = await checks()
    assert [(row["part"], row["state"]) for row in found] == (
        [] if mode == "off" else [("a", "waiting"), ("b", "waiting"), ("prompt", "waiting")]
    )


@pytest.mark.parametrize("mode", ["warn", "block"])
async def test_a_clear_prompt_goes_through(
    add_models: AddModels, judge: ModerationServer, mode: str
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, mode)
    turn = await Visitor().battle(CLEAR)
    assert turn.end["votable"] is True
    assert judge.asked == [CLEAR]
    found = await checks()
    assert [(row["part"], row["state"], row["action"]) for row in found] == [
        ("prompt", "clear", ""),
        ("a", "waiting", ""),
        ("b", "waiting", ""),
    ]


@pytest.mark.parametrize("chosen", [MODELS, MODELS[:1]], ids=["two", "one"])
async def test_models_that_were_chosen_are_sent_no_more_than_others(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer, chosen: tuple[str]
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block")
    visitor = Visitor()
    assert (await visitor.battle(BAD, models=chosen)).error["code"] == "prompt_blocked"
    await nothing_was_sent(scripted)
    assert (await visitor.battle(CLEAR, models=chosen)).end["state"] == "complete"
    found = [(row["part"], row["state"]) for row in await checks() if row["turn__battle_id"]]
    assert found == [("prompt", "clear"), *((side, "waiting") for side in "ab"[: len(chosen)])]


async def test_a_blocked_prompt_reaches_no_model_and_is_not_stored(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block")
    async with Visitor().socket() as socket:
        # Saying that one was warned changes nothing where prompts are blocked.
        for sure in (False, True):
            error = (await told(socket, type="prompt", text=BAD, acknowledged=sure)).error
            assert error["code"] == "prompt_blocked"
            assert "in other words" in error["message"]
        await nothing_was_sent(scripted)
        turn = await told(socket, type="prompt", text=CLEAR)
    assert turn.end["votable"] is True, "the socket goes on"
    blocked = (await checks())[:2]
    assert [(row["state"], row["action"], row["flagged_for"]) for row in blocked] == [
        ("flagged", "blocked", ["violence"])
    ] * 2
    rows = await in_database(lambda: json.dumps(list(TextCheck.objects.values()), default=str))
    assert "tulips" not in rows


async def test_a_warned_visitor_can_send_it_anyway(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "warn")
    async with Visitor().socket() as socket:
        error = (await told(socket, type="prompt", text=BAD)).error
        assert error["code"] == "prompt_flagged"
        assert "send it anyway" in error["message"]
        await nothing_was_sent(scripted)
        turn = await told(socket, type="prompt", text=BAD, battle=None, acknowledged=True)
        assert turn.end["votable"] is True
        # A follow-up, and the same prompt with a new pair, are prompts as well.
        more = {"type": "prompt", "text": BAD, "battle": turn.battle}
        assert (await told(socket, **more)).error["code"] == "prompt_flagged"
        later = await told(socket, **more, acknowledged=True)
        assert later.end["state"] == "complete"
        again = {"type": "again", "battle": turn.battle}
        assert (await told(socket, **again)).error["code"] == "prompt_flagged"
        new = await told(socket, **again, acknowledged=True)
        assert new.end["votable"] is True
    actions = [row["action"] for row in await checks() if row["part"] == "prompt"]
    assert actions == ["warned", "sent_anyway"] * 3
    assert await in_database(TextCheck.objects.withheld().count) == 6, "three were not sent"


# Each manner of failing is tested with the client; what follows is the same for all.
@pytest.mark.parametrize(
    ("manner", "mode"),
    [
        *(("hang", "warn"), ("hang", "block"), ("drip", "block"), ("html", "warn")),
        *(("http-429", "warn"), ("http-500", "block"), ("no-results", "block")),
        # A model's name that the server no longer knows is no fault of any text.
        *(("http-400", "warn"), ("http-400", "block")),
    ],
)
async def test_while_the_check_is_dead_prompts_go_through_unverified(
    add_models: AddModels, judge: ModerationServer, manner: str, mode: str
) -> None:
    await add_models(*MODELS)
    hangs = manner in {"hang", "drip"}
    await in_database(set_up_check, judge, mode, seconds=0.3 if hangs else 30.0)
    judge.manner = manner
    visitor = Visitor()
    async with visitor.socket() as socket:
        turn = await told(socket, type="prompt", text=BAD)
        assert turn.end["votable"] is True
        said = "".join(socket.received)
    assert "upstream-7" not in said
    assert "scripted-moderation" not in said
    prompt = (await checks())[0]
    assert (prompt["part"], prompt["state"]) == ("prompt", "unverified")
    assert prompt["error_code"]
    status, _ = await visitor.vote(turn.battle, "a")
    assert status == 200, "the vote waits for nothing"


async def test_a_site_may_refuse_prompts_while_the_check_is_dead(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block", when_dead="refuse")
    judge.manner = "http-500"
    async with Visitor().socket() as socket:
        error = (await told(socket, type="prompt", text=CLEAR)).error
        assert (error["code"], error["retry_after"]) == ("prompt_unchecked", 30)
        assert "upstream-7" not in "".join(socket.received)
        await nothing_was_sent(scripted)
        judge.manner = ""
        assert (await told(socket, type="prompt", text=CLEAR)).end["votable"] is True
    [refused, *_] = await checks()
    assert (refused["state"], refused["action"], refused["error_code"]) == (
        *("unverified", "refused", "server_failed"),
    )


@pytest.mark.parametrize("mode", ["warn", "block"])
async def test_a_text_that_a_living_check_refuses_to_judge_is_not_sent(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer, mode: str
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, mode)
    judge.refuses = "attack"
    async with Visitor().socket() as socket:
        error = (await told(socket, type="prompt", text=BAD, acknowledged=True)).error
        assert error["code"] == "prompt_unchecked"
        await nothing_was_sent(scripted)
        assert (await told(socket, type="prompt", text=CLEAR)).end["votable"] is True
    [refused, *_] = await checks()
    assert (refused["state"], refused["action"], refused["error_code"]) == (
        *("unverified", "refused", "text_refused"),
    )


async def test_a_key_that_cannot_be_read_is_a_dead_check(
    add_models: AddModels, judge: ModerationServer, settings: Any
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block")
    settings.ENCRYPTION_KEYS = ["another key"]
    assert (await Visitor().battle(CLEAR)).end["votable"] is True
    assert (await checks())[0]["error_code"] == "misconfigured"


async def test_the_thresholds_decide(add_models: AddModels, judge: ModerationServer) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block", thresholds={"violence": None})
    visitor = Visitor()
    assert (await visitor.battle(BAD)).end["votable"] is True
    await in_database(Moderation.objects.update, thresholds={"harassment": 0.6})
    assert (await visitor.battle("An insult.")).error["code"] == "prompt_blocked"
    await in_database(Moderation.objects.update, thresholds={"harassment": 0.61})
    assert (await visitor.battle("An insult.")).end["votable"] is True


async def test_an_empty_prompt_is_refused_before_it_is_asked_about(
    add_models: AddModels, judge: ModerationServer
) -> None:
    await add_models(*MODELS)
    await in_database(set_up_check, judge, "block")
    assert (await Visitor().battle(" \x00 ")).error["code"] == "prompt_empty"
    assert not judge.asked


async def test_a_prompt_of_a_failed_attempt_is_asked_about_once(
    add_models: AddModels, judge: ModerationServer
) -> None:
    bad, *_ = await add_models("fault:http-500", *MODELS)
    await in_database(set_up_check, judge, "block")
    model = bad.language_model
    model.sampling_weight = 1e12
    await in_database(model.save)
    turn = await Visitor().battle(CLEAR)
    assert turn.end["votable"] is True
    states = await in_database(lambda: list(Turn.objects.values_list("attempt", "state")))
    assert states == [(1, TurnState.FAILED), (2, TurnState.COMPLETE)]
    assert [row["part"] for row in await checks()] == ["prompt", "a", "b"]
    assert judge.asked == [CLEAR]


async def test_a_refused_start_leaves_no_check(
    add_models: AddModels, judge: ModerationServer
) -> None:
    await in_database(set_up_check, judge, "block")
    assert (await Visitor().battle(CLEAR)).error["code"] == "no_models"
    assert judge.asked == [CLEAR]
    assert await checks() == []
