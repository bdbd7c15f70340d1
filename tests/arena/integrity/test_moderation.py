"""The check beside battles: asked by a job, ruled on by moderators, seen when it fails."""

import datetime as dt
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.battles.errors import NotFound, NotPossibleNow
from arena.battles.mine.erasure import erase_voter
from arena.battles.mine.sharing import share_battle, shared_battle
from arena.battles.models import Battle, Reply, SharedBattle, Turn, Vote
from arena.battles.moderation.models import Part, Ruling, TextCheck, TextLook, Verdict
from arena.boards.releases.turns import released_turns
from arena.catalog.models import Moderation
from arena.integrity.facts import decide_votes
from arena.integrity.models import PastVoteFacts, VoteFacts
from arena.integrity.moderation import check_texts, examine_all, moderation_state, texts_of
from arena.integrity.moderation_figures import moderation_figures
from arena.integrity.rulings import rule_on, show_text
from tests.arena.boards.votes import NOW, cast, go_on, new_model
from tests.arena.moderating import set_up_check
from tests.arena.scripted_thread import playing
from workers.demo.moderating import ModerationServer
from workers.endpoints import PictureUrl

pytestmark = pytest.mark.django_db
SOON = NOW + dt.timedelta(seconds=10)
LATER = NOW + dt.timedelta(hours=3)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def judge() -> Iterator[ModerationServer]:
    with playing(ModerationServer()) as server:
        yield server


def vote_on(
    prompt: str = "Plant a tree",
    answers: tuple[str, str] = ("One.", "Two."),
    *,
    picture: bool = False,
) -> Vote:
    """Store a decided vote on a battle whose texts, and picture, wait for the check."""
    number = Battle.objects.count()
    models = new_model(f"Alder {number}"), new_model(f"Birch {number}")
    vote = cast(*models, prompt=prompt, answers=answers, picture=picture)
    turn = Turn.objects.get(battle=vote.battle)
    parts = [part for part in Part if picture or part != Part.PICTURE]
    TextCheck.objects.bulk_create(
        TextCheck(turn=turn, part=part, created_at=NOW, next_at=NOW) for part in parts
    )
    decide_votes(NOW)
    return vote


def states(vote: Vote) -> dict[str, str]:
    return dict(TextCheck.objects.of_battle(vote.battle).values_list("part", "state"))


def rule(check: TextCheck, verdict: Verdict, now: dt.datetime = SOON) -> None:
    assert rule_on([check.pk], verdict, moderator="mod", note="why", now=now) == 1


def test_both_sides_and_the_prompt_are_asked_about_once(judge: ModerationServer) -> None:
    set_up_check(judge, "log")
    vote = vote_on(answers=("Fine.", "An attack!"))
    assert check_texts(NOW) == 3
    assert check_texts(SOON) == 0
    assert sorted(judge.asked) == ["An attack!", "Fine.", "Plant a tree"]
    assert states(vote) == {"prompt": "clear", "a": "clear", "b": "flagged"}
    flagged = TextCheck.objects.get(state="flagged")
    assert (flagged.flagged_for, flagged.scores["violence"]) == (["violence"], 0.97)
    assert judge.requests[0].headers["authorization"] == "Bearer judge-key-0123456789"
    assert VoteFacts.objects.get(vote=vote).counted, "a flag alone changes no vote"


def test_without_a_check_and_while_it_is_off_nothing_is_asked(judge: ModerationServer) -> None:
    vote = vote_on()
    assert check_texts(NOW) == 0
    set_up_check(judge, "off")
    assert check_texts(NOW) == 0
    assert not judge.asked
    assert set(states(vote).values()) == {"waiting"}


def test_a_dead_check_leaves_texts_unverified_and_is_seen(judge: ModerationServer) -> None:
    check = set_up_check(judge, "log")
    assert moderation_state().alive is None
    vote = vote_on("Plan an attack")
    judge.manner = "http-500"
    assert check_texts(NOW) == 0
    # Of texts asked about at once some were, and the rest is left: nothing is passed or dropped.
    found = states(vote)
    assert "unverified" in found.values()
    assert set(found.values()) <= {"unverified", "waiting"}
    state = moderation_state()
    assert (state.alive, state.error_code) == (False, "server_failed")
    assert state.unverified + state.waiting == 3
    assert state.unverified > 0
    asked = len(judge.asked)
    TextCheck.objects.filter(state="waiting").delete()
    check_texts(NOW)
    assert len(judge.asked) == asked, "it pauses"
    judge.manner = ""
    assert check_texts(SOON) == state.unverified
    assert "unverified" not in states(vote).values()
    state = moderation_state()
    assert (state.alive, state.unverified, state.error_code) == (True, 0, "")
    figures = moderation_figures(since=NOW - HOUR)
    assert figures.judged == len(states(vote))
    assert figures.flagged == 1
    assert figures.median_seconds is not None
    assert check.mode == state.mode


def test_a_text_that_the_server_refuses_holds_up_no_other(judge: ModerationServer) -> None:
    set_up_check(judge, "log")
    vote = vote_on("Plan an attack", answers=("An attack!", "Another attack!"))
    other = vote_on()
    judge.refuses = "attack"
    check_texts(NOW)
    assert set(states(vote).values()) == {"unverified"}
    assert set(states(other).values()) == {"clear"}
    TextCheck.objects.filter(state="clear").delete()
    state = moderation_state()
    assert (state.alive, state.error_code, state.unverified) == (True, "", 3)


def test_a_check_that_refuses_every_text_is_dead(judge: ModerationServer) -> None:
    """As with a model's name that was retired: 400, whatever the text."""
    set_up_check(judge, "log")
    vote = vote_on()
    judge.manner = "http-400"
    assert check_texts(NOW) == 0
    assert "unverified" in states(vote).values()
    state = moderation_state()
    assert (state.alive, state.error_code) == (False, "bad_request")


def test_a_check_that_nobody_asks_is_asked_by_us(judge: ModerationServer) -> None:
    set_up_check(judge, "warn")
    check_texts(NOW)
    assert moderation_state().alive is True
    check_texts(SOON)
    assert len(judge.asked) == 1, "once a minute"
    judge.manner = "html"
    check_texts(LATER)
    state = moderation_state()
    assert (state.alive, state.error_code, state.mode) == (False, "malformed", "warn")
    assert not TextCheck.objects.exists()


def test_an_unreadable_key_is_a_dead_check(judge: ModerationServer, settings: Any) -> None:
    set_up_check(judge, "log")
    vote = vote_on()
    settings.ENCRYPTION_KEYS = ["another"]
    assert check_texts(NOW) == 0
    assert not judge.asked
    assert "unverified" in states(vote).values()
    assert moderation_state().error_code == "misconfigured"


def test_texts_that_were_erased_are_not_waited_for(judge: ModerationServer) -> None:
    set_up_check(judge, "log")
    vote_on()
    Reply.objects.update(text="", erased=True)
    Turn.objects.update(prompt="")
    assert check_texts(NOW) == 0
    assert not TextCheck.objects.exists()


def test_flagged_battles_are_not_shared_until_a_moderator_rules(judge: ModerationServer) -> None:
    set_up_check(judge, "log")
    vote = vote_on(answers=("Fine.", "An attack!"))
    voter, battle = vote.battle.voter_id, vote.battle_id
    Turn.objects.update(ended_at=vote.cast_at)
    token = share_battle(voter, battle, at=NOW)
    assert shared_battle(token).turns, "unverified: shown, and checked later"
    check_texts(NOW)
    with pytest.raises(NotFound):
        shared_battle(token)
    with pytest.raises(NotPossibleNow) as caught:
        share_battle(voter, battle, at=NOW)
    assert caught.value.code == "withheld"
    flagged = TextCheck.objects.get(state="flagged")
    rule(flagged, Verdict.PUBLIC)
    assert shared_battle(token).turns
    rule(flagged, Verdict.WITHHELD)
    with pytest.raises(NotFound):
        shared_battle(token)
    assert SharedBattle.objects.exists(), "a ruling can be taken back, and the link lives again"


def test_released_texts_are_judged_and_not_flagged(judge: ModerationServer) -> None:
    check = set_up_check(judge, "log")
    good, bad = vote_on("Plant a tree"), vote_on("Plan an attack")
    battles = [good.battle_id, bad.battle_id]

    def released() -> list[object]:
        return [row["prompt"] for row in released_turns(battles, first=1)]

    assert released() == [], "what is released stays out for ever: not before it was checked"
    check_texts(NOW)
    assert released() == ["Plant a tree"]
    rule(TextCheck.objects.get(state="flagged"), Verdict.PUBLIC)
    assert released() == ["Plant a tree", "Plan an attack"]
    TextCheck.objects.update(state="waiting", verdict="", flagged_for=[])
    Moderation.objects.filter(pk=check.pk).update(mode="off")
    assert released() == ["Plant a tree", "Plan an attack"], "nothing is checked here"


def test_what_was_said_after_the_vote_neither_excludes_it_nor_is_withheld_or_released(
    judge: ModerationServer,
) -> None:
    set_up_check(judge, "log")
    vote = vote_on()
    check_texts(NOW)
    token = share_battle(vote.battle.voter_id, vote.battle_id, at=NOW)
    after = go_on(vote, "Plan an attack")
    TextCheck.objects.create(turn=after, part=Part.PROMPT, created_at=NOW, next_at=NOW)
    check_texts(NOW)
    rule(TextCheck.objects.get(state="flagged"), Verdict.HARMFUL)
    assert decide_votes(LATER) == 1
    assert VoteFacts.objects.get(vote=vote).counted
    assert [turn.prompt for turn in shared_battle(token).turns] == ["Plant a tree"]
    released = released_turns([vote.battle_id], first=1)
    assert [(row["turn"], row["prompt"]) for row in released] == [(1, "Plant a tree")]


def test_a_verdict_on_an_attempt_that_failed_before_the_vote_is_one_on_it(
    judge: ModerationServer,
) -> None:
    set_up_check(judge, "log")
    vote = vote_on("Plan an attack")
    failed = Turn.objects.create(
        battle=vote.battle,
        number=1,
        attempt=2,
        prompt="Plan an attack",
        state="failed",
        ended_at=vote.cast_at,
    )
    TextCheck.objects.filter(part=Part.PROMPT).update(turn=failed)
    check_texts(NOW)
    rule(TextCheck.objects.get(state="flagged"), Verdict.HARMFUL)
    decide_votes(LATER)
    assert VoteFacts.objects.get(vote=vote).not_counted_because == "harmful"
    assert released_turns([vote.battle_id], first=1) == []


@pytest.mark.parametrize("verdict", [Verdict.HARMFUL, Verdict.MANIPULATION])
def test_a_moderator_excludes_a_vote_with_a_reason_and_takes_it_back(
    judge: ModerationServer, verdict: Verdict
) -> None:
    set_up_check(judge, "log")
    vote, other = vote_on("Plan an attack"), vote_on()
    check_texts(NOW)
    flagged = TextCheck.objects.get(state="flagged")
    rule(flagged, verdict)
    decide_votes(SOON)
    facts = VoteFacts.objects.get(vote=vote)
    assert (facts.counted, facts.not_counted_because) == (False, verdict.value)
    assert VoteFacts.objects.get(vote=other).counted
    rule(flagged, Verdict.WITHHELD, LATER)
    decide_votes(LATER)
    assert VoteFacts.objects.get(vote=vote).counted
    past = list(PastVoteFacts.objects.order_by("pk").values_list("not_counted_because", flat=True))
    assert past == ["", verdict.value]
    rulings = Ruling.objects.order_by("pk").values_list("verdict", "moderator", "note", "at")
    assert list(rulings) == [
        (verdict, "mod", "why", SOON),
        (Verdict.WITHHELD, "mod", "why", LATER),
    ]


def test_rulings_and_looks_are_never_changed(judge: ModerationServer) -> None:
    vote_on()
    check = TextCheck.objects.get(part="prompt")
    assert show_text(check, moderator="mod", now=NOW) == "Plant a tree"
    rule(check, Verdict.WITHHELD)
    for rows in (Ruling.objects, TextLook.objects):
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            rows.update(moderator="somebody else")
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            rows.all().delete()


def test_a_picture_is_asked_about_and_ruled_on_like_a_text(judge: ModerationServer) -> None:
    set_up_check(judge, "log", takes_pictures=True)
    judge.pictures, judge.flags_pictures = "seen", True
    vote = vote_on(picture=True)
    assert check_texts(NOW) == 4
    assert states(vote) == {"prompt": "clear", "a": "clear", "b": "clear", "picture": "flagged"}
    [url] = judge.shown
    assert url == "data:image/jpeg;base64,ZHJhd24="
    with pytest.raises(NotPossibleNow, match="withheld"):
        share_battle(vote.battle.voter_id, vote.battle_id, at=LATER)
    check = TextCheck.objects.get(part="picture")
    assert show_text(check, moderator="mod", now=NOW) == PictureUrl(url)
    rule(check, Verdict.HARMFUL)
    decide_votes(LATER)
    assert VoteFacts.objects.get(vote=vote).not_counted_because == "harmful"


@pytest.mark.parametrize("past", [False, True])
def test_pictures_are_read_a_few_at_a_time(judge: ModerationServer, past: bool) -> None:
    """Their bytes are read one by one, as the check takes them, however many are in line."""
    set_up_check(judge, "log", takes_pictures=True)
    judge.pictures = "seen"
    for _ in range(6):
        vote_on(picture=True)
    if past:
        TextCheck.objects.all().delete()
    with CaptureQueriesContext(connection) as queries:
        moderate_past() if past else check_texts(NOW)
    assert reads_of_bytes(queries) == len(judge.shown) == 6


def test_a_dead_check_has_no_more_pictures_read_than_it_is_asked_about_at_once(
    judge: ModerationServer,
) -> None:
    set_up_check(judge, "log", takes_pictures=True)
    for _ in range(6):
        vote_on(picture=True)
    TextCheck.objects.exclude(part="picture").delete()
    judge.manner = "http-500"
    with CaptureQueriesContext(connection) as queries:
        check_texts(NOW)
    assert 1 <= reads_of_bytes(queries) <= 4


def reads_of_bytes(queries: CaptureQueriesContext) -> int:
    """Return how many queries read a picture's bytes, each of which names the one it reads."""
    read = [query["sql"] for query in queries if '"battles_picture"."content"' in query["sql"]]
    assert all(" JOIN " not in sql and " LIMIT 1" in sql for sql in read)
    return len(read)


def test_a_picture_that_is_erased_while_it_waits_its_turn_is_not_asked_about(
    judge: ModerationServer,
) -> None:
    check = set_up_check(judge, "log", takes_pictures=True)
    judge.pictures = "seen"
    vote = vote_on(picture=True)
    texts = texts_of(TextCheck.objects.filter(part="picture"))
    erase_voter(vote.battle.voter_id, at=NOW)
    assert examine_all(check, texts) == {}
    assert not judge.shown


def test_an_erased_picture_is_not_asked_about(judge: ModerationServer) -> None:
    set_up_check(judge, "log", takes_pictures=True)
    judge.pictures = "seen"
    vote = vote_on(picture=True)
    erase_voter(vote.battle.voter_id, at=NOW)
    assert check_texts(NOW) == 0
    assert not judge.shown
    assert not TextCheck.objects.exists()


@pytest.mark.parametrize("mode", ["log", "off"])
@pytest.mark.parametrize("taken", [True, False])
def test_it_is_said_where_pictures_are_left_out(
    judge: ModerationServer, settings: Any, mode: str, taken: bool
) -> None:
    set_up_check(judge, mode, takes_pictures=taken)
    assert moderation_state().leaves_pictures_out is (mode == "log" and not taken)
    settings.IMAGES = False
    assert not moderation_state().leaves_pictures_out


def test_past_pictures_are_asked_about_where_the_check_takes_them(judge: ModerationServer) -> None:
    check = set_up_check(judge, "log")
    judge.pictures, judge.flags_pictures = "seen", True
    vote = vote_on(picture=True)
    TextCheck.objects.all().delete()
    out, _ = moderate_past("--dry-run")
    assert "1 asked, 0 flagged" in out
    check.note_pictures(taken=True)
    out, _ = moderate_past()
    assert "2 asked, 1 flagged" in out
    assert states(vote) == {"prompt": "clear", "picture": "flagged"}


def moderate_past(*options: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("moderate_past", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_a_dry_run_on_past_prompts_writes_nothing(judge: ModerationServer) -> None:
    with pytest.raises(CommandError, match="No check is set up"):
        moderate_past("--dry-run")
    set_up_check(judge, "off", thresholds={"harassment": 0.5})
    for prompt in ("Plan an attack", "An insult and an attack", "An insult", "Plant a tree"):
        vote_on(prompt)
    TextCheck.objects.all().delete()
    out, err = moderate_past("--dry-run")
    assert "4 of 4" in err
    assert "4 asked, 3 flagged, 0 without an answer" in out
    assert "violence" in out
    assert "harassment" in out
    assert not TextCheck.objects.exists()
    out, _ = moderate_past("--dry-run", "--threshold", "harassment=0.7", "--limit", "3")
    assert "3 asked, 1 flagged" in out, "the newest three"
    out, _ = moderate_past("--dry-run", "--answers", "--threshold", "violence=none")
    assert "12 asked, 2 flagged" in out
    with pytest.raises(CommandError, match="threshold"):
        moderate_past("--dry-run", "--threshold", "harassment=7")


def test_past_prompts_can_be_checked_for_good(judge: ModerationServer) -> None:
    set_up_check(judge, "log")
    bad, good = vote_on("Plan an attack"), vote_on()
    TextCheck.objects.all().delete()
    judge.manner = "http-503"
    out, _ = moderate_past()
    assert "without an answer" in out
    assert not TextCheck.objects.exists(), "asked again by the next run"
    judge.manner = ""
    moderate_past()
    assert states(bad) == {"prompt": "flagged"}
    assert states(good) == {"prompt": "clear"}
    asked = len(judge.asked)
    moderate_past()
    assert len(judge.asked) == asked, "once"
    assert timezone.now() - TextCheck.objects.earliest("pk").created_at < HOUR
