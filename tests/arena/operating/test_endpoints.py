"""The health of endpoints: one query for all, and a sentence that says what to do."""

import datetime as dt
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.catalog.models import Endpoint
from arena.operating.endpoints import rows
from arena.operating.health import read_health
from arena.staff.roles import make_roles
from tests.arena.operating.rows import answered
from tests.arena.rows import add_model

NOW = dt.datetime(2026, 5, 4, 12, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db


def model(name: str, **fields: Any) -> Endpoint:
    return add_model(name, base_url="https://x.example", **fields)


def test_it_sums_answers_failures_and_speed_by_hour_and_over_the_window() -> None:
    one, other = model("one"), model("other")
    answered(one, NOW - 23.5 * HOUR, first_token=4.0, total=8.0, tokens=40)
    answered(one, NOW - 0.1 * HOUR, first_token=1.0, total=3.0, tokens=100)
    answered(one, NOW - 0.2 * HOUR, first_token=2.0, total=4.0, tokens=100)
    answered(one, NOW - 0.2 * HOUR, error="auth")
    answered(one, NOW - 2.5 * HOUR, error="timeout_idle")
    answered(one, NOW - 2.5 * HOUR, error="timeout_idle")
    answered(one, NOW - 25 * HOUR, error="unreachable")
    health = read_health(NOW).of(one.pk)
    assert (health.answers, health.whole.failed, health.failed_share) == (6, 3, 0.5)
    assert health.kinds == {"timeout_idle": 2, "auth": 1}
    assert health.commonest == "timeout_idle"
    assert health.succeeded_at == NOW - 0.1 * HOUR
    first, last = health.hours[0], health.hours[-1]
    assert (first.answers, first.first_token_seconds, first.tokens_per_second) == (1, 4.0, 10.0)
    assert (last.answers, last.failed, last.first_token_seconds) == (3, 1, 1.5)
    assert last.tokens_per_second == 50.0
    assert health.hours[-3].failed == 2
    assert len(health.hours) == 24
    assert read_health(NOW).of(other.pk).answers == 0


def test_who_found_no_slot_says_nothing_of_the_endpoint() -> None:
    one = model("one")
    answered(one, NOW - HOUR)
    for _ in range(9):
        answered(one, NOW - HOUR, error="busy")
    health = read_health(NOW).of(one.pk)
    assert (health.answers, health.whole.failed, health.commonest) == (1, 0, "")
    [row] = rows(NOW)
    assert row.advice == "Nothing is wrong."


def test_it_says_when_more_calls_at_once_are_tried_again() -> None:
    crowding = {"tries": 3, "again_at": (NOW + 4 * 24 * HOUR).isoformat()}
    model("one", findings={"crowding": crowding})
    [row] = rows(NOW)
    assert "3 tests in a row" in row.advice
    assert "8 May, 12:30 UTC" in row.advice


def test_the_last_success_is_told_however_long_ago_it_was() -> None:
    old, never = model("old"), model("never")
    answered(old, NOW - dt.timedelta(days=9))
    answered(old, NOW - dt.timedelta(days=3), error="auth")
    told = {row.endpoint.pk: row.last_success for row in rows(NOW)}
    assert told == {old.pk: "9 days ago", never.pk: "never"}


def test_the_number_of_queries_does_not_grow_with_endpoints() -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert rows(NOW)
        return len(captured)

    answered(model("one"), NOW - HOUR)
    answered(model("other"), NOW - HOUR, error="auth")
    few = queries()
    for number in range(7):
        answered(model(f"m{number}"), NOW - HOUR, error="" if number % 2 else "auth")
    assert queries() == few


def test_each_state_says_what_is_wrong_and_what_to_do() -> None:
    at = {"last_failure_code": "auth", "last_failed_at": NOW}
    paused = model("paused", suspended_until=NOW + HOUR, failures_in_a_row=3, **at)
    failed = model("failed", admission="failed", **at)
    untested = model("untested", admission="untested")
    off = model("off", enabled=False)
    weightless = model("weightless")
    weightless.language_model.sampling_weight = 0
    weightless.language_model.save()
    retired = model("retired")
    retired.language_model.retired_at = NOW
    retired.language_model.save()
    failing, slow, well = model("failing"), model("slow"), model("well")
    answered(failing, NOW - HOUR)
    answered(failing, NOW - HOUR, error="rate_limited")
    for hours in range(1, 20):
        answered(slow, NOW - hours * HOUR, first_token=9.0 if hours < 3 else 1.0, total=12.0)
        answered(well, NOW - hours * HOUR)
    found = {row.endpoint.pk: row for row in rows(NOW)}
    expected = {
        paused: ("paused", "bad", "refused the key: .* It is asked again before 13:30 UTC"),
        failed: ("failed its test", "bad", "refused the key: .* every ten minutes"),
        untested: ("not tested", "quiet", "Test now"),
        off: ("off", "quiet", "Enable it"),
        retired: ("retired", "quiet", "retired"),
        weightless: ("in battles", "good", "Give the model a weight"),
        failing: ("in battles", "good", "1 of 2 answers failed, most of them so: .*later"),
        slow: ("in battles", "good", r"after 9\.0 s, and came after 1\.0 s"),
        well: ("in battles", "good", r"^Nothing is wrong\.$"),
    }
    assert len(expected) == len(found)
    for endpoint, (state, tone, sentence) in expected.items():
        row = found[endpoint.pk]
        assert (row.state, row.tone) == (state, tone), endpoint
        assert re.search(sentence, row.advice), row.advice
    assert [row.endpoint for row in rows(NOW)][:2] == [paused, failed], "trouble comes first"


def test_the_page_shows_trends_with_words_and_no_word_of_a_server(staff_client: Client) -> None:
    now = timezone.now()
    endpoint = model("one")
    answered(endpoint, now - HOUR, first_token=0.25)
    answered(endpoint, now - 2 * HOUR, error="server_failed")
    page = staff_client.get("/admin/endpoints/").content.decode()
    assert f'id="endpoint-{endpoint.pk}"' in page
    label = "Time to the first token in each of 24 hours: 0.25 s to 0.25 s, last 0.25 s"
    assert f'aria-label="{label}"><title>{label}</title>' in page
    assert "Answers in each of 24 hours, 1 of 2 failed" in page
    assert "server_failed" in page
    assert "sk-planted" not in page
    assert "secret-model" not in page
    drawn = re.findall(
        r"(?:d|x|y|width|height)=\"(.*?)\"", "".join(re.findall("<svg.*?</svg>", page))
    )
    assert drawn
    assert not [numbers for numbers in drawn if "nan" in numbers or "inf" in numbers]


def test_only_who_may_see_endpoints_sees_their_health(db: None) -> None:
    make_roles(reset=True)
    for role, status in (("operator", 200), ("analyst", 200), ("moderator", 403)):
        user = User.objects.create_user(role, password="unused", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        assert client.get("/admin/endpoints/").status_code == status, role
        assert client.get("/admin/").status_code == 200
    assert Client().get("/admin/endpoints/").status_code == 302
