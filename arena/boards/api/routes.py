"""The addresses of the API. Each parses, calls one function, answers."""

from typing import Annotated, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path as InPath
from ninja import Query, Router

from arena.boards.api import account_shapes, model_shapes, reading, shapes
from arena.boards.api.account import account_of
from arena.boards.api.answers import PublicAPI, csv_answer, file_answer, kept_answer
from arena.boards.api.comparing import figures
from arena.boards.between import earlier_of, moved_between
from arena.boards.comparison import encounters
from arena.boards.downloads import releases_at_hand
from arena.boards.frozen import Frozen, frozen_board
from arena.boards.gap.rules import CUTS, DEFAULT_CUT
from arena.boards.models import Board, Ledger, Method, Snapshot
from arena.boards.newest import newest_of, newest_snapshots
from arena.boards.pairs import read_pairs
from arena.catalog.models import LanguageModel

api = PublicAPI(
    title="Parity",
    version="1",
    description=(
        "Boards, models, snapshots and the gap between open and closed models. Ratings are points; "
        "intervals are at 95 %. Every board has an id from which it can be made again."
    ),
    urls_namespace="api-1",
    docs_url=None,
    openapi_url="/openapi.json",
)
router = Router()

# What the database takes: no NUL in text, no number beyond its type. Plain names: of a `type`
# statement the OpenAPI document shows neither name nor default.
Slug = Annotated[str, InPath(pattern=r"^[^/\x00]{1,120}$")]
Source = Annotated[str, Query(pattern=r"^(live|simulated|import:[^\x00]{1,57})$")]
AnySource = Annotated[str, Query(pattern=r"^(|live|simulated|import:[^\x00]{1,57})$")]
BoardName = Annotated[str, Query(pattern=r"^[^/\x00]{0,80}$")]
Id = Annotated[str, InPath(pattern="^[0-9a-f]{64}$")]
CutName = Annotated[str, Query(pattern=f"^({'|'.join(CUTS)})$")]
Key = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]
_REFUSED = {422: shapes.Refusal}
_PROBLEMS = {404: shapes.Problem, **_REFUSED}


@router.get("/boards", response={200: shapes.BoardsPage, **_REFUSED})
def boards(
    request: HttpRequest, source: Source = "live", after: Key = None, limit: Limit = 100
) -> dict[str, Any]:
    """List the boards of a source, each with its newest snapshot in short."""
    found = newest_snapshots().filter(board__source=source, board_id__gt=after or 0)
    page = list(found.order_by("board_id")[: limit + 1])
    more = page[limit - 1].board_id if len(page) > limit else None
    return {"boards": [reading.summary(snapshot) for snapshot in page[:limit]], "next": more}


@router.get("/boards/{board}", response={200: shapes.SnapshotAnswer, **_PROBLEMS})
def board(request: HttpRequest, board: Slug, source: Source = "live") -> HttpResponse:
    """Show a board as it stands now: `overall`, `coding`, `language-zh`, `overall-style` ..."""
    return _whole(request, _newest(source, board))


@router.get("/boards/{board}/table.csv", response={200: None, **_PROBLEMS})
def board_csv(request: HttpRequest, board: Slug, source: Source = "live") -> HttpResponse:
    """Show a board's rows as CSV."""
    snapshot = _newest(source, board)
    return csv_answer(request, snapshot.board.slug, shapes.ROW_COLUMNS, reading.table_of(snapshot))


@router.get("/boards/{board}/gap", response={200: shapes.GapAnswer, **_PROBLEMS})
def board_gap(request: HttpRequest, board: Slug, source: Source = "live") -> HttpResponse:
    """Show the open-versus-closed figures of a board."""
    return _gap(request, _newest(source, board))


@router.get(
    "/boards/{board}/gap/published", response={200: shapes.PublishedGapsAnswer, **_PROBLEMS}
)
def board_published_gaps(
    request: HttpRequest, board: Slug, source: Source = "live", cut: CutName = DEFAULT_CUT
) -> HttpResponse:
    """Show a board's gap as it was published, a day at a time."""
    return _published_gaps(request, source, board, cut)


@router.get("/boards/{board}/pairs", response={200: shapes.PairsAnswer, **_PROBLEMS})
def board_pairs(request: HttpRequest, board: Slug, source: Source = "live") -> dict[str, Any]:
    """Show the direct votes of all pairs, as of the board's newest publication."""
    found = get_object_or_404(Board, source=source, slug=board)
    pairs = read_pairs(found)
    if pairs is None:
        raise Http404
    slugs = dict(LanguageModel.objects.filter(pk__in=pairs.models).values_list("pk", "slug"))
    return {
        "board": found.slug,
        "source": found.source,
        "id": pairs.replay_id,
        "models": [slugs[pk] for pk in pairs.models],
        "won": pairs.won.tolist(),
        "tied": pairs.tied.tolist(),
        "both_bad": pairs.both_bad.tolist(),
    }


@router.get("/boards/{board}/snapshots", response={200: shapes.SnapshotsPage, **_PROBLEMS})
def board_snapshots(
    request: HttpRequest,
    board: Slug,
    source: Source = "live",
    before: Key = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """List a board's published snapshots, the newest first."""
    found = get_object_or_404(Board, source=source, slug=board).snapshots
    published = found.exclude(published_for=None).select_related("board").order_by("-pk")
    page = list((published.filter(pk__lt=before) if before is not None else published)[: limit + 1])
    more = page[limit - 1].pk if len(page) > limit else None
    return {"snapshots": [reading.summary(snapshot) for snapshot in page[:limit]], "next": more}


@router.get("/snapshots/{id}", response={200: shapes.SnapshotAnswer, **_PROBLEMS})
def snapshot(
    request: HttpRequest,
    id: Id,  # noqa: A002
    board: BoardName = "",
    source: AnySource = "",
) -> HttpResponse:
    """Show the frozen board that has an id; of several that share it, the one asked for."""
    return _whole(request, _frozen(id, board, source).snapshot)


@router.get("/snapshots/{id}/movement", response={200: shapes.MovementAnswer, **_PROBLEMS})
def snapshot_movement(
    request: HttpRequest,
    id: Id,  # noqa: A002
    since: Annotated[str, Query(pattern="^[0-9a-f]{64}$")],
    board: BoardName = "",
    source: AnySource = "",
) -> dict[str, Any]:
    """Show why ratings moved since an earlier published board of the same kind, in parts."""
    later = _frozen(id, board, source).snapshot
    earlier = earlier_of(later, since)
    moved = moved_between(earlier, later) if earlier else None
    if moved is None:
        raise Http404
    return {**reading.summary(later), "movement": reading.moved(moved)}


@router.get("/gap", response={200: shapes.GapAnswer, **_PROBLEMS})
def gap(request: HttpRequest, source: Source = "live") -> HttpResponse:
    """Show the open-versus-closed figures of all votes of a source."""
    return _gap(request, _newest(source, "overall"))


@router.get("/gap/published", response={200: shapes.PublishedGapsAnswer, **_PROBLEMS})
def published_gaps(
    request: HttpRequest, source: Source = "live", cut: CutName = DEFAULT_CUT
) -> HttpResponse:
    """Show the gap of all votes as it was published, a day at a time."""
    return _published_gaps(request, source, "overall", cut)


@router.get("/gap/record", response=shapes.RecordAnswer)
def record(request: HttpRequest) -> dict[str, Any]:
    """Show Chatbot Arena's published frontiers, 2023 to 2026: never joined to this arena's."""
    return {"days": reading.recorded_days()}


@router.get("/compare/{first}/{second}", response={200: shapes.CompareAnswer, **_PROBLEMS})
def compare(
    request: HttpRequest, first: Slug, second: Slug, source: Source = "live"
) -> dict[str, Any]:
    """Show two models against each other: direct votes and the expected win rate, by board."""
    if first == second:
        raise Http404
    models = (
        get_object_or_404(LanguageModel, slug=first),
        get_object_or_404(LanguageModel, slug=second),
    )
    return {
        "first": first,
        "second": second,
        "source": source,
        "boards": [figures(each) for each in encounters(models, source)],
    }


@router.get("/transparency", response={200: account_shapes.TransparencyAnswer, **_PROBLEMS})
def transparency(request: HttpRequest, source: Source = "live") -> dict[str, Any]:
    """Show what was drawn, which votes are left out and why, and every change of the rules."""
    return account_of(get_object_or_404(Ledger, source=source))


@router.get("/models", response={200: model_shapes.ModelsPage, **_REFUSED})
def models(request: HttpRequest, after: Key = None, limit: Limit = 100) -> dict[str, Any]:
    """List every model that was ever in the catalogue."""
    found = LanguageModel.objects.filter(pk__gt=after or 0).prefetch_related("licensings")
    page = list(found.order_by("pk")[: limit + 1])
    more = page[limit - 1].pk if len(page) > limit else None
    today = timezone.now().date()
    return {
        "models": [reading.model_in_short(model, today) for model in page[:limit]],
        "next": more,
    }


@router.get("/models/{model}", response={200: model_shapes.ModelAnswer, **_PROBLEMS})
def model(request: HttpRequest, model: Slug) -> dict[str, Any]:
    """Show a model: facts, licences, prices, speed, its place on every board."""
    found = get_object_or_404(LanguageModel.objects.prefetch_related("licensings"), slug=model)
    return reading.model_in_full(found, timezone.now().date())


@router.get("/releases", response=shapes.ReleasesAnswer)
def releases(request: HttpRequest) -> dict[str, Any]:
    """List the data releases: votes as Parquet and JSON lines."""
    return {"releases": releases_at_hand()}


@router.get(
    "/releases/{release}/{path:file}",
    response={200: None, **_PROBLEMS},
    url_name="release_file",
)
def release_file(request: HttpRequest, release: Slug, file: str) -> HttpResponseBase:
    """Download a file of a data release."""
    of_release = (found["files"] for found in releases_at_hand() if found["release"] == release)
    entry = next((entry for files in of_release for entry in files if entry["name"] == file), None)
    if entry is None:
        raise Http404
    return file_answer(request, settings.RELEASES_DIR / release / file, entry["sha256"])


api.add_router("", router)


def _newest(source: str, slug: str) -> Snapshot:
    found = newest_of(get_object_or_404(Board, source=source, slug=slug))
    if found is None:
        raise Http404
    return found


def _frozen(replay_id: str, board: str, source: str) -> Frozen:
    found = frozen_board(replay_id, board=board, source=source)
    if found is None:
        raise Http404
    return found


def _whole(request: HttpRequest, found: Snapshot) -> HttpResponse:
    key = found.pk, found.created_at
    return kept_answer(request, key, shapes.SnapshotAnswer, lambda: reading.whole(found))


def _published_gaps(request: HttpRequest, source: str, slug: str, cut: str) -> HttpResponse:
    found = _newest(source, slug)
    if found.board.method != Method.BRADLEY_TERRY:
        raise Http404
    key = found.pk, found.created_at, cut
    return kept_answer(
        request,
        key,
        shapes.PublishedGapsAnswer,
        lambda: reading.published_gaps(found.board, cut),
    )


def _gap(request: HttpRequest, found: Snapshot) -> HttpResponse:
    if found.board.method != Method.BRADLEY_TERRY:
        raise Http404
    key = found.pk, found.created_at
    return kept_answer(request, key, shapes.GapAnswer, lambda: reading.gap_of(found))
