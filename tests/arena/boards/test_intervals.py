"""The axis that all rows share."""

import pytest

from arena.boards.intervals import Axis


def test_marks_stand_in_order_inside_the_axis() -> None:
    axis = Axis.over([900, 1000, None, 1100])
    assert axis is not None
    mark = axis.mark(1000, 900, 1100)
    places = [float(place.removesuffix("%")) for place in (mark.lower, mark.point, mark.upper)]
    assert 0 < places[0] < places[1] == 50 < places[2] < 100


def test_a_rating_without_an_interval_is_a_point() -> None:
    axis = Axis.over([900, 1100])
    assert axis is not None
    mark = axis.mark(1000, None, None)
    assert mark.lower == mark.point == mark.upper


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([900, 1100], ["900", "1000", "1100"]),
        ([998, 1004], ["995", "1000", "1005"]),
        ([1000], ["995", "1000", "1005"]),
        ([-400, 2400], ["0", "1000", "2000"]),
    ],
)
def test_ticks_are_round_numbers(values: list[float], labels: list[str]) -> None:
    axis = Axis.over(values)
    assert axis is not None
    assert [tick.label for tick in axis.ticks()] == labels


def test_there_is_no_axis_without_values() -> None:
    assert Axis.over([None]) is None
