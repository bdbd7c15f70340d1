"""Models that the visitor chooses: named from the start, never voted on, else as any battle."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.utils import timezone

from arena.battles.errors import TooMany
from arena.battles.generation import in_database
from arena.battles.models import Battle, Reply, Runner, Side, Turn, Vote
from arena.battles.turns import start_battle
from arena.boards.ledger import count_source
from arena.catalog.models import Endpoint, LanguageModel
from arena.ids import uuid7
from arena.voters.accounts.signing import sign_in
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Socket, Transcript, Visitor
from tests.arena.rows import add_model

PAIR = ("halcyon-3-mini", "juniper-8b")
ALL = (*PAIR, "kestrel-34b", "meridian-swift")
ONE_AND_TWO = pytest.mark.parametrize("chosen", [PAIR, PAIR[1:]], ids=["two", "one"])


async def only_battle() -> Battle:
    return await in_database(Battle.objects.select_related("model_a", "model_b").get)


async def refusal(visitor: Visitor, *models: str) -> str:
    """Return the code with which a battle with these models is refused."""
    return str((await visitor.battle("Hello", models=models)).error["code"])


@ONE_AND_TWO
async def test_those_who_were_chosen_answer_in_their_places(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    await add_models(*ALL)
    turn = await Visitor().battle("Explain tail recursion.", models=chosen)
    assert turn.end["state"] == "complete"
    sides = "ab"[: len(chosen)]
    assert {side: each["name"] for side, each in turn.truth["models"].items()} == dict(
        zip(sides, chosen, strict=True)
    )
    battle = await only_battle()
    assert battle.blind is False
    assert battle.pairing == {"rule": "chosen", "version": 1}
    replies = await in_database(lambda: list(Reply.objects.select_related("language_model")))
    assert {reply.side: reply.language_model.name for reply in replies} == dict(
        zip(sides, chosen, strict=True)
    )
    assert {reply.side: reply.text for reply in replies} == turn.texts
    for frame in turn.frames:
        assert set(frame["state"]) == set(sides)


@ONE_AND_TWO
async def test_there_is_no_vote_by_any_way(add_models: AddModels, chosen: tuple[str, ...]) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Hello", models=chosen)
    assert turn.end["votable"] is False
    assert turn.end["void"] is None
    status, told = await visitor.vote(turn.battle, "a")
    assert (status, told["code"]) == (409, "not_blind")
    assert (await visitor.get(f"/battle/{turn.battle}/reveal/"))[0] == 409
    assert (await visitor.post(f"/battle/{turn.battle}/share/"))[0] == 409

    def insert() -> None:
        Vote.objects.create(battle_id=turn.battle, outcome="a", final_at=timezone.now())

    with pytest.raises(IntegrityError, match="chose the models"):
        await in_database(insert)
    assert not await in_database(Vote.objects.exists)
    assert not await in_database(Battle.objects.votable().exists)


async def test_a_blind_battle_still_needs_two_and_says_no_names(add_models: AddModels) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello", battle=None, models=[])
        turn = await socket.turn()
        await socket.send(type="resume", battle=turn.battle, after=0)
        await socket.receive()
    assert "models" not in turn.truth
    assert not any(name in text for text in socket.received for name in PAIR)
    assert turn.end["votable"] is True

    def take_one_away() -> None:
        Battle.objects.update(model_b=None)

    with pytest.raises(IntegrityError, match="battle_blind_has_two_models"):
        await in_database(take_one_away)


@ONE_AND_TWO
async def test_a_follow_up_and_a_reload_go_on_with_the_same(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    await add_models(*ALL)
    visitor = Visitor()
    first = await visitor.battle("First", models=chosen)
    second = await visitor.follow_up(first.battle, "And then?")
    assert second.end["state"] == "complete"
    replies = await in_database(lambda: list(Reply.objects.order_by("turn__number")))
    before, after = replies[: len(chosen)], replies[len(chosen) :]
    assert len(after) == len(chosen)
    # The scripted server counts what it was sent: what was said before is in it.
    assert min(r.prompt_tokens or 0 for r in after) > max(r.prompt_tokens or 0 for r in before)
    async with visitor.socket() as socket:
        await socket.send(type="resume", battle=first.battle, after=0)
        truth = await socket.receive()
    assert truth["models"] == first.truth["models"]
    assert [turn["state"] for turn in truth["turns"]] == ["complete", "complete"]
    assert {side: truth["turns"][0][side] for side in truth["models"]} == first.texts


async def test_speed_is_not_hidden_of_those_whose_names_are_known(
    add_models: AddModels, settings: Any
) -> None:
    settings.PACING = "paced"
    await add_models("steady-400-10", "steady-10-40")
    turn = await Visitor().battle("Go", models=("steady-400-10", "steady-10-40"))
    assert any(frame["state"]["a"] != frame["state"]["b"] for frame in turn.frames)


@ONE_AND_TWO
async def test_a_failed_turn_can_be_tried_again_and_nobody_else_steps_in(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    *_, last = await add_models(*ALL)
    assert last
    await in_database(
        Endpoint.objects.filter(language_model__name=PAIR[1]).update, model_name="fault:http-500"
    )
    visitor = Visitor()
    failed = await visitor.battle("Hello", models=chosen)
    assert (failed.end["state"], failed.end["void"]) == ("failed", None)
    assert (await only_battle()).voided_at is None
    await in_database(
        Endpoint.objects.filter(language_model__name=PAIR[1]).update, model_name=PAIR[1]
    )
    again = await visitor.follow_up(failed.battle, "Hello")
    assert again.end["state"] == "complete"
    answered = await in_database(
        lambda: set(Reply.objects.values_list("language_model__name", flat=True))
    )
    assert answered == set(chosen)
    complete = await in_database(Turn.objects.get, state="complete")
    assert complete.number == 1


async def test_what_cannot_be_drawn_cannot_be_chosen(add_models: AddModels) -> None:
    await add_models(*ALL)
    visitor = Visitor()
    models = LanguageModel.objects
    await in_database(models.filter(name=ALL[1]).update, sampling_weight=0)
    await in_database(models.filter(name=ALL[2]).update, retired_at=timezone.now())
    await in_database(models.filter(name=ALL[3]).update, simulated=True)
    for name in (*ALL[1:], "no-such-model", ""):
        assert await refusal(visitor, ALL[0], name) == "not_served"
        assert await refusal(visitor, name) == "not_served"
    assert not await in_database(Battle.objects.exists)


async def test_two_that_cannot_be_loaded_together_are_refused_together(
    add_models: AddModels,
) -> None:
    await add_models(*PAIR)
    await in_database(Endpoint.objects.update, gpu_group="one card")
    visitor = Visitor()
    assert await refusal(visitor, *PAIR) == "not_served"
    assert (await visitor.battle("Hello", models=PAIR[:1])).end["state"] == "complete"


async def test_a_site_that_lets_nobody_choose_has_neither_page_nor_way(
    add_models: AddModels, settings: Any
) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    pages = ("/side-by-side/", "/chat/")
    assert [(await visitor.http.get(page)).status_code for page in pages] == [200, 200]
    landing = (await visitor.http.get("/")).content.decode()
    assert all(f'href="{page}"' in landing for page in pages)
    settings.CHOSEN_MODELS = False
    assert [(await visitor.http.get(page)).status_code for page in pages] == [404, 404]
    landing = (await visitor.http.get("/")).content.decode()
    assert not any(page in landing for page in pages)
    assert await refusal(visitor, *PAIR) == "not_served"
    assert (await visitor.battle("Hello")).end["votable"] is True


async def test_the_page_offers_what_can_be_chosen_and_keeps_the_choice(
    add_models: AddModels,
) -> None:
    await add_models(*ALL)
    await in_database(LanguageModel.objects.filter(name=ALL[3]).update, retired_at=timezone.now())
    visitor = Visitor()
    text = (await visitor.http.get("/side-by-side/", {"a": ALL[1], "b": "nobody"})).content.decode()
    assert [text.count(f'<option value="{name}"') for name in ALL] == [2, 2, 2, 0]
    assert text.count(f'<option value="{ALL[1]}" selected>') == 1
    assert text.count(" selected>") == 1
    turn = await visitor.battle("Hello", models=ALL[:1])
    text = (await visitor.http.get(f"/battle/{turn.battle}/")).content.decode()
    assert f'<option value="{ALL[0]}" selected>' in text
    assert 'data-mode="chat"' in text
    assert 'data-start="/chat/"' in text
    blind = await visitor.battle("Hello")
    text = (await visitor.http.get(f"/battle/{blind.battle}/")).content.decode()
    assert 'data-mode="blind"' in text
    assert not any(name in text for name in ALL)


async def test_the_limits_of_a_visitor_hold_for_chosen_models_too(
    add_models: AddModels, settings: Any
) -> None:
    settings.PROMPTS_PER_MINUTE = 1
    await add_models(*PAIR)
    visitor = Visitor()
    assert (await visitor.battle("One", models=PAIR[:1])).end["state"] == "complete"
    assert await refusal(visitor, *PAIR) == "too_many_prompts"


@pytest.mark.parametrize("chosen", [(), PAIR[:1]], ids=["blind first", "chosen first"])
async def test_no_wait_for_a_chosen_model_tells_who_is_in_a_blind_battle(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    await add_models("steady-1-5000", *PAIR[:1])
    await in_database(Endpoint.objects.update, model_name="steady-1-5000", max_concurrent=8)
    other = () if chosen else PAIR[:1]
    visitor = Visitor()
    async with visitor.socket() as socket:
        turn = await begin(socket, chosen)
        assert await refusal(visitor, *other) == "one_at_a_time"
        async with Visitor().socket() as of_another:
            await stop(of_another, await begin(of_another, other))
        await stop(socket, turn)
        await stop(socket, await begin(socket, other))


@pytest.mark.django_db
def test_nor_does_one_by_the_account_that_the_visitor_became() -> None:
    for name in ("Alder", "Birch"):
        add_model(name, base_url="http://127.0.0.1:9/v1")
    browser, now, runner = uuid7(), timezone.now(), Runner.objects.create().pk
    start_battle(browser, "Hello", at=now, runner_id=runner)
    account = sign_in(browser, User.objects.create_user("someone"), at=now)
    with pytest.raises(TooMany) as refused:
        start_battle(account, "Hello", at=now, runner_id=runner, chosen=["alder"])
    assert refused.value.code == "one_at_a_time"


async def begin(socket: Socket, chosen: tuple[str, ...]) -> Transcript:
    """Begin a battle that goes on until it is stopped."""
    turn = Transcript()
    await socket.send(type="prompt", text="Go", battle=None, models=chosen)
    turn.take(await socket.receive())
    assert turn.battle, turn.error
    return turn


async def stop(socket: Socket, turn: Transcript) -> None:
    await socket.send(type="stop", battle=turn.battle)
    assert (await socket.turn(turn)).end["state"] == "stopped"


@ONE_AND_TWO
async def test_its_prompt_again_is_a_blind_battle_of_others(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    await add_models(*ALL)
    visitor = Visitor()
    first = await visitor.battle("Compare these", models=chosen)
    async with visitor.socket() as socket:
        await socket.send(type="again", battle=first.battle)
        second = await socket.turn()
    assert "models" not in second.truth
    assert second.end["votable"] is True
    blind = await in_database(Battle.objects.get, blind=True)
    names = await in_database(lambda: {blind.model(side).name for side in Side})
    assert names.isdisjoint(chosen)


@ONE_AND_TWO
async def test_history_and_export_name_who_was_chosen(
    add_models: AddModels, chosen: tuple[str, ...]
) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    await visitor.battle("Name three trees.", models=chosen)
    page = (await visitor.http.get("/me/")).content.decode()
    found = (await visitor.http.get("/me/", {"q": chosen[0]})).content.decode()
    for text in (page, found):
        assert "Name three trees." in text
        assert all(name in text for name in chosen)
    response = await visitor.http.get("/me/export/")
    document = json.loads(b"".join([piece async for piece in response]))  # type: ignore[attr-defined]
    [battle] = document["battles"]
    assert battle["blind"] is False
    assert battle["models"] == dict(zip("ab", chosen, strict=False))
    assert [set(turn["answers"]) for turn in battle["turns"]] == [set("ab"[: len(chosen)])]


async def test_they_are_no_part_of_what_the_draw_did(add_models: AddModels) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    for chosen in ((), PAIR, PAIR[:1]):
        await visitor.battle("Hello", models=chosen)
    counted = await in_database(count_source, "live", timezone.now())
    assert counted["battles"] == 1
    assert [row["battles"] for row in counted["models"]] == [1, 1]


async def test_a_list_of_models_is_read_strictly(process: None) -> None:
    for models in (["x"] * 3, "x", [1], [None], {"a": "x"}, ["x" * 121]):
        async with Visitor().socket() as socket:
            await socket.send(type="prompt", text="Hello", models=models)
            assert await socket.closed() == 4400


async def test_a_battle_that_goes_on_keeps_its_models(add_models: AddModels) -> None:
    await add_models(*PAIR)
    visitor = Visitor()
    turn = await visitor.battle("Hello")
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="More", battle=turn.battle, models=["x"])
        assert await socket.closed() == 4400
