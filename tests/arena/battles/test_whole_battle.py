"""A battle from the first prompt to the names, as a browser has it."""

import asyncio
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from arena.battles.generation import in_database
from arena.battles.models import Battle, Reply, Side, Turn, Vote
from arena.catalog.models import Standing
from arena.integrity.facts import decide_votes
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Socket, Transcript, Visitor

PAIR = ("halcyon-3-mini", "juniper-8b")


async def rows[T: Any](query: "QuerySet[T]") -> list[T]:
    return await in_database(lambda: list(query))


async def test_it_streams_stores_takes_a_vote_and_reveals(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 600
    endpoints = await add_models(*PAIR)
    standing = {"rating": 1042.5, "lower": 1033.0, "upper": 1051.0, "votes": 40}
    await in_database(
        Standing.objects.create,
        language_model_id=endpoints[0].language_model_id,
        updated_at=endpoints[0].created_at,
        **standing,
    )
    visitor = Visitor()
    turn = await visitor.battle("Explain tail recursion to a cook.")
    assert turn.end["state"] == "complete"
    assert turn.end["votable"] is True
    assert turn.end["void"] is None
    replies = await rows(Reply.objects.all())
    assert {reply.side: reply.text for reply in replies} == turn.texts
    assert all(reply.completion_tokens and reply.sent["request"]["model"] for reply in replies)

    status, vote = await visitor.vote(turn.battle, "a")
    assert (status, vote["outcome"]) == (200, "a")
    status, early = await visitor.get(f"/battle/{turn.battle}/reveal/")
    assert (status, early["code"]) == (425, "not_final")
    assert early.keys() == {"code", "message", "final_at"}
    await visitor.post(f"/battle/{turn.battle}/vote/undo/")
    settings.UNDO_SECONDS = 0
    _, vote = await visitor.vote(turn.battle, "a")
    status, reveal = await visitor.get(f"/battle/{turn.battle}/reveal/")
    assert status == 200
    [battle] = await rows(Battle.objects.select_related("model_a", "model_b"))
    ratings = []
    for side in Side:
        told = reveal["sides"][side]
        assert told["model"]["name"] == battle.model(side).name
        assert told["completion_tokens"] > 0
        assert told["finish_reason"] == "stop"
        assert told["cost"] is None
        assert told["model"]["url"] == f"/models/{battle.model(side).slug}/"
        ratings.append(told["rating"])
    assert sorted(ratings, key=bool) == [
        None,
        {**standing, "rank_best": None, "rank_worst": None},
    ]
    assert reveal["receipt"] == {"code": vote["receipt"], "counted": None, "reason": None}
    nothing = {"a": 0, "b": 0, "tie": 0, "both_bad": 0}
    assert reveal["pair"] == {"votes": 0, "agreed": None, "record": nothing, "path": None}


async def test_a_model_against_itself_is_answered_twice_and_said_not_to_count(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS, settings.SAME_MODEL_SHARE = 0, 1.0
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Explain tail recursion to a cook.")
    assert turn.end["votable"] is True
    assert all(turn.texts.values())
    later = await visitor.follow_up(turn.battle, "And to a baker?")
    assert later.end["state"] == "complete"
    [battle] = await rows(Battle.objects.all())
    assert battle.model_a_id == battle.model_b_id
    await visitor.vote(turn.battle, "b")
    _, early = await visitor.get(f"/battle/{turn.battle}/reveal/")
    await in_database(decide_votes, timezone.now())
    status, reveal = await visitor.get(f"/battle/{turn.battle}/reveal/")
    assert status == 200
    assert early["receipt"] == reveal["receipt"], "what is sure is said at once"
    names = {reveal["sides"][side]["model"]["name"] for side in Side}
    assert len(names) == 1
    assert reveal["receipt"]["counted"] is False
    assert reveal["receipt"]["reason"] == "both answers came from the same model"
    assert reveal["pair"]["path"] is None, "a model has no record against itself"


async def test_a_follow_up_goes_to_the_same_two_with_each_sides_own_history(
    add_models: AddModels,
) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="First question", battle=None)
        first = await socket.turn()
        await socket.send(type="prompt", text="And then?", battle=first.battle)
        second = await socket.turn()
    assert [turn["state"] for turn in second.truth["turns"]] == ["complete", "streaming"]
    assert {side: second.truth["turns"][0][side] for side in "ab"} == first.texts
    assert second.frames[0]["seq"] == first.seq + 1
    assert second.end["votable"] is True
    turns = await rows(Turn.objects.order_by("number"))
    assert [turn.number for turn in turns] == [1, 2]
    assert turns[1].first_seq == first.seq + 1
    both = [await rows(turn.replies.order_by("side")) for turn in turns]
    for before, after in zip(*both, strict=True):
        assert before.language_model_id == after.language_model_id
        # The scripted server counts what it was sent: the history is in it.
        assert after.prompt_tokens > before.prompt_tokens + before.completion_tokens


async def test_after_the_vote_the_chat_goes_on_uncounted(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 0
    await add_models(*PAIR)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    await visitor.vote(first.battle, "tie")
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=first.battle)
        second = await socket.turn()
    assert second.end["state"] == "complete"
    assert second.end["votable"] is False
    status, stored = await visitor.vote(first.battle, "a")
    assert (status, stored["outcome"]) == (200, "tie")
    _, reveal = await visitor.get(f"/battle/{first.battle}/reveal/")
    assert len(reveal["sides"]["a"]["reasoning"]) == 1


async def test_it_waits_for_the_vote_to_be_final_before_it_goes_on(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 60
    await add_models(*PAIR)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    await visitor.vote(first.battle, "b")
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=first.battle)
        refused = await socket.turn()
    assert refused.error["code"] == "vote_pending"
    status, undone = await visitor.post(f"/battle/{first.battle}/vote/undo/")
    assert (status, undone) == (200, {"undone": True})
    assert (await visitor.vote(first.battle, "a"))[1]["outcome"] == "a"


async def test_the_same_prompt_meets_a_new_pair(add_models: AddModels) -> None:
    await add_models(*PAIR, "kestrel-34b", "meridian-swift")
    visitor = Visitor()
    first = await visitor.battle("Compare these")
    async with visitor.socket() as socket:
        await socket.send(type="again", battle=first.battle)
        second = await socket.turn()
    assert second.battle != first.battle
    assert second.truth["turns"][0]["prompt"] == "Compare these"
    one, two = await rows(Battle.objects.order_by("created_at"))
    assert {one.model_a_id, one.model_b_id}.isdisjoint({two.model_a_id, two.model_b_id})


async def test_stop_keeps_what_was_seen_and_closes_the_vote(add_models: AddModels) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Go", battle=None)
        turn = Transcript()
        while turn.seq < 3:
            turn.take(await socket.receive())
        await socket.send(type="stop", battle=turn.battle)
        await socket.turn(turn)
    assert turn.end["state"] == "stopped"
    assert turn.end["votable"] is False
    assert turn.end["void"] is None
    replies = await rows(Reply.objects.all())
    assert {reply.side: reply.text for reply in replies} == turn.texts
    assert {reply.state for reply in replies} == {"stopped"}
    status, refusal = await visitor.vote(turn.battle, "a")
    assert (status, refusal["code"]) == (409, "not_votable")
    assert not await rows(Vote.objects.all())


async def test_paced_sides_show_and_end_together(add_models: AddModels, settings: Any) -> None:
    settings.PACING = "paced"
    await add_models("steady-400-60", "steady-30-60")
    turn = await Visitor().battle("Go")
    assert all(frame["state"]["a"] == frame["state"]["b"] for frame in turn.frames)
    assert turn.frames[0]["state"]["a"] == "streaming"
    assert turn.frames[-1]["state"] == {"a": "complete", "b": "complete"}


@pytest.mark.parametrize("leave_after", [0, 1, 4])
async def test_a_reload_continues_at_the_same_character(
    add_models: AddModels, leave_after: int
) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    visitor = Visitor()
    turn, other_tab = Transcript(), Transcript()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Go", battle=None)
        turn.take(await socket.receive())
        while turn.seq < leave_after:
            turn.take(await socket.receive())
    async with visitor.socket() as second, visitor.socket() as third:
        await second.send(type="resume", battle=turn.battle, after=turn.seq)
        await third.send(type="resume", battle=turn.battle, after=0)
        while other_tab.seq < leave_after + 3:
            other_tab.take(await third.receive())
        await third.send(type="stop", battle=turn.battle)
        await asyncio.gather(second.turn(turn), third.turn(other_tab))
    replies = {reply.side: reply.text for reply in await rows(Reply.objects.all())}
    assert turn.texts == other_tab.texts == replies
    assert turn.seq == other_tab.seq
    whole, rest = (
        [text for text in socket.received if '"frame"' in text] for socket in (third, second)
    )
    assert rest
    assert whole[len(whole) - len(rest) :] == rest


async def test_a_finished_battle_is_shown_from_the_rows(add_models: AddModels) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    await visitor.vote(turn.battle, "both_bad")
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=turn.battle, after=0)
        message = await socket.receive()
    assert message["seq"] == turn.seq
    assert message["turns"][0]["state"] == "complete"
    assert {side: message["turns"][0][side] for side in "ab"} == turn.texts
    assert message["vote"]["outcome"] == "both_bad"
    assert message["votable"] is False


async def test_a_socket_that_leaves_at_once_does_not_end_the_battle(
    add_models: AddModels,
) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello", battle=None)
        battle = (await socket.receive())["battle"]
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=battle, after=0)
        turn = await socket.turn()
    assert turn.end["votable"] is True


async def test_a_visitor_without_our_cookie_is_sent_back_to_the_page(process: None) -> None:
    async with Socket(None) as socket:
        await socket.send(type="prompt", text="Hello")
        assert await socket.closed() == 4403
