"""Writing snapshots: boards with their lines, standings, and the pruning of what came between."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from arena.boards.catalogue import Facts, digest
from arena.boards.fact_sheets import id_of_gap, rule_of
from arena.boards.gap import gap_series
from arena.boards.models import Board, Method, Snapshot, SnapshotRow
from arena.boards.pairs import Pairs, store_pairs
from arena.boards.rating import Line, Rated, SourceRatings
from arena.boards.slices import EVERYTHING, Slice
from arena.catalog.models import Standing
from ratings import StyledBoard
from ratings.records import pair_records

# A page that has just read which snapshot is the newest must still find its rows.
_KEPT_BETWEEN_PUBLICATIONS = 3


@dataclass(frozen=True)
class Origin:
    """What snapshots of one run share: the source, how far it was read, the models' facts, when."""

    source: str
    revision: int
    facts: Mapping[int, Facts]
    now: dt.datetime

    @property
    def catalogue(self) -> str:
        """Return the digest of the models' facts."""
        return digest(self.facts.values())


def board_slug(method: Method, part: Slice, *, style: bool = False) -> str:
    """Return a board's name in addresses: ``overall``, ``coding-style``, ``overall-90-days``."""
    ending = {Method.BRADLEY_TERRY: "", Method.ELO: "-elo"}[method]
    return f"{part.slug}{ending}{'-style' if style else ''}"


def board_of(source: str, method: Method, part: Slice, *, style: bool = False) -> Board:
    """Return the board of a slice, made when it is rated for the first time."""
    board, _ = Board.objects.get_or_create(
        source=source,
        method=method,
        category=part.category,
        language=part.language,
        days=part.days,
        style_controlled=style,
        defaults={"slug": board_slug(method, part, style=style)},
    )
    return board


def store_snapshots(ratings: SourceRatings, origin: Origin) -> list[Snapshot]:
    """Store the overall boards of a source, and each model's standing when it is `live`.

    All of it or nothing: a process that is killed half way leaves what was there before.
    """
    with transaction.atomic():
        snapshots = [
            store_snapshot(board_of(origin.source, rated.method, EVERYTHING), rated, origin)
            for rated in ratings.methods
        ]
        if origin.source == "live":
            write_standings(ratings.bradley_terry.lines, snapshots[0])
    return snapshots


@transaction.atomic
def store_snapshot(
    board: Board,
    rated: Rated,
    origin: Origin,
    *,
    since: dt.datetime | None = None,
    published_for: dt.datetime | None = None,
    movement: Mapping[str, Any] | None = None,
    mix: Mapping[str, Any] | None = None,
) -> Snapshot:
    """Store one board with its lines.

    Parameters
    ----------
    since : aware datetime, optional
        Votes cast before are not in it.
    published_for : aware datetime, optional
        The start of the period; published snapshots are kept for ever.
    movement : mapping, optional
        Of `arena.boards.movement`.
    mix : mapping, optional
        The gap in the fixed mix of languages, of `arena.boards.gap.mix`.

    Raises
    ------
    IntegrityError
        The board was published for this period already.
    """
    snapshot = Snapshot.objects.create(
        board=board,
        replay_id=rated.replay_id,
        figures_hash=rated.figures_hash,
        parameters=dict(rated.parameters),
        since=since,
        style=_style(rated),
        movement=dict(movement or {}),
        votes=len(rated.votes.comparisons),
        voters=rated.votes.voters,
        last_vote_id=rated.votes.last_vote_id,
        decisions=origin.revision,
        catalogue=origin.catalogue,
        gap=gap_of(board, rated, origin) | ({"mix": dict(mix)} if mix else {}),
        published_for=published_for,
        created_at=origin.now,
    )
    SnapshotRow.objects.bulk_create(
        SnapshotRow(snapshot=snapshot, **line.columns()) for line in rated.lines
    )
    _prune(board)
    return snapshot


def store_pairs_of(board: Board, rated: Rated) -> None:
    """Keep the direct votes behind a board, and how its ratings vary together."""
    records = pair_records(rated.votes.comparisons)
    models = rated.votes.comparisons.models
    m = len(models)
    covariance = np.full((m, m), np.nan, dtype=np.float32)
    if rated.board is not None:
        place = {slug: number for number, slug in enumerate(models)}
        rows = [place[slug] for slug in rated.board.models]
        covariance[np.ix_(rows, rows)] = rated.board.covariance
    store_pairs(
        board,
        Pairs(
            models=rated.votes.model_ids,
            won=records.won.astype(np.int32),
            tied=records.tied.astype(np.int32),
            both_bad=records.both_bad.astype(np.int32),
            replay_id=rated.replay_id,
        ),
        covariance,
    )


def write_standings(lines: Sequence[Line], snapshot: Snapshot) -> None:
    """Write each model's place on the live overall board where reveal and pairing find it."""
    Standing.objects.exclude(pk__in=[line.model for line in lines]).delete()
    Standing.objects.bulk_create(
        (
            Standing(**line.columns(), snapshot=snapshot.pk, updated_at=snapshot.created_at)
            for line in lines
        ),
        update_conflicts=True,
        unique_fields=["language_model"],
        update_fields=[
            *("rating", "lower", "upper", "rank_best", "rank_worst", "votes"),
            *("snapshot", "updated_at"),
        ],
    )


def gap_of(board: Board, rated: Rated, origin: Origin) -> dict[str, Any]:
    """Return the gap that is stored with a board, and its id; without the fixed mix."""
    if rated.method != Method.BRADLEY_TERRY:
        return {}
    ids = dict(zip(rated.votes.comparisons.models, rated.votes.model_ids, strict=True))
    models = rated.board.models if rated.board else ()
    facts = [origin.facts[ids[slug]] for slug in models]
    whole = not (board.category or board.language)
    comparisons = rated.votes.comparisons if whole else None
    day, min_votes = origin.now.date(), int(rated.parameters["min_votes"])
    content = gap_series(
        rated.board,
        facts,
        day,
        comparisons,
        min_votes=min_votes,
        detail=whole,
    )
    if rated.board is None:
        return content
    found = id_of_gap(rated.replay_id, facts, day, rule_of(content, min_votes))
    return {**content, "id": found, "day": day.isoformat()}


def _style(rated: Rated) -> list[dict[str, Any]]:
    if not isinstance(rated.board, StyledBoard):
        return []
    return [
        {"feature": name, "coefficient": value, "lower": lower, "upper": upper}
        for name, value, (lower, upper) in zip(
            rated.board.coefficient_names,
            rated.board.coefficients.round(6).tolist(),
            rated.board.coefficient_intervals.round(6).tolist(),
            strict=True,
        )
    ]


def _prune(board: Board) -> None:
    """Delete the unpublished snapshots of a board but the newest few."""
    unpublished = board.snapshots.filter(published_for=None).order_by("-id")
    old = unpublished.values_list("pk", flat=True)[_KEPT_BETWEEN_PUBLICATIONS:]
    Snapshot.objects.filter(pk__in=list(old)).delete()
