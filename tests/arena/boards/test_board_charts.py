"""The charts of one board: who is on the front, and what is not said without intervals."""

from decimal import Decimal

import pytest

from arena.boards.charts.frame import Chart
from arena.boards.choices import Choice
from arena.boards.figures.boards import BoardReading, rating_and_price, ratings, win_probability
from arena.boards.measurements import Economy

type Model = tuple[str, float, str | None]


def reading_of(*models: Model, half: float | None = 5) -> BoardReading:
    """Return a board of models with name, rating and cost, best first; without a database."""
    costs = (None if cost is None else Decimal(cost) for _name, _rating, cost in models)
    known = {pk: Economy(cost_of_thousand=cost) for pk, cost in enumerate(costs)}
    reading = BoardReading(Choice(), known=known)
    reading.__dict__["rows"] = [
        {
            "model": pk,
            "label": name,
            "rating": rating,
            "lower": None if half is None else rating - half,
            "upper": None if half is None else rating + half,
            "rank_best": pk + 1,
            "rank_worst": pk + 1,
            "votes": 100,
            "side": "open",
            "licence": "open weights",
        }
        for pk, (name, rating, _cost) in enumerate(models)
    ]
    return reading


def on_front(chart: Chart) -> list[object]:
    return [row[0] for row in chart.rows if row[-1]]


def line_of(chart: Chart) -> list[str]:
    return [point["name"] for point in chart.spec["layer"][0]["data"]["values"]]


ALDER, BIRCH, OAK = ("Alder", 1050.0, "4"), ("Birch", 1000.0, "2"), ("Oak", 990.0, "3")


@pytest.mark.parametrize(
    ("free", "number", "front", "line"),
    [
        (("Cedar", 1100.0, "0"), 1, ["Cedar"], []),
        (("Cedar", 1020.0, "0"), 2, ["Alder", "Cedar"], ["Alder"]),
        (("Cedar", 900.0, "0"), 3, ["Alder", "Birch", "Cedar"], ["Birch", "Alder"]),
        (("Cedar", 1100.0, None), 2, ["Alder", "Birch"], ["Birch", "Alder"]),
    ],
)
def test_what_costs_nothing_counts_for_the_front_though_it_cannot_be_drawn(
    free: Model, number: int, front: list[str], line: list[str]
) -> None:
    models = sorted((ALDER, BIRCH, OAK, free), key=lambda model: -model[1])
    chart = rating_and_price(reading_of(*models))
    assert chart is not None
    assert chart.title.startswith(f"{number} model")
    assert sorted(map(str, on_front(chart))) == front
    assert line_of(chart) == line
    drawn = [point["name"] for point in chart.spec["layer"][2]["data"]["values"]]
    assert "Cedar" not in drawn
    assert ("they cost nothing, but counted for the front: Cedar." in chart.note) == bool(free[2])


def test_a_chart_that_has_too_few_to_draw_is_none() -> None:
    assert rating_and_price(reading_of(ALDER, ("Cedar", 1000.0, "0"))) is None


def test_without_intervals_no_title_is_certain() -> None:
    reading = reading_of(ALDER, BIRCH, OAK, half=None)
    charts = [ratings(reading), win_probability(reading)]
    assert [chart and "not known for sure" in chart.title for chart in charts] == [True, True]
    certain = [ratings(reading_of(ALDER, BIRCH)), win_probability(reading_of(ALDER, BIRCH))]
    assert [chart and chart.title for chart in certain] == [
        "Alder is first beyond doubt",
        "Alder would beat Birch about 57 times in 100",
    ]
