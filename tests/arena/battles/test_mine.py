"""What is the voter's own: nobody else reaches it, and no page names a model before the vote."""

import datetime as dt
import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client
from django.utils import timezone

from arena.battles.errors import NotPossibleNow, NotYours
from arena.battles.mine.erasure import erase_voter
from arena.battles.mine.export import battle_after
from arena.battles.models import (
    Battle,
    Reply,
    Retraction,
    SharedBattle,
    Side,
    Turn,
    Vote,
    VoteComment,
    VoteReason,
)
from arena.battles.turns import start_battle
from arena.battles.votes import take_back
from arena.boards.models import SnapshotRow
from arena.boards.refresh import refresh_boards
from arena.integrity.facts import decide_votes
from arena.integrity.models import VoteFacts
from arena.voters.identity import COOKIE, read, sign
from arena.voters.models import Voter
from tests.arena.boards.votes import cast, cast_many, new_model

pytestmark = pytest.mark.django_db
PROMPT = "Why is the sky blue?"


def client_of(voter: Voter) -> Client:
    client = Client()
    client.cookies[COOKIE] = sign(voter.pk)
    return client


def long_ago() -> dt.datetime:
    return timezone.now() - dt.timedelta(minutes=5)


@pytest.fixture
def vote() -> Vote:
    """Return a final vote for Alder over Birch."""
    return cast(new_model("Alder"), new_model("Birch"), prompt=PROMPT, final_at=long_ago())


@pytest.fixture
def client(vote: Vote) -> Client:
    """Return the browser of the vote's voter."""
    return client_of(vote.battle.voter)


def post(client: Client, vote: Vote, action: str, body: Any = None) -> tuple[int, Any]:
    response = client.post(
        f"/battle/{vote.battle_id}/{action}/", body or {}, content_type="application/json"
    )
    return response.status_code, response.json()


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


REASONS = {"a": ["useful", "clear"], "b": ["wrong"], "comment": "A says why."}


def test_reasons_replace_those_before_and_leave_the_vote_alone(client: Client, vote: Vote) -> None:
    assert post(client, vote, "reasons", REASONS) == (200, REASONS)
    assert client.get(f"/battle/{vote.battle_id}/reveal/").json()["reasons"] == REASONS
    fewer = {"a": [], "b": ["creative"], "comment": ""}
    assert post(client, vote, "reasons", fewer) == (200, fewer)
    assert VoteReason.objects.get().reason == "creative"
    assert not VoteComment.objects.exists()
    assert Vote.objects.get() == vote


def test_reasons_come_after_the_vote_is_final() -> None:
    soon = timezone.now() + dt.timedelta(minutes=1)
    vote = cast(new_model("Alder"), new_model("Birch"), prompt=PROMPT, final_at=soon)
    client = client_of(vote.battle.voter)
    for action, body in (("reasons", REASONS), ("share", {})):
        status, answer = post(client, vote, action, body)
        assert (status, answer["code"]) == (409, "vote_pending")
    take_back(vote.battle.voter_id, vote.battle_id)
    for action, body in (("reasons", REASONS), ("share", {})):
        status, answer = post(client, vote, action, body)
        assert (status, answer["code"]) == (409, "no_vote")
    assert not VoteReason.objects.exists()
    assert not SharedBattle.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"a": ["useful"], "b": []}, "bad_request"),
        ({"a": ["splendid"], "b": [], "comment": ""}, "bad_request"),
        ({"a": 1, "b": [], "comment": ""}, "bad_request"),
        ({"a": [[]], "b": [], "comment": ""}, "bad_request"),
        ({"a": [], "b": [], "comment": None}, "bad_request"),
        ({"a": [], "b": [], "comment": "x" * 1001}, "comment_too_long"),
        ({"a": ["useful"] * 3000, "b": [], "comment": ""}, "bad_request"),
        ([], "bad_request"),
        ("[" * 9000, "bad_request"),
    ],
)
def test_it_rejects_what_is_not_reasons(client: Client, vote: Vote, body: Any, code: str) -> None:
    response = client.post(
        f"/battle/{vote.battle_id}/reasons/",
        body if isinstance(body, str) else json.dumps(body),
        content_type="application/json",
    )
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert not VoteReason.objects.exists()


def test_a_comment_is_stored_without_what_postgres_refuses(client: Client, vote: Vote) -> None:
    body = {"a": [], "b": [], "comment": " a\x00b \ud800 "}
    assert post(client, vote, "reasons", body)[1]["comment"] == "ab \ufffd"


def test_another_visitor_gets_nothing(vote: Vote) -> None:
    stranger = client_of(Voter.objects.create())
    for action in ("reasons", "share", "share/end"):
        status, answer = post(stranger, vote, action, REASONS)
        assert (status, answer["code"]) == (403, "not_yours")
    assert PROMPT not in page(stranger, "/me/")
    assert PROMPT not in page(Client(), "/me/")
    assert stranger.get(f"/battle/{vote.battle_id}/").status_code == 404


def test_requests_without_a_token_are_refused(vote: Vote) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = sign(vote.battle.voter_id)
    for path in (f"/battle/{vote.battle_id}/reasons/", f"/battle/{vote.battle_id}/share/"):
        assert client.post(path, REASONS, content_type="application/json").status_code == 403
    assert client.post("/me/erase/", {"sure": "yes"}).status_code == 403
    assert Turn.objects.get().prompt == PROMPT


def test_the_history_says_who_answered_and_whether_the_vote_counts(
    client: Client, vote: Vote
) -> None:
    text = page(client, "/me/")
    assert PROMPT in text
    assert "Being checked" in text
    decide_votes(timezone.now())
    text = page(client, "/me/")
    assert "Counted (receipt" in text
    assert "Alder" in text
    VoteFacts.objects.update(counted=False, not_counted_because="identity_in_answer")
    assert "because an answer gave a model" in page(client, "/me/")


def test_no_page_of_a_voter_names_a_model_before_the_vote_is_final() -> None:
    voter = Voter.objects.create()
    alder, birch = new_model("Alderwood"), new_model("Birchbark")
    soon = timezone.now() + dt.timedelta(minutes=1)
    pending = cast(alder, birch, prompt="pending", final_at=soon, voter=voter)
    retracted = cast(alder, birch, prompt="taken back", final_at=soon, voter=voter)
    take_back(voter.pk, retracted.battle_id)
    client = client_of(voter)
    everything = page(client, "/me/")
    for word in ("pending", "taken back"):
        assert word in everything
    found = page(client, "/me/?q=alderwood")
    assert "No battle of yours fits" in found
    assert "Alderwood" not in everything
    assert "Alderwood" not in found
    for text in (everything, found):
        assert "birchbark" not in text.lower()
    assert pending.battle_id != retracted.battle_id


def test_the_history_is_searched_by_prompt_model_and_outcome(client: Client, vote: Vote) -> None:
    voter = vote.battle.voter
    cedar = new_model("Cedar")
    cast(cedar, cedar, "tie", prompt="Name a tree", voter=voter, final_at=long_ago())
    for query, wanted, other in (
        ("q=SKY", PROMPT, "Name a tree"),
        ("q=cedar", "Name a tree", PROMPT),
        ("q=alder", PROMPT, "Name a tree"),
        ("outcome=tie", "Name a tree", PROMPT),
        ("outcome=a", PROMPT, "Name a tree"),
    ):
        text = page(client, f"/me/?{query}")
        assert wanted in text
        assert other not in text
    assert "No battle of yours fits" in page(client, "/me/?outcome=none")
    for query in ("q=%00%25_", "outcome=nonsense", "page=-7", "page=x", "q=%ED%A0%80"):
        page(client, f"/me/?{query}")


def test_the_history_has_pages_and_a_fixed_number_of_queries(
    client: Client, vote: Vote, django_assert_max_num_queries: Any
) -> None:
    one, other = (vote.battle.model(side) for side in Side)
    for number in range(21):
        cast(one, other, prompt=f"No. {number}.", voter=vote.battle.voter, final_at=long_ago())
    with django_assert_max_num_queries(6):
        first = page(client, "/me/")
    assert "Page 1 of 2" in first
    assert "No. 20." in first
    assert PROMPT not in first
    assert PROMPT in page(client, "/me/?page=2")


def test_a_shared_battle_is_shown_until_its_voter_ends_it(client: Client, vote: Vote) -> None:
    Reply.objects.filter(side="a").update(text="Light **scatters**. <img src=x> [me](/me/)")
    Turn.objects.update(ended_at=vote.cast_at)
    after = Turn.objects.create(
        battle=vote.battle, number=2, prompt="secret", state="complete", ended_at=timezone.now()
    )
    _, answer = post(client, vote, "share")
    assert post(client, vote, "share")[1] == answer
    path = answer["path"]
    response = Client().get(path)
    text = response.content.decode()
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "The voter preferred Alder." in text
    assert "<strong>scatters</strong>" in text
    assert "&lt;img src=x&gt;" in text
    assert 'href="/me/"' not in text.partition("<article")[2].partition("</article>")[0]
    assert 'property="og:title" content="Alder against Birch"' in text
    assert after.prompt not in text
    assert str(vote.battle.voter_id) not in text
    assert str(vote.battle_id) not in text
    assert post(client, vote, "share/end") == (200, {"path": None})
    assert Client().get(path).status_code == 404
    assert post(client, vote, "share")[1]["path"] != path
    assert Client().get(f"/shared/{vote.battle_id}/").status_code == 404


async def export(voter_id: uuid.UUID) -> Any:
    client = AsyncClient()
    client.cookies[COOKIE] = sign(voter_id)
    response: Any = await client.get("/me/export/")
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    return json.loads(b"".join([chunk async for chunk in response.streaming_content]))


async def test_the_export_has_everything_and_no_name_too_early(process: None) -> None:
    def prepare() -> uuid.UUID:
        voter = Voter.objects.create()
        alder, birch = new_model("Alder"), new_model("Birch")
        for number in range(27):
            cast(alder, birch, prompt=f"No. {number}", voter=voter, final_at=long_ago())
        soon = timezone.now() + dt.timedelta(minutes=1)
        cast(alder, birch, prompt="pending", voter=voter, final_at=soon)
        cast(alder, birch, prompt="not mine", final_at=long_ago())
        first = Vote.objects.earliest("pk")
        assert post(client_of(voter), first, "reasons", REASONS)[0] == 200
        return voter.pk

    voter_id = await sync_to_async(prepare)()
    told = await export(voter_id)
    assert told["voter"] == str(voter_id)
    assert len(told["battles"]) == 28
    first, *_rest, last = told["battles"]
    assert first["turns"][0]["prompt"] == "No. 0"
    assert first["models"] == {"a": "Alder", "b": "Birch"}
    assert first["votes"][0]["outcome"] == "a"
    assert first["reasons"] == REASONS
    assert last["turns"][0]["answers"] == {"a": {"text": "One."}, "b": {"text": "Two."}}
    assert "Alder" not in json.dumps(last)
    assert "not mine" not in json.dumps(told)


def test_the_export_takes_one_battle_at_a_time(
    client: Client, vote: Vote, django_assert_max_num_queries: Any
) -> None:
    voter, now = vote.battle.voter, timezone.now()
    one, two = (vote.battle.model(side) for side in Side)
    second = cast(one, two, prompt=PROMPT, voter=voter, final_at=long_ago())
    assert post(client, second, "reasons", REASONS)[0] == 200
    # The voters, the battle, and eight kinds of rows that hang on it.
    with django_assert_max_num_queries(10):
        told = battle_after(voter.pk, vote.battle_id, now)
    assert told is not None
    assert told.id == second.battle_id
    assert json.loads(told.text)["reasons"] == REASONS
    assert battle_after(voter.pk, told.id, now) is None


def figures() -> list[tuple[Any, ...]]:
    columns = ("snapshot__board__slug", "language_model", "votes", "rating", "lower", "upper")
    return sorted(SnapshotRow.objects.values_list(*columns))


def test_erasing_takes_every_word_and_leaves_the_boards(client: Client, vote: Vote) -> None:
    cast_many(*map(vote.battle.model, Side), wins=22, losses=12)
    refresh_boards(timezone.now())
    before = figures()
    assert any(rating for *_, rating, _lower, _upper in before)
    post(client, vote, "reasons", REASONS)
    path = post(client, vote, "share")[1]["path"]
    Reply.objects.update(reasoning="I think", error_detail="blue failed")

    unsure = client.post("/me/erase/", {})
    assert "tick the box first" in unsure.content.decode()
    assert Turn.objects.get().prompt == PROMPT

    response = client.post("/me/erase/", {"sure": "yes"})
    assert response.headers["Location"] == "/me/?erased"
    new = read(client.cookies[COOKIE].value)
    assert new not in {None, vote.battle.voter_id}
    assert Turn.objects.get().prompt == ""
    assert {(r.text, r.reasoning, r.error_detail) for r in Reply.objects.all()} == {("", "", "")}
    for rows in (VoteReason.objects, VoteComment.objects, SharedBattle.objects):
        assert not rows.exists()
    assert client.get(path).status_code == 404
    assert "Your texts are erased" in page(client, "/me/?erased")

    VoteFacts.objects.update(rule_version=0)
    refresh_boards(timezone.now())
    assert figures() == before
    assert VoteFacts.objects.get(vote=vote).counted


def test_a_vote_erased_before_it_was_checked_does_not_count(vote: Vote) -> None:
    erase_voter(vote.battle.voter_id, at=timezone.now())
    decide_votes(timezone.now())
    facts = VoteFacts.objects.get(vote=vote)
    assert (facts.counted, facts.not_counted_because) == (False, "erased")


def test_an_erased_identity_starts_nothing_more(vote: Vote) -> None:
    voter_id = vote.battle.voter_id
    erase_voter(voter_id, at=timezone.now())
    with pytest.raises(NotYours):
        start_battle(voter_id, "again", at=timezone.now(), runner_id=uuid.uuid4())
    assert Battle.objects.count() == 1
    old = client_of(vote.battle.voter)
    assert "(erased)" in page(old, "/me/")
    assert post(old, vote, "share")[0] == 404


def test_what_a_page_sends_that_was_open_at_the_erasure_is_refused(vote: Vote) -> None:
    voter = vote.battle.voter
    one, two = (vote.battle.model(side) for side in Side)
    unvoted = cast(one, two, prompt=PROMPT, voter=voter)
    Retraction.objects.create(vote=unvoted)
    erase_voter(voter.pk, at=timezone.now())
    open_page = client_of(voter)
    assert post(open_page, vote, "reasons", REASONS)[0] == 403
    assert post(open_page, unvoted, "vote", {"outcome": "b"})[0] == 403
    assert not VoteReason.objects.exists()
    assert not VoteComment.objects.exists()
    assert not Vote.objects.standing().filter(battle=unvoted.battle).exists()


def test_erasing_waits_for_answers_that_are_being_written(client: Client, vote: Vote) -> None:
    Turn.objects.update(state="streaming", ended_at=None)
    with pytest.raises(NotPossibleNow):
        erase_voter(vote.battle.voter_id, at=timezone.now())
    response = client.post("/me/erase/", {"sure": "yes"})
    assert response.status_code == 409
    assert Turn.objects.get().prompt == PROMPT


def test_erasing_leaves_other_voters_alone(client: Client, vote: Vote) -> None:
    one, two = (vote.battle.model(side) for side in Side)
    other = cast(one, two, prompt="another's", final_at=long_ago())
    client.post("/me/erase/", {"sure": "yes"})
    assert Turn.objects.get(battle=other.battle).prompt == "another's"


def test_a_visitor_without_battles_is_told_how_to_begin() -> None:
    for path in ("/me/", "/me/board/"):
        assert "Start a battle" in page(Client(), path)
    assert "nothing of yours" in page(Client(), "/me/erase/")
    assert Client().get("/me/export/").headers["Location"] == "/me/"
