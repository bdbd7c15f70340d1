"""The full set of boards, on a schedule: each slice with and without style, all time and recent."""

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from arena.boards.catalogue import read_facts
from arena.boards.fact_sheets import keep_facts
from arena.boards.failures import Failures
from arena.boards.gap.mix import mixed_gap
from arena.boards.labelling import note_labels
from arena.boards.measurements import measure_replies
from arena.boards.models import Board, Measurement, Method, Publication, Snapshot
from arena.boards.movement import explain
from arena.boards.rating import rate
from arena.boards.refresh import refresh_boards
from arena.boards.slices import EVERYTHING, Slice, slices_of
from arena.boards.snapshots import Origin, board_of, store_pairs_of, store_snapshot
from arena.boards.votes import CountedVotes, counted_at, read_counted
from arena.integrity.facts import decisions_by_source
from arena.locks import only_one

# The job's name for the lock.
PUBLISH = "publish boards"


def publish_boards(now: dt.datetime) -> dict[str, int]:
    """Publish the full set of each source that has something new and none yet in this period.

    Idempotent, and one run at a time. Each board is stored by itself and once a period, which a
    unique constraint holds; a run that was killed is taken up by the next. Between two boards the
    live board gets its turn, so that it never waits for the whole set.

    Returns
    -------
    dict of int by source
        How many boards were written.

    Raises
    ------
    ExceptionGroup
        Some sources could not be rated; the others were.
    """
    with only_one(PUBLISH) as mine:
        if not mine:
            return {}
        period = period_of(now)
        if not Measurement.objects.filter(measured_at__gte=period).exists():
            measure_replies(now)
        failures = Failures("publish", now)
        published = {}
        for source, decisions in due_sources(period).items():
            if failures.waits(source, decisions):
                continue
            with failures.kept(source, decisions):
                published[source] = _publish_source(source, period, now)
        failures.raise_together()
        return published


def period_of(now: dt.datetime) -> dt.datetime:
    """Return the start of the publication period that holds a moment."""
    seconds = settings.PUBLISH_SECONDS
    return dt.datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=dt.UTC)


def due_sources(period: dt.datetime) -> dict[str, int]:
    """Return the sources to publish: without a publication in `period`, and with news since the
    last one. A new day is news: recent days are others, and so are the facts of models.
    """
    newest = {
        publication.source: publication
        for publication in Publication.objects.order_by("source", "-period").distinct("source")
    }
    counts = decisions_by_source()
    return {
        source: counts[source]
        for source in sorted(counts, key=lambda source: (source != "live", source))
        if (last := newest.get(source)) is None
        or (
            last.period < period
            and (last.decisions != counts[source] or last.period.date() < period.date())
        )
    }


@dataclass(frozen=True)
class Wanted:
    """One board of the full set."""

    part: Slice
    method: Method
    style: bool = False


def wanted_boards(votes: CountedVotes, now: dt.datetime) -> Iterator[Wanted]:
    """Yield every board that a source should have, what most readers look at first."""
    least, kept = settings.MIN_VOTES_FOR_BOARD, _slices_with_board(votes.source)
    for part in slices_of(votes.columns, now, least=least, kept=kept):
        yield Wanted(part, Method.BRADLEY_TERRY)
        yield Wanted(part, Method.BRADLEY_TERRY, style=True)
        if part == EVERYTHING:
            yield Wanted(part, Method.ELO)


def _slices_with_board(source: str) -> set[Slice]:
    boards = Board.objects.filter(source=source).order_by()
    return {Slice(*part) for part in boards.values_list("category", "language", "days")}


def _publish_source(source: str, period: dt.datetime, now: dt.datetime) -> int:
    votes = _votes_of(source, period)
    origin = Origin(source, votes.revision, read_facts(now.date()), now)
    keep_facts(origin.facts.values())
    written = 0
    for wanted in wanted_boards(votes, now):
        written += _publish_board(wanted, votes, period, origin)
        with suppress(ExceptionGroup):  # kept by the refresh itself, which has its own turn
            refresh_boards(timezone.now())
    Publication.objects.get_or_create(
        source=source,
        period=period,
        defaults={"decisions": votes.revision, "boards": written, "completed_at": now},
    )
    return written


def _votes_of(source: str, period: dt.datetime) -> CountedVotes:
    """Return the counted votes of now, or those that a run of this period began with and was
    killed: the boards of one publication are made of one state of the votes.
    """
    begun = Snapshot.objects.filter(board__source=source, published_for=period)
    revision = begun.order_by("pk").values_list("decisions", flat=True).first()
    return read_counted(source) if revision is None else counted_at(source, revision)


def _publish_board(
    wanted: Wanted, votes: CountedVotes, period: dt.datetime, origin: Origin
) -> bool:
    """Rate and publish one board; False when it was published before, or nothing is new."""
    board = Board.objects.filter(
        source=origin.source,
        method=wanted.method,
        category=wanted.part.category,
        language=wanted.part.language,
        days=wanted.part.days,
        style_controlled=wanted.style,
    ).first()
    if board is not None and board.snapshots.filter(published_for__gte=period).exists():
        return False
    since = wanted.part.since(origin.now)
    members = wanted.part.members(votes.columns, since)
    chosen = votes.votes(members, style=wanted.style)
    few = len(chosen.comparisons) < settings.MIN_VOTES_FOR_BOARD
    if board is None and wanted.style and few:
        return False
    rated = rate(wanted.method, chosen, min_votes=settings.MIN_VOTES_FOR_RATING)
    board = board or board_of(origin.source, wanted.method, wanted.part, style=wanted.style)
    note_labels(board, votes.columns, members)
    before = board.snapshots.exclude(published_for=None).order_by("-id").first()
    if before and (before.replay_id, before.catalogue) == (rated.replay_id, origin.catalogue):
        return False
    movement = None
    if before and wanted.method == Method.BRADLEY_TERRY:
        movement = explain(before, rated, votes, wanted.part, since)
    mix = None
    if wanted.method == Method.BRADLEY_TERRY and not (wanted.part.category or wanted.part.language):
        mix = mixed_gap(
            votes,
            members,
            origin.facts,
            origin.now.date(),
            min_votes=settings.MIN_VOTES_FOR_RATING,
            style=wanted.style,
        )
    try:
        with transaction.atomic():
            store_snapshot(
                board, rated, origin, since=since, published_for=period, movement=movement, mix=mix
            )
            if wanted.method == Method.BRADLEY_TERRY and not wanted.style:
                store_pairs_of(board, rated)
    except IntegrityError:  # another process was first, which is all the constraint says
        return False
    return True
