"""Kaplan-Meier and catch-up times by hand."""

import numpy as np
import pytest

from ratings.contenders import Contenders
from ratings.errors import InvalidParameter
from ratings.survival import CatchUp, catch_up, kaplan_meier
from ratings.undefined import Undefined

DAY = 1 / 30.4375  # months


def test_the_product_limit_by_hand() -> None:
    # Durations 1, 2+, 3, 4, 5+ (plus: censored).
    # t=1: 5 at risk, S = 4/5. t=3: 3 at risk, S = 4/5 * 2/3 = 8/15. t=4: 2 at risk, S = 4/15.
    # S is first at most one half at 4.
    curve = kaplan_meier([1.0, 2.0, 3.0, 4.0, 5.0], [True, False, True, True, False])
    np.testing.assert_array_equal(curve.times, [1.0, 3.0, 4.0])
    np.testing.assert_array_equal(curve.at_risk, [5, 3, 2])
    np.testing.assert_array_equal(curve.events, [1, 1, 1])
    np.testing.assert_allclose(curve.survival, [4 / 5, 8 / 15, 4 / 15])
    assert curve.median == 4.0


def test_a_median_that_is_not_reached_is_none_and_not_a_number() -> None:
    # One of three caught: S = 2/3 for ever.
    curve = kaplan_meier([1.0, 2.0, 3.0], [True, False, False])
    assert curve.median is None
    assert kaplan_meier([2.0], [False]).median is None
    assert kaplan_meier([], []).median is None


def test_a_censored_one_is_still_at_risk_at_its_own_time() -> None:
    # Event and censoring both at 2: two at risk, S = 1/2, median 2.
    curve = kaplan_meier([2.0, 2.0], [True, False])
    np.testing.assert_allclose(curve.survival, [0.5])
    assert curve.median == 2.0


def test_a_product_that_misses_one_half_by_rounding_still_counts() -> None:
    # Six events in a row of twelve: 11/12 * 10/11 * ... * 6/7 = 1/2 at the sixth.
    curve = kaplan_meier(np.arange(1.0, 13.0), np.ones(12))
    assert curve.median == 6.0


@pytest.mark.parametrize("durations", [[-1.0], [np.nan], [np.inf]])
def test_a_duration_that_is_none_is_refused(durations: list[float]) -> None:
    with pytest.raises(InvalidParameter, match="negative or not finite"):
        kaplan_meier(durations, [True])


# Closed: 1000 on day 1, 980 on day 3 (never led), 1100 on day 11, 1200 on day 21.
# Open: 1000 on day 6, 1050 on day 8, 1150 on day 31.
RATING = [1000.0, 980.0, 1100.0, 1200.0, 1000.0, 1050.0, 1150.0]
RELEASED = [f"2024-01-{day:02}" for day in (1, 3, 11, 21, 6, 8, 31)]
CLASSES = ["closed"] * 4 + ["fully_open"] * 3


def test_catch_up_times_by_hand() -> None:
    # 1000 is equalled on day 6: 5 days. 1100 is passed on day 31: 20 days. 1200 is not caught up
    # by day 40 (9 February): censored at 19 days, just before the 20. So S(5) = 2/3; at 20 days
    # one is left at risk: S = 0. The median is 20 days.
    result = catch_up(Contenders.of([RATING], RELEASED, CLASSES), "2024-02-09")
    assert isinstance(result, CatchUp)
    np.testing.assert_array_equal(result.leaders, [0, 2, 3])
    np.testing.assert_allclose(result.months, [5 * DAY, 20 * DAY, 19 * DAY])
    np.testing.assert_array_equal(result.caught, [True, True, False])
    np.testing.assert_array_equal(result.caught_by, [4, 6, -1])
    np.testing.assert_allclose(result.curve.survival, [2 / 3, 0])
    assert result.median == pytest.approx(20 * DAY)
    assert result.median_lower == result.median_upper == result.median


def test_what_is_released_after_the_end_does_not_count() -> None:
    # On day 15 only 1000 (caught, 5 days) and 1100 (censored, 4 days) have led.
    result = catch_up(Contenders.of([RATING], RELEASED, CLASSES), "2024-01-15")
    assert isinstance(result, CatchUp)
    np.testing.assert_array_equal(result.caught, [True, False])
    np.testing.assert_allclose(result.months, [5 * DAY, 4 * DAY])
    assert result.median == pytest.approx(5 * DAY)  # one at risk at 5 days: S = 0


def test_a_leader_that_was_behind_from_the_start_takes_no_time() -> None:
    field = Contenders.of(
        [[1000.0, 1020.0]], ["2024-01-10", "2024-01-01"], ["closed", "fully_open"]
    )
    result = catch_up(field, "2024-02-01")
    assert isinstance(result, CatchUp)
    assert result.months.tolist() == [0.0]
    assert result.median == 0.0


def test_of_two_leaders_of_one_day_the_better_counts() -> None:
    field = Contenders.of(
        [[1000.0, 1100.0, 1050.0]],
        ["2024-01-01", "2024-01-01", "2024-01-05"],
        ["closed", "closed", "fully_open"],
    )
    result = catch_up(field, "2024-01-11")
    assert isinstance(result, CatchUp)
    assert result.leaders.tolist() == [1]
    assert result.caught.tolist() == [False]
    assert result.median is None


def test_the_interval_of_the_median_comes_from_draws_with_their_own_leaders() -> None:
    # Draw 1: open 1050 passes closed 1000 after 4 days. Draw 2: it does not.
    field = Contenders.of(
        [[1000.0, 1050.0], [1000.0, 990.0]], ["2024-01-01", "2024-01-05"], ["closed", "fully_open"]
    )
    result = catch_up(field, "2024-01-11")
    assert isinstance(result, CatchUp)
    assert result.median == pytest.approx(4 * DAY)  # point: the means, 1000 and 1020
    assert result.median_lower == pytest.approx(4 * DAY)
    assert result.median_upper is None


def test_without_open_models_all_are_censored_and_without_closed_there_is_a_sentence() -> None:
    dates = ["2024-01-01", "2024-01-02"]
    alone = catch_up(Contenders.of([[1.0, 2.0]], dates, ["closed"] * 2), "2024-01-03")
    assert isinstance(alone, CatchUp)
    assert alone.caught.tolist() == [False, False]
    assert alone.caught_by.tolist() == [-1, -1]
    nobody = catch_up(Contenders.of([[1.0, 2.0]], dates, ["fully_open"] * 2), "2024-01-03")
    assert isinstance(nobody, Undefined)
    assert nobody.sentence == "No closed model released by 2024-01-03 is eligible."
