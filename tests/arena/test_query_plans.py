"""Nothing that happens often reads a whole table that grows with the arena.

Each piece of the site is done once on tables with tens of thousands of rows, and Postgres is asked
how it means to find the rows of every statement that is sent meanwhile.
"""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from arena.battles.models import Battle, Outcome, ReplyState, Runner, Side
from arena.battles.reveal import reveal
from arena.battles.state import read_battle
from arena.battles.turns import (
    SideResult,
    StartedTurn,
    finish_turn,
    start_again,
    start_battle,
    start_turn,
    void_abandoned,
)
from arena.battles.votes import cast_vote, take_back
from arena.boards import vote_rows
from arena.boards.ledger import write_ledgers
from arena.boards.models import Snapshot
from arena.boards.publication import due_sources, period_of
from arena.boards.refresh import refresh_boards
from arena.boards.simulation import simulate
from arena.integrity.labels import due_votes
from arena.integrity.models import DecisionCount
from arena.voters import identity
from tests.arena.plans import Plans
from tests.arena.rows import add_model

VOTES, VOTERS, SNAPSHOTS = 20_000, 6_000, 400
# Fewer rows than these are read in whole faster than by an index.
BIG = 5_000
BIG_TABLES = {
    "battles_battle",
    "battles_reply",
    "battles_turn",
    "battles_vote",
    "boards_snapshotrow",
    "integrity_votefacts",
    "voters_voter",
}

_TURNS = """
    INSERT INTO battles_turn
        (battle_id, number, attempt, prompt, state, started_at, ended_at, first_seq, last_seq)
    SELECT id, 1, 1, 'How are you?', 'complete', created_at, created_at, 1, 9 FROM battles_battle
"""
_REPLIES = """
    INSERT INTO battles_reply (turn_id, side, language_model_id, state, text, reasoning,
        finish_reason, error_code, error_detail, tokens_estimated, sent)
    SELECT t.id, side, CASE side WHEN 'a' THEN b.model_a_id ELSE b.model_b_id END,
        'complete', 'Fine.', '', 'stop', '', '', false, '{}'
    FROM battles_turn t JOIN battles_battle b ON b.id = t.battle_id, (VALUES ('a'), ('b')) s (side)
"""
# What an arena keeps of its boards: a published one for each hour.
_SNAPSHOTS = """
    INSERT INTO boards_snapshot (board_id, replay_id, figures_hash, parameters, style, movement,
        votes, voters, last_vote_id, decisions, catalogue, gap, created_at, published_for)
    SELECT board_id, replay_id, figures_hash, parameters, style, movement, votes, voters,
        last_vote_id, decisions, catalogue, gap, created_at - n * interval '1 hour',
        created_at - n * interval '1 hour'
    FROM boards_snapshot, generate_series(%s, 1, -1) n
"""
_SNAPSHOT_ROWS = """
    INSERT INTO boards_snapshotrow
        (snapshot_id, language_model_id, votes, rating, lower, upper, rank_best, rank_worst)
    SELECT s.id, r.language_model_id, r.votes, r.rating, r.lower, r.upper, r.rank_best, r.rank_worst
    FROM boards_snapshot s JOIN boards_snapshot first ON first.board_id = s.board_id
        AND first.published_for IS NULL
    JOIN boards_snapshotrow r ON r.snapshot_id = first.id WHERE s.published_for IS NOT NULL
"""


def fill(now: dt.datetime) -> None:
    """Write an arena that has run for a while."""
    simulate(votes=VOTES, voters=VOTERS, seed=1, until=now, source="live")
    for name in ("Alder", "Birch", "Cedar"):
        add_model(name, base_url="http://127.0.0.1:9")
    refresh_boards(now)
    with connection.cursor() as cursor:
        for statement in (_TURNS, _REPLIES):
            cursor.execute(statement)
        cursor.execute(_SNAPSHOTS, [SNAPSHOTS])
        cursor.execute(_SNAPSHOT_ROWS)
        cursor.execute("ANALYZE")
    refresh_boards(now + dt.timedelta(seconds=1))


def answered(turn: StartedTurn) -> None:
    """End a turn with two answers."""
    result = SideResult(state=ReplyState.COMPLETE, text="Fine.", finish_reason="stop")
    finish_turn(turn, dict.fromkeys(Side, result), at=timezone.now(), last_seq=9)


def battle_and_vote(plans: Plans, settings: Settings) -> None:
    """Do what a visitor does from the first prompt to the names."""
    voter, runner = uuid.uuid4(), Runner.objects.create().pk
    with plans.watching("begin a battle"):
        first = start_battle(voter, "Hello", at=timezone.now(), runner_id=runner)
    with plans.watching("end a turn"):
        answered(first)
    with plans.watching("go on with a battle"):
        second = start_turn(
            voter, first.battle_id, "And then?", at=timezone.now(), runner_id=runner
        )
    answered(second)
    with plans.watching("read a battle"):
        read_battle(voter, first.battle_id)
    with plans.watching("vote"):
        cast_vote(voter, first.battle_id, Outcome.A, at=timezone.now())
    with plans.watching("take a vote back"):
        take_back(voter, first.battle_id)
    settings.UNDO_SECONDS = 0
    cast_vote(voter, first.battle_id, Outcome.B, at=timezone.now())
    with plans.watching("see the names"):
        reveal(Battle.objects.get(pk=first.battle_id))
    with plans.watching("ask two others"):
        start_again(voter, first.battle_id, at=timezone.now(), runner_id=runner)


def jobs(plans: Plans) -> None:
    """Do what workers do over and over."""
    now = timezone.now() + dt.timedelta(minutes=1)
    with plans.watching("count one vote"):
        assert refresh_boards(now) == ["live"]
    with plans.watching("look for votes in vain"):
        assert refresh_boards(now) == []
    revision = DecisionCount.objects.get(source="live").decisions
    plans.explain(
        "read what changed into columns",
        vote_rows._CHANGED,
        {"source": "live", "after": revision - 1, "uses": ["a"], "tags": ["en"]},
    )
    with plans.watching("sweep turns of dead processes"):
        void_abandoned(at=now)
    with plans.watching("look for boards to publish"):
        due_sources(period_of(now))
    with plans.watching("look for prompts to label"):
        assert len(due_votes(now)[:20]) == 20
    write_ledgers(now)
    with plans.watching("look for ledgers to write"):
        assert write_ledgers(now) == []


def pages(plans: Plans, client: Client) -> None:
    """Ask for every page that anybody may open."""
    client.cookies[identity.COOKIE] = identity.sign(Battle.objects.earliest("created_at").voter_id)
    addresses = (
        *("/", "/leaderboard/", "/leaderboard/?method=elo", "/leaderboard/table/", "/gap/"),
        *("/gap/?view=published", "/models/simulated-basalt-4/", "/models/alder/"),
        *("/compare/simulated-basalt-4/simulated-obelisk-2/", "/method/", "/transparency/"),
        *("/which/", "/me/", "/me/?q=how", "/me/?outcome=a", "/me/?outcome=none", "/metrics"),
        *("/api/v1/boards/overall", "/api/v1/boards", "/api/v1/models", "/api/v1/gap"),
        "/api/v1/boards/overall/snapshots",
        f"/api/v1/snapshots/{Snapshot.objects.earliest('pk').replay_id}",
    )
    for address in addresses:
        with plans.watching(address):
            assert client.get(address).status_code == 200, address


@pytest.mark.django_db
def test_nothing_that_happens_often_reads_a_whole_big_table(
    client: Client, settings: Settings
) -> None:
    fill(timezone.now())
    plans = Plans(BIG)
    assert plans.big >= BIG_TABLES
    battle_and_vote(plans, settings)
    jobs(plans)
    pages(plans, client)
    assert len(plans.asked) > 30
    assert not plans.found, str(plans)


@pytest.mark.django_db
def test_it_would_be_seen() -> None:
    fill(timezone.now())
    plans = Plans(BIG)
    plans.explain("count", "SELECT count(*) FROM battles_turn WHERE prompt = %s", ["?"])
    assert [line.partition(":")[0] for line in plans.found["count"]] == ["battles_turn"]


@pytest.mark.django_db
def test_rows_that_name_another_are_found_by_an_index() -> None:
    """Or the removal of a row reads every table that may name it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.conrelid::regclass::text || '.' || a.attname FROM pg_constraint c
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
            WHERE c.contype = 'f' AND NOT EXISTS (
                SELECT FROM pg_index i WHERE i.indrelid = c.conrelid
                AND i.indkey[0] = c.conkey[1]
                -- Who looks for a row's number does not look for rows without one.
                AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid)
                    = '(' || a.attname || ' IS NOT NULL)'))
            """
        )
        assert cursor.fetchall() == []
