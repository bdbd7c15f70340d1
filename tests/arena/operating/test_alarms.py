"""Alarms: told once when a problem lasts, once when it ended, by each channel; nothing secret."""

import datetime as dt
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from arena.catalog.models import Endpoint
from arena.environment import mailers_from_url
from arena.locks import only_one
from arena.operating import alarms, channels
from arena.operating.complaints import Complaint, complaints
from arena.operating.models import Notice, Problem
from tests.arena.operating.rows import answered
from tests.arena.operating.sinks import Sink, mail_server, text_of, webhook
from tests.arena.rows import add_model

URL = "https://api.example.com/v1"
NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
SECRET = "T0K3N-in-the-path"
TROUBLE = Complaint(key="x:1", title="It is broken", advice="Mend it.", link="/admin/endpoints/")
OTHER = Complaint(key="y:2", title="So is that", advice="Mend that.")

pytestmark = pytest.mark.django_db


def minutes(count: float) -> dt.datetime:
    return NOW + dt.timedelta(minutes=count)


@pytest.fixture
def mail(settings: Settings) -> Iterator[Sink]:
    with mail_server() as sink:
        settings.ALARM_EMAILS = ["ops@example.org", "second@example.org"]
        settings.MAILERS = mailers_from_url(f"smtp://127.0.0.1:{sink.port}?tls=0")
        settings.CSRF_TRUSTED_ORIGINS = ["https://arena.example.org"]
        yield sink


@pytest.fixture
def hook(settings: Settings) -> Iterator[Sink]:
    with webhook() as sink:
        settings.ALARM_WEBHOOK = f"http://127.0.0.1:{sink.port}/{SECRET}?k=v"
        settings.ALARM_WEBHOOK_ALLOW = [f"127.0.0.1:{sink.port}"]
        yield sink


def step(at: dt.datetime, *found: Complaint) -> None:
    alarms.note(found, at)
    alarms.tell(at)


def test_a_problem_that_lasts_is_told_once_and_its_end_once(mail: Sink, hook: Sink) -> None:
    for minute in range(10):
        step(minutes(minute), TROUBLE)
    (letter,), (document,) = mail.taken, hook.taken
    assert letter["Subject"] == "[Parity] It is broken"
    assert letter["To"] == "ops@example.org, second@example.org"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert text_of(letter).split("\n")[:4] == [
        "It is broken",
        "Mend it.",
        "Since 2026-05-04 12:00 UTC.",
        "https://arena.example.org/admin/endpoints/",
    ]
    assert "It is broken" in document["text"]
    assert document["problems"][0]["event"] == "began"
    assert document["problems"][0]["link"] == "https://arena.example.org/admin/endpoints/"
    for minute in range(10, 20):
        step(minutes(minute))
    assert (len(mail.taken), len(hook.taken)) == (2, 2)
    assert mail.taken[1]["Subject"] == "[Parity] ended: It is broken"
    assert "From 2026-05-04 12:00 UTC to 2026-05-04 12:11 UTC." in text_of(mail.taken[1])
    assert hook.taken[1]["problems"][0]["event"] == "ended"
    problem = Problem.objects.get()
    assert problem.ended_at == minutes(11)
    assert Notice.objects.filter(sent_at=None).count() == 0


def test_what_a_moment_heals_is_never_told(mail: Sink) -> None:
    step(minutes(0), TROUBLE)
    step(minutes(1), TROUBLE)
    step(minutes(1.5))
    step(minutes(9))
    assert not mail.taken
    assert not Problem.objects.exists()


def test_a_problem_that_comes_and_goes_is_told_as_one(mail: Sink) -> None:
    for half_minute in range(40):  # a breaker that lets one call through now and then
        step(minutes(half_minute / 2), *[TROUBLE] * (half_minute % 4 != 3 or half_minute < 8))
    assert len(mail.taken) == 1
    assert Problem.objects.count() == 1


def test_an_endpoint_that_fails_on_a_quiet_site_is_told(mail: Sink, settings: Settings) -> None:
    settings.BREAKER_FAILURES, settings.BREAKER_SECONDS = 3, 60.0
    dead, _ = add_model("dead", base_url=URL), add_model("well", base_url=URL)
    for minute in range(180):
        if minute % 8 == 0 and Endpoint.objects.available(at=minutes(minute)).contains(dead):
            answered(dead, minutes(minute), error="unreachable")
            Endpoint.objects.record_failure(dead.pk, code="unreachable", at=minutes(minute))
        # What else is wrong with a site that has no worker is no concern here.
        found = [each for each in complaints(minutes(minute)) if "endpoint:" in each.key]
        step(minutes(minute), *found)
    [letter] = mail.taken
    assert "dead @" in letter["Subject"]
    assert Problem.objects.get().ended_at is None
    Endpoint.objects.record_success([dead.pk])
    step(minutes(184))
    assert "ended" in mail.taken[-1]["Subject"]


def test_several_are_one_message_and_a_new_one_is_another(mail: Sink) -> None:
    for minute in range(4):
        step(minutes(minute), TROUBLE, OTHER)
    assert [letter["Subject"] for letter in mail.taken] == ["[Parity] It is broken and 1 more"]
    assert "So is that" in text_of(mail.taken[0])
    again = Complaint(key="z:3", title="And this", advice="!")
    for minute in range(4, 8):
        step(minutes(minute), TROUBLE, OTHER, again)
    assert [letter["Subject"] for letter in mail.taken][1:] == ["[Parity] And this"]


def test_a_channel_that_fails_is_tried_again_told_by_the_other_and_nothing_is_lost(
    mail: Sink, hook: Sink
) -> None:
    mail.refuses = True
    for minute in range(20):
        alarms.note([TROUBLE, *_failing_channels(minutes(minute))], minutes(minute))
        alarms.tell(minutes(minute))
    assert not mail.taken
    titles = [document["problems"][0]["title"] for document in hook.taken]
    assert titles == ["It is broken", "Alarms by e-mail are not delivered"]
    stuck = Notice.objects.filter(channel="email").order_by("id")[0]
    assert stuck.error == "SMTPRecipientsRefused"
    assert 3 <= stuck.attempts <= 6, "with growing pauses"
    mail.refuses = False
    for minute in range(80, 90):
        step(minutes(minute), TROUBLE)
    assert mail.taken[0]["Subject"] == "[Parity] It is broken"
    assert sum("It is broken" in text_of(letter) for letter in mail.taken) == 1
    assert "are not delivered" in "".join(map(text_of, mail.taken)), "late, and not lost"
    assert sum("It is broken" in document["text"] for document in hook.taken) == 1
    assert not _failing_channels(minutes(91))


def _failing_channels(at: dt.datetime) -> list[Complaint]:
    return [one for one in complaints(at) if one.key.startswith("alarms:")]


def test_a_message_that_may_have_arrived_is_sent_again_under_the_same_id(
    hook: Sink,
) -> None:
    for minute in range(3):
        alarms.note([TROUBLE], minutes(minute))
    alarms.tell(minutes(3))
    # The process died between the other side's answer and the commit.
    Notice.objects.update(sent_at=None, attempts=0)
    alarms.note([TROUBLE, OTHER], minutes(4))
    alarms.note([TROUBLE, OTHER], minutes(7))
    alarms.tell(minutes(8))
    assert [document["id"] for document in hook.taken] == [hook.taken[0]["id"]] * 2
    assert hook.taken[0] == hook.taken[1]
    alarms.tell(minutes(9))
    assert hook.taken[2]["id"] != hook.taken[0]["id"]


def test_the_webhook_goes_only_where_the_settings_allow(hook: Sink, settings: Settings) -> None:
    message = channels.Message(id="1", subject="s", lines=["l"])
    allowed, settings.ALARM_WEBHOOK_ALLOW = settings.ALARM_WEBHOOK_ALLOW, []
    with pytest.raises(channels.NotSentError, match="address_private"):
        channels.send("webhook", message)
    settings.ALARM_WEBHOOK_ALLOW = allowed
    settings.ENDPOINT_ALLOW = []  # a list of its own
    channels.send("webhook", message)
    assert len(hook.taken) == 1
    hook.answer = "302 Found\r\nlocation: http://169.254.169.254/"
    with pytest.raises(channels.NotSentError, match="redirected"):
        channels.send("webhook", message)
    settings.ALARM_WEBHOOK = "http://169.254.169.254/latest"
    with pytest.raises(channels.NotSentError, match="address_refused"):
        channels.send("webhook", message)


def test_no_prompt_key_or_word_of_a_server_is_in_an_alarm(
    mail: Sink, hook: Sink, settings: Settings
) -> None:
    endpoint = add_model(
        "one", base_url="https://x.example", admission="failed", last_failure_code="auth"
    )
    endpoint.provider.set_api_key("sk-planted-key")
    endpoint.provider.save()
    answered(endpoint, NOW, error="server_failed")
    mail.refuses = True
    for minute in range(5):
        alarms.watch(minutes(minute))
    mail.refuses = False
    for minute in range(70, 75):
        alarms.watch(minutes(minute))
    told = "".join([*map(str, mail.taken), *map(str, hook.taken)])
    assert "one @ https://x.example is out of battles" in told.replace("=\n", "")
    stored = str(list(Problem.objects.values())) + str(list(Notice.objects.values()))
    for secret in ("sk-planted", "nobody's business", "secret-model", SECRET, "k=v"):
        assert secret not in told + stored


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_tell_once(mail: Sink) -> None:
    for minute in range(3):
        alarms.note([TROUBLE], minutes(minute))

    def watch(_: int) -> None:
        try:
            with only_one("alarms") as mine:
                if mine:
                    alarms.tell(minutes(3))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(watch, range(8)))
    assert len(mail.taken) == 1


@pytest.mark.django_db(transaction=True)
def test_two_that_note_at_once_keep_one_problem() -> None:
    def note(_: int) -> None:
        try:
            alarms.note([TROUBLE], NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(note, range(8)))
    assert Problem.objects.count() == 1


def test_what_another_machine_sees_is_not_ended_here(mail: Sink) -> None:
    there = Complaint(key="disk:there:1", title="Full", advice="Empty it.", host="there")
    for minute in range(3):
        step(minutes(minute), there)
    step(minutes(30))
    assert Problem.objects.get().ended_at is None
    step(minutes(60 * 25))
    assert Problem.objects.get().ended_at == minutes(60 * 25)


def test_a_trial_says_what_came_of_it(mail: Sink, hook: Sink, settings: Settings) -> None:
    output = io.StringIO()
    call_command("try_alarms", stdout=output)
    assert output.getvalue() == "email: taken\nwebhook: taken\n"
    assert (len(mail.taken), len(hook.taken)) == (1, 1)
    hook.refuses = True
    with pytest.raises(CommandError, match=r"webhook: not taken \(server_failed\)") as refusal:
        call_command("try_alarms", stdout=output)
    assert SECRET not in str(refusal.value)
    settings.ALARM_EMAILS, settings.ALARM_WEBHOOK = [], ""
    with pytest.raises(CommandError, match="PARITY_ALARM_EMAILS"):
        call_command("try_alarms", stdout=output)


def test_where_alarms_go_is_said_without_the_secret(mail: Sink, hook: Sink) -> None:
    said = channels.described()
    assert said == "e-mail to ops@example.org, second@example.org and a webhook at 127.0.0.1"
