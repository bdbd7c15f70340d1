"""Two models side by side: their own votes, what the ratings expect, and what is still needed."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.catalogue import describe
from arena.boards.choices import SIMULATED, Choice, Option
from arena.boards.comparison import Encounter, direct_votes, encounters
from arena.boards.figures.comparison import (
    comparison,
    in_order,
    needed_sentence,
    slice_of,
    verdict,
)
from arena.boards.intervals import Axis
from arena.boards.models import Board, SnapshotRow
from arena.boards.newest import newest_of, newest_snapshots
from arena.boards.pages.answer import answer
from arena.boards.pages.drawn import Drawn, preview
from arena.boards.pairs import Pairs, read_pairs
from arena.boards.standings import (
    asked_source,
    board_among,
    boards_of,
    source_options,
    source_query,
)
from arena.catalog.models import LanguageModel

PLACES = ("first", "second")  # the names of the two in addresses
_SHARES = ("point", "lower", "upper")


@require_safe
def compare(request: HttpRequest, first: str, second: str) -> HttpResponseBase:
    """Show two models against each other."""
    if first == second:
        raise Http404("a model has no record against itself")
    models = [
        get_object_or_404(LanguageModel.objects.prefetch_related("licensings"), slug=slug)
        for slug in (first, second)
    ]
    boards = boards_of(models)
    board = board_among(boards, asked_source(request.GET))
    snapshot = newest_of(board) if board else None
    key = (first, second, len(boards), snapshot and (snapshot.pk, snapshot.created_at))
    return answer(request, "boards/compare.html", key, lambda: gather(models, board, boards))


def gather(
    models: list[LanguageModel], board: Board | None, boards: Sequence[Board] = ()
) -> dict[str, Any]:
    """Return all that the page shows: of one board, and which others could be chosen."""
    today = timezone.now().date()
    names = {"first": models[0].name, "second": models[1].name}
    pairs = read_pairs(board) if board else None
    snapshot = newest_of(board) if board else None
    rows = {
        row.language_model_id: row
        for row in (snapshot.rows.filter(language_model__in=models) if snapshot else ())
    }
    met = encounters(models, board.source) if board else []
    expected = next((each.expected for each in met if each.board == board), None)
    chart = comparison(models, met)
    is_awaited = pairs is None and [row.rating is not None for row in rows.values()] == [True, True]
    found = verdict(names, expected, is_awaited=is_awaited)
    slugs = [model.slug for model in models]
    query = f"{source_query(board)}&{urlencode(dict(zip(PLACES, slugs, strict=True)))}"
    return {
        "title": _("%(first)s against %(second)s") % names,
        "description": found,
        "models": [
            {"model": model, "row": rows.get(model.pk), "facts": describe(model, today)}
            for model in models
        ],
        "snapshot": snapshot,
        "picture": preview(chart.name, query) if chart else "",
        "files": Drawn(chart, query).downloads if chart else [],
        "simulated": board is not None and board.source == SIMULATED,
        "verdict": found,
        "is_awaited": is_awaited,
        "expected": expected,
        "record": record(models, pairs),
        "slices": _slices(met),
        "votes_from": source_options(boards, board),
        "of_source": source_query(board),
        "back": Choice(source=board.source).address() if board else "",
        "needed": needed_sentence(expected),
        **_choosable(board.source if board else "", slugs),
    }


@require_safe
def choose(request: HttpRequest) -> HttpResponseBase:
    """Lead to the comparison of the two models that were chosen, or show what can be chosen."""
    source = asked_source(request.GET)
    slugs = [request.GET.get(name, "").replace("\0", "") for name in PLACES]
    found = LanguageModel.objects.filter(slug__in=slugs).count()
    if found == len(slugs):
        query = f"?{urlencode({'source': source})}" if source else ""
        return redirect(f"{reverse('compare', args=slugs)}{query}")
    key = (source, *slugs)
    return answer(
        request,
        "boards/compare_choose.html",
        key,
        lambda: {
            "title": _("Compare two models"),
            "description": _("Their own votes, and how often either would be preferred."),
            "same": bool(slugs[0]) and slugs[0] == slugs[1],
            **_choosable(source, slugs),
        },
    )


def _choosable(source: str, slugs: Sequence[str]) -> dict[str, Any]:
    """Return the models that stand on a source's board, or on any, as the options of two fields."""
    boards = Board.objects.of_all_votes()
    if source:
        boards = boards.filter(source=source)
    newest = newest_snapshots(boards)
    standing = SnapshotRow.objects.filter(snapshot__in=newest).values("language_model")
    models = LanguageModel.objects.filter(Q(pk__in=standing) | Q(slug__in=slugs)).order_by("name")
    names = list(models.values_list("slug", "name"))
    if not any(slugs) and len(names) >= 2:
        slugs = [slug for slug, _name in names[:2]]  # two different ones to begin with
    return {
        "source": source,
        "choosable": [
            {
                "name": name,
                "label": label,
                "options": [Option(text, "", slug == chosen, slug) for slug, text in names],
            }
            for name, label, chosen in zip(
                PLACES, (_("First model"), _("Second model")), slugs, strict=True
            )
        ],
    }


def record(models: list[LanguageModel], pairs: Pairs | None) -> dict[str, Any] | None:
    """Return the direct votes, with the places of a bar; None when the two never met."""
    direct = direct_votes(models[0].pk, models[1].pk, pairs)
    if direct is None:
        return None
    won, lost, tied, bad = (direct[name] for name in ("won", "lost", "tied", "both_bad"))
    votes = won + lost + tied + bad
    return {
        "won": won,
        "lost": lost,
        "tied": tied,
        "both_bad": bad,
        "votes": f"{votes:,}",
        "number": votes,
        "won_width": f"{100 * won / votes:.2f}%",
        "even_at": f"{100 * won / votes:.2f}%",
        "even_width": f"{100 * (tied + bad) / votes:.2f}%",
        "lost_at": f"{100 * (won + tied + bad) / votes:.2f}%",
        "lost_width": f"{100 * lost / votes:.2f}%",
    }


def _slices(met: Sequence[Encounter]) -> list[dict[str, Any]]:
    """Return both ratings in each slice that has both, the slice of all votes first."""
    rated = [each for each in met if all(row.rating is not None for row in each.rows)]
    axis = Axis.over(
        value for each in rated for row in each.rows for value in (row.rating, row.lower, row.upper)
    )
    return [
        {
            "label": slice_of(each),
            "ratings": each.rows,
            "expected": dict(zip(_SHARES, each.expected.shares, strict=True))
            if each.expected
            else {},
            "marks": [axis.mark(row.rating or 0, row.lower, row.upper) for row in each.rows]
            if axis
            else [],
        }
        for each in in_order(rated)
    ]
