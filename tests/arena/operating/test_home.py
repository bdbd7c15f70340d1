"""The admin's first page: what is wrong now with what to do, what happens, whether jobs run."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import redis
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from arena.battles.models import Vote
from arena.boards.models import BoardFailure
from arena.catalog.budget import set_caps
from arena.catalog.models import DailySpend, Endpoint, Moderation, Provider
from arena.catalog.tariffs import Tariff, set_price
from arena.integrity.models import FailedLabel, Labeller, UndecidedVote, VoteFacts
from arena.operating import alarms, days, jobs
from arena.operating.complaints import complaints
from arena.operating.models import ArenaDay, Problem
from arena.staff.roles import make_roles
from tests.arena.operating.rows import answered
from tests.arena.rows import add_model

NOW = dt.datetime(2026, 5, 4, 12, 30, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
URL = "https://x.example"
pytestmark = pytest.mark.django_db


def keys(now: dt.datetime = NOW) -> set[str]:
    return {complaint.key for complaint in complaints(now)}


def well() -> None:
    """Make everything right at `NOW`."""
    for name in ("one", "two"):
        add_model(name, base_url=URL)
    for name in jobs.schedule():
        jobs.record_success(name, NOW)


def vote(at: dt.datetime, *, counted: bool = True, label_version: int = 0) -> Vote:
    """Store a vote that is decided."""
    endpoint = next(iter(add_model(f"m{Vote.objects.count()}", base_url=URL) for _ in (1,)))
    battle = answered(endpoint, at)
    stored = Vote.objects.create(battle=battle, outcome="a", cast_at=at, final_at=at)
    UndecidedVote.objects.filter(vote=stored).delete()
    VoteFacts.objects.create(
        vote=stored,
        source="live",
        revision=1,
        counted=counted,
        not_counted_because="" if counted else "same_model",
        rule_version=1,
        label_version=label_version,
        decided_at=at,
    )
    return stored


def test_nothing_is_wrong_when_nothing_is() -> None:
    well()
    assert keys() == set()


def test_each_thing_that_is_wrong_is_said_with_what_to_do(settings: Settings) -> None:
    well()
    down = add_model(
        "down", base_url=URL, suspended_until=NOW + HOUR, last_failure_code="unreachable"
    )
    refused = add_model("refused", base_url=URL, admission="failed", last_failure_code="auth")
    failing = add_model("failing", base_url=URL)
    capped = add_model("capped", base_url=URL)
    set_price(capped, Tariff(Decimal(1), Decimal(1)), since=NOW.date())
    set_caps(capped, daily_cap=Decimal(0))
    add_model("off", base_url=URL, enabled=False, admission="failed")
    for number in range(10):
        answered(failing, NOW - HOUR / 2, error="" if number % 3 else "timeout_idle")
    BoardFailure.objects.create(
        job="refresh", source="live", error="NotConverged: sk-planted", decisions=1, at=NOW
    )
    settings.DISK_FREE_PERCENT = 100.0
    found = {complaint.key: complaint for complaint in complaints(NOW)}
    assert set(found) - {key for key in found if key.startswith("disk:")} == {
        *(f"endpoint:{one.pk}" for one in (down, refused, failing, capped)),
        "boards:refresh:live",
    }
    assert len(found) > 5
    sentences = {
        f"endpoint:{down.pk}": "Nothing answers at this address.*asked again before 13:30 UTC",
        f"endpoint:{refused.pk}": "refused the key",
        f"endpoint:{failing.pk}": "4 of 10 answers failed, .*stopped coming",
        f"endpoint:{capped.pk}": "cap for today is reached: it returns by itself",
        "boards:refresh:live": "fails with NotConverged. Pages show the last boards",
    }
    for key, sentence in sentences.items():
        assert re.search(sentence, found[key].advice), found[key].advice
    assert found[f"endpoint:{down.pk}"].link == f"/admin/endpoints/#endpoint-{down.pk}"
    assert "sk-planted" not in str(found)


def test_no_battle_can_start_with_one_model() -> None:
    well()
    assert "draw" not in keys()
    add_model("third", base_url=URL).language_model.endpoints.update(enabled=False)
    for endpoint in add_model("fourth", base_url=URL).language_model.endpoints.all():
        type(endpoint).objects.exclude(pk=endpoint.pk).update(enabled=False)
    assert "draw" in keys()


def test_no_battle_can_start_when_every_pair_is_out_of_budget() -> None:
    """Two models are left, and no more than one can pay: the page says so, and what to do."""
    well()
    Endpoint.objects.update(enabled=False)
    rich, spent, unpriced = (add_model(name, base_url=URL) for name in ("rich", "spent", "list"))
    price = Tariff(Decimal(1), Decimal(1))
    for endpoint in (rich, spent):
        set_price(endpoint, price, since=NOW.date())
    set_caps(spent, daily_cap=Decimal(0))
    assert "draw" not in keys()
    set_caps(unpriced, total_cap=Decimal(1))
    (complaint,) = [one for one in complaints(NOW) if one.key == "draw"]
    assert "no two models can pay" in complaint.title
    assert re.search(r"1 endpoint: Its cap for today .* 0:00 UTC", complaint.advice)
    assert re.search(r"1 endpoint: There is a cap, .* enter what its tokens", complaint.advice)
    assert complaint.link == "/admin/catalog/budget/"
    set_caps(None, daily_cap=Decimal(0))
    (complaint,) = [one for one in complaints(NOW) if one.key == "draw"]
    assert "The site's cap for today is reached" in complaint.advice
    Endpoint.objects.filter(pk=spent.pk).update(enabled=False)
    set_caps(None, daily_cap=None)
    set_caps(unpriced, total_cap=None)
    assert "draw" not in keys()


def test_no_battle_can_start_in_one_gpu_group() -> None:
    well()
    Endpoint.objects.update(gpu_group="one card")
    (complaint,) = [one for one in complaints(NOW) if one.key == "draw"]
    assert "all their endpoints are in one GPU group" in complaint.advice


def test_votes_that_wait_are_a_problem() -> None:
    well()
    stored = vote(NOW - HOUR)
    assert "queue:votes" not in keys()
    UndecidedVote.objects.create(vote=stored, source="live", final_at=NOW - HOUR / 60)
    assert "queue:votes" not in keys()
    UndecidedVote.objects.update(final_at=NOW - HOUR)
    assert "queue:votes" in keys()


def test_a_labeller_that_does_not_answer_is_a_problem_and_one_odd_prompt_is_not() -> None:
    well()
    labeller = Labeller.objects.create(endpoint=add_model("labeller", base_url=URL))
    odd, labelled, asked = vote(NOW), vote(NOW, label_version=1), vote(NOW)
    FailedLabel.objects.create(
        vote=odd.facts, attempts=4, error_code="unusable_answer", next_at=NOW
    )
    assert "labeller" not in keys(), "what was asked about later was labelled"
    FailedLabel.objects.create(vote=asked.facts, attempts=1, error_code="unreachable", next_at=NOW)
    (complaint,) = [one for one in complaints(NOW) if one.key == "labeller"]
    assert "2 prompts are unverified" in complaint.title
    assert "unreachable" in complaint.advice
    assert labelled.facts.label_version == 1
    labeller.enabled = False
    labeller.save()
    assert "labeller" not in keys()


def test_labels_that_got_no_slot_say_nothing_of_the_labeller() -> None:
    well()
    Labeller.objects.create(endpoint=add_model("labeller", base_url=URL))
    older, newer = vote(NOW), vote(NOW)
    for error in ("no_slot", "slots_unknown"):
        FailedLabel.objects.update_or_create(
            vote=newer.facts, defaults={"attempts": 1, "error_code": error, "next_at": NOW}
        )
        assert "labeller" not in keys()
    FailedLabel.objects.create(vote=older.facts, attempts=1, error_code="unreachable", next_at=NOW)
    (complaint,) = [one for one in complaints(NOW) if one.key == "labeller"]
    assert "unreachable" in complaint.advice


def test_a_moderation_check_that_does_not_answer_is_a_problem() -> None:
    well()
    provider = Provider.objects.get(name=URL)
    check = Moderation.objects.create(provider=provider, probed_at=NOW, probe_error="")
    assert "moderation" not in keys()
    check.note_probe("timeout_total", at=NOW)
    (complaint,) = complaints(NOW)
    assert complaint.key == "moderation"
    assert "timeout_total" in complaint.advice
    Moderation.objects.update(mode="off")
    assert keys() == set()


def test_long_queues_and_a_valkey_that_is_away_are_problems(
    settings: Settings, redis_url: str
) -> None:
    well()
    with redis.Redis.from_url(redis_url) as client:
        try:
            client.rpush("celery", *["x"] * 301)
            client.zadd("parity:{slots}:line", {f"b{number}": number for number in range(11)})
            assert keys() == {"queue:celery", "queue:battles"}
        finally:
            client.delete("celery", "parity:{slots}:line")
    assert keys() == set()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert keys() == {"valkey"}


def test_a_check_that_fails_is_a_problem_and_hides_and_ends_no_other(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    well()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.ALARM_SECONDS = 0
    alarms.note(complaints(NOW), NOW)
    settings.REDIS_URL = "no address at all"

    def no_disk(path: object) -> None:
        raise PermissionError

    monkeypatch.setattr("shutil.disk_usage", no_disk)
    later = NOW + dt.timedelta(hours=1)
    found = {complaint.key: complaint.advice for complaint in complaints(later)}
    assert {"check:servers", "check:disk"} <= found.keys()
    assert "PermissionError" in found["check:disk"]
    alarms.note(complaints(later), later)
    assert "valkey" in set(Problem.objects.filter(ended_at=None).values_list("key", flat=True))


def test_days_are_counted_once_they_are_over_and_today_again_and_again() -> None:
    endpoint = add_model("one", base_url=URL)
    yesterday = NOW - dt.timedelta(days=1)
    answered(endpoint, yesterday)
    answered(endpoint, NOW, error="auth")
    vote(NOW)
    vote(NOW, counted=False)
    assert days.count_days(NOW) == 30
    today = ArenaDay.objects.get(day=NOW.date())
    assert (today.battles, today.votes, today.excluded) == (3, 2, 1)
    assert (today.answers, today.failed) == (3, 1)
    assert ArenaDay.objects.get(day=yesterday.date()).battles == 1
    answered(endpoint, yesterday)  # too late: that day is closed
    answered(endpoint, NOW)
    assert days.count_days(NOW + HOUR) == 1
    assert ArenaDay.objects.get(day=NOW.date()).battles == 4
    assert ArenaDay.objects.get(day=yesterday.date()).battles == 1
    after_midnight = dt.datetime(2026, 5, 5, 1, 0, tzinfo=dt.UTC)
    assert days.count_days(after_midnight) == 2, "what was decided late belongs to its day"
    assert days.count_days(after_midnight + 2 * HOUR) == 2
    assert days.count_days(after_midnight + 3 * HOUR) == 1


def test_the_page_shows_what_is_wrong_what_happens_and_the_jobs(
    staff_client: Client, settings: Settings
) -> None:
    now = timezone.now()
    endpoint = add_model(
        "<b>down</b>", base_url=URL, admission="failed", last_failure_code="payment"
    )
    answered(endpoint, now)
    vote(now)
    DailySpend.objects.create(endpoint=None, day=now.date(), spent=Decimal("1.5"), calls=2)
    days.count_days(now)
    Problem.objects.create(
        key=f"endpoint:{endpoint.pk}", title="x", advice="y", began_at=NOW, seen_at=now
    )
    Problem.objects.create(
        key="disk:there", host="there", title="Full there", advice="y", began_at=NOW, seen_at=now
    )
    page = staff_client.get("/admin/").content.decode()
    assert "&lt;b&gt;down&lt;/b&gt; @ https://x.example is out of battles" in page
    assert "the account has no balance" in page
    assert "since 4 May, 12:30 UTC" in page
    assert "Full there" in page
    assert "Nobody is told of what goes wrong" in page
    assert "2 today, 0 void" in page
    assert "$1.50" in page
    assert page.count('role="img"') == 4 + len(jobs.schedule())
    assert "Battles on each of 30 days, 0 of 2 void: highest 2, last 2" in page
    for name in jobs.schedule():
        assert name.rpartition(".")[2].replace("_", " ") in page
    assert "/admin/catalog/endpoint/" in page, "and the list of everything"
    settings.ALARM_EMAILS = ["ops@example.org"]
    assert "told by e-mail to ops@example.org" in staff_client.get("/admin/").content.decode()


def test_what_one_may_not_open_is_not_told(staff_client: Client) -> None:
    add_model("down", base_url=URL, admission="failed", last_failure_code="auth")
    BoardFailure.objects.create(job="refresh", source="live", error="X", decisions=1, at=NOW)
    DailySpend.objects.create(endpoint=None, day=timezone.now().date(), spent=3, calls=2)
    make_roles(reset=True)
    seen = {}
    for role in ("operator", "moderator", "analyst"):
        user = User.objects.create_user(role, password="unused", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        page = client.get("/admin/").content.decode()
        seen[role] = ("down @" in page, "boards of live" in page, "Spend" in page)
    assert seen["operator"] == (True, True, True)
    assert seen["moderator"] == (False, False, False)
    assert seen["analyst"][:2] == (True, True)


def test_its_queries_do_not_grow_with_rows(staff_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff_client.get("/admin/").status_code == 200
        return len(captured)

    vote(timezone.now())
    queries()
    few = queries()
    for _ in range(5):
        vote(timezone.now())
    assert queries() <= few
