"""What each version of the rules changed and how many votes it moved."""

import datetime as dt
import html

import pytest
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.refresh import refresh_boards
from arena.integrity.fact_rows import count_decisions
from arena.integrity.facts import RULE_VERSION, decide_votes
from arena.integrity.labels import LABEL_VERSION
from arena.integrity.models import NotCounted, VoteFacts
from arena.integrity.rule_changes import CHANGES, Moved, moved_votes
from tests.arena.boards.votes import NOW, cast, exclude_votes, new_model

LATER = NOW + dt.timedelta(minutes=1)


def test_every_version_has_its_entry() -> None:
    for part, newest in (("rules", RULE_VERSION), ("labels", LABEL_VERSION)):
        versions = [change.version for change in CHANGES if change.part == part]
        assert versions == list(range(newest, 0, -1))
    assert [change.on for change in CHANGES] == sorted(
        (change.on for change in CHANGES), reverse=True
    )


@pytest.mark.django_db
def test_a_version_is_charged_with_the_votes_it_moved_and_no_others() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    votes = [cast(alder, birch, prompt="Compare trees", voter=None) for _ in range(5)]
    decide_votes(LATER)
    back, out, moved, same, excluded = (VoteFacts.objects.filter(vote=vote) for vote in votes)
    older = RULE_VERSION - 1
    VoteFacts.objects.update(rule_version=older)
    back.update(counted=False, not_counted_because=NotCounted.IDENTITY_IN_PROMPT)
    moved.update(language="de")
    # Left out under the older rules, for a reason that no rule knows.
    exclude_votes([votes[4].pk], NotCounted.ERASED, now=LATER)
    assert moved_votes("live") == {}
    excluded.update(rule_version=RULE_VERSION)
    assert decide_votes(LATER) == 4
    assert moved_votes("live") == {("rules", RULE_VERSION): Moved(2, left_out=0, counted=1)}
    revision = count_decisions("live", 1)
    out.update(
        counted=False,
        not_counted_because=NotCounted.SAME_MODEL,
        rule_version=RULE_VERSION + 1,
        revision=revision,
    )
    assert moved_votes("live") == {
        ("rules", RULE_VERSION): Moved(2, left_out=0, counted=1),
        ("rules", RULE_VERSION + 1): Moved(1, left_out=1, counted=0),
    }
    assert same.get().revision == 5
    assert moved_votes("import:other") == {}


@pytest.mark.django_db
def test_a_first_label_is_no_change_of_the_question() -> None:
    cast(new_model("Alder"), new_model("Birch"), prompt="Compare trees")
    decide_votes(LATER)
    for version in (1, 2):
        revision = count_decisions("live", 1)
        VoteFacts.objects.update(label_version=version, revision=revision)
        expected = {("labels", 2): Moved(1, 0, 0)} if version == 2 else {}
        assert moved_votes("live") == expected


@pytest.mark.django_db
def test_the_transparency_page_lists_every_version(client: Client) -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Compare trees")
    decide_votes(LATER)
    VoteFacts.objects.filter(vote=vote).update(
        rule_version=0, counted=False, not_counted_because="same_model"
    )
    refresh_boards(LATER)
    write_ledgers(LATER)
    text = client.get("/transparency/").content.decode()
    rows = text[text.index('id="rules"') :].split("<tr ")[2:]
    assert len(rows) == len(CHANGES)
    assert f"Rules {RULE_VERSION}" in rows[0]
    for change, row in zip(CHANGES, rows, strict=True):
        assert str(change.text) in html.unescape(row)
        # One vote moved by the newest version, and counted by it.
        assert row.count(">1</td>") == (2 if change == CHANGES[0] else 0)
