"""Accounts of voters: a code by mail, one history of several browsers, and nothing of staff's."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from arena.battles.errors import NotYours
from arena.battles.mine.erasure import erase_voter
from arena.battles.models import Side, Turn, Vote
from arena.battles.turns import own_battle, start_battle
from arena.boards.models import SnapshotRow
from arena.boards.own_board import own_board
from arena.boards.refresh import refresh_boards
from arena.environment import mailers_from_url
from arena.integrity.models import DecisionCount, VoteFacts
from arena.staff.models import Change
from arena.voters.accounts import codes
from arena.voters.accounts.account import account_with, address_of_voter
from arena.voters.accounts.signing import sign_in
from arena.voters.identity import COOKIE
from arena.voters.models import SignInCode, Voter
from tests.arena.boards.votes import cast_many
from tests.arena.operating.sinks import Sink
from tests.arena.voters.signing_in import (
    ADDRESS,
    ask_for_code,
    browser_of,
    code_in,
    counted_as,
    sign_in_by_mail,
    vote_of,
    voter_in,
)

pytestmark = pytest.mark.django_db


def test_a_code_makes_an_account_that_has_the_browsers_history(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    client = browser_of(vote.battle.voter_id)
    page = ask_for_code(client, f" {ADDRESS.upper()} ")
    assert ADDRESS in page
    (letter,) = mail.taken
    assert letter["To"] == ADDRESS
    assert letter["Auto-Submitted"] == "auto-generated"
    code = code_in(mail)
    assert code in letter["Subject"]
    assert client.post("/me/account/code/", {"code": code.lower().replace("-", " ")}).url == "/me/"  # type: ignore[attr-defined]
    history = client.get("/me/").content.decode()
    assert "owls at night" in history
    assert ADDRESS in history
    assert ADDRESS in client.get("/me/account/").content.decode()
    user = User.objects.get()
    assert not user.has_usable_password()
    assert (user.is_staff, user.is_superuser, user.email) == (False, False, "")
    assert EmailAddress.objects.get().verified


def test_two_browsers_become_one_history_and_no_board_changes(mail: Sink) -> None:
    first, second = (
        vote_of(Voter.objects.create(), "at home"),
        vote_of(Voter.objects.create(), "on the train"),
    )
    cast_many(first.battle.model(Side.A), first.battle.model(Side.B), wins=22, losses=12)
    refresh_boards(timezone.now())
    columns = ("snapshot__board__slug", "language_model", "votes", "rating", "lower", "upper")
    before = list(SnapshotRow.objects.order_by("pk").values_list(*columns))
    decisions = DecisionCount.objects.get().decisions
    assert before
    clients = [browser_of(vote.battle.voter_id) for vote in (first, second)]
    for client in clients:
        sign_in_by_mail(client, mail)
    assert voter_in(clients[0]) == voter_in(clients[1])
    for client in clients:
        page = client.get("/me/").content.decode()
        assert "at home" in page
        assert "on the train" in page
        assert "on the train" in client.get("/me/?q=train").content.decode()
        for vote in (first, second):
            assert client.get(f"/battle/{vote.battle_id}/").status_code == 200
    assert own_board(voter_in(clients[0])).votes == 2

    first.battle.refresh_from_db()
    assert first.battle.voter_id != voter_in(clients[0]), "a battle keeps its voter"
    refresh_boards(timezone.now())
    assert list(SnapshotRow.objects.order_by("pk").values_list(*columns)) == before
    assert DecisionCount.objects.get().decisions == decisions
    assert VoteFacts.objects.filter(counted=True, vote__in=[first, second]).count() == 2
    again = clients[0].post(
        f"/battle/{first.battle_id}/vote/", {"outcome": "b"}, content_type="application/json"
    )
    assert again.json()["outcome"] == "a", "one vote a battle, for ever"


def test_the_cookie_from_before_opens_nothing(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    before = vote.battle.voter_id
    client, copied = browser_of(before), browser_of(before)
    sign_in_by_mail(client, mail)
    assert voter_in(client) != before
    assert "owls at night" not in copied.get("/me/").content.decode()
    assert ADDRESS not in copied.get("/me/account/").content.decode()
    assert copied.get(f"/battle/{vote.battle_id}/").status_code == 404
    copied.post("/me/erase/", {"sure": "yes"})
    assert Turn.objects.get().prompt == "owls at night"


def test_a_page_that_was_open_when_its_visitor_signed_in_is_told_so(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    fresh = browser_of(uuid.uuid4())
    for before, client in (
        (vote.battle.voter_id, browser_of(vote.battle.voter_id)),
        (voter_in(fresh), fresh),
    ):
        sign_in_by_mail(client, mail)
        with pytest.raises(NotYours) as refused:
            start_battle(before, "again", at=timezone.now(), runner_id=uuid.uuid4())
        assert refused.value.code == "signed_in"
    with pytest.raises(NotYours) as refused:
        own_battle(vote.battle.voter_id, vote.battle_id)
    assert refused.value.code == "signed_in"
    assert own_battle(voter_in(client), vote.battle_id) == vote.battle


def test_signing_out_leaves_nothing_in_the_browser_and_keeps_its_limits(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    client = browser_of(vote.battle.voter_id)
    sign_in_by_mail(client, mail)
    assert counted_as(client) == vote.battle.voter_id
    own = voter_in(client)
    assert client.post("/me/account/sign-out/").headers["Location"] == "/me/"
    assert voter_in(client) not in {own, vote.battle.voter_id}
    assert counted_as(client) == vote.battle.voter_id
    assert "owls at night" not in client.get("/me/").content.decode()
    assert ADDRESS not in client.get("/me/account/").content.decode()
    sign_in_by_mail(client, mail)
    assert "owls at night" in client.get("/me/").content.decode()
    assert counted_as(client) == vote.battle.voter_id
    stranger = Client()
    assert stranger.post("/me/account/sign-out/").status_code == 302
    assert COOKIE not in stranger.cookies


def test_other_browsers_are_signed_out_and_lose_the_history(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    here, lost = browser_of(vote.battle.voter_id), Client()
    for client in (here, lost):
        sign_in_by_mail(client, mail)
    assert "owls at night" in lost.get("/me/").content.decode()
    here.post("/me/account/sign-out/others/")
    assert "owls at night" in here.get("/me/").content.decode()
    assert ADDRESS in here.get("/me/account/").content.decode()
    assert "owls at night" not in lost.get("/me/").content.decode()
    # What was open in the other browser leads to where one signs in.
    for action in ("passkeys/remove/", "sign-out/others/"):
        response = lost.post(f"/me/account/{action}", HTTP_ACCEPT="text/html")
        assert response.headers["Location"] == "/me/account/"
    told = lost.post("/me/account/passkeys/offer/", HTTP_ACCEPT="application/json")
    assert (told.status_code, told.json()["message"]) == (
        403,
        "You are signed out: reload the page.",
    )


def test_whoever_signs_in_as_another_takes_nothing_along(mail: Sink) -> None:
    vote = vote_of(Voter.objects.create(), "owls at night")
    client = browser_of(vote.battle.voter_id)
    sign_in_by_mail(client, mail)
    sign_in_by_mail(client, mail, "other@example.org")
    assert "owls at night" not in client.get("/me/").content.decode()
    sign_in_by_mail(client, mail)
    assert "owls at night" in client.get("/me/").content.decode()


def test_an_erased_or_imported_voter_is_adopted_by_nobody() -> None:
    user = account_with(ADDRESS)
    for voter in (
        Voter.objects.create(erased_at=timezone.now()),
        Voter.objects.create(source="import:x", pseudonym="annotator"),
    ):
        own = sign_in(voter.pk, user, at=timezone.now())
        voter.refresh_from_db()
        assert voter.adopted_by is None
        assert Voter.objects.ids_of_person(own) == [own]


@pytest.mark.django_db(transaction=True)
def test_two_browsers_at_once_make_one_account_with_one_voter() -> None:
    browsers = [uuid.uuid4() for _ in range(6)]

    def enter(browser: uuid.UUID) -> uuid.UUID:
        try:
            return sign_in(browser, account_with(ADDRESS), at=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        (own,) = set(threads.map(enter, browsers))
    assert User.objects.count() == 1
    assert set(Voter.objects.ids_of_person(own)) == {own, *browsers}


@pytest.mark.parametrize(
    "address",
    [
        *("", "nobody", "a@b@c.org", "a@b.org\nBcc: c@d.org", "x\x00@b.org", f"{'x' * 300}@b.org"),
        *('"a"@b.org', '"a\x0bb"@b.org', f"a@{'ä' * 60}.org", f"{'x' * 250}@b.org"),
    ],
)
def test_it_rejects_what_is_no_address(mail: Sink, address: str) -> None:
    client = Client()
    client.get("/me/account/")
    response = client.post("/me/account/send/", {"address": address})
    assert response.status_code == 400
    assert "not an e-mail address" in response.content.decode()
    assert mail.taken == []


def test_one_mailbox_is_one_address_however_its_domain_is_typed() -> None:
    assert codes.address_in(" A@\uff45xample.org ") == "a@example.org"
    assert codes.address_in("a@bücher.example") == "a@xn--bcher-kva.example"


def test_a_page_to_erase_that_was_open_at_signing_in_says_so() -> None:
    browser, user = uuid.uuid4(), User.objects.create_user("someone")
    sign_in(browser, user, at=timezone.now())
    with pytest.raises(NotYours) as refused:
        erase_voter(browser, at=timezone.now())
    assert refused.value.code == "signed_in"
    assert User.objects.filter(pk=user.pk).exists()


def test_a_mail_server_that_is_away_is_said_and_costs_no_code(settings: Settings) -> None:
    settings.SENDS_EMAIL = True
    settings.MAILERS = mailers_from_url("smtp://127.0.0.1:1?tls=0")
    client = Client()
    client.get("/me/account/")
    for _ in range(codes.FOR_NETWORK + 1):
        response = client.post("/me/account/send/", {"address": ADDRESS})
        assert response.status_code == 503
    assert "could not be sent" in response.content.decode()
    assert not SignInCode.objects.exists()


def test_without_mail_the_page_says_so_and_nothing_links_to_it(settings: Settings) -> None:
    settings.SENDS_EMAIL = False
    client = Client()
    page = client.get("/me/account/").content.decode()
    assert "sends no e-mail" in page
    assert 'type="email"' not in page
    assert "/me/account/" not in client.get("/me/board/").content.decode()
    assert client.post("/me/account/send/", {"address": ADDRESS}).status_code == 404


def test_refused_cookies_are_said(mail: Sink) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get("/me/account/")
    strict.cookies.clear()
    response = strict.post("/me/account/send/", {"address": ADDRESS})
    assert response.status_code == 403
    assert "cookies are blocked" in response.content.decode()
    assert Client().post("/me/account/send/", {"address": ADDRESS}).url == "/me/account/"  # type: ignore[attr-defined]
    assert mail.taken == []


def test_private_pages_are_not_indexed_nor_kept(mail: Sink) -> None:
    client = Client()
    ask_for_code(client)
    for path in ("/me/account/", "/me/account/code/"):
        response = client.get(path)
        assert 'content="noindex"' in response.content.decode()
        assert "no-store" in response.headers["Cache-Control"]
    sign_in_by_mail(client, mail)
    assert 'content="noindex"' in client.get("/me/account/").content.decode()


def test_erasing_takes_the_account_and_every_browser_of_it(mail: Sink) -> None:
    votes = [vote_of(Voter.objects.create(), prompt) for prompt in ("at home", "on the train")]
    clients = [browser_of(vote.battle.voter_id) for vote in votes]
    for client in clients:
        sign_in_by_mail(client, mail)
    assert ADDRESS in clients[1].get("/me/erase/").content.decode()
    clients[1].post("/me/erase/", {"sure": "yes"})
    assert set(Turn.objects.values_list("prompt", flat=True)) == {""}
    for rows in (User.objects, EmailAddress.objects, SignInCode.objects):
        assert not rows.exists()
    assert Vote.objects.count() == 2
    assert not Voter.objects.filter(erased_at=None).exists()
    assert ADDRESS not in clients[0].get("/me/account/").content.decode()
    with pytest.raises(NotYours):
        start_battle(voter_in(clients[0]), "x", at=timezone.now(), runner_id=uuid.uuid4())
    sign_in_by_mail(clients[0], mail)
    assert "at home" not in clients[0].get("/me/").content.decode()
    logged = Change.objects.filter(table__in=["auth_user", "mfa_authenticator"])
    assert not logged.exists(), "the log is of what staff change"


def test_an_account_of_a_voter_is_never_staffs(mail: Sink) -> None:
    client = Client()
    sign_in_by_mail(client, mail)
    chain = client.get("/admin/", follow=True).redirect_chain
    assert chain[-1][0].startswith("/admin/account/login/")
    user = User.objects.get()
    for field in ("is_staff", "is_superuser"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=user.pk).update(**{field: True})
    boss = User.objects.create_superuser("boss", password="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        Voter.objects.create(user=boss)
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert Change.objects.filter(table="auth_user", action="update").count() == 1
    ask_for_code(client)
    response = client.post("/me/account/code/", {"code": code_in(mail)})
    assert response.status_code == 403
    assert address_of_voter(None) == ""


def test_the_admin_shows_no_address(mail: Sink, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    sign_in_by_mail(Client(), mail)
    voter, account = Voter.objects.exclude(user=None).get(), User.objects.get()
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    assert boss.get("/admin/account/emailaddress/").status_code == 404
    pages = ("auth/user/", f"auth/user/{account.pk}/change/", f"voters/voter/{voter.pk}/change/")
    for path in pages:
        response = boss.get(f"/admin/{path}")
        assert response.status_code == 200
        assert ADDRESS not in response.content.decode()


def test_a_voters_account_gets_no_session_of_staffs(mail: Sink) -> None:
    client = Client()
    sign_in_by_mail(client, mail)
    user = User.objects.get()
    user.set_password("correct-horse-7")
    user.save()
    door = "/admin/account/login/"
    response = client.post(door, {"login": user.username, "password": "correct-horse-7"})
    assert response.status_code == 403
    assert "_auth_user_id" not in client.session
