"""The public pages of the boards. They read the newest snapshot and never compute ratings."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import condition, require_safe

from arena.boards.catalogue import describe
from arena.boards.charts.frontier import frontier_spec as frontier_chart
from arena.boards.charts.frontier import leader_changes
from arena.boards.choices import SIMULATED, SORTS, Choice, source_label
from arena.boards.leaderboard import ago_text, ago_words, build_table, rank_text
from arena.boards.models import Method, SnapshotRow
from arena.boards.newest import newest_snapshot, newest_snapshots
from arena.boards.sentences import (
    gap_sentence,
    lag_sentence,
    preference_sentence,
    rule_sentence,
)
from arena.catalog.models import LanguageModel


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponse:
    """Show the newest board of a source."""
    return render(request, "boards/leaderboard.html", _leaderboard(request))


def _table_etag(request: HttpRequest) -> str:
    choice = Choice.of(request.GET)
    snapshot = newest_snapshot(choice.source, choice.method)
    waiting = ""
    if choice.source == "live":
        drawable = LanguageModel.objects.drawable(at=timezone.now())
        waiting = ",".join(map(str, drawable.order_by("pk").values_list("pk", flat=True)))
    parts = (choice, snapshot and snapshot.pk, waiting, get_language())
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


@require_safe
@condition(etag_func=_table_etag)
def leaderboard_table(request: HttpRequest) -> HttpResponse:
    """Show the table by itself, for the page that refreshes it."""
    return render(request, "boards/table.html", _leaderboard(request))


@require_safe
def gap(request: HttpRequest) -> HttpResponse:
    """Show how far the best open model stands behind the best closed one."""
    choice = Choice.of(request.GET)
    snapshot = newest_snapshot(choice.source, Method.BRADLEY_TERRY)
    series: dict[str, Any] = snapshot.gap if snapshot else {}
    frontiers = series.get("frontiers") or {"closed": [], "open": []}
    context = {
        "choice": choice,
        "sources": choice.sources(),
        "simulated": choice.source == SIMULATED,
        "snapshot": snapshot,
        "gap": series,
        "sentence": gap_sentence(series),
        "preference": preference_sentence(series),
        "lag": lag_sentence(series),
        "rule": rule_sentence(series),
        "board_address": Choice(source=choice.source).address(),
        "leaders": {side: _dated(leader_changes(frontiers[side])) for side in ("closed", "open")},
        "steps": _dated(series.get("series", [])),
        "chart": frontier_chart(series, snapshot.created_at.date())
        if snapshot and any(frontiers.values())
        else None,
    }
    return render(request, "boards/gap.html", context)


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is known of a model and where it stands."""
    found = get_object_or_404(LanguageModel.objects.prefetch_related("licensings"), slug=slug)
    boards = newest_snapshots().filter(board__method=Method.BRADLEY_TERRY)
    rows = SnapshotRow.objects.filter(snapshot__in=boards, language_model=found)
    now = timezone.now()
    context = {
        "model": found,
        "facts": describe(found, now.date()),
        "licensings": [record for record in found.licensings.all() if record.since <= now.date()],
        "standings": [_standing(row) for row in rows.select_related("snapshot__board")],
        "context_text": f"{found.context_tokens or 0:,}",
        "simulated": found.simulated,
        "back": Choice(source=SIMULATED).address() if found.simulated else "",
        "drawn": LanguageModel.objects.drawable(at=now).filter(pk=found.pk).exists(),
    }
    return render(request, "boards/model.html", context)


def _leaderboard(request: HttpRequest) -> dict[str, Any]:
    choice = Choice.of(request.GET)
    snapshot = newest_snapshot(choice.source, choice.method)
    now = timezone.now()
    return {
        "choice": choice,
        "sources": choice.sources(),
        "methods": choice.methods(),
        "licences": choice.licences(),
        "sorts": {option: choice.address(sort=option) for option in SORTS},
        "simulated": choice.source == SIMULATED,
        "all_licences": choice.address(licence="all"),
        "snapshot": snapshot,
        "votes": f"{snapshot.votes:,}" if snapshot else "0",
        "voters": f"{snapshot.voters:,}" if snapshot else "0",
        "updated": ago_text(snapshot.created_at, now) if snapshot else "",
        "ago_words": json.dumps(ago_words(), ensure_ascii=False),
        "table": build_table(snapshot, choice, now),
    }


def _standing(row: SnapshotRow) -> dict[str, Any]:
    board = row.snapshot.board
    return {
        "row": row,
        "votes": f"{row.votes:,}",
        "source": source_label(board.source),
        "address": Choice(source=board.source).address(),
        "rank": rank_text(row.rank_best or 0, row.rank_worst or 0) if row.rank_best else "",
    }


def _dated(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return steps with their ISO days as dates, for templates."""
    return [{**step, "on": dt.date.fromisoformat(step["on"])} for step in steps]
