"""One model: its facts with their sources, where it stands, whom it met."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.catalogue import describe, read_facts
from arena.boards.choices import Choice, source_label
from arena.boards.figures import models as charts
from arena.boards.leaderboard import dollars, rank_text
from arena.boards.measurements import economies
from arena.boards.models import Board, SnapshotRow
from arena.boards.newest import newest_of, newest_snapshots
from arena.boards.pages.answer import answer
from arena.boards.pages.drawn import drawn, preview
from arena.boards.pages.facts import facts_of
from arena.boards.pairs import read_pairs
from arena.boards.reliability import engines, reliability
from arena.boards.sampling_record import SamplingEvent, sampling_record
from arena.boards.standings import (
    asked_source,
    board_among,
    boards_of,
    source_options,
    source_query,
)
from arena.catalog.models import LanguageModel


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show what is known of a model and where it stands."""
    found = get_object_or_404(
        LanguageModel.objects.prefetch_related("licensings__licence", "claims"), slug=slug
    )
    standings, source = _standings(found), asked_source(request.GET)
    key = (found.pk, source, [(row.snapshot_id, row.snapshot.created_at) for row in standings])
    return answer(request, "boards/model.html", key, lambda: gather(found, standings, source))


def gather(found: LanguageModel, standings: list[SnapshotRow], source: str = "") -> dict[str, Any]:
    """Return all that the page shows; of a source's votes, or those that say most of the model."""
    now = timezone.now()
    facts = describe(found, now.date())
    boards, economy = boards_of([found]), economies(now.date(), of=[found.pk])[found.pk]
    board = board_among(boards, source)
    made = [charts.categories(found, board), charts.history(found, board)] if board else []
    figures = drawn(made, f"{source_query(board)}&model={found.slug}")
    return {
        "title": found.name,
        "description": _("What is known of %(name)s, and where it stands.") % {"name": found.name},
        "picture": preview(figures[0].chart.name, figures[0].query) if figures else "",
        "charts": bool(figures),
        "figures": figures,
        "snapshot": newest_of(board) if board else None,
        "model": found,
        "board": board and source_label(board.source),
        "votes_from": source_options(boards, board),
        "of_source": source_query(board),
        "facts": facts,
        "licensings": [record for record in found.licensings.all() if record.since <= now.date()],
        "standings": [_standing(row) for row in standings],
        "met": met(found, board) if board else [],
        "economy": economy,
        "cost": ""
        if economy.cost_of_thousand is None
        else dollars(float(economy.cost_of_thousand)),
        "estimated": f"{100 * economy.estimated_share:.0f}" if economy.is_estimated else "",
        "prices": [
            {
                "price": price,
                "input": dollars(float(price.input_usd)),
                "output": dollars(float(price.output_usd)),
            }
            for price in found.prices.order_by("-since")
        ],
        "scores": list(found.published_scores.all()),
        "served": served(found),
        "reliability": reliability(found),
        **facts_of(found),
        "sampling": _sampling(found),
        "simulated": found.simulated,
        "back": Choice(source=board.source).address() if board else "",
        "drawn": LanguageModel.objects.drawable(at=now).filter(pk=found.pk).exists(),
    }


def met(found: LanguageModel, board: Board) -> list[dict[str, Any]]:
    """Return the record against each model it met, most battles first."""
    pairs = read_pairs(board)
    if pairs is None or found.pk not in pairs.models:
        return []
    row = pairs.models.index(found.pk)
    facts = read_facts(timezone.now().date(), of=pairs.models)
    records = []
    for place, other in enumerate(pairs.models):
        won, lost = int(pairs.won[row, place]), int(pairs.won[place, row])
        even = int(pairs.tied[row, place] + pairs.both_bad[row, place])
        battles = won + lost + even
        if battles:
            records.append(
                {
                    "facts": facts[other],
                    "won": won,
                    "lost": lost,
                    "even": even,
                    "battles": battles,
                    "share": round(100 * (won + even / 2) / battles),
                }
            )
    return sorted(records, key=lambda record: (-record["battles"], record["facts"].name))


def served(found: LanguageModel) -> list[dict[str, Any]]:
    """Return how it is served: engine and quantisation, never an address or an account."""
    return [
        {
            "engine": row["engine"] or _("not stated"),
            "quantisation": row["quantisation"] or _("not stated"),
            "number": row["number"],
        }
        for row in engines(found)
    ]


def _sampling(found: LanguageModel) -> list[dict[str, SamplingEvent]]:
    """Return what happened to the model in the draw, newest first."""
    past = [] if found.simulated else sampling_record([found.pk])
    return [{"event": event} for event in reversed(past)]


def _standings(found: LanguageModel) -> list[SnapshotRow]:
    boards = newest_snapshots(Board.objects.of_all_votes())
    rows = SnapshotRow.objects.filter(snapshot__in=boards, language_model=found)
    return list(rows.select_related("snapshot__board"))


def _standing(row: SnapshotRow) -> dict[str, Any]:
    board = row.snapshot.board
    return {
        "row": row,
        "votes": f"{row.votes:,}",
        "source": source_label(board.source),
        "address": Choice(source=board.source).address(),
        "rank": rank_text(row.rank_best or 0, row.rank_worst or 0) if row.rank_best else "",
    }
