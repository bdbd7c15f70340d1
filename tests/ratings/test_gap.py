"""The gap on fields small enough to do by hand.

Throughout: days of January 2024; models are named by their position.
"""

import numpy as np
import pytest

from ratings.arrays import Floats
from ratings.contenders import Contenders, Dates
from ratings.eligibility import eligible_models
from ratings.errors import InvalidParameter, NotEnoughVotes
from ratings.frontier import frontier
from ratings.gap import frontier_gap
from ratings.licences import LICENCE_CLASSES, Cut
from ratings.scale import Scale

# position      0           1           2            3
RELEASED = ["2024-01-01", "2024-01-10", "2024-01-05", "2024-01-20"]
CLASSES = ["closed", "closed", "weights_permissive", "weights_restricted"]
RATING = [1000.0, 1100.0, 900.0, 1060.0]


def days(*numbers: int) -> Dates:
    return np.array([f"2024-01-{number:02}" for number in numbers], dtype="datetime64[D]")


def test_the_gap_steps_on_each_release_day() -> None:
    # Closed frontier: 1000 from day 1, 1100 from day 10. Open: 900 from day 5, 1060 from day 20.
    # Gap: day 5 1000-900 = 100; day 10 1100-900 = 200; day 20 1100-1060 = 40.
    gap = frontier_gap([RATING], RELEASED, CLASSES)
    np.testing.assert_array_equal(gap.dates, days(5, 10, 20))
    np.testing.assert_array_equal(gap.gap, [100.0, 200.0, 40.0])
    np.testing.assert_array_equal(gap.closed_leaders[:, 0], [0, 1, 1])
    np.testing.assert_array_equal(gap.open_leaders[:, 0], [2, 2, 3])
    np.testing.assert_array_equal(gap.closed_eligible, [1, 2, 2])
    np.testing.assert_array_equal(gap.open_eligible, [1, 1, 2])
    assert gap.latest() == 2


def test_a_gap_of_400_points_is_ten_wins_to_one() -> None:
    gap = frontier_gap([[1400.0, 1000.0]], ["2024-01-01"] * 2, ["closed", "fully_open"])
    np.testing.assert_allclose(gap.win_probability, [10 / 11], rtol=1e-14)
    natural = frontier_gap(
        [[1.0, 0.0]], ["2024-01-01"] * 2, ["closed", "fully_open"], scale=Scale(1.0, np.e, 0.0)
    )
    np.testing.assert_allclose(natural.win_probability, [1 / (1 + np.exp(-1))], rtol=1e-14)


def test_each_draw_picks_its_own_leaders() -> None:
    # Two closed models of 1000 by point, one open of 990. Draw 1: closed 1010 and 980, open 1000;
    # draw 2: closed 980 and 1010, open 1020. Own leaders: 1010-1000 = 10 and 1010-1020 = -10.
    # With the point's leader (model 0) it would have been 10 and -40.
    gap = frontier_gap(
        [[1010.0, 980.0, 1000.0], [980.0, 1010.0, 1020.0]],
        ["2024-01-01"] * 3,
        ["closed", "closed", "fully_open"],
        rating=[1000.0, 1000.0, 990.0],
    )
    outside = 0.025 * 20  # linear interpolation between -10 and 10
    np.testing.assert_allclose([gap.lower[0], gap.upper[0]], [-10 + outside, 10 - outside])
    assert gap.gap[0] == 10.0
    assert gap.closed_ahead[0] == 0.5
    assert gap.n_draws == 2


def test_the_interval_is_of_the_difference_and_not_of_the_ends() -> None:
    # Both ratings move together by +-50, so the gap of 30 is known exactly.
    draws = [[1050.0, 1020.0], [950.0, 920.0], [1000.0, 970.0]]
    gap = frontier_gap(draws, ["2024-01-01"] * 2, ["closed", "weights_permissive"])
    assert (gap.lower[0], gap.gap[0], gap.upper[0]) == (30.0, 30.0, 30.0)


def test_the_top_three_mean_waits_for_three_models() -> None:
    # Closed 1000, 1030, 970 and 900; open 940, 910, 880: gap 1000 - 910 = 90 from day 4 on, when
    # the third open model is out. The closed 900 is not among the three.
    released = days(1, 1, 1, 1, 2, 3, 4)
    classes = ["closed"] * 4 + ["fully_open"] * 3
    rating = [1000.0, 1030.0, 970.0, 900.0, 940.0, 910.0, 880.0]
    gap = frontier_gap([rating], released, classes, top=3)
    np.testing.assert_array_equal(gap.dates, days(4))
    np.testing.assert_allclose(gap.gap, [90.0])
    np.testing.assert_array_equal(gap.closed_leaders, [[1, 0, 2]])
    assert [(run.code, run.since, run.until) for run in gap.undefined] == [
        ("no_open", days(1)[0], days(1)[0]),
        ("too_few_open", days(2)[0], days(3)[0]),
    ]
    assert gap.undefined[1].sentence == (
        "Only 2 eligible open models released by 2024-01-03; the mean of the 3 best needs 3."
    )


def test_of_equal_leaders_the_earlier_one_leads() -> None:
    gap = frontier_gap(
        [[1000.0, 1000.0, 1000.0]], days(3, 2, 1), ["closed", "closed", "fully_open"]
    )
    np.testing.assert_array_equal(gap.closed_leaders[:, 0], [1, 1])
    np.testing.assert_array_equal(gap.gap, [0.0, 0.0])
    np.testing.assert_array_equal(gap.closed_ahead, [0.0, 0.0])


@pytest.mark.parametrize(
    ("classes", "code", "sentence"),
    [
        (["closed", "unknown"], "no_open", "No open model is eligible."),
        (["unknown", "fully_open"], "no_closed", "No closed model is eligible."),
    ],
)
def test_a_missing_side_is_a_sentence_and_no_number(
    classes: list[str], code: str, sentence: str
) -> None:
    gap = frontier_gap([[1000.0, 900.0]], ["2024-01-01", "2024-01-02"], classes)
    assert gap.gap.shape == gap.lower.shape == gap.upper.shape == (0,)
    assert gap.closed_leaders.shape == (0, 1)
    assert {run.code for run in gap.undefined} == {code}
    with pytest.raises(NotEnoughVotes, match=f"{sentence[:8]}"):
        gap.latest()


def test_no_eligible_model_at_all_names_both_sides() -> None:
    gap = frontier_gap(
        [[1000.0, 900.0]], days(1, 2), ["closed", "fully_open"], eligible=[False, False]
    )
    assert [run.code for run in gap.undefined] == ["no_open", "no_closed"]
    assert gap.undefined[0].sentence == "No open model is eligible."


def test_no_result_holds_a_nan() -> None:
    gap = frontier_gap([[1000.0, 900.0, np.nan]], days(1, 4, 2), ["closed"] + ["fully_open"] * 2)
    for column in (gap.gap, gap.lower, gap.upper, gap.closed_rating, gap.open_rating):
        assert len(column) == 1
        assert np.isfinite(column).all()


def test_an_eligible_model_without_a_rating_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="model 1 is called eligible"):
        frontier_gap([[1000.0, np.nan]], days(1, 1), ["closed", "fully_open"], eligible=[True] * 2)


def test_the_reader_moves_the_cut() -> None:
    # With only permissive licences open, the restricted 1060 leaves the open frontier, and it
    # does not become a closed model.
    gap = frontier_gap([RATING], RELEASED, CLASSES, cut=Cut.at("weights_permissive"))
    assert gap.gap[-1] == 1100.0 - 900.0
    other = Cut(open=frozenset({"weights_permissive"}), closed=frozenset({"weights_restricted"}))
    assert frontier_gap([RATING], RELEASED, CLASSES, cut=other).gap[-1] == 1060.0 - 900.0


@pytest.mark.parametrize(
    ("open_", "closed", "match"),
    [
        ({"unknown"}, {"closed"}, "cannot hold the class 'unknown'"),
        ({"closed"}, {"closed"}, "both open and closed"),
        (set(), {"closed"}, "no licence class"),
        ({"open-ish"}, {"closed"}, "'open-ish'"),
    ],
)
def test_a_cut_that_makes_no_sense_is_refused(
    open_: set[str], closed: set[str], match: str
) -> None:
    with pytest.raises(InvalidParameter, match=match):
        Cut(frozenset(open_), frozenset(closed))


def test_every_known_class_is_accepted_and_no_other() -> None:
    assert len(LICENCE_CLASSES) == 6
    Contenders.of([[0.0] * 6], ["2024-01-01"] * 6, LICENCE_CLASSES)
    with pytest.raises(InvalidParameter, match="licence class 'Closed'"):
        frontier_gap([[1.0, 2.0]], days(1, 1), ["Closed", "fully_open"])


@pytest.mark.parametrize(
    "released", [["2024-01-01"], ["2024-01-01"] * 3], ids=["too short", "too long"]
)
def test_columns_of_other_lengths_are_refused(released: list[str]) -> None:
    with pytest.raises(InvalidParameter, match="released has shape"):
        frontier_gap([[1.0, 2.0]], released, ["closed", "fully_open"])


def test_a_model_without_a_date_is_on_no_frontier_and_is_counted() -> None:
    gap = frontier_gap(
        [[1000.0, 2000.0, 900.0]],
        ["2024-01-01", "NaT", "2024-01-01"],
        ["closed"] * 2 + ["fully_open"],
    )
    assert gap.undated == 1
    np.testing.assert_array_equal(gap.gap, [100.0])


def test_asked_dates_are_answered_or_explained() -> None:
    gap = frontier_gap([RATING], RELEASED, CLASSES, dates=days(2, 4, 15))
    np.testing.assert_array_equal(gap.dates, days(15))
    assert gap.undefined[0].since == days(2)[0]
    assert gap.undefined[0].until == days(4)[0]
    assert gap.undefined[0].sentence == "No open model released by 2024-01-04 is eligible."
    with pytest.raises(InvalidParameter, match="date is missing"):
        frontier_gap([RATING], RELEASED, CLASSES, dates=["NaT"])
    with pytest.raises(InvalidParameter, match="list of dates is empty"):
        frontier_gap([RATING], RELEASED, CLASSES, dates=[])


def test_the_frontier_of_one_class_has_a_band() -> None:
    # Draws of the two closed models: (1000, 1100), (1050, 1020). Day 1: 1000 and 1050; day 10:
    # 1100 and 1050. At level 0.5 the ends are the quartiles: 1012.5 to 1037.5, 1062.5 to 1087.5.
    field = Contenders.of(
        [[1000.0, 1100.0, 0.0, 0.0], [1050.0, 1020.0, 0.0, 0.0]], RELEASED, CLASSES, rating=RATING
    )
    line = frontier(field, field.closed, level=0.5)
    np.testing.assert_array_equal(line.dates, days(1, 10))
    np.testing.assert_array_equal(line.rating, [1000.0, 1100.0])
    np.testing.assert_allclose(line.lower, [1012.5, 1062.5])
    np.testing.assert_allclose(line.upper, [1037.5, 1087.5])
    np.testing.assert_array_equal(line.leaders[:, 0], [0, 1])
    nobody = frontier(field, field.members({"fully_open"}))
    assert len(nobody.dates) == 0


def test_eligibility_needs_votes_a_narrow_interval_and_the_main_component() -> None:
    #                  fine  few votes  wide   island  no interval
    votes = np.array([300, 299, 5000, 5000, 5000])
    lower = np.array([975.0, 990.0, 974.9, 990.0, np.nan])
    upper = np.array([1025.0, 1010.0, 1025.0, 1010.0, np.nan])
    main = np.array([True, True, True, False, True])
    assert eligible_models(votes, lower, upper, main).tolist() == [True] + [False] * 4
    relaxed = eligible_models(votes, lower, upper, main, min_votes=100, max_half_width=30)
    assert relaxed.tolist() == [True, True, True, False, False]
    with pytest.raises(InvalidParameter, match="one entry a model"):
        eligible_models(votes, lower, upper, main[:2])


def test_draws_agree_with_a_loop_over_single_draws() -> None:
    rng = np.random.default_rng(5)
    m, n = 30, 40
    draws = rng.normal(1000, 80, (n, m))
    released = np.datetime64("2023-01-01") + rng.integers(0, 600, m)
    classes = rng.choice(["closed", "weights_permissive", "unknown"], m)
    for top in (1, 3):
        gap = frontier_gap(draws, released, classes, top=top, level=0.8)
        assert len(gap.dates) > 5
        for k, day in enumerate(gap.dates):
            out = released <= day
            values = [
                _mean_of_best(row[out & (classes == "closed")], top)
                - _mean_of_best(row[out & (classes == "weights_permissive")], top)
                for row in draws
            ]
            np.testing.assert_allclose(gap.lower[k], np.quantile(values, 0.1), atol=1e-9)
            np.testing.assert_allclose(gap.upper[k], np.quantile(values, 0.9), atol=1e-9)


def _mean_of_best(ratings: Floats, top: int) -> float:
    return float(sum(sorted(ratings)[-top:]) / top)
