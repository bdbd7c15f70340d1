"""Takes a source of votes away, with all that came of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from arena.battles.models import Battle, Reply, Retraction, Turn, Vote
from arena.battles.votes import erasing
from arena.boards.column_cache import ColumnCache
from arena.boards.ledger import LEDGERS
from arena.boards.models import Board, BoardFailure, Ledger, Publication
from arena.boards.publication import PUBLISH
from arena.boards.refresh import REFRESH
from arena.integrity.facts import forget_source
from arena.integrity.models import PastVoteFacts, UndecidedVote, VoteFacts
from arena.locks import wait_in_line
from arena.voters.models import Voter


@erasing()
def remove_source(source: str) -> int:
    """Remove an import or the simulated votes: boards, its public account, verdicts, votes,
    battles, voters.

    Models stay in the catalogue: they may have endpoints, or votes of other sources.

    Parameters
    ----------
    source : str
        Anything but ``live``: live votes are never removed as a whole.

    Returns
    -------
    int
        How many votes there were.
    """
    if source == "live":
        raise ValueError("Live votes are not removed.")
    for job in (PUBLISH, REFRESH, LEDGERS):
        wait_in_line(job)
    for rows in (Board.objects, Publication.objects, BoardFailure.objects, Ledger.objects):
        rows.filter(source=source).delete()
    # Without loading a row: a file may have brought millions.
    for facts in (
        PastVoteFacts.objects.filter(source=source),
        VoteFacts.objects.filter(source=source),
        UndecidedVote.objects.filter(source=source),
        Retraction.objects.filter(vote__source=source),
    ):
        facts._raw_delete(facts.db)
    votes = Vote.objects.filter(source=source)
    removed = votes._raw_delete(votes.db)
    with checked_at_once():  # not before: votes and retractions name each other
        for rest in (
            Reply.objects.filter(turn__battle__voter__source=source),
            Turn.objects.filter(battle__voter__source=source),
            Battle.objects.filter(voter__source=source),
            Voter.objects.filter(source=source),
        ):
            rest._raw_delete(rest.db)
    forget_source(source)
    transaction.on_commit(ColumnCache(source).drop)
    return removed


@contextmanager
def checked_at_once() -> Iterator[None]:
    """Have Postgres check references now and with each statement inside, not in the end.

    It keeps what is left to check in memory, several entries a row: gigabytes for ten million.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
