"""Before the vote is final nothing that was sent identifies a model."""

import asyncio
import json
import re
from typing import Any

import pytest

from arena.battles.generation import in_database
from arena.catalog.models import LanguageModel, Provider
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Transcript, Visitor

# Figures of a reply, by the names they have in rows, requests and the reveal.
FIGURES = re.compile(
    r"token|usage|second|latency|finish|reason|cost|price|endpoint|provider|model|organisation",
    re.IGNORECASE,
)
FRAME_KEYS = {"type", "seq", "turn", "a", "b", "state"}
END_KEYS = {"type", "seq", "turn", "state", "votable", "void"}
BATTLE_KEYS = {"type", "battle", "turns", "votable", "void", "seq", "vote"}


def keys_of(value: Any) -> set[str]:
    """Return every key of a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


async def secrets_of_models() -> list[str]:
    def read() -> list[str]:
        models = LanguageModel.objects.prefetch_related("endpoints__provider")
        found = []
        for model in models:
            model.organisation = f"Organisation of {model.pk}"
            model.save()
            found += [model.name, model.slug, model.organisation]
            found += [endpoint.model_name for endpoint in model.endpoints.all()]
        for provider in Provider.objects.all():
            found += [provider.base_url, provider.base_url.split("/")[2]]
        return found

    return await in_database(read)


def assert_blind(sent: str, secrets: list[str]) -> None:
    assert secrets
    found = [secret for secret in secrets if secret in sent]
    assert found == []


@pytest.mark.parametrize("pacing", ["paced", "live"])
async def test_nothing_sent_before_the_vote_names_a_model(
    add_models: AddModels, settings: Any, pacing: str
) -> None:
    settings.PACING, settings.UNDO_SECONDS = pacing, 600
    # One fails first, with an error text that names it.
    await add_models("steady-200-40", "fault:think", "fault:http-500", "fault:wrong-name")
    secrets = await secrets_of_models()
    visitor = Visitor()
    page = await visitor.http.get("/")
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello")
        turn = await socket.turn()
        await socket.send(type="prompt", text="More", battle=turn.battle)
        await socket.turn()
        await socket.send(type="resume", battle=turn.battle, after=0)
        await socket.receive()
        sent = socket.received
    resumed = await visitor.http.get(f"/battle/{turn.battle}/")
    ballots = [
        await visitor.vote(turn.battle, "a"),
        await visitor.get(f"/battle/{turn.battle}/reveal/"),
    ]
    for response in (page, resumed):
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
        text = headers + str(response.cookies) + response.content.decode()
        assert_blind(text, secrets)
    for frame in sent:
        assert_blind(frame, secrets)
        message = json.loads(frame)
        assert not [key for key in keys_of(message) if FIGURES.search(key)]
    assert {status for status, _ in ballots} == {200, 425}
    for _, body in ballots:
        assert_blind(json.dumps(body), secrets)


async def test_messages_carry_nothing_but_what_the_protocol_says(add_models: AddModels) -> None:
    await add_models("steady-200-40", "steady-200-41")
    async with Visitor().socket() as socket:
        await socket.send(type="prompt", text="Hello")
        await socket.turn()
        messages = [json.loads(text) for text in socket.received]
    keys = {"frame": FRAME_KEYS, "turn": END_KEYS, "battle": BATTLE_KEYS}
    assert {message["type"] for message in messages} == set(keys)
    for message in messages:
        assert set(message) == keys[message["type"]]


async def test_a_paced_failure_shows_nothing_of_the_side_that_had_begun(
    add_models: AddModels, settings: Any
) -> None:
    settings.PACING, settings.FIRST_TOKEN_SECONDS = "paced", 1.0
    await add_models("steady-400-500", "fault:hang")
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello")
        turn = Transcript()
        turn.take(await socket.receive())
        await asyncio.sleep(0.5)
        await socket.send(type="stop", battle=turn.battle)
        await socket.turn(turn)
        await socket.send(type="resume", battle=turn.battle, after=0)
        stored = (await socket.receive())["turns"][-1]
    assert turn.frames == []
    assert turn.end["votable"] is False
    assert (stored["a"], stored["b"]) == ("", "")


async def test_a_paced_battle_that_becomes_void_shows_on_a_reload_what_was_shown(
    add_models: AddModels, settings: Any
) -> None:
    settings.PACING, settings.IDLE_SECONDS = "paced", 2.0
    await add_models("steady-400-500", "fault:stall-after-5")
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=turn.battle, after=0)
        stored = (await socket.receive())["turns"][-1]
    assert turn.end["void"] == "answer_failed"
    assert turn.frames
    assert {side: stored[side] for side in "ab"} == turn.texts
