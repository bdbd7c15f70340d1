"""Which stored figures the gap's charts take: of the reader's span, cut and rules alone."""

import datetime as dt
from typing import Any

import pytest

from arena.boards.choices import Choice
from arena.boards.figures.reading import GapReading
from arena.boards.models import Board, Snapshot
from tests.arena.boards.votes import NOW

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
