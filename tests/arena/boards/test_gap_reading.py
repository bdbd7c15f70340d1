"""Which stored figures the gap's charts take: of the reader's span, cut and rules alone."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from arena.boards.choices import Choice
from arena.boards.figures.gap import class_shares
from arena.boards.figures.gap_by_group import budgets, ladder
from arena.boards.figures.gap_over_time import as_published
from arena.boards.figures.models import history
from arena.boards.figures.reading import GapReading
from arena.boards.models import Board, Snapshot, SnapshotRow
from arena.boards.refresh import refresh_boards
from tests.arena.boards.votes import NOW, cast_many, new_model

ELIGIBLE = {"open": 2, "closed": 2}


def latest(gap: float) -> dict[str, Any]:
    names = {"open": {"name": "Aster"}, "closed": {"name": "Basalt"}}
    return {"gap": gap, "lower": gap - 5, "upper": gap + 5, **names}


def content_of(gap: float, **more: Any) -> dict[str, Any]:
    return {"rule": {"min_votes": 300}, "eligible": ELIGIBLE, "latest": latest(gap)} | more


def published(board: Board, gap: dict[str, Any], days_ago: int = 0, **more: Any) -> Snapshot:
    moment = NOW - dt.timedelta(days=days_ago)
    fields = {"votes": 2000, "voters": 9, "last_vote_id": 1, "replay_id": f"{board.pk:064x}"}
    return Snapshot.objects.create(
        board=board, gap=gap, created_at=moment, published_for=moment, **fields | more
    )


def board_of(**part: Any) -> Board:
    slug = "-".join(map(str, part.values())) or "overall"
    return Board.objects.create(source="live", method="bradley_terry", slug=slug, **part)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["category", "language"])
def test_slices_are_of_the_span_of_time_that_was_chosen(kind: str) -> None:
    part = {"category": "coding"} if kind == "category" else {"language": "en"}
    for days, gap in ((None, 10.0), (90, 40.0)):
        published(board_of(days=days), content_of(gap))
        published(board_of(days=days, **part), content_of(gap + 1))
    assert [row["value"] for row in GapReading.of(Choice()).slices(kind)] == [11]
    assert [row["value"] for row in GapReading.of(Choice(days="90")).slices(kind)] == [41]


OTHER_RULES: dict[str, dict[str, Any]] = {
    "eligibility": {"rule": {"min_votes": 100}},
    "numerics": {"numerics": "1"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("other", OTHER_RULES.values(), ids=OTHER_RULES)
def test_days_of_another_rule_or_other_code_are_not_joined(other: dict[str, Any]) -> None:
    board, alder = board_of(), new_model("Alder")
    for days_ago, changed in ((4, other), (3, other), (2, {}), (1, {})):
        gap = content_of(10.0 + days_ago, numerics="2") | changed
        snapshot = published(board, gap, days_ago, parameters={"scale": 400})
        SnapshotRow.objects.create(
            snapshot=snapshot, language_model=alder, votes=9, rating=1000.0, lower=990, upper=1010
        )
    chart = as_published(GapReading.of(Choice()))
    assert chart is not None
    assert [row[1] for row in chart.rows] == [12, 11]
    assert chart.note.startswith("2 earlier days were rated by other rules")
    past = history(alder, board)
    assert past is not None
    assert len(past.rows) == (4 if "rule" in other else 2), "eligibility moves no rating"
    assert past.note == ("" if "rule" in other else chart.note)


@pytest.mark.django_db
def test_days_from_before_the_version_was_kept_are_joined() -> None:
    board, alder = board_of(), new_model("Alder")
    for days_ago, kept in ((3, {}), (2, {}), (1, {"numerics": "2"})):
        gap = content_of(10.0 + days_ago, **kept)
        assert ("numerics" in gap) == bool(kept)
        snapshot = published(board, gap, days_ago, parameters={"scale": 400})
        SnapshotRow.objects.create(
            snapshot=snapshot, language_model=alder, votes=9, rating=1000.0, lower=990, upper=1010
        )
    chart, past = as_published(GapReading.of(Choice())), history(alder, board)
    assert chart is not None
    assert past is not None
    assert (len(chart.rows), chart.note, len(past.rows), past.note) == (3, "", 3, "")


def rung(name: str) -> dict[str, Any]:
    return {"gap": 9, "lower": 1, "upper": 17, "model": name, "name": name, "eligible": 1}


def test_budgets_follow_the_cut_and_the_ladder_has_every_class() -> None:
    free = content_of(5.0, budgets={"24": rung("Bramble")})
    whole = content_of(
        5.0,
        budgets={"24": rung("Aster")},
        ladder={"weights_restricted": rung("Aster")},
        cuts={"fully_open": free, "weights_permissive": content_of(6.0)},
    )
    charts = {
        cut: (budgets(_reading(whole, cut)), ladder(_reading(whole, cut)))
        for cut in ("weights_noncommercial", "weights_permissive", "fully_open")
    }
    fitting = {cut: practical and practical.rows[0][1] for cut, (practical, _l) in charts.items()}
    assert fitting == {
        "weights_noncommercial": "Aster",
        "weights_permissive": None,
        "fully_open": "Bramble",
    }
    notes = {cut: rungs and rungs.note for cut, (_b, rungs) in charts.items()}
    assert not notes["weights_noncommercial"]
    assert notes["fully_open"] == "Every licence class with weights is here, wherever the cut lies."


def _reading(content: dict[str, Any], cut: str) -> GapReading:
    snapshot = Snapshot(gap=content, created_at=NOW, replay_id="0" * 64)
    figures = content if cut == "weights_noncommercial" else content["cuts"][cut]
    return GapReading(Choice(cut=cut), snapshot, content, figures, lowered=False)


def test_under_the_lowered_rule_the_shares_are_of_that_rule() -> None:
    shares = {"closed": {"models": 3, "eligible": 0, "votes": 900, "share": 1.0}}
    lowered = content_of(5.0, shares={"closed": shares["closed"] | {"eligible": 3}})
    whole = content_of(5.0, shares=shares, lowered=lowered)
    snapshot = Snapshot(gap=whole, created_at=NOW, replay_id="0" * 64)
    for is_lowered, eligible in ((True, 3), (False, 0)):
        figures = lowered if is_lowered else whole
        reading = GapReading(Choice(), snapshot, whole, figures, lowered=is_lowered)
        assert [row["eligible"] for row in class_shares(reading)] == [eligible]


@pytest.mark.django_db
def test_a_model_of_few_votes_is_rated_neither_on_the_board_nor_in_its_gap(client: Client) -> None:
    alder, birch, cedar = (
        new_model(name, licence, **{field: dt.date(2025, 1, 1)})
        for name, licence, field in (
            ("Alder", "closed", "api_released_on"),
            ("Birch", "fully_open", "weights_released_on"),
            ("Cedar", "fully_open", "weights_released_on"),
        )
    )
    cast_many(alder, birch, wins=30, losses=25)
    cast_many(cedar, alder, wins=2, losses=2)
    refresh_boards(NOW)
    board = client.get("/api/v1/boards/overall").json()
    gap = client.get("/api/v1/gap").json()["gap"]
    assert {row["model"]: row["rating"] is None for row in board["rows"]} == {
        "alder": False,
        "birch": False,
        "cedar": True,
    }
    assert [model["model"] for model in gap["models"]] == ["alder", "birch"]
    assert gap["shares"]["fully_open"]["models"] == 1
