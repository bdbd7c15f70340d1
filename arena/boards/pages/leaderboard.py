"""The leaderboard: a table of the chosen board, and its charts."""

import json
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.choices import SIMULATED, SORTS, Choice
from arena.boards.figures import boards as charts
from arena.boards.labelling import labels_sentence
from arena.boards.leaderboard import ago_text, ago_words, build_table
from arena.boards.models import Snapshot
from arena.boards.pages.answer import answer, part
from arena.boards.pages.drawn import Download, drawn, pictures_of, preview
from arena.catalog.models import LanguageModel


@require_safe
def leaderboard(request: HttpRequest) -> HttpResponseBase:
    """Show the newest snapshot of the chosen board."""
    choice = Choice.nearest(request.GET)
    snapshot = choice.snapshot()
    key = _state(choice, snapshot)
    return answer(request, "boards/leaderboard.html", key, lambda: _whole(choice, snapshot))


@require_safe
def leaderboard_table(request: HttpRequest) -> HttpResponseBase:
    """Show the table by itself, for the page that refreshes or filters it."""
    choice = Choice.nearest(request.GET)
    snapshot = choice.snapshot()
    key = _state(choice, snapshot)
    return part(request, "boards/table.html", key, lambda: table_of(choice, snapshot))


def _state(choice: Choice, snapshot: Snapshot | None) -> tuple[object, ...]:
    """Return what the table depends on."""
    waiting = ""
    if choice.source == "live":
        drawable = LanguageModel.objects.drawable(at=timezone.now())
        waiting = ",".join(map(str, drawable.order_by("pk").values_list("pk", flat=True)))
    return (
        choice,
        snapshot and (snapshot.pk, snapshot.created_at, snapshot.board.label_share),
        waiting,
    )


def _whole(choice: Choice, snapshot: Snapshot | None) -> dict[str, Any]:
    context = table_of(choice, snapshot)
    table = context["table"]
    reading = charts.BoardReading(choice, table.facts or None, table.economies or None)
    figures = drawn(
        [
            charts.rating_and_price(reading),
            charts.rating_and_speed(reading),
            charts.win_probability(reading),
            charts.battle_counts(reading),
        ],
        choice.address(),
    )
    return {
        **context,
        "title": _("Leaderboard"),
        "description": _("Language models rated by blind votes, with their uncertainty."),
        "picture": preview("ratings", choice.address()) if table.rows else "",
        "files": board_files(choice, snapshot) if snapshot and table.rows else [],
        "charts": bool(figures),
        "live": True,
        "figures": figures,
        "sources": choice.sources(),
        "categories": choice.categories(),
        "languages": choice.languages(),
        "styles": choice.styles(),
        "windows": choice.windows(),
        "methods": choice.methods(),
        "licences": choice.licences(),
        "modalities": choice.modalities(table.facts.values()),
        "organisations": table.organisations,
        "preliminary": table.preliminary,
        "address": choice.address(),
        "source_address": Choice(source=choice.source).address(),
    }


def board_files(choice: Choice, snapshot: Snapshot) -> list[Download]:
    """Return the whole board as files: its rows, and its ratings drawn with their intervals."""
    board = snapshot.board
    query = urlencode({"source": board.source})
    rows = (
        Download(label, f"{reverse(name, kwargs={'board': board.slug})}?{query}")
        for name, label in (
            ("api-1:board_csv", _("Figures (CSV)")),
            ("api-1:board", _("Figures (JSON)")),
        )
    )
    return [*rows, *pictures_of("ratings", choice.address())]


def table_of(choice: Choice, snapshot: Snapshot | None) -> dict[str, Any]:
    """Return what the table shows."""
    now = timezone.now()
    return {
        "choice": choice,
        "sorts": {option: choice.address(sort=option) for option in SORTS},
        "simulated": choice.source == SIMULATED,
        "all_models": choice.address(
            licence="all", organisation="", modality="", q="", preliminary="shown"
        ),
        "snapshot": snapshot,
        "labels": labels_sentence(snapshot.board) if snapshot else "",
        "votes": f"{snapshot.votes:,}" if snapshot else "0",
        "voters": f"{snapshot.voters:,}" if snapshot else "0",
        "updated": ago_text(snapshot.created_at, now) if snapshot else "",
        "ago_words": json.dumps(ago_words(), ensure_ascii=False),
        "table": build_table(snapshot, choice, now),
    }
