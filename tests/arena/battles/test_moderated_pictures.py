"""Pictures that are checked beside the text of their prompt, before they are sent or after."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from arena.battles.generation import in_database
from arena.battles.models import Battle
from arena.battles.moderation.models import TextCheck
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.test_pictures import add_all, ask, keep
from tests.arena.battles.visitor import Visitor
from tests.arena.moderating import set_up_check
from workers.demo.moderating import ModerationServer
from workers.demo.scripted import ScriptedServer


@pytest.fixture
async def judge() -> AsyncIterator[ModerationServer]:
    async with ModerationServer() as server:
        server.pictures = "seen"
        yield server


async def checks() -> list[tuple[Any, ...]]:
    """Return the rows of checks; the last says whether it is of something that was sent."""
    fields = ("part", "state", "action", "turn")
    rows = await in_database(lambda: list(TextCheck.objects.order_by("pk").values_list(*fields)))
    return [(*row[:-1], row[-1] is not None) for row in rows]


async def shown(visitor: Visitor, **more: Any) -> Any:
    """Return what came of a prompt with a picture."""
    return await ask(visitor, await keep(visitor), **more)


@pytest.mark.parametrize("mode", ["warn", "block"])
async def test_a_clear_picture_goes_through_after_it_was_asked_about(
    add_models: AddModels, judge: ModerationServer, mode: str
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, mode, takes_pictures=True)
    visitor = Visitor()
    turn = await shown(visitor)
    assert turn.end["votable"] is True
    assert len(judge.shown) == 1
    assert (await checks())[:2] == [
        ("prompt", "clear", "", True),
        ("picture", "clear", "", True),
    ]
    # A follow-up sends the endpoints the first picture again, and the check its own alone.
    assert (await ask(visitor, None, battle=turn.battle)).end["state"] == "complete"
    assert len(judge.shown) == 1
    assert (await shown(visitor, battle=turn.battle)).end["state"] == "complete"
    assert len(judge.shown) == 2


async def test_a_flagged_picture_is_blocked_with_its_prompt(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, "block", takes_pictures=True)
    judge.flags_pictures = True
    error = (await shown(Visitor(), acknowledged=True)).error
    assert error["code"] == "prompt_blocked"
    assert not scripted.requests
    assert not await in_database(Battle.objects.exists)
    assert await checks() == [("picture", "flagged", "blocked", False)]


async def test_a_warned_visitor_can_send_a_flagged_picture_anyway(
    add_models: AddModels, judge: ModerationServer
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, "warn", takes_pictures=True)
    judge.flags_pictures = True
    visitor = Visitor()
    assert (await shown(visitor)).error["code"] == "prompt_flagged"
    turn = await shown(visitor, acknowledged=True)
    assert turn.end["votable"] is True
    async with visitor.socket() as socket:
        await socket.send(type="again", battle=turn.battle)
        assert (await socket.turn()).error["code"] == "prompt_flagged"
    assert [row for row in await checks() if row[0] in {"prompt", "picture"}] == [
        ("picture", "flagged", "warned", False),
        ("prompt", "clear", "", True),
        ("picture", "flagged", "sent_anyway", True),
        ("picture", "flagged", "warned", False),
    ]


async def test_a_picture_that_a_living_check_refuses_is_not_sent(
    add_models: AddModels, judge: ModerationServer, scripted: ScriptedServer
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, "block", takes_pictures=True)
    judge.pictures = "refused"
    assert (await shown(Visitor())).error["code"] == "prompt_unchecked"
    assert not scripted.requests
    assert await checks() == [("picture", "unverified", "refused", False)]


async def test_while_the_check_is_dead_a_picture_is_sent_unverified(
    add_models: AddModels, judge: ModerationServer
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, "block", takes_pictures=True)
    judge.manner = "http-500"
    assert (await shown(Visitor())).end["votable"] is True
    assert (await checks())[:2] == [
        ("prompt", "unverified", "", True),
        ("picture", "unverified", "", True),
    ]


@pytest.mark.parametrize("mode", ["log", "block"])
async def test_a_check_that_takes_no_pictures_is_shown_none(
    add_models: AddModels, judge: ModerationServer, mode: str
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, mode)
    assert (await shown(Visitor())).end["votable"] is True
    assert not judge.shown
    assert {row[0] for row in await checks()} == {"prompt", "a", "b"}


@pytest.mark.parametrize("mode", ["log", "off"])
async def test_off_and_log_ask_nobody_before_the_models(
    add_models: AddModels, judge: ModerationServer, mode: str
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, mode, takes_pictures=True)
    assert (await shown(Visitor())).end["votable"] is True
    assert not judge.shown
    waiting = {row[0] for row in await checks() if row[1] == "waiting"}
    assert waiting == (set() if mode == "off" else {"prompt", "a", "b", "picture"})


async def test_nobody_elses_picture_is_asked_about(
    add_models: AddModels, judge: ModerationServer
) -> None:
    await add_all(add_models)
    await in_database(set_up_check, judge, "block", takes_pictures=True)
    assert (await ask(Visitor(), await keep(Visitor()))).error["code"] == "picture_gone"
    assert not judge.shown
