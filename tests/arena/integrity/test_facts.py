"""Verdicts: which votes get one, what it says, and that two runs write it once."""

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from arena.battles.mine.erasure import erase_voter
from arena.battles.models import Retraction, Turn, Vote
from arena.integrity import facts
from arena.integrity.facts import decide_votes, decisions_by_source
from arena.integrity.models import NotCounted, PastVoteFacts, UndecidedVote, VoteFacts
from tests.arena.boards.votes import NOW, cast, exclude_votes, go_on, new_model

LATER = NOW + dt.timedelta(minutes=1)


@pytest.mark.django_db
def test_it_decides_a_vote_once_its_undo_time_is_over() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), final_at=NOW)
    assert decide_votes(NOW - dt.timedelta(seconds=1)) == 0
    assert decide_votes(NOW) == 1
    assert vote.facts.counted
    assert vote.facts.rule_version == facts.RULE_VERSION
    assert decisions_by_source() == {"live": 1}
    assert decide_votes(LATER) == 0
    assert decisions_by_source() == {"live": 1}


@pytest.mark.django_db
def test_it_passes_over_a_vote_that_was_taken_back() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"))
    Retraction.objects.create(vote=vote)
    decide_votes(LATER)
    assert not VoteFacts.objects.exists()
    assert not UndecidedVote.objects.exists()


@pytest.mark.django_db
def test_it_decides_a_lower_id_that_became_final_later() -> None:
    models = new_model("Alder"), new_model("Birch")
    late = cast(*models, final_at=LATER)
    early = cast(*models, final_at=NOW)
    assert late.pk < early.pk
    assert decide_votes(NOW) == 1
    assert decide_votes(LATER) == 1
    assert VoteFacts.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("prompt", "answers", "reason"),
    [
        ("Are you Alder Large?", ("Yes.", "No."), "identity_in_prompt"),
        ("Tell me of yourself", ("I am Alder Large.", "Fine."), "identity_in_answer"),
        ("Tell me of yourself", ("Fine.", "I was made by Woodland Labs."), "identity_in_answer"),
        ("Compare trees", ("Birch Mini is a tree.", "Fine."), ""),
        ("Compare trees", ("Fine.", "As Birch Mini, I like trees."), "identity_in_answer"),
        ("How do I search with Woodland Labs?", ("So.", "Thus."), ""),
    ],
)
def test_it_does_not_count_what_gives_a_model_away(
    prompt: str, answers: tuple[str, str], reason: str
) -> None:
    alder = new_model("Alder Large", organisation="Woodland Labs")
    vote = cast(alder, new_model("Birch Mini"), prompt=prompt, answers=answers)
    decide_votes(LATER)
    assert vote.facts.not_counted_because == reason
    assert vote.facts.counted == (not reason)


@pytest.mark.django_db
def test_it_searches_only_live_votes_for_identities() -> None:
    models = new_model("Alder"), new_model("Birch")
    vote = cast(*models, source="import:old", prompt="Is Alder a good model?")
    decide_votes(LATER)
    assert vote.facts.counted
    assert vote.facts.language == "en"


@pytest.mark.django_db
def test_it_does_not_count_a_model_against_itself() -> None:
    alder = new_model("Alder")
    vote = cast(alder, alder)
    decide_votes(LATER)
    assert vote.facts.not_counted_because == "same_model"


@pytest.mark.django_db
def test_it_says_that_a_rule_named_the_category() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="```\nx = 1\n```")
    decide_votes(LATER)
    assert (vote.facts.category, vote.facts.category_by) == ("coding", "rule")


@pytest.mark.django_db
def test_it_decides_again_what_an_older_rule_decided_and_keeps_what_that_said() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Compare trees")
    decide_votes(LATER)
    VoteFacts.objects.update(rule_version=0, counted=False, not_counted_because="same_model")
    assert decide_votes(LATER) == 1
    again = VoteFacts.objects.get(vote=vote)
    assert again.counted
    assert again.rule_version == facts.RULE_VERSION
    assert decisions_by_source() == {"live": 2}
    past = PastVoteFacts.objects.get()
    assert (past.vote_id, past.counted, past.not_counted_because) == (vote.pk, False, "same_model")
    assert (past.revision, past.until_revision, again.revision) == (1, 2, 2)


@pytest.mark.django_db
def test_facts_that_come_out_the_same_keep_their_revision() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Compare trees")
    decide_votes(LATER)
    VoteFacts.objects.update(rule_version=0)
    assert decide_votes(LATER) == 1
    assert VoteFacts.objects.get(vote=vote).revision == 1
    assert not PastVoteFacts.objects.exists()


@pytest.mark.django_db
def test_facts_outlast_texts_that_were_erased() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Write a short poem about rain")
    decide_votes(LATER)
    Turn.objects.update(prompt="")
    VoteFacts.objects.update(rule_version=0)
    assert decide_votes(LATER) == 1
    again = VoteFacts.objects.get(vote=vote)
    assert (again.category, again.language) == ("creative_writing", "en")
    assert again.rule_version == facts.RULE_VERSION


@pytest.mark.django_db
def test_it_notes_style_turns_refusals_and_starters() -> None:
    vote = cast(
        new_model("Alder"),
        new_model("Birch"),
        prompt="Explain tail recursion to a cook.",
        answers=("# Soup\n\n- **one** pot\n- two\n", "I'm sorry, but I can't help with that."),
    )
    decide_votes(LATER)
    found = vote.facts
    assert (found.headers_a, found.lists_a, found.bold_a) == (1, 2, 1)
    assert (found.headers_b, found.lists_b, found.bold_b) == (0, 0, 0)
    assert (found.tokens_a, found.tokens_b) == (7, 10)
    assert found.refusal
    assert found.starter
    assert (found.multi_turn, found.longer, found.hard) == (False, False, False)


@pytest.mark.django_db
def test_it_notes_that_a_picture_was_sent_also_in_votes_of_an_older_rule() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    seen = cast(alder, birch, prompt="What is this?", picture=True)
    read = cast(alder, birch, prompt="What is that?")
    decide_votes(LATER)
    assert (seen.facts.with_picture, read.facts.with_picture) == (True, False)
    VoteFacts.objects.update(rule_version=3, with_picture=False)
    assert decide_votes(LATER) == 2
    found = VoteFacts.objects.in_bulk()
    assert (found[seen.pk].with_picture, found[read.pk].with_picture) == (True, False)
    past = PastVoteFacts.objects.get()
    assert (past.vote, past.with_picture) == (seen, False)


@pytest.mark.django_db
def test_it_is_known_of_an_erased_battle_that_it_had_a_picture() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="What is this?", picture=True)
    decide_votes(LATER)
    erase_voter(vote.battle.voter_id, at=LATER)
    VoteFacts.objects.update(rule_version=0)
    assert decide_votes(LATER) == 1
    assert VoteFacts.objects.get().with_picture


@pytest.mark.django_db
def test_nothing_that_was_said_after_the_vote_moves_its_facts() -> None:
    vote = cast(new_model("Alder Large"), new_model("Birch"), prompt="Compare trees")
    decide_votes(LATER)
    before = VoteFacts.objects.values().get()
    go_on(vote, "So you are Alder Large? " * 300, ("I am Alder Large.", "I cannot help with that."))
    VoteFacts.objects.update(rule_version=0)
    assert decide_votes(LATER) == 1
    assert VoteFacts.objects.values().get() == before
    assert before["counted"]
    assert not PastVoteFacts.objects.exists()


@pytest.mark.django_db
def test_a_vote_that_was_undone_is_followed_by_one_about_all_turns_before_it() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Compare trees")
    back = Retraction.objects.create(vote=vote)
    second = go_on(vote, "And shrubs?")
    at = second.ended_at
    assert at is not None
    again = Vote.objects.create(
        battle=vote.battle, outcome="b", cast_at=at, final_at=at, replaces=back
    )
    decide_votes(LATER + dt.timedelta(hours=1))
    assert list(Turn.objects.voted_on([again.pk])) == list(vote.battle.turns.all())
    assert again.facts.multi_turn
    assert not VoteFacts.objects.filter(vote=vote).exists()


@pytest.mark.django_db
def test_a_vote_without_texts_has_no_style() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"))
    decide_votes(LATER)
    assert vote.facts.tokens_a is None
    assert vote.facts.counted


@pytest.mark.django_db
def test_excluded_votes_are_not_counted_and_say_why() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"))
    decide_votes(LATER)
    assert exclude_votes([vote.pk], NotCounted.SAME_MODEL, now=LATER) == 1
    assert exclude_votes([vote.pk], NotCounted.SAME_MODEL, now=LATER) == 0
    found = VoteFacts.objects.get()
    assert (found.counted, found.not_counted_because, found.revision) == (False, "same_model", 2)


@pytest.mark.django_db
def test_it_stops_at_a_limit_and_takes_live_votes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_BLOCK", 2)
    models = new_model("Alder"), new_model("Birch")
    for _ in range(3):
        cast(*models, source="import:old")
    live = cast(*models)
    assert decide_votes(LATER, limit=1) == 1
    assert VoteFacts.objects.get().vote == live
    assert decide_votes(LATER) == 3


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_an_undo_that_is_under_way() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"))

    def run() -> int:
        try:
            return decide_votes(LATER)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():  # as `take_back` does it
            Vote.objects.select_for_update().get()
            Retraction.objects.create(vote=vote)
            deciding = pool.submit(run)
            _wait_until_we_block_another()
        deciding.result()
    assert not VoteFacts.objects.exists()
    assert not UndecidedVote.objects.exists()


def _wait_until_we_block_another() -> None:
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute(
                "SELECT FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.rowcount:
                return
            time.sleep(0.01)
    pytest.fail("nothing waits for the undo")


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_decide_each_vote_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "_BLOCK", 3)
    models = new_model("Alder"), new_model("Birch")
    for _ in range(30):
        cast(*models)

    def run(_number: int) -> int:
        try:
            return decide_votes(LATER)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 30
    assert VoteFacts.objects.count() == 30
    assert decisions_by_source() == {"live": 30}
