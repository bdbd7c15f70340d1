"""Staff enter the admin with a second factor; nobody else enters at all."""

import base64
import hmac
import re
import struct
import time

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from arena.catalog.models import Provider
from arena.staff.models import Change

PASSWORD = "correct-horse-7"
LOGIN = "/admin/account/login/"
ACTIVATE = "/admin/account/factors/totp/activate/"


@pytest.fixture
def boss(db: None, settings: Settings) -> User:
    settings.STAFF_SECOND_FACTOR = True
    return User.objects.create_superuser("boss", password=PASSWORD)


def log_in(client: Client, name: str = "boss") -> str:
    """Log in by the form; return where it leads."""
    response = client.post(f"{LOGIN}?next=/admin/", {"login": name, "password": PASSWORD})
    return response["Location"] if response.status_code == 302 else response.content.decode()


def code_of(secret: str, now: float) -> str:
    """Return the code of a moment (RFC 6238, with RFC 4226, section 5.3)."""
    counter = struct.pack(">Q", int(now // 30))
    digest = hmac.new(base64.b32decode(secret), counter, "sha1").digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def activate(client: Client) -> str:
    """Set up an authenticator app; return its secret."""
    asked_again = client.get(ACTIVATE)
    assert asked_again["Location"].startswith("/admin/account/reauthenticate/")
    client.post(asked_again["Location"], {"password": PASSWORD})
    response = client.get(ACTIVATE)
    assert response.status_code == 200, response.headers
    page = response.content.decode()
    found = re.search(r'value="([A-Z2-7]{32})"', page)
    assert found, page
    response = client.post(ACTIVATE, {"code": code_of(found[1], time.time())})
    assert response.status_code == 302, response.content.decode()
    return found[1]


def test_the_admin_sends_a_stranger_to_the_log_in(db: None) -> None:
    response = Client().get("/admin/catalog/provider/", follow=True)
    assert [status for _, status in response.redirect_chain] == [302, 302]
    assert response.redirect_chain[-1][0].startswith(f"{LOGIN}?next=")
    assert "To battle and vote you need no account" in response.content.decode()


def test_a_password_alone_leads_to_setting_up_a_second_factor(boss: User) -> None:
    client = Client()
    assert log_in(client) == "/admin/"
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/admin/account/factors/")
    assert client.post("/admin/catalog/provider/add/", {"name": "x"}).status_code == 302
    assert not Provider.objects.exists()


def test_with_a_second_factor_staff_enter_and_are_asked_for_it_the_next_time(boss: User) -> None:
    client = Client()
    log_in(client)
    secret = activate(client)
    assert client.get("/admin/").status_code == 200
    later = Client()
    assert log_in(later).startswith("/admin/account/factors/authenticate/")
    assert later.get("/admin/").status_code == 302, "a password alone is not enough"
    asked = "/admin/account/factors/authenticate/"
    assert later.post(asked, {"code": "000000"}).status_code == 200
    assert later.get("/admin/").status_code == 302
    Authenticator.objects.update(last_used_at=None)
    later.post(asked, {"code": code_of(secret, time.time() + 30)})
    assert later.get("/admin/").status_code == 200


def test_a_session_of_before_the_second_factor_ends_when_the_account_gets_one(boss: User) -> None:
    """Who only knows the password, and came before the owner enrolled, is put out."""
    early, owner = Client(), Client()
    log_in(early)
    log_in(owner)
    activate(owner)
    assert owner.get("/admin/").status_code == 200
    response = early.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith(LOGIN)
    assert "_auth_user_id" not in early.session
    assert owner.get("/admin/").status_code == 200, "the one that enrolled stays"


@pytest.mark.parametrize("page", ["/admin/", "/admin/account/factors/", ACTIVATE])
def test_a_session_that_never_showed_the_second_factor_may_only_log_in(
    boss: User, page: str
) -> None:
    """Also where it outlived the enrolment: in another process's hands, or in a restored backup."""
    owner = Client()
    log_in(owner)
    activate(owner)
    early = Client()
    early.force_login(boss)
    response = early.get(page, follow=True)
    assert response.redirect_chain[-1][0].startswith(LOGIN)
    assert "_auth_user_id" not in early.session
    deactivate = "/admin/account/factors/totp/deactivate/"
    early.force_login(boss)
    early.post("/admin/account/reauthenticate/", {"password": PASSWORD})
    early.post(deactivate)
    assert Authenticator.objects.filter(user=boss, type="totp").exists()


def test_what_staff_change_of_their_own_account_is_logged_as_theirs(boss: User) -> None:
    client = Client()
    log_in(client)
    secret = activate(client)
    later = Client()
    log_in(later)
    asked = "/admin/account/factors/authenticate/"
    recovery = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    later.post(asked, {"code": recovery[0]})
    assert later.get("/admin/").status_code == 200
    form = {"oldpassword": PASSWORD, "password1": "another-horse-7", "password2": "another-horse-7"}
    assert later.post("/admin/account/password/", form).status_code == 302
    made = Change.objects.filter(table="auth_user", action="insert")
    own = Change.objects.filter(table__in=["auth_user", "mfa_authenticator"])
    found = own.exclude(pk__in=made).order_by("id")
    assert list(found.values_list("actor", "table", "action")) == [
        ("boss", "mfa_authenticator", "insert"),
        ("boss", "mfa_authenticator", "insert"),
        ("boss", "mfa_authenticator", "update"),
        ("boss", "auth_user", "update"),
    ]
    assert secret not in str(list(Change.objects.values()))


def test_the_secret_is_stored_encrypted_and_keys_are_rotated(
    boss: User, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client()
    log_in(client)
    secret = activate(client)
    provider = Provider(name="p", base_url="https://x.example")
    provider.set_api_key("sk-planted-7f3a")
    provider.save()
    before = provider.api_key_encrypted
    stored = Authenticator.objects.get(type="totp").data["secret"]
    assert secret not in stored

    settings.ENCRYPTION_KEYS = ["new-key", *settings.ENCRYPTION_KEYS]
    call_command("rotate_keys")
    assert "1 endpoint keys, 2 second factors" in capsys.readouterr().out
    settings.ENCRYPTION_KEYS = ["new-key"]
    provider.refresh_from_db()
    assert provider.api_key_encrypted != before
    assert provider.read_api_key() == "sk-planted-7f3a"
    later = Client()
    log_in(later)
    later.post("/admin/account/factors/authenticate/", {"code": code_of(secret, time.time() + 30)})
    assert later.get("/admin/").status_code == 200

    settings.ENCRYPTION_KEYS = ["another"]
    last = Client()
    log_in(last)
    page = last.post("/admin/account/factors/authenticate/", {"code": code_of(secret, time.time())})
    assert "the key that it was encrypted with is not in" in page.content.decode()
    with pytest.raises(CommandError, match=r"Nothing was changed.*the key of p, a second factor"):
        call_command("rotate_keys")


def test_an_account_that_is_not_staff_s_does_not_enter(boss: User) -> None:
    User.objects.create_user("visitor", password=PASSWORD)
    client = Client()
    log_in(client, "visitor")
    assert client.get("/admin/", follow=True).status_code == 403


def test_nobody_signs_up_and_the_log_in_leads_nowhere_else(boss: User) -> None:
    client = Client()
    form = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/admin/account/closed/", form)
    assert User.objects.count() == 1
    response = client.post(
        f"{LOGIN}?next=https://evil.example/", {"login": "boss", "password": PASSWORD}
    )
    assert "evil" not in response["Location"]


def test_every_page_of_an_account_opens_and_keeps_the_strict_policy(boss: User) -> None:
    client = Client()
    log_in(client)
    activate(client)
    pages = ["", "totp/deactivate/", "webauthn/", "webauthn/add/", "recovery-codes/"]
    for page in [*(f"factors/{page}" for page in pages), "password/", "logout/"]:
        response = client.get(f"/admin/account/{page}", follow=True)
        assert response.status_code == 200, page
        policy = response["Content-Security-Policy"]
        assert "unsafe" not in policy
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))", response.content.decode())
        assert inline == [], page
