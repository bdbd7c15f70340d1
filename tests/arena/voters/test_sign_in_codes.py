"""Codes by mail: for whom one works, how long, and how many are sent."""

import datetime as dt
import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from arena.environment import mailers_from_url
from arena.voters.accounts import codes
from arena.voters.accounts.account import account_with
from arena.voters.identity import COOKIE
from arena.voters.models import SignInCode
from arena.voters.tasks import forget_sign_ins
from tests.arena.operating.sinks import Sink, text_of
from tests.arena.voters.signing_in import (
    ADDRESS,
    ask_for_code,
    code_in,
    sign_in_by_mail,
)

pytestmark = pytest.mark.django_db


def test_known_and_unknown_addresses_get_the_same_answer(mail: Sink) -> None:
    account_with(ADDRESS)
    User.objects.create_superuser("boss", email="boss@example.org", password="x")
    answers = set()
    for address in (ADDRESS, "nobody@example.org", "boss@example.org"):
        client = Client()
        page = re.sub(r'value="[^"]*"|content="[^"]*"', "", ask_for_code(client, address))
        answers.add(page.replace(address, ""))
        mail.taken[-1].replace_header("To", "")
        assert client.cookies[COOKIE]
    assert len(answers) == 1
    assert len({re.sub("[A-Z-]{7,9}", "", text_of(letter)) for letter in mail.taken}) == 1
    assert User.objects.count() == 2, "no account before the code is typed"


def test_a_code_is_for_the_browser_that_asked_and_works_once(mail: Sink) -> None:
    client, thief = Client(), Client()
    ask_for_code(client)
    code = code_in(mail)
    thief.get("/me/account/")
    assert thief.post("/me/account/code/", {"code": code}).status_code == 400
    assert client.post("/me/account/code/", {"code": code}).status_code == 302
    assert client.post("/me/account/code/", {"code": code}).status_code == 400
    assert Client().post("/me/account/code/", {"code": code}).status_code == 400
    assert User.objects.count() == 1


def test_wrong_codes_use_a_code_up(mail: Sink) -> None:
    client = Client()
    ask_for_code(client)
    code = code_in(mail)
    for left in range(codes.ATTEMPTS - 1, -1, -1):
        response = client.post("/me/account/code/", {"code": "BCDF-GHJK\x00"})
        assert response.status_code == 400
        assert SignInCode.objects.get().attempts_left == left
    assert "once too often" in response.content.decode()
    assert client.post("/me/account/code/", {"code": code}).status_code == 400
    assert not User.objects.exists()


def test_a_code_expires_and_an_earlier_one_is_replaced(mail: Sink) -> None:
    client = Client()
    ask_for_code(client)
    earlier = code_in(mail)
    ask_for_code(client, "other@example.org")
    assert "other@example.org" in client.get("/me/account/code/").content.decode()
    assert client.post("/me/account/code/", {"code": earlier}).status_code == 400
    late = timezone.now() - dt.timedelta(minutes=codes.MINUTES, seconds=1)
    SignInCode.objects.update(made_at=late)
    response = client.post("/me/account/code/", {"code": code_in(mail)})
    assert "holds no more" in response.content.decode()
    assert client.get("/me/account/code/").headers["Location"] == "/me/account/"
    SignInCode.objects.update(made_at=timezone.now() - dt.timedelta(hours=1, seconds=1))
    forget_sign_ins()
    assert not SignInCode.objects.exists(), "nothing is kept of who asked"


def at(network: str) -> Client:
    """Return a new browser in a network."""
    return Client(REMOTE_ADDR=network)


def refused(client: Client) -> bool:
    """Ask for a code; return whether the limit is reached."""
    client.get("/me/account/")
    response = client.post("/me/account/send/", {"address": ADDRESS})
    assert (response.status_code == 429) == ("wait an hour" in response.content.decode())
    return response.status_code == 429


def test_one_network_is_sent_few_codes_for_an_address(mail: Sink) -> None:
    assert [refused(at("198.51.100.7")) for _ in range(codes.FOR_NETWORK + 2)] == (
        [False] * codes.FOR_NETWORK + [True] * 2
    )
    assert not refused(at("198.51.100.8")), "another network has its own"
    ask_for_code(at("198.51.100.7"), "other@example.org")
    assert len(mail.taken) == codes.FOR_NETWORK + 2
    stored = str(list(SignInCode.objects.values()))
    assert "198.51.100" not in stored, "networks are kept as hashes"
    SignInCode.objects.update(made_at=timezone.now() - dt.timedelta(hours=1, seconds=1))
    assert not refused(at("198.51.100.7"))


def test_strangers_cannot_use_up_the_codes_of_a_browser_that_signed_in(mail: Sink) -> None:
    owner = at("203.0.113.5")
    sign_in_by_mail(owner, mail)
    owner.post("/me/account/sign-out/")
    strangers = [refused(at(f"198.51.100.{number}")) for number in range(codes.FOR_STRANGERS + 3)]
    # The owner was one of the strangers before the first code was typed.
    assert strangers == [False] * (codes.FOR_STRANGERS - 1) + [True] * 4
    assert refused(at("203.0.113.5")), "a new browser of the same network is a stranger"
    for _ in range(2):
        sign_in_by_mail(owner, mail)
        assert ADDRESS in owner.get("/me/account/").content.decode()
        owner.post("/me/account/sign-out/")
    more = [refused(owner) for _ in range(codes.FOR_FAMILIAR - 1)]
    assert more == [False] * (codes.FOR_FAMILIAR - 2) + [True]


def test_a_browser_that_signed_in_elsewhere_is_a_stranger(mail: Sink) -> None:
    other = at("198.51.100.7")
    sign_in_by_mail(other, mail, "other@example.org")
    other.post("/me/account/sign-out/")
    assert [refused(other) for _ in range(codes.FOR_NETWORK + 1)][-2:] == [False, True]


def test_the_code_from_before_holds_where_no_new_one_is_sent(
    mail: Sink, settings: Settings
) -> None:
    client = at("198.51.100.7")
    for _ in range(codes.FOR_NETWORK):
        ask_for_code(client)
    code, reachable = code_in(mail), settings.MAILERS
    assert refused(client)
    assert "I have a code" in client.get("/me/account/").content.decode()
    assert "I have a code" not in at("198.51.100.8").get("/me/account/").content.decode()
    settings.MAILERS = mailers_from_url("smtp://127.0.0.1:1?tls=0")
    SignInCode.objects.update(asked_from="network:elsewhere")
    assert client.post("/me/account/send/", {"address": ADDRESS}).status_code == 503
    settings.MAILERS = reachable
    assert client.post("/me/account/code/", {"code": code}).status_code == 302


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("networks", "most"), [(1, codes.FOR_NETWORK), (12, codes.FOR_STRANGERS)])
def test_a_flood_for_one_address_stays_within_the_limit(
    mail: Sink, networks: int, most: int
) -> None:
    def ask(number: int) -> bool:
        browser = uuid.uuid4()
        asker = codes.Asker(browser, browser, str(number % networks))
        try:
            codes.send_code(asker, ADDRESS, at=timezone.now())
        except codes.TooManyCodes:
            return False
        finally:
            connection.close()
        return True

    # No more at once than mails are sent at once.
    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(ask, range(24))) == most
    assert len(mail.taken) == most


def test_the_letter_speaks_the_visitor_s_language(mail: Sink) -> None:
    client = Client()
    client.get("/zh-hant/me/account/")
    client.post("/zh-hant/me/account/send/", {"address": ADDRESS})
    letter = text_of(mail.taken[-1])
    assert "請在索取驗證碼的頁面上輸入" in letter
    assert "Type it" not in letter
