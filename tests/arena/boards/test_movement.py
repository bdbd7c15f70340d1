"""Why a board moved: parts that sum to the whole, each from what it says it is from."""

import pytest

from arena.boards.models import Method
from arena.boards.movement import PARTS, explain
from arena.boards.newest import newest_snapshot
from arena.boards.publication import publish_boards
from arena.boards.rating import rate
from arena.boards.slices import Slice
from arena.boards.votes import read_counted
from arena.integrity.facts import decide_votes
from arena.integrity.models import NotCounted, VoteFacts
from tests.arena.boards.test_publication import LATER
from tests.arena.boards.votes import NOW, cast_many, exclude_votes, new_model

pytestmark = pytest.mark.django_db


@pytest.fixture
def trio() -> tuple[str, str, str]:
    """Three models with enough votes, published."""
    alder, birch, cedar = (new_model(name) for name in ("Alder", "Birch", "Cedar"))
    cast_many(alder, birch, wins=40, losses=20, voters=6)
    cast_many(birch, cedar, wins=35, losses=25, voters=6)
    cast_many(cedar, alder, wins=20, losses=40, voters=6)
    decide_votes(NOW)
    publish_boards(NOW)
    return alder.slug, birch.slug, cedar.slug


def movement(part: Slice | None = None) -> dict[str, dict[str, float]]:
    """Return the parts by model, after checking that they sum to the change."""
    part = part or Slice()
    before = newest_snapshot("live", "bradley_terry", category=part.category)
    assert before is not None
    votes = read_counted("live")
    chosen = votes.votes(part.members(votes.columns, None))
    moved = explain(before, rate(Method.BRADLEY_TERRY, chosen, min_votes=1), votes, part)
    assert moved["models"]
    for model in moved["models"].values():
        assert list(model["parts"]) == list(PARTS)
        total = sum(round(100 * points) for points in model["parts"].values())
        assert total == round(100 * model["after"]) - round(100 * model["before"])
    return {slug: model["parts"] for slug, model in moved["models"].items()}


def test_nothing_new_moves_nothing(trio: tuple[str, str, str]) -> None:
    assert {points for parts in movement().values() for points in parts.values()} == {0}


def test_new_votes_new_opponents_and_exclusions_are_told_apart(trio: tuple[str, str, str]) -> None:
    alder, birch = (VoteFacts.objects.first().vote.battle.model(side) for side in "ab")  # type: ignore[union-attr]
    gone = VoteFacts.objects.order_by("pk").values_list("pk", flat=True)[:10]
    exclude_votes(list(gone), NotCounted.SAME_MODEL, now=LATER)
    only_excluded = movement()["alder"]
    assert only_excluded["exclusions"] < 0
    assert not any(points for name, points in only_excluded.items() if name != "exclusions")

    cast_many(birch, alder, wins=12, losses=2)
    decide_votes(LATER)
    with_votes = movement()["alder"]
    assert with_votes["exclusions"] == only_excluded["exclusions"]
    assert with_votes["new_votes"] < 0 == with_votes["new_opponents"]

    cast_many(new_model("Dogwood"), alder, wins=6, losses=6)
    decide_votes(LATER)
    whole = movement()
    assert whole["alder"]["new_votes"] == with_votes["new_votes"]
    assert whole["alder"]["new_opponents"] != 0
    assert "dogwood" not in whole


def test_labels_that_change_are_the_rules_part(trio: tuple[str, str, str]) -> None:
    VoteFacts.objects.update(category="coding", category_by="rule", revision=999, rule_version=2)
    from arena.integrity.fact_rows import count_decisions  # noqa: PLC0415

    count_decisions("live", 900)
    publish_boards(LATER)
    label = VoteFacts.objects.filter(vote__outcome="a").values_list("pk", flat=True)[:9]
    revision = count_decisions("live", 9)
    VoteFacts.objects.filter(pk__in=list(label)).update(category="advice", revision=revision)
    parts = movement(Slice("coding"))["alder"]
    assert parts["rules"] != 0
    assert not any(points for name, points in parts.items() if name != "rules")


def test_a_publication_says_what_moved_since_the_one_before(trio: tuple[str, str, str]) -> None:
    alder, birch = (VoteFacts.objects.first().vote.battle.model(side) for side in "ab")  # type: ignore[union-attr]
    cast_many(birch, alder, wins=12, losses=2)
    decide_votes(LATER)
    publish_boards(LATER)
    snapshot = newest_snapshot("live", "bradley_terry")
    assert snapshot is not None
    assert snapshot.movement["votes"] == {"new": 14, "gone": 0}
    assert snapshot.movement["models"]["alder"]["parts"]["new_votes"] < 0
