"""The sentences above charts, in their edge cases."""

from typing import Any

import pytest

from arena.boards.comparison import Expected
from arena.boards.figures.comparison import needed_sentence, verdict
from arena.boards.findings import (
    catch_up_finding,
    direct_finding,
    gap_over_time_finding,
    lag_over_time_finding,
    mix_finding,
    published_gap_finding,
    rated_finding,
    slices_finding,
    top_mean_finding,
    top_means_finding,
)
from arena.boards.sentences import lag_interval
from ratings import votes_still_needed
from tests.arena.boards.test_gap import STRENGTHS, board_of

NAMES = {"first": "Alder", "second": "Birch"}


def change(then: float, now: float, lower: float, upper: float) -> dict[str, Any]:
    return {"since": "2025-06-01", "then": then, "now": now, "lower": lower, "upper": upper}


@pytest.mark.parametrize(
    ("gap", "changed", "words"),
    [
        (40, None, "The gap between the best closed and the best open model: 40 points now"),
        (-40, None, "ahead of the best closed one: 40 points now"),
        (40, change(80, 40, -50, -30), "narrowed from 80 points to 40 points within a year"),
        (80, change(40, 80, 30, 50), "widened from 40 points to 80 points within a year"),
        (42, change(40, 42, -3, 7), "no change that the votes can show"),
        (40, change(40, 40, 0, 0), "a year before it was 40 points: no change that the votes"),
        (40, change(40.3, 39.8, -0.8, -0.1), "40 points, and was the same a year before, to"),
        (
            -40,
            change(30, -40, -90, -50),
            "Now open ahead by 40 points; a year before, closed ahead by 30 points",
        ),
        (
            0.2,
            change(-2, 0.2, -1, 4),
            "Now level; a year before, open ahead by 2 points: no change that the votes can show",
        ),
    ],
)
def test_a_change_is_claimed_only_where_the_joint_draws_show_it(
    gap: float, changed: dict[str, Any] | None, words: str
) -> None:
    assert words in gap_over_time_finding(gap, changed)


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        ({"2026-01-01": 40}, "As published on 2026-01-01: closed ahead by 40 points"),
        (
            {"2024-05-01": 90, "2025-01-01": 80, "2025-06-01": 70, "2026-01-01": 0.2},
            "As published: level on 2026-01-01; closed ahead by 80 points on 2025-01-01",
        ),
        (
            {"2025-12-01": -1.2, "2025-12-15": 30, "2026-01-01": 0},
            "As published: level on 2026-01-01; open ahead by 1 point on 2025-12-01",
        ),
    ],
)
def test_published_gaps_are_told_with_their_days_and_no_change_is_claimed(
    gaps: dict[str, float], sentence: str
) -> None:
    rows = [{"on": on, "gap": gap} for on, gap in gaps.items()]
    assert published_gap_finding(rows) == sentence


def mean(rating: float) -> dict[str, Any]:
    return {"rating": rating}


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            {"closed": [mean(900), mean(1104.6)], "open": [mean(1050)]},
            "Mean of the 3 best: closed 1105, open 1050 points",
        ),
        (
            {"closed": [mean(1105)], "open": []},
            "Mean of the 3 best closed models: 1105; fewer than 3 open ones are eligible",
        ),
        (
            {"closed": [], "open": [mean(1105)]},
            "Mean of the 3 best open models: 1105; fewer than 3 closed ones are eligible",
        ),
    ],
)
def test_means_are_said_of_the_sides_that_have_one(
    lines: dict[str, list[dict[str, Any]]], sentence: str
) -> None:
    assert top_means_finding(lines, 3) == sentence


def lag(point: tuple[float, str], lower: tuple[float, str], upper: tuple[float, str]) -> Any:
    return {
        name: {"months": months, "state": state}
        for name, (months, state) in (("point", point), ("lower", lower), ("upper", upper))
    }


@pytest.mark.parametrize(
    ("found", "interval"),
    [
        (lag((5, "behind"), (3, "behind"), (8, "behind")), "3 to 8"),
        (lag((5, "behind"), (3, "behind"), (8, "more_than")), "3 to more than 8"),
        (lag((0.2, "more_than"), (0, "level_or_ahead"), (0.3, "more_than")), "0 or more"),
        (lag((9, "more_than"), (6, "more_than"), (9, "more_than")), "6 or more"),
    ],
)
def test_a_censored_bound_is_an_or_more(found: Any, interval: str) -> None:
    assert lag_interval(found) == interval
    assert "more than 0" not in lag_over_time_finding(found)


def test_a_lag_without_a_beginning_is_a_bound() -> None:
    found = lag((1, "more_than"), (1, "more_than"), (1, "more_than"))
    sentence = lag_over_time_finding(found)
    assert sentence.startswith(
        "Open models are more than 1 month behind (1 or more): closed ones have"
    )


def test_a_lag_of_none_and_of_nothing_have_words() -> None:
    assert "cannot be measured" in lag_over_time_finding(None)
    level = lag((0, "level_or_ahead"), (0, "level_or_ahead"), (2, "behind"))
    assert "level or ahead" in lag_over_time_finding(level)


def test_a_median_that_is_not_reached_is_not_invented() -> None:
    leaders = [{"caught": False}, {"caught": True}, {"caught": False}]
    assert "1 of 3" in catch_up_finding({"median": None, "leaders": leaders})
    assert "less than a month" in catch_up_finding({"median": 0.2, "leaders": leaders})


@pytest.mark.parametrize(
    ("median", "time"), [(0.4, "less than a month"), (2, "2 months"), (0.6, "1 month")]
)
def test_a_median_over_leaders_who_are_still_ahead_is_an_estimate_not_a_count(
    median: float, time: str
) -> None:
    leaders = [{"caught": True}, {"caught": False}, {"caught": False}]
    assert catch_up_finding({"median": median, "leaders": leaders}) == (
        f"Estimated median time until open models catch up: {time}; "
        "1 of 3 closed leaders caught up with so far"
    )


def row(value: float, half: float, label: str = "Coding") -> dict[str, Any]:
    return {"label": label, "value": value, "lower": value - half, "upper": value + half}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row(5, 9), row(-5, 9)], "Neither side leads beyond doubt in any of these 2"),
        ([row(50, 9), row(5, 9)], "in 1 of these 2, most in Coding (50 points)"),
        ([row(50, 9), row(70, 90, "Maths")], "in 1 of these 2, most in Coding (50 points)"),
        ([row(-50, 9)], "Open models lead beyond doubt in Coding (50 points)"),
        ([row(50, 9)], "Closed models lead beyond doubt in Coding (50 points)"),
        ([row(5, 9)], "In Coding neither side leads beyond doubt"),
        ([row(-50, 9), row(-5, 9)], "Open models lead beyond doubt in 1 of these 2"),
        ([row(50, 9), row(-50, 9)], "in 1 of these 2, open ones in 1"),
    ],
)
def test_a_slice_is_won_only_beyond_doubt(rows: list[dict[str, Any]], words: str) -> None:
    assert words in slices_finding(rows)


def test_leaders_that_never_met_are_said_to_have_not() -> None:
    leaders = {"open": {"name": "Aster"}, "closed": {"name": "Basalt"}}
    assert "have not met" in direct_finding(None, leaders)
    assert "no two leaders" in direct_finding(None, None)


def test_nobody_is_first_alone_where_ranks_overlap() -> None:
    rows = [
        {"label": name, "rank_best": best, "lower": 990.0}
        for name, best in (("A", 1), ("B", 1), ("C", 3))
    ]
    assert rated_finding(rows).startswith("2 models may be first")
    assert rated_finding(rows[::2]) == "A is first beyond doubt"
    assert rated_finding(rows[:1]) == "A is the only model with a rating"
    assert rated_finding([]) == "No model is rated yet"


def test_nobody_is_first_beyond_doubt_where_ratings_have_no_intervals() -> None:
    elo = [
        {"label": name, "rank_best": best, "lower": None}
        for name, best in (("A", 1), ("B", 2), ("C", 3))
    ]
    for rows in (elo, elo[:1]):
        finding = rated_finding(rows)
        assert finding == "A has the highest rating; without intervals it is not known for sure"


@pytest.mark.parametrize(
    ("expected", "finding", "needed"),
    [
        (None, "too few votes", ""),
        (Expected(0, 10), "cannot be told apart: Alder", "equal"),
        (Expected(10, 10), "cannot be told apart: Alder", "more votes between the two"),
        (Expected(100, 10), "Alder would be preferred to Birch 64 times", "already"),
        (Expected(-100, 10), "Birch would be preferred to Alder 64 times", "already"),
    ],
)
def test_a_comparison_says_what_is_known(
    expected: Expected | None, finding: str, needed: str
) -> None:
    assert finding in verdict(NAMES, expected)
    assert needed in needed_sentence(expected)


def test_votes_still_needed_agree_with_the_library() -> None:
    board = board_of(STRENGTHS | {"near": 1021.0}, 3000)
    first, second = "basalt", "near"
    difference, error = board.difference(first, second)
    ours = Expected(difference, error).votes_needed
    assert ours == pytest.approx(votes_still_needed(board, first, second), rel=0.01)
    assert ours > 0


def latest(gap: float, lower: float, upper: float) -> dict[str, float]:
    return {"gap": gap, "lower": lower, "upper": upper}


@pytest.mark.parametrize(
    ("mixed", "voted", "sentence"),
    [
        (
            latest(50, 40, 61),
            latest(-20, -31, -9),
            "closed ahead by 50 points (40 to 61); as voted: 20 points the other way",
        ),
        (
            latest(1, -5, 7),
            latest(-0.4, -9, 1),
            "closed ahead by 1 point, too close to call; as voted: 0 points",
        ),
        (latest(0.3, -5, 7), None, "level"),
    ],
)
def test_the_fixed_mix_stands_beside_what_was_voted(
    mixed: dict[str, float], voted: dict[str, float] | None, sentence: str
) -> None:
    assert mix_finding(mixed, voted) == f"In the fixed mix of languages: {sentence}"


@pytest.mark.parametrize(
    ("gap", "end"),
    [
        (31.4, "closed leads by 31 points"),
        (-1.2, "open leads by 1 point"),
        (0.4, "neither side leads"),
    ],
)
def test_means_of_the_best_name_who_leads(gap: float, end: str) -> None:
    sentence = top_mean_finding(latest(gap, gap - 5, gap + 5), 3)
    assert sentence == f"Between the means of the 3 best, {end}"
