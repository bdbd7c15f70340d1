"""Moderation and labels whose servers are gone: votes count, texts are unverified, staff know."""

import datetime as dt

import pytest
from pytest_django import Settings

from arena.battles.models import Turn
from arena.battles.moderation.models import Part, TextCheck
from arena.boards.models import SnapshotRow
from arena.boards.refresh import refresh_boards
from arena.catalog.models import Provider
from arena.integrity.labels import label_prompts
from arena.integrity.models import VoteFacts
from arena.integrity.moderation import check_texts
from arena.operating import alarms
from arena.operating.complaints import complaints
from arena.operating.models import Problem
from tests.arena.boards.votes import NOW, cast, label_counts, new_model
from tests.arena.integrity.test_labels import LabellingServer, choose
from tests.arena.moderating import set_up_check
from tests.arena.operating.sinks import Sink, webhook
from tests.arena.scripted_thread import playing
from workers.demo.moderating import ModerationServer

CHECKS = {"labeller", "moderation"}


def tick(minute: int) -> None:
    """Do what the jobs do in a minute."""
    now = NOW + dt.timedelta(minutes=minute)
    check_texts(now)
    label_prompts(now)
    refresh_boards(now)
    alarms.note([one for one in complaints(now) if one.key in CHECKS], now)
    alarms.tell(now)


def told(hook: Sink, event: str) -> set[str]:
    """Return which problems were told to have begun or ended."""
    return {
        problem["title"].partition(" does not")[0]
        for document in hook.taken
        for problem in document["problems"]
        if problem["event"] == event
    }


@pytest.mark.django_db(transaction=True)
def test_checks_that_are_down_hold_up_nothing_pass_nothing_and_are_told(settings: Settings) -> None:
    with playing(ModerationServer()) as judge, playing(LabellingServer()) as labeller:
        set_up_check(judge, "log")
        choose(labeller)
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Plan an attack")
    turn = Turn.objects.get(battle=vote.battle)
    TextCheck.objects.bulk_create(
        TextCheck(turn=turn, part=part, created_at=NOW, next_at=NOW)
        for part in (Part.PROMPT, Part.A, Part.B)
    )
    with webhook() as hook:
        settings.ALARM_WEBHOOK = f"http://127.0.0.1:{hook.port}/"
        settings.ALARM_WEBHOOK_ALLOW = [f"127.0.0.1:{hook.port}"]
        for minute in (0, 5, 10):
            tick(minute)
        assert VoteFacts.objects.get().counted
        assert SnapshotRow.objects.filter(votes=1).exists()
        assert set(TextCheck.objects.values_list("state", flat=True)) == {"unverified"}
        assert label_counts() == {"labelled": 0, "by_rule": 1, "unverified": 1}
        assert set(Problem.objects.filter(ended_at=None).values_list("key", flat=True)) == CHECKS
        assert len(told(hook, "began")) == len(CHECKS)
        assert not told(hook, "ended")
        with playing(ModerationServer()) as judge, playing(LabellingServer()) as labeller:
            Provider.objects.filter(name="judge").update(base_url=judge.base_url)
            Provider.objects.exclude(name="judge").update(base_url=labeller.base_url)
            for minute in (180, 185):
                tick(minute)
        assert told(hook, "ended") == told(hook, "began")
    assert "unverified" not in TextCheck.objects.values_list("state", flat=True)
    assert label_counts() == {"labelled": 1, "by_rule": 0, "unverified": 0}
