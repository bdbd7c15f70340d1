"""A chart as a file: PNG, SVG, CSV, JSON, or the preview of a link."""

import hashlib
import json
from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from arena.boards.charts.frame import Chart
from arena.boards.choices import Choice
from arena.boards.comparison import encounters
from arena.boards.drawing import (
    NotDrawnError,
    as_csv,
    as_json,
    picture,
    preview_of,
    sheet_of,
    source_line,
)
from arena.boards.figures import boards, gap, gap_by_group, gap_over_time, models
from arena.boards.figures.comparison import comparison
from arena.boards.figures.reading import GapReading
from arena.boards.figures.record import public_record
from arena.boards.figures.scores import score_charts
from arena.boards.pages.answer import not_drawn
from arena.boards.pages.compare import PLACES
from arena.boards.standings import asked_source, board_among, boards_of
from arena.catalog.models import LanguageModel

type Builder = Callable[[HttpRequest, Choice], Chart | None]

_KINDS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
_SECONDS = 300


def _of_gap(build: gap.Builder) -> Builder:
    return lambda request, choice: build(GapReading.of(choice))


def _of_board(build: boards.Builder) -> Builder:
    return lambda request, choice: build(boards.BoardReading(choice))


def _of_model(build: models.Builder) -> Builder:
    def built(request: HttpRequest, choice: Choice) -> Chart | None:
        slug = request.GET.get("model", "")[:120].replace("\0", "")
        model = LanguageModel.objects.filter(slug=slug).first()
        board = board_among(boards_of([model]), asked_source(request.GET)) if model else None
        return build(model, board) if model and board else None

    return built


def _of_comparison(request: HttpRequest, choice: Choice) -> Chart | None:
    slugs = [request.GET.get(name, "")[:120].replace("\0", "") for name in PLACES]
    found = {model.slug: model for model in LanguageModel.objects.filter(slug__in=slugs)}
    models = [found[slug] for slug in slugs if slug in found]
    board = board_among(boards_of(models), asked_source(request.GET)) if len(found) == 2 else None
    return comparison(models, encounters(models, board.source)) if board else None


def _score(place: int) -> Builder:
    return lambda request, choice: dict(enumerate(score_charts(choice))).get(place)


CHARTS: dict[str, Builder] = {
    "gap": _of_gap(gap_over_time.frontiers),
    "gap-over-time": _of_gap(gap_over_time.gap_over_time),
    "top-mean": _of_gap(gap_over_time.top_means),
    "gap-top-mean": _of_gap(gap_over_time.top_mean),
    "lag": _of_gap(gap_over_time.lag_over_time),
    "catch-up": _of_gap(gap_by_group.catch_up),
    "gap-by-category": _of_gap(gap_by_group.by_category),
    "gap-by-language": _of_gap(gap_by_group.by_language),
    "gap-fixed-mix": _of_gap(gap_over_time.fixed_mix),
    "licence-ladder": _of_gap(gap_by_group.ladder),
    "practical-gap": _of_gap(gap_by_group.budgets),
    "direct-check": _of_gap(gap_by_group.direct),
    "gap-as-published": _of_gap(gap_over_time.as_published),
    "public-record": lambda request, choice: public_record(),
    "score-1": _score(0),
    "score-2": _score(1),
    "ratings": _of_board(boards.ratings),
    "win-probability": _of_board(boards.win_probability),
    "battle-counts": _of_board(boards.battle_counts),
    "rating-and-price": _of_board(boards.rating_and_price),
    "rating-and-speed": _of_board(boards.rating_and_speed),
    "comparison": _of_comparison,
    "model-history": _of_model(models.history),
    "model-categories": _of_model(models.categories),
}


@require_safe
def chart(request: HttpRequest, name: str, form: str) -> HttpResponseBase:
    """Send a chart in one form; ``size=preview`` for links, ``theme=dark`` on a dark ground.

    503 with Retry-After while others are being drawn.
    """
    choice = Choice.nearest(request.GET)
    made = CHARTS[name](request, choice) if name in CHARTS else None
    if made is None or form not in _KINDS:
        raise Http404("no such chart")
    if form == "csv":
        return _sent(request, as_csv(made).encode("utf-8-sig"), form, name)
    language = get_language() or "en"
    snapshot = choice.snapshot()
    if form == "json":
        text = as_json(made, snapshot.replay_id if snapshot else "")
        return _sent(request, text.encode(), form, name)
    if request.GET.get("size") == "preview":
        spec = preview_of(made, language)
    else:
        source = (
            source_line(board_id=snapshot.replay_id, day=snapshot.created_at.date().isoformat())
            if snapshot
            else ""
        )
        theme = "dark" if request.GET.get("theme") == "dark" else "light"
        spec = sheet_of(made, language, theme=theme, source=source)
    etag = _etag(json.dumps(spec, sort_keys=True).encode(), form)
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    try:
        return _sent(request, picture(spec, form), form, name, etag)
    except NotDrawnError:
        return not_drawn()


def _sent(
    request: HttpRequest, content: bytes, form: str, name: str, etag: str = ""
) -> HttpResponseBase:
    etag = etag or _etag(content, form)
    response = HttpResponse(content, content_type=_KINDS[form])
    response["ETag"] = etag
    if request.GET.get("size") != "preview":
        response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    patch_cache_control(response, public=True, max_age=_SECONDS)
    return get_conditional_response(request, etag=etag, response=response) or response


def _etag(content: bytes, form: str) -> str:
    return f'"{form}-{hashlib.sha256(content).hexdigest()[:32]}"'
