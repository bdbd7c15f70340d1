"""Pictures beside prompts: what is kept of a file, who may use it, what endpoints are sent."""

import base64
import datetime as dt
import io
import json
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.battles.errors import NotYours, TooMany
from arena.battles.generation import in_database
from arena.battles.mine.erasure import erase_voter
from arena.battles.mine.sharing import share_battle
from arena.battles.models import Battle, Turn
from arena.battles.pictures import keeping
from arena.battles.pictures.keeping import forget_unused, keep_picture
from arena.battles.pictures.models import Picture, user_message
from arena.catalog.budget import Order
from arena.catalog.models import Endpoint
from arena.ids import uuid7
from arena.voters.accounts.signing import sign_in
from arena.voters.identity import COOKIE, sign
from arena.voters.visitors import close_visitors
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.drawn import HTML, SVG, drawn, opened
from tests.arena.battles.visitor import Transcript, Visitor
from tests.arena.boards.votes import cast, new_model
from tests.arena.voters.test_account_limits import status
from workers.demo.scripted import ScriptedServer

SEEING = ("halcyon-3-mini", "juniper-8b")


BLIND = ("kestrel-34b", "meridian-swift")


def client_of(voter_id: uuid.UUID | None) -> Client:
    client = Client()
    if voter_id:
        client.cookies[COOKIE] = sign(voter_id)
    return client


def sent(client: Client, file: bytes, content_type: str = "image/png") -> tuple[int, Any]:
    response = client.post("/pictures/", file, content_type=content_type)
    return response.status_code, response.json()


@pytest.mark.django_db
def test_its_voter_alone_gets_it_back() -> None:
    voter_id = uuid7()
    status, kept = sent(client_of(voter_id), drawn())
    assert (status, kept["width"], kept["height"]) == (200, 64, 48)
    response = client_of(voter_id).get(kept["address"])
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private" in response["Cache-Control"]
    assert opened(response.content).format == "JPEG"
    again = client_of(voter_id).get(kept["address"], headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for other in (client_of(uuid7()), client_of(None)):
        assert other.get(kept["address"]).status_code == 404
    assert client_of(voter_id).get(f"/pictures/{uuid7()}/").status_code == 404


@pytest.mark.django_db
def test_it_refuses_files_and_strangers(settings: Any) -> None:
    client = client_of(uuid7())
    for file, content_type in ((SVG, "image/svg+xml"), (HTML, "image/png")):
        status, told = sent(client, file, content_type)
        assert (status, told["code"]) == (400, "picture_unreadable")
    assert sent(client, b"\0" * (20 * 1024 * 1024))[1]["code"] == "picture_too_large"
    assert sent(client_of(None), drawn())[0] == 403
    form = client.post("/pictures/", {"file": io.BytesIO(drawn())})
    assert form.status_code == 400
    unsafe = Client(enforce_csrf_checks=True)
    unsafe.cookies[COOKIE] = sign(uuid7())
    assert unsafe.post("/pictures/", drawn(), content_type="image/png").status_code == 403
    settings.IMAGES = False
    assert sent(client, drawn())[1]["code"] == "picture_not_taken"
    assert not Picture.objects.exists()


@pytest.mark.django_db
def test_unused_ones_are_few_and_go_after_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_UNUSED", 2)
    voter_id, now = uuid7(), timezone.now()
    old = keep_picture(voter_id, drawn(), at=now - dt.timedelta(hours=25))
    young = keep_picture(voter_id, drawn(), at=now - dt.timedelta(hours=23))
    with pytest.raises(TooMany):
        keep_picture(voter_id, drawn(), at=now)
    used = keep_picture(uuid7(), drawn(), at=now - dt.timedelta(days=9))
    Picture.objects.filter(pk=used.pk).update(used_at=now)
    assert forget_unused(at=now) == 1
    assert set(Picture.objects.values_list("pk", flat=True)) == {young.pk, used.pk}
    assert old.pk not in {young.pk, used.pk}


@pytest.mark.django_db
def test_a_file_is_not_drawn_for_whom_it_is_not_kept_anyway(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MAX_UNUSED", 1)
    voter_id, now = uuid7(), timezone.now()
    keep_picture(voter_id, drawn(), at=now)
    # Whoever looked into this one would say that it is unreadable.
    with pytest.raises(TooMany):
        keep_picture(voter_id, b"no picture", at=now)
    erase_voter(voter_id, at=now)
    with pytest.raises(NotYours):
        keep_picture(voter_id, b"no picture", at=now)


@pytest.mark.django_db
def test_its_bytes_are_read_only_to_be_sent() -> None:
    models = new_model("Alder"), new_model("Birch")
    long_ago = timezone.now() - dt.timedelta(minutes=5)
    vote = cast(*models, prompt="What is this?", picture=True, final_at=long_ago)
    voter_id = vote.battle.voter_id
    token = share_battle(voter_id, vote.battle_id, at=timezone.now())
    own = f"/pictures/{Picture.objects.get().pk}/"
    shared = f"/shared/{token}/pictures/1/"
    known = {"if-none-match": client_of(voter_id).get(own)["ETag"]}

    def reads_bytes(path: str, headers: dict[str, str]) -> bool:
        with CaptureQueriesContext(connection) as queries:
            assert client_of(voter_id).get(path, headers=headers).status_code in {200, 304}
        return any('"battles_picture"."content"' in query["sql"] for query in queries)

    assert [reads_bytes(path, {}) for path in (f"/shared/{token}/", own, shared)] == [
        *(False, True, True)
    ]
    assert not reads_bytes(own, known)
    assert not reads_bytes(shared, known)


async def test_pictures_of_one_visitor_have_a_rate(redis_url: str, settings: Any) -> None:
    settings.REDIS_URL, settings.PROMPTS_PER_MINUTE = redis_url, 3
    voter, other = uuid7(), uuid7()
    path = "/zh-hans/pictures/"
    assert [await status(path, voter) for _ in range(4)] == [200, 200, 200, 429]
    assert await status(f"{path}{uuid7()}/", voter) == 200
    assert await status(path, other) == 200
    await close_visitors()


def test_its_worst_case_is_held(db: None) -> None:
    voter_id = uuid7()
    picture = keep_picture(voter_id, drawn(), at=timezone.now())
    calls = [
        Order(endpoint=None, messages=[user_message("Hello", each)], token_limit=1)
        for each in (None, picture)
    ]
    assert calls[1].input_tokens - calls[0].input_tokens > 2833 + 8 * 5667


# -- battles ---------------------------------------------------------------------------------------


async def add_all(add: AddModels) -> None:
    """Add two models that see pictures and two that do not."""
    await add(*SEEING, *BLIND)

    def find() -> None:
        for endpoint in Endpoint.objects.all():
            endpoint.findings = {"takes_images": endpoint.language_model.name in SEEING}
            endpoint.save()

    await in_database(find)


async def keep(visitor: Visitor) -> str:
    found = await in_database(keep_picture, visitor.id, drawn(), at=timezone.now())
    return str(found.pk)


async def ask(
    visitor: Visitor, picture: str | None, *, battle: str | None = None, **more: Any
) -> Transcript:
    async with visitor.socket() as socket:
        await socket.send(
            type="prompt", text="What is on it?", battle=battle, picture=picture, **more
        )
        return await socket.turn()


def parts_of(request: Any) -> list[list[dict[str, Any]]]:
    """Return the contents of a request's messages that have parts."""
    messages = request.body["messages"]
    return [each["content"] for each in messages if isinstance(each["content"], list)]


async def test_both_endpoints_are_sent_text_and_picture(
    add_models: AddModels, scripted: ScriptedServer
) -> None:
    await add_all(add_models)
    visitor = Visitor()
    picture = await keep(visitor)
    turn = await ask(visitor, picture)
    assert turn.end["state"] == "complete", turn.error
    assert turn.truth["turns"][0]["picture"] == picture
    assert len(scripted.requests) == 2
    for request in scripted.requests:
        [[text, image]] = parts_of(request)
        assert text == {"type": "text", "text": "What is on it?"}
        head, _, content = image["image_url"]["url"].partition(",")
        assert (image["type"], head) == ("image_url", "data:image/jpeg;base64")
        assert opened(base64.b64decode(content)).size == (64, 48)
    battle = await in_database(Battle.objects.select_related("model_a", "model_b").get)
    assert {battle.model(side).name for side in battle.model_ids} == set(SEEING)
    assert battle.pairing["seeing"] is True
    # A follow-up carries it again, and so does the same prompt for a new pair.
    after = await ask(visitor, None, battle=turn.battle)
    assert "picture" not in after.truth["turns"][-1]
    assert [len(parts_of(each)) for each in list(scripted.requests)[2:]] == [1, 1]
    await ask(visitor, await keep(visitor), battle=turn.battle)
    assert [len(parts_of(each)) for each in list(scripted.requests)[4:]] == [2, 2]


async def test_an_account_takes_pictures_to_its_battles_from_before(add_models: AddModels) -> None:
    await add_all(add_models)
    visitor = Visitor()
    first = await ask(visitor, await keep(visitor))
    user = await in_database(User.objects.create_user, "someone")
    account = Visitor(await in_database(sign_in, visitor.id, user, at=timezone.now()))
    after = await ask(account, await keep(account), battle=first.battle)
    assert after.end["state"] == "complete", after.error


async def test_models_that_see_none_are_never_drawn_with_one(
    add_models: AddModels,
) -> None:
    await add_models(*BLIND)
    visitor = Visitor()
    refused = await ask(visitor, await keep(visitor))
    assert refused.error["code"] == "no_models_seeing"
    chosen = await ask(visitor, await keep(visitor), models=[BLIND[0]])
    assert chosen.error["code"] == "not_seeing"


async def test_not_even_after_a_failure(add_models: AddModels, scripted: ScriptedServer) -> None:
    bad = "fault:http-500"
    await add_all(add_models)
    [endpoint] = await add_models(bad)
    await in_database(
        Endpoint.objects.filter(pk=endpoint.pk).update, findings={"takes_images": True}
    )
    await in_database(Endpoint.objects.filter(language_model__name=SEEING[1]).delete)
    visitor = Visitor()
    turn = await ask(visitor, await keep(visitor))
    assert turn.end["void"] == "no_answer"
    assert {each.body["model"] for each in scripted.requests} == {bad, SEEING[0]}
    assert await in_database(Turn.objects.filter(picture__isnull=False).count) == 3


async def test_a_blind_battle_without_one_takes_none_later(
    add_models: AddModels,
) -> None:
    """Whether a model sees pictures tells who it is; so a follow-up is refused whoever answers."""
    await add_all(add_models)
    visitor = Visitor()
    turn = await ask(visitor, None)
    later = await ask(visitor, await keep(visitor), battle=turn.battle)
    assert later.error["code"] == "picture_first"


async def test_a_chosen_model_that_sees_takes_one_at_any_turn(
    add_models: AddModels, scripted: ScriptedServer
) -> None:
    await add_all(add_models)
    visitor = Visitor()
    turn = await ask(visitor, None, models=[SEEING[0]])
    later = await ask(visitor, await keep(visitor), battle=turn.battle)
    assert later.end["state"] == "complete"
    assert len(parts_of(scripted.requests[-1])) == 1


async def test_a_picture_of_another_or_erased_is_gone(add_models: AddModels, settings: Any) -> None:
    await add_all(add_models)
    visitor, stranger = Visitor(), Visitor()
    theirs = await keep(stranger)
    assert (await ask(visitor, theirs)).error["code"] == "picture_gone"
    assert (await ask(visitor, str(uuid.uuid4()))).error["code"] == "picture_gone"
    await in_database(erase_voter, stranger.id, at=timezone.now())
    assert (await ask(visitor, theirs)).error["code"] == "picture_gone"
    assert (await ask(stranger, theirs)).error["code"] == "not_yours"
    settings.IMAGES = False
    assert (await ask(visitor, await keep(visitor))).error["code"] == "picture_not_taken"
    async with visitor.socket() as socket:
        await socket.send(type="prompt", text="Hello", battle=None, picture="1")
        assert await socket.closed() == 4400


async def test_a_battle_has_at_most_so_many(
    add_models: AddModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MAX_IN_BATTLE", 1)
    await add_all(add_models)
    visitor = Visitor()
    turn = await ask(visitor, await keep(visitor))
    more = await ask(visitor, await keep(visitor), battle=turn.battle)
    assert more.error["code"] == "too_many_pictures"


async def test_a_new_pair_gets_the_same_picture(
    add_models: AddModels, scripted: ScriptedServer
) -> None:
    await add_all(add_models)
    visitor = Visitor()
    picture = await keep(visitor)
    turn = await ask(visitor, picture)
    async with visitor.socket() as socket:
        await socket.send(type="again", battle=turn.battle)
        again = await socket.turn()
    assert again.battle != turn.battle
    assert again.truth["turns"][0]["picture"] == picture
    assert [len(parts_of(each)) for each in scripted.requests] == [1, 1, 1, 1]


async def test_nothing_told_of_a_picture_names_a_model(
    add_models: AddModels,
) -> None:
    await add_all(add_models)
    visitor = Visitor()
    picture = await keep(visitor)
    turn = await ask(visitor, picture)
    response = await visitor.http.get(f"/pictures/{picture}/")
    told = json.dumps([turn.truth, turn.end]) + str(response.headers)
    page = (await visitor.http.get(f"/battle/{turn.battle}/")).content.decode()
    assert not any(name in told + page for name in (*SEEING, *BLIND))


async def test_it_is_shared_exported_marked_and_erased(
    add_models: AddModels, settings: Any
) -> None:
    settings.UNDO_SECONDS = 0.0
    await add_all(add_models)
    visitor = Visitor()
    picture = await keep(visitor)
    unused = await keep(visitor)
    turn = await ask(visitor, picture)
    await visitor.vote(turn.battle, "a")
    _, link = await visitor.post(f"/battle/{turn.battle}/share/")
    address = f"{link['path']}pictures/1/"
    assert address in (await AsyncClient().get(link["path"])).content.decode()
    shared = await AsyncClient().get(address)
    assert (shared.status_code, shared["Content-Type"]) == (200, "image/jpeg")
    assert (await AsyncClient().get(f"{link['path']}pictures/2/")).status_code == 404
    export = await visitor.http.get("/me/export/")
    content = b"".join([part async for part in export.streaming_content])  # type: ignore[attr-defined]
    [battle] = json.loads(content)["battles"]
    assert battle["turns"][0]["picture"].startswith("data:image/jpeg;base64,")
    history = (await visitor.http.get("/me/")).content.decode()
    assert "With a picture" in history
    await in_database(erase_voter, visitor.id, at=timezone.now())
    kept = await in_database(lambda: list(Picture.objects.values("pk", "content", "sha256")))
    assert [(str(row["pk"]), bytes(row["content"]), row["sha256"]) for row in kept] == [
        (picture, b"", "")
    ]
    assert unused != picture
    assert await in_database(Turn.objects.filter(picture__isnull=False).exists)
    assert (await visitor.http.get(f"/pictures/{picture}/")).status_code == 404
    assert (await AsyncClient().get(address)).status_code == 404


async def test_the_button_is_there_when_enough_models_see(
    add_models: AddModels, settings: Any
) -> None:
    async def has_button(path: str = "/") -> bool:
        return b'class="button quiet icon attach"' in (await Visitor().http.get(path)).content

    await add_models(*BLIND)
    assert not await has_button()
    await add_models(*SEEING)
    await in_database(
        Endpoint.objects.filter(language_model__name=SEEING[0]).update,
        findings={"takes_images": True},
    )
    assert not await has_button()
    assert await has_button("/chat/")
    await in_database(
        Endpoint.objects.filter(language_model__name=SEEING[1]).update,
        findings={"takes_images": True},
    )
    assert await has_button()
    settings.IMAGES = False
    assert not await has_button()
