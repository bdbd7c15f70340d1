"""A 95 % interval holds the truth about 95 times in 100; `tests.bench.coverage` measures more."""

import pytest

from ratings.parameters import Interval
from tests.bench.coverage import Case, coverage


@pytest.mark.parametrize(
    ("case", "interval"),
    [
        (Case(20, 30, 50, 0.0, 0.3), "clustered"),
        (Case(20, 60, 50, 0.5, 0.3), "clustered"),
        (Case(10, 300, 100, 0.0, 0.3), "sandwich"),
        (Case(10, 300, 100, 0.0, 0.0), "model"),
    ],
    ids=str,
)
def test_intervals_hold_the_truth_as_often_as_they_say(case: Case, interval: Interval) -> None:
    share, total, _, failed = coverage(case, interval, 2000)
    assert total >= 2000
    assert failed == 0
    # Two thousand intervals, partly of the same simulation, have an error of about 0.6 points.
    assert 0.935 < share < 0.965


def test_intervals_that_ignore_voters_are_too_narrow_where_voters_have_tastes() -> None:
    share, _, _, _ = coverage(Case(20, 300, 50, 0.5, 0.3), "sandwich", 2000)
    assert share < 0.88
