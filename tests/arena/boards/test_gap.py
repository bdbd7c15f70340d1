"""The series that is stored with a snapshot, and the chart drawn from it."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from arena.boards.catalogue import Facts
from arena.boards.charts.frontier import drawn_steps, frontier_spec, leader_changes
from arena.boards.gap import gap_series
from ratings import Board, Comparisons, fit_bradley_terry

TODAY = dt.date(2026, 6, 1)


def board_of(strengths: dict[str, float], votes: int = 6000) -> Board:
    rng = np.random.default_rng(5)
    names = tuple(sorted(strengths))
    points = np.array([strengths[name] for name in names])
    a = rng.integers(0, len(names), votes)
    b = (a + rng.integers(1, len(names), votes)) % len(names)
    wins = rng.random(votes) < 1 / (1 + 10 ** ((points[b] - points[a]) / 400))
    return fit_bradley_terry(
        Comparisons(
            models=names,
            a=a,
            b=b,
            outcome=np.where(wins, 0, 1).astype(np.int8),
            voter=rng.integers(0, 200, votes),
        ),
        interval="clustered",
    )


def facts_of(board: Board, known: Mapping[str, tuple[str, str | None]]) -> list[Facts]:
    return [
        Facts(
            pk=place,
            slug=name,
            name=name.title(),
            organisation="",
            licence_class=known[name][0],
            released_on=dt.date.fromisoformat(day) if (day := known[name][1]) else None,
            simulated=False,
        )
        for place, name in enumerate(board.models)
    ]


KNOWN = {
    "basalt": ("closed", "2025-01-10"),
    "copper": ("closed", "2025-09-10"),
    "aster": ("weights_permissive", "2025-03-10"),
    "bramble": ("fully_open", "2026-01-10"),
    "mystery": ("unknown", "2025-03-10"),
}
STRENGTHS = {"basalt": 1020.0, "copper": 1120, "aster": 900, "bramble": 1040, "mystery": 1000}


def test_it_follows_the_best_of_each_side() -> None:
    board = board_of(STRENGTHS)
    gap = gap_series(board, facts_of(board, KNOWN), TODAY)
    assert gap["eligible"] == {"closed": 2, "open": 2}
    leaders = {
        side: [step["model"] for step in leader_changes(steps)]
        for side, steps in gap["frontiers"].items()
    }
    assert leaders == {"closed": ["basalt", "copper"], "open": ["aster", "bramble"]}
    assert gap["latest"]["closed"]["model"] == "copper"
    assert gap["latest"]["open"]["model"] == "bramble"
    assert gap["latest"]["lower"] < gap["latest"]["gap"] < gap["latest"]["upper"]
    assert 40 < gap["latest"]["gap"] < 120
    assert gap["lag"]["point"]["months"] == pytest.approx(8.7, abs=0.1)
    assert len(gap["models"]) == 5
    json.dumps(gap, allow_nan=False)


def test_without_an_open_model_there_is_no_gap_and_one_line() -> None:
    board = board_of({"basalt": 1020.0, "copper": 1120, "mystery": 1000})
    gap = gap_series(board, facts_of(board, KNOWN), TODAY)
    assert (gap["latest"], gap["lag"], gap["series"]) == (None, None, [])
    assert gap["eligible"] == {"closed": 2, "open": 0}
    assert gap["frontiers"]["open"] == []
    json.dumps(frontier_spec(gap, TODAY), allow_nan=False)


def test_thin_models_are_not_eligible() -> None:
    board = board_of(STRENGTHS, votes=600)
    gap = gap_series(board, facts_of(board, KNOWN), TODAY)
    assert gap["eligible"] == {"closed": 0, "open": 0}
    assert gap["latest"] is None


def test_an_eligible_model_without_a_date_is_counted_as_such() -> None:
    board = board_of(STRENGTHS)
    gap = gap_series(board, facts_of(board, {**KNOWN, "bramble": ("fully_open", None)}), TODAY)
    assert gap["undated"] == 1
    assert gap["eligible"]["open"] == 1


def test_what_the_leaderboard_withholds_has_no_rating_here() -> None:
    board = board_of(STRENGTHS | {"rare": 1200.0})
    places = {name: place for place, name in enumerate(board.models)}
    board.votes[places["rare"]] = 29
    facts = facts_of(board, {**KNOWN, "rare": ("closed", "2026-02-01")})
    gap = gap_series(board, facts, TODAY, min_votes=30)
    assert "rare" not in [model["model"] for model in gap["models"]]
    assert gap["shares"]["closed"]["models"] == gap["eligible"]["closed"] == 2
    assert gap_series(board, facts, TODAY, min_votes=29)["shares"]["closed"]["models"] == 3
    assert gap_series(board, facts, TODAY, min_votes=10_000)["eligible"] == {"closed": 0, "open": 0}


def test_a_lowered_view_counts_its_own_eligible_models() -> None:
    board = board_of(STRENGTHS, votes=600)
    gap = gap_series(board, facts_of(board, KNOWN), TODAY)
    lowered = gap["lowered"]
    by_class = {name: share["eligible"] for name, share in lowered["shares"].items()}
    assert by_class["closed"] == lowered["eligible"]["closed"] == 2
    assert by_class["fully_open"] + by_class["weights_permissive"] == lowered["eligible"]["open"]
    assert gap["shares"]["closed"]["eligible"] == 0
    assert lowered["ladder"]["fully_open"]["name"] == "Bramble"


def test_budgets_are_of_the_models_that_are_open_under_the_cut() -> None:
    board = board_of({"basalt": 1020.0, "aster": 1100.0, "bramble": 900.0})
    facts = [replace(fact, params_total_b=8.0) for fact in facts_of(board, KNOWN)]
    gap = gap_series(board, facts, TODAY)
    assert gap["budgets"]["24"]["model"] == "aster"
    assert gap["cuts"]["weights_permissive"]["budgets"]["24"]["model"] == "aster"
    assert gap["cuts"]["fully_open"]["budgets"]["24"]["model"] == "bramble"


def test_the_change_within_a_year_is_the_draws_own() -> None:
    board = board_of(STRENGTHS, votes=20_000)
    gap = gap_series(board, facts_of(board, KNOWN), TODAY)
    change = gap["change"]
    assert change["since"] == "2025-06-01"
    assert change["now"] == gap["latest"]["gap"]
    before = next(step for step in reversed(gap["series"]) if step["on"] <= change["since"])
    assert change["then"] == before["gap"]
    assert change["lower"] < change["now"] - change["then"] < change["upper"]
    json.dumps(gap, allow_nan=False)


def test_nothing_new_within_a_year_is_a_change_of_none() -> None:
    """A series that ended years ago says nothing of the last year."""
    board = board_of(STRENGTHS, votes=20_000)
    gap = gap_series(board, facts_of(board, KNOWN), TODAY.replace(year=2029))
    change = gap["change"]
    assert (change["since"], change["lower"], change["upper"]) == ("2028-06-01", 0, 0)
    assert change["then"] == change["now"] == gap["latest"]["gap"]


@pytest.mark.parametrize(
    ("day", "since"), [("2028-02-29", "2027-03-01"), ("2027-03-01", "2026-03-01")]
)
def test_every_day_has_a_day_a_year_before(day: str, since: str) -> None:
    board = board_of(STRENGTHS)
    gap = gap_series(board, facts_of(board, KNOWN), dt.date.fromisoformat(day))
    assert gap["change"]["since"] == since


def test_without_a_gap_a_year_before_there_is_no_change() -> None:
    board = board_of(STRENGTHS)
    gap = gap_series(board, facts_of(board, KNOWN), dt.date(2026, 3, 9))
    assert (gap["change"], gap["latest"] is None) == (None, False)


def test_the_means_of_the_best_have_a_line_each() -> None:
    strengths = STRENGTHS | {"cobalt": 1000.0, "briar": 950.0}
    known = KNOWN | {"cobalt": ("closed", "2025-11-01"), "briar": ("fully_open", "2026-02-01")}
    board = board_of(strengths, votes=20_000)
    top = gap_series(board, facts_of(board, known), TODAY)["top"]
    rating = dict(zip(board.models, board.rating, strict=True))
    for side, names in (
        ("closed", ["copper", "basalt", "cobalt"]),
        ("open", ["bramble", "briar", "aster"]),
    ):
        last = top[side][-1]
        assert last["names"] == [name.title() for name in names]
        assert last["rating"] == pytest.approx(np.mean([rating[name] for name in names]), abs=0.01)
        assert last["lower"] < last["rating"] < last["upper"]
    ahead = top["closed"][-1]["rating"] - top["open"][-1]["rating"]
    assert top["series"][-1]["gap"] == pytest.approx(ahead, abs=0.02)


def test_the_chart_ends_on_the_day_of_the_board() -> None:
    board = board_of(STRENGTHS)
    chart = frontier_spec(gap_series(board, facts_of(board, KNOWN), TODAY), TODAY)
    assert chart["encoding"]["x"]["scale"]["domain"] == ["2025-01-10", "2026-06-01"]
    lines = [layer for layer in chart["layer"] if layer["mark"]["type"] == "line"]
    assert len(lines) == 2
    for line in lines:
        assert line["mark"]["interpolate"] == "step-after"
        assert line["data"]["values"][-1]["on"] == "2026-06-01"
    named = {parameter["name"] for parameter in chart["params"]}
    assert {line["mark"]["color"]["expr"] for line in lines} == {"closed", "open"} <= named


def test_a_line_is_not_drawn_past_its_last_day_twice() -> None:
    steps = [{"on": "2026-06-01", "rating": 1.0, "model": "x"}]
    assert drawn_steps(steps, TODAY) == steps
    assert drawn_steps([], TODAY) == []
