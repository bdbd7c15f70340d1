"""A session that anybody can open ends soon; staff's last."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

pytestmark = pytest.mark.django_db
QUARTER_OF_AN_HOUR = dt.timedelta(minutes=15)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/me/account/passkey/question/"),
        ("GET", "/admin/account/factors/webauthn/login/"),
    ],
)
def test_the_question_of_a_passkey_is_kept_for_minutes(
    client: Client, method: str, path: str
) -> None:
    response = client.generic(method, path, headers={"X-Requested-With": "XMLHttpRequest"})
    assert response.status_code == 200
    assert Session.objects.get().expire_date <= timezone.now() + QUARTER_OF_AN_HOUR
    assert int(client.cookies["sessionid"]["max-age"]) <= QUARTER_OF_AN_HOUR.total_seconds()


def test_a_question_does_not_shorten_the_session_of_staff(client: Client) -> None:
    User.objects.create_superuser("boss", password="correct-horse-7")
    client.post("/me/account/passkey/question/")
    log_in = {"login": "boss", "password": "correct-horse-7"}
    assert client.post("/admin/account/login/?next=/admin/", log_in).status_code == 302
    client.post("/me/account/passkey/question/")
    assert client.get("/admin/").status_code == 200
    ends = Session.objects.get(session_key=client.session.session_key).expire_date
    assert ends > timezone.now() + dt.timedelta(days=7)
