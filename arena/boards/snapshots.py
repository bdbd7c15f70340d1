"""Writing snapshots: a source's boards in one transaction, their publication, their pruning."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from arena.boards.catalogue import Facts, digest
from arena.boards.gap import gap_series
from arena.boards.models import Board, Method, Snapshot, SnapshotRow
from arena.boards.rating import Line, Rated, SourceRatings
from arena.catalog.models import Standing

SLUGS = {Method.BRADLEY_TERRY: "overall", Method.ELO: "overall-elo"}
# A page that has just read which snapshot is the newest must still find its rows.
_KEPT_BETWEEN_PUBLICATIONS = 3


def store_snapshots(
    source: str,
    ratings: SourceRatings,
    facts: dict[int, Facts],
    *,
    decisions: int,
    now: dt.datetime,
) -> list[Snapshot]:
    """Store the boards of a source, and each model's standing when the source is `live`.

    All of it or nothing: a process that is killed half way leaves what was there before.

    Parameters
    ----------
    facts : dict of Facts by primary key, of all models
    decisions : int
        The source's `DecisionCount`, read before the votes were.
    """
    catalogue = digest(facts.values())
    with transaction.atomic():
        snapshots = []
        for rated in ratings.methods:
            board, _ = Board.objects.get_or_create(
                source=source,
                method=rated.method,
                category="",
                language="",
                defaults={"slug": SLUGS[rated.method]},
            )
            snapshot = Snapshot.objects.create(
                board=board,
                replay_id=rated.replay_id,
                parameters=dict(rated.parameters),
                votes=len(ratings.votes.comparisons),
                voters=ratings.votes.voters,
                last_vote_id=ratings.votes.last_vote_id,
                decisions=decisions,
                catalogue=catalogue,
                gap=_gap(rated, ratings, facts, now.date()),
                created_at=now,
            )
            SnapshotRow.objects.bulk_create(_row(snapshot, line) for line in rated.lines)
            _prune(board)
            snapshots.append(snapshot)
        if source == "live":
            _write_standings(ratings.bradley_terry.lines, now)
    return snapshots


def publish(now: dt.datetime) -> int:
    """Publish each board that has not been published in this period; return how many were.

    Any number of processes may call this at any time: a unique constraint on board and period
    holds that each is published once.
    """
    period = period_of(now)
    published = Snapshot.objects.filter(board=OuterRef("pk"), published_for__gte=period)
    due = Board.objects.exclude(Exists(published))
    return sum(_publish_board(board, period) for board in due)


def period_of(now: dt.datetime) -> dt.datetime:
    """Return the start of the publication period that holds a moment."""
    seconds = settings.PUBLISH_SECONDS
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=dt.UTC)


def _publish_board(board: Board, period: dt.datetime) -> bool:
    """Publish the newest snapshot unless it already was: without new votes nothing is new."""
    newest = board.snapshots.order_by("-id").values("pk")[:1]
    fresh = Snapshot.objects.filter(pk__in=newest, published_for=None)
    try:
        with transaction.atomic():
            return fresh.update(published_for=period) == 1
    except IntegrityError:  # another process was first, which is all the constraint says
        return False


def _gap(
    rated: Rated, ratings: SourceRatings, facts: dict[int, Facts], today: dt.date
) -> dict[str, object]:
    if rated.method != Method.BRADLEY_TERRY:
        return {}
    ids = dict(zip(ratings.votes.comparisons.models, ratings.votes.model_ids, strict=True))
    models = rated.board.models if rated.board else ()
    return gap_series(rated.board, [facts[ids[slug]] for slug in models], today)


def _row(snapshot: Snapshot, line: Line) -> SnapshotRow:
    return SnapshotRow(
        snapshot=snapshot,
        language_model_id=line.model,
        votes=line.votes,
        rating=line.rating,
        lower=line.lower,
        upper=line.upper,
        rank_best=line.rank_best,
        rank_worst=line.rank_worst,
    )


def _prune(board: Board) -> None:
    """Delete the unpublished snapshots of a board but the newest few."""
    unpublished = board.snapshots.filter(published_for=None).order_by("-id")
    old = unpublished.values_list("pk", flat=True)[_KEPT_BETWEEN_PUBLICATIONS:]
    Snapshot.objects.filter(pk__in=list(old)).delete()


def _write_standings(lines: Sequence[Line], now: dt.datetime) -> None:
    Standing.objects.exclude(pk__in=[line.model for line in lines]).delete()
    Standing.objects.bulk_create(
        _standings(lines, now),
        update_conflicts=True,
        unique_fields=["language_model"],
        update_fields=[
            "rating",
            "lower",
            "upper",
            "rank_best",
            "rank_worst",
            "votes",
            "updated_at",
        ],
    )


def _standings(lines: Iterable[Line], now: dt.datetime) -> Iterable[Standing]:
    for line in lines:
        yield Standing(
            language_model_id=line.model,
            rating=line.rating,
            lower=line.lower,
            upper=line.upper,
            rank_best=line.rank_best,
            rank_worst=line.rank_worst,
            votes=line.votes,
            updated_at=now,
        )
