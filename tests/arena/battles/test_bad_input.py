"""Whatever a browser sends is answered by a sentence or a close code, and harms nothing."""

import json
import logging
import uuid
from typing import Any

import pytest
from django.utils import translation

from arena.battles import protocol
from arena.battles.errors import PromptRefused
from arena.battles.generation import in_database
from arena.battles.models import Battle, Turn, Vote
from arena.ids import uuid7
from arena.voters import identity
from arena.voters.models import Voter
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Socket, Transcript, Visitor

PAIR = ("halcyon-3-mini", "juniper-8b")


async def say(text: str, **fields: Any) -> dict[str, Any]:
    """Send a prompt and return the first answer."""
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text=text, **fields)
        return await socket.receive()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "prompt_empty"),
        (" \n\t\u3000", "prompt_empty"),
        ("\x00\x00", "prompt_empty"),
        ("x" * 30_001, "prompt_too_long"),
    ],
)
async def test_an_unusable_prompt_gets_a_sentence(
    add_models: AddModels, text: str, code: str
) -> None:
    await add_models(*PAIR)
    error = await say(text)
    assert (error["type"], error["code"]) == ("error", code)
    assert error["message"].endswith(".")
    assert not await in_database(Battle.objects.exists)
    assert not await in_database(Voter.objects.exists)


async def test_it_speaks_the_visitors_language(process: None) -> None:
    socket = Socket(identity.sign(uuid7()), **{"accept-language": "zh-TW"})
    async with socket:
        await socket.send(type="prompt", text="")
        told = await socket.receive()
    with translation.override("zh-hant"):
        assert told["message"] == PromptRefused("prompt_empty").sentence
    assert told["message"] != PromptRefused("prompt_empty").sentence


async def test_nul_and_lone_surrogates_are_made_safe(add_models: AddModels) -> None:
    await add_models(*PAIR)
    message = await say("a\x00b \ud800c \ud83d\ude00 \u202e")
    assert message["turns"][0]["prompt"] == "ab \ufffdc \U0001f600 \u202e"
    stored = await in_database(Turn.objects.get)
    assert stored.prompt == message["turns"][0]["prompt"]


async def test_it_says_when_there_are_no_models(process: None) -> None:
    error = await say("Hello")
    assert error["code"] == "no_models"
    assert not await in_database(Battle.objects.exists)


@pytest.mark.parametrize("kind", ["prompt", "resume", "stop", "again"])
async def test_a_foreign_or_unknown_battle_closes_the_socket(
    add_models: AddModels, kind: str
) -> None:
    await add_models(*PAIR)
    foreign = (await Visitor().battle("Mine")).battle
    needed: dict[str, dict[str, Any]] = {"prompt": {"text": "x"}, "resume": {"after": 0}}
    fields = needed.get(kind, {})
    for battle in (foreign, str(uuid.uuid4())):
        async with Visitor().socket() as socket:
            await socket.send(type=kind, battle=battle, **fields)
            assert await socket.closed() == protocol.CLOSE_NOT_FOUND
            assert not any("Mine" in text for text in socket.received)


SOME = str(uuid.uuid4())
UNKNOWN_FRAMES: dict[str, str | bytes] = {
    "empty": "",
    "not JSON": "not json",
    "half of JSON": '{"type":"prompt","text":"x"',
    "two messages": '{"type":"stop","battle":"x"}{}',
    "deep JSON": "[" * 100_000,
    "a number": "17",
    "null": "null",
    "a list": "[]",
    "text": '"prompt"',
    "not a number of JSON": '{"type":"resume","after":NaN,"battle":"x"}',
    "a huge number": json.dumps({"type": "resume", "battle": SOME, "after": 10**400}),
    "nothing in it": "{}",
    "no type": json.dumps({"text": "x"}),
    "type is a list": json.dumps({"type": ["prompt"], "text": "x"}),
    "type is null": json.dumps({"type": None, "text": "x"}),
    "an unknown type": json.dumps({"type": "vote", "outcome": "a"}),
    "a type of the server": json.dumps({"type": "frame", "seq": 1, "turn": 1, "a": "", "b": ""}),
    "an unknown field": json.dumps({"type": "prompt", "text": "x", "model": "y"}),
    "no text": json.dumps({"type": "prompt"}),
    "text is a number": json.dumps({"type": "prompt", "text": 1}),
    "text is a list": json.dumps({"type": "prompt", "text": ["x"]}),
    "a battle that is no id": json.dumps({"type": "prompt", "text": "x", "battle": "7"}),
    "a battle that is a list": json.dumps({"type": "stop", "battle": [SOME]}),
    "a battle that is empty": json.dumps({"type": "again", "battle": ""}),
    "no battle": json.dumps({"type": "stop"}),
    "no number": json.dumps({"type": "resume", "battle": SOME}),
    "a number as text": json.dumps({"type": "resume", "battle": SOME, "after": "0"}),
    "a negative number": json.dumps({"type": "resume", "battle": SOME, "after": -1}),
    "a broken number": json.dumps({"type": "resume", "battle": SOME, "after": 0.5}),
    "a truth as number": json.dumps({"type": "resume", "battle": SOME, "after": True}),
    "a number over the limit": json.dumps({"type": "resume", "battle": SOME, "after": 2**31}),
    "binary": b'{"type":"stop","battle":"x"}',
    "binary noise": bytes(range(256)),
}
BIG_FRAMES = {
    "a big prompt": json.dumps({"type": "prompt", "text": "x" * 300_000}),
    "many bytes in few characters": json.dumps(
        {"type": "prompt", "text": "\U0001f600" * 70_000}, ensure_ascii=False
    ),
    "a big nothing": " " * 300_000,
}
KNOWN_FRAMES: dict[str, dict[str, object]] = {
    "prompt": {"text": "x"},
    "resume": {"after": 0},
    "stop": {},
    "again": {},
}
CASES = [
    *((frame, protocol.CLOSE_BAD_MESSAGE) for frame in UNKNOWN_FRAMES.values()),
    *((frame, protocol.CLOSE_TOO_BIG) for frame in BIG_FRAMES.values()),
    *(
        (json.dumps({"type": kind, "battle": SOME, **fields}), protocol.CLOSE_NOT_FOUND)
        for kind, fields in KNOWN_FRAMES.items()
    ),
]


@pytest.mark.parametrize(
    ("frame", "code"),
    CASES,
    ids=[*UNKNOWN_FRAMES, *BIG_FRAMES, *KNOWN_FRAMES],
)
async def test_what_is_not_of_the_protocol_closes_that_socket_alone_and_is_logged_once(
    add_models: AddModels, frame: str | bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    await add_models("steady-8-100", "steady-8-101")
    visitor = Visitor()
    async with visitor.socket() as good, visitor.socket() as bad:
        await good.send(type="prompt", text="Hello")
        turn = Transcript()
        turn.take(await good.receive())
        await bad.send_frame(frame)
        assert await bad.closed() == code
        await bad.send(type="prompt", text="after the close")  # dropped
        await good.turn(turn)
    assert turn.end["votable"] is True
    assert await in_database(Battle.objects.count) == 1
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.name for record in records] == ["arena.battles.consumers"]
    assert str(code) in records[0].getMessage()


async def test_what_comes_out_of_order_harms_nothing(add_models: AddModels) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    async with visitor.socket() as socket:
        for _ in range(2):
            await socket.send(type="stop", battle=turn.battle)  # it has ended
        await socket.send(type="resume", battle=turn.battle, after=2**31 - 1)  # not there yet
        message = await socket.receive()
        await socket.send(type="prompt", text="More", battle=turn.battle)
        second = await socket.turn()
    assert message["votable"] is True
    assert second.end["votable"] is True
    assert (await visitor.vote(turn.battle, "a"))[0] == 200


async def test_a_late_undo_names_the_vote_it_kept(add_models: AddModels, settings: Any) -> None:
    settings.UNDO_SECONDS = 0
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    _, vote = await visitor.vote(turn.battle, "both_bad")
    status, told = await visitor.post(f"/battle/{turn.battle}/vote/undo/")
    assert (status, told["code"], told["outcome"]) == (409, "too_late", "both_bad")
    assert told["final_at"] == vote["final_at"]
    assert "Both bad" in told["message"]


async def test_a_flood_of_messages_closes_the_socket_once(
    process: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with Visitor().socket() as socket:
        for _ in range(100):
            await socket.send(type="prompt", text="")
        assert await socket.closed() == protocol.CLOSE_TOO_MANY
    assert len([r for r in caplog.records if r.name == "arena.battles.consumers"]) == 1
    assert socket.communicator.output_queue.empty()


async def test_a_second_prompt_waits_for_the_first(add_models: AddModels) -> None:
    await add_models("steady-1-5000", "steady-1-5001")
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text="One")
        battle = (await socket.receive())["battle"]
        await socket.send(type="prompt", text="Two", battle=battle)
        while (message := await socket.receive())["type"] == "frame":
            pass
        assert message["code"] == "still_streaming"
        assert await in_database(Turn.objects.count) == 1


async def test_a_battle_has_a_last_turn(add_models: AddModels, settings: Any) -> None:
    settings.MAX_TURNS = 1
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("One")
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Two", battle=turn.battle)
        error = (await socket.turn()).error
    assert error["code"] == "too_many_turns"
    assert "at most 1 turns" in error["message"]
    assert (await visitor.vote(turn.battle, "a"))[0] == 200


async def test_a_visitor_has_few_battles_at_once(add_models: AddModels, settings: Any) -> None:
    settings.MAX_STREAMING_BATTLES = 2
    await add_models("steady-1-5000", "steady-1-5001")
    visitor = Visitor()
    seen = []
    async with visitor.socket() as one, visitor.socket() as two, visitor.socket() as three:
        for socket in (one, two, three):
            await socket.send(type="prompt", text="Go")
            seen.append(await socket.receive())
    assert [message["type"] for message in seen] == ["battle", "battle", "error"]
    assert seen[2]["code"] == "too_many_battles"


async def test_a_visitor_has_few_prompts_a_minute(add_models: AddModels, settings: Any) -> None:
    settings.PROMPTS_PER_MINUTE = 1
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("One")
    error = (await visitor.battle("Two")).error
    assert error["code"] == "too_many_prompts"
    assert 0 < error["retry_after"] <= 60
    # A retry and the same prompt again are prompts too.
    async with visitor.socket() as socket:
        await socket.send(type="again", battle=turn.battle)
        assert (await socket.receive())["code"] == "too_many_prompts"
    assert not (await Visitor().battle("Another visitor's")).error


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"outcome": "c"}, 400),
        ({"outcome": ["a"]}, 400),
        ({}, 400),
        ([], 400),
        ("not json", 400),
        ({"outcome": "a", "filler": "x" * 5000}, 400),
    ],
)
async def test_a_malformed_vote_is_refused(
    add_models: AddModels, body: object, status: int
) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("One")
    response = await visitor.http.post(
        f"/battle/{turn.battle}/vote/",
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
    )
    assert response.status_code == status
    assert response.json().keys() == {"code", "message"}
    assert not await in_database(Vote.objects.exists)


async def test_votes_and_names_are_for_the_battles_own_visitor(add_models: AddModels) -> None:
    await add_models(*PAIR)
    owner, other = Visitor(), Visitor()
    turn = await owner.battle("One")
    assert (await other.vote(turn.battle, "a"))[0] == 403
    assert (await other.post(f"/battle/{turn.battle}/vote/undo/"))[0] == 403
    assert (await other.get(f"/battle/{turn.battle}/reveal/"))[0] == 403
    assert (await owner.vote(str(uuid.uuid4()), "a"))[0] == 404
    assert (await owner.get(f"/battle/{turn.battle}/reveal/"))[0] == 409
    assert (await owner.post(f"/battle/{turn.battle}/vote/undo/"))[0] == 409
    assert (await other.http.get(f"/battle/{turn.battle}/")).status_code == 404
    assert not await in_database(Vote.objects.exists)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": ""},
        {"origin": "https://localhost"},
        {"origin": "http://localhost:8000"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"host": "evil.example", "origin": "http://evil.example"},
        {"host": ""},
    ],
)
async def test_another_origin_is_refused_before_the_consumer_runs(
    process: None, headers: dict[str, str]
) -> None:
    socket = Socket(identity.sign(uuid7()), **headers)
    assert (await socket.open())["type"] == "websocket.close"


async def test_an_origin_of_the_settings_is_let_in(process: None, settings: Any) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://arena.example"]
    async with Socket(identity.sign(uuid7()), origin="https://arena.example"):
        pass
