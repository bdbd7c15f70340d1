"""Lags by hand, in days divided by 30.4375."""

from collections.abc import Sequence

import numpy as np
import pytest

from ratings.contenders import Contenders
from ratings.errors import InvalidParameter
from ratings.lag import Lag, LagFigure, lag_at, lag_line
from ratings.undefined import Undefined

# closed 1000 in January, closed 1100 in March, open 1050 in June
RELEASED = ["2024-01-01", "2024-03-01", "2024-06-01"]
CLASSES = ["closed", "closed", "weights_permissive"]


def field(
    *draws: Sequence[float],
    rating: Sequence[float] | None = None,
    released: Sequence[str] = RELEASED,
    classes: Sequence[str] = CLASSES,
) -> Contenders:
    return Contenders.of(np.array(draws), released, classes, rating=rating)


def measured(contenders: Contenders, day: str, confidence: float = 0.95) -> Lag:
    lag = lag_at(contenders, day, confidence=confidence)
    assert isinstance(lag, Lag)
    return lag


def test_the_lag_runs_from_the_last_day_closed_was_not_better() -> None:
    # Closed became better than 1050 on 1 March, so d* = 29 February. To 1 June: 31 days to
    # 31 March, 30 to 30 April, 31 to 31 May, 1 more: 93.
    lag = measured(field([1000.0, 1100.0, 1050.0]), "2024-06-01")
    assert lag.point == LagFigure(93 / 30.4375, "behind")
    assert lag.significance == lag.lower == lag.upper == lag.point
    assert lag.lead == -50.0
    assert (lag.open_leader, lag.closed_leader) == (2, 1)


def test_the_lag_grows_by_a_day_a_day_between_releases() -> None:
    lag = measured(field([1000.0, 1100.0, 1050.0]), "2024-06-11")
    assert lag.point == LagFigure(103 / 30.4375, "behind")


@pytest.mark.parametrize("open_rating", [1100.0, 1130.0])
def test_level_or_ahead_is_lag_zero_with_a_signed_lead(open_rating: float) -> None:
    lag = measured(field([1000.0, 1100.0, open_rating]), "2024-06-01")
    assert lag.point == LagFigure(0.0, "level_or_ahead")
    assert lag.lead == open_rating - 1100.0


def test_closed_better_from_its_first_model_on_is_more_than() -> None:
    # No d*: closed was already better on 1 January. 1 January to 1 June 2024 is 152 days.
    lag = measured(field([1000.0, 1100.0, 999.0]), "2024-06-01")
    assert lag.point == LagFigure(152 / 30.4375, "more_than")


def test_two_closed_models_on_the_first_day_leave_no_day_before() -> None:
    same_day = ["2024-01-01", "2024-01-01", "2024-06-01"]
    lag = measured(field([1000.0, 1100.0, 1050.0], released=same_day), "2024-06-01")
    assert lag.point == LagFigure(152 / 30.4375, "more_than")


def test_on_the_day_of_the_first_closed_model_only_behind_is_known() -> None:
    same_day = ["2024-06-01", "2024-06-02", "2024-05-01"]
    lag = measured(
        field([1000.0, 1100.0, 990.0], [1000.0, 1100.0, 1010.0], released=same_day), "2024-06-01"
    )
    assert lag.lower == LagFigure(0.0, "level_or_ahead")
    assert lag.upper == LagFigure(0.0, "more_than")
    # A day later the same bound is a day.
    later = measured(field([1000.0, 1100.0, 990.0], released=same_day), "2024-06-02")
    assert later.point == LagFigure(1 / 30.4375, "more_than")


def test_the_significance_lag_is_shorter_when_less_can_be_shown() -> None:
    # 20 draws. March's model is better than the open one in 18 (90 %), a third closed model of
    # 1 May in 19 (95 %): shown behind since 1 May, d* = 30 April, 32 days before 1 June. With 90 %
    # asked for, since 1 March: 93 days.
    draws = [[900.0, 1100.0, 1050.0, 1150.0]] * 18
    draws += [[900.0, 1100.0, 1120.0, 1150.0], [900.0, 1100.0, 1200.0, 1150.0]]
    contenders = field(
        *draws,
        rating=[900.0, 1100.0, 1050.0, 1150.0],
        released=[*RELEASED, "2024-05-01"],
        classes=[*CLASSES, "closed"],
    )
    lag = measured(contenders, "2024-06-01")
    assert lag.point == LagFigure(93 / 30.4375, "behind")
    assert lag.significance == LagFigure(32 / 30.4375, "behind")
    assert measured(contenders, "2024-06-01", confidence=0.9).significance == lag.point
    assert measured(contenders, "2024-06-01", confidence=1.0).significance == LagFigure(
        0.0, "level_or_ahead"
    )


def test_each_draw_of_the_lag_picks_its_own_leaders() -> None:
    # Draw 1: open 990 against closed 1000, 1100: more than 152 days. Draw 2: 1050: 93 days.
    # Draw 3: 1200: level or ahead. At 95 % the ends are the shortest and the longest.
    lag = measured(
        field(
            [1000.0, 1100.0, 990.0],
            [1000.0, 1100.0, 1050.0],
            [1000.0, 1100.0, 1200.0],
        ),
        "2024-06-01",
    )
    assert lag.lower == LagFigure(0.0, "level_or_ahead")
    assert lag.upper == LagFigure(152 / 30.4375, "more_than")


def test_a_day_before_either_side_began_is_a_sentence() -> None:
    early = lag_at(field([1000.0, 1100.0, 1050.0]), "2024-05-31")
    assert isinstance(early, Undefined)
    assert early.code == "no_open"
    assert early.sentence == "No open model released by 2024-05-31 is eligible."
    no_closed = lag_at(
        field([1.0, 2.0, 3.0], classes=["unknown", "unknown", "fully_open"]), "2024-07-01"
    )
    assert isinstance(no_closed, Undefined)
    assert no_closed.code == "no_closed"


def test_the_line_asks_on_every_release_day() -> None:
    line = lag_line(field([1000.0, 1100.0, 1050.0]))
    assert [type(lag) for lag in line] == [Undefined, Undefined, Lag]


def test_a_missing_day_or_a_confidence_of_two_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="date is missing"):
        lag_at(field([1000.0, 1100.0, 1050.0]), "NaT")
    with pytest.raises(InvalidParameter, match="confidence"):
        lag_at(field([1000.0, 1100.0, 1050.0]), "2024-06-01", confidence=2.0)
