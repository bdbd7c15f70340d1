"""Charts: every one has a sentence, a table, and a specification that can be drawn anywhere."""

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from typing import Any

import pytest
from django.utils import translation

from arena.boards.charts.forest import forest
from arena.boards.charts.frame import DARK, LIGHT, Chart, Column, broken
from arena.boards.charts.over_time import steps_over_time
from arena.boards.charts.scatter import Across, pareto_front, scatter
from arena.boards.choices import Choice
from arena.boards.drawing import as_csv, preview_of, sheet_of, wrapped
from arena.boards.figures import gap as figures
from arena.boards.figures import gap_by_group as by_group
from arena.boards.figures import gap_over_time as over_time
from arena.boards.figures.reading import GapReading
from arena.boards.figures.record import public_record
from arena.boards.gap import gap_series
from arena.boards.gap.record import SCALE_CHANGES, published_record
from arena.boards.models import Snapshot
from tests.arena.boards.test_gap import KNOWN, STRENGTHS, TODAY, board_of, facts_of

_WITHOUT_SLICES = [
    over_time.frontiers,
    over_time.gap_over_time,
    over_time.lag_over_time,
    by_group.catch_up,
    by_group.ladder,
    over_time.top_means,
    over_time.top_mean,
]


def reading_of(gap: dict[str, Any]) -> GapReading:
    moment = dt.datetime.combine(TODAY, dt.time(12), tzinfo=dt.UTC)
    snapshot = Snapshot(gap=gap, created_at=moment, replay_id="0" * 64)
    return GapReading(Choice(), snapshot, gap, gap, lowered=False)


@pytest.fixture(scope="module")
def reading() -> GapReading:
    strengths = STRENGTHS | {f"{side}{n}": 900.0 + n for side in ("o", "c") for n in range(2)}
    known = KNOWN | {
        f"{side}{n}": ("closed" if side == "c" else "fully_open", f"2025-0{2 + n}-01")
        for side in ("o", "c")
        for n in range(2)
    }
    board = board_of(strengths, 20_000)
    return reading_of(gap_series(board, facts_of(board, known), TODAY))


@pytest.mark.parametrize("build", _WITHOUT_SLICES)
def test_every_chart_has_a_sentence_a_table_and_no_fixed_colour(
    reading: GapReading, build: figures.Builder
) -> None:
    chart = build(reading)
    assert chart is not None
    assert chart.title
    assert chart.subtitle
    assert chart.rows
    assert {len(row) for row in chart.rows} == {len(chart.columns)}
    layers = json.dumps(chart.spec["layer"])
    assert not [colour for colour in (*LIGHT.values(), *DARK.values()) if colour in layers]
    assert "http" not in layers


@pytest.mark.parametrize("build", figures.RETROSPECTIVE[:4])
def test_nothing_is_drawn_where_there_is_no_figure(build: figures.Builder) -> None:
    assert build(reading_of(gap_series(None, [], TODAY))) is None


def test_zero_is_drawn_quietly_and_each_side_in_its_own_ink() -> None:
    spec = forest(
        [
            {"label": "level", "value": 1, "lower": -2, "upper": 4, "note": ""},
            {"label": "behind", "value": 9, "lower": 5, "upper": 13, "note": ""},
            {"label": "ahead", "value": -9, "lower": -13, "upper": -5, "note": ""},
        ],
        left="",
        right="",
    )
    assert [row["side"] for row in spec["data"]["values"]] == ["level", "right", "left"]


def test_the_front_leaves_out_what_another_beats_on_both_axes() -> None:
    marks = [
        {"name": name, "x": x, "rating": rating}
        for name, x, rating in (
            ("cheap", 1.0, 900.0),
            ("dear", 9.0, 1100.0),
            ("beaten", 5.0, 890.0),
            ("equal", 1.0, 900.0),
        )
    ]
    front = pareto_front(marks, less_is_better=True)
    assert [mark["name"] for mark in front] == ["cheap", "equal", "dear"]
    faster = pareto_front(marks, less_is_better=False)
    assert [mark["name"] for mark in faster] == ["dear"]
    assert scatter([mark | {"side": "open"} for mark in marks], Across("x"))["layer"]


def test_names_that_would_lie_on_each_other_are_left_out() -> None:
    """How near is too near depends on the whole plot, intervals included."""
    points = [
        {"x": x, "rating": rating, "lower": 0, "upper": 2000, "name": name, "side": "open"}
        for x, rating, name in ((1.0, 1000, "Alder"), (1.1, 1050, "Birch"), (9.0, 1110, "Cedar"))
    ]
    names = {
        point["name"]
        for layer in scatter(points, Across("Price", less_is_better=True))["layer"]
        if layer["mark"]["type"] == "text"
        for point in layer["data"]["values"]
    }
    assert names == {"Birch", "Cedar"}


def test_long_labels_have_a_line_break_at_the_space_nearest_to_their_middle() -> None:
    assert broken("open weights, non-commercial") == "open weights,\nnon-commercial"
    assert broken("24 GB") == "24 GB"
    assert broken("开放权重，仅限非商业用途并附其他条件") == "开放权重，仅限非商业用途并附其他条件"


def test_a_spreadsheet_takes_no_name_for_a_formula() -> None:
    chart = Chart(
        "x", "t", "s", {}, (Column("Model"), Column("n", 0)), [("=1+1", 2.5), ("b", None)]
    )
    rows = list(csv.reader(io.StringIO(as_csv(chart))))
    assert rows == [["Model", "n"], ["'=1+1", "2.5"], ["b", ""]]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 4.5, ["one two", "three"]),
        ("最好的开源模型，与闭源模型持平。", 8, ["最好的开源模型，", "与闭源模型持平。"]),
        ("", 5, [""]),
    ],
)
def test_titles_are_broken_where_their_script_allows_it(
    text: str, width: float, lines: list[str]
) -> None:
    assert wrapped(text, width) == lines


def test_the_record_is_never_joined_across_scales() -> None:
    record = published_record()
    assert len(record) > 200
    assert [day.on for day in record] == sorted(day.on for day in record)
    eras: dict[int, list[dt.date]] = {}
    for day in record:
        eras.setdefault(day.era, []).append(day.on)
    for days in eras.values():
        for change in SCALE_CHANGES:
            assert all(day >= change for day in days) or all(day < change for day in days)
    with translation.override("en"):
        chart = public_record()
    assert "not call proprietary" in chart.note
    lines = [layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "line"]
    assert len(lines) == 2 * len(eras)


def test_a_picture_has_chinese_glyphs_without_any_font_of_the_system(
    reading: GapReading, tmp_path: Any
) -> None:
    with translation.override("zh-hans"):
        chart = over_time.frontiers(reading)
        assert chart is not None
        spec = preview_of(Chart("x", "闭源与开源模型", "分", chart.spec, (), []), "zh-hans")
    empty = {"PATH": "/nonexistent", "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    drawn = subprocess.run(
        [sys.executable, "-m", "workers.drawing", "png"],
        input=json.dumps(spec).encode(),
        capture_output=True,
        check=True,
        env=empty,
    ).stdout
    assert drawn.startswith(b"\x89PNG")
    assert [int.from_bytes(drawn[at : at + 4]) for at in (16, 20)] == [2400, 1260]


@pytest.mark.parametrize(
    ("until", "labels"),
    [
        ("2026-11-21", {"2026-11-20", "2026-11-21", "2026-11-22"}),
        ("2026-11-22", {"2026-11-21", "2026-11-22"}),
        ("2026-11-28", {"2026-11-21", "2026-11-23", "2026-11-25", "2026-11-27"}),
    ],
)
def test_within_a_month_a_day_is_a_whole_date_and_said_once(until: str, labels: set[str]) -> None:
    row = {"value": 12.0, "lower": 3.0, "upper": 20.0}
    drawing = steps_over_time([{**row, "on": "2026-11-21"}], until=until, labels=("", ""))
    chart = Chart("x", "Title", "Points", drawing, (), [])
    command = [sys.executable, "-m", "workers.drawing", "svg"]
    spec = json.dumps(sheet_of(chart, "en", theme="light", source="")).encode()
    drawn = subprocess.run(command, input=spec, capture_output=True, check=True).stdout.decode()
    said = re.findall(r">(\d{4}-\d{2}-\d{2})<", drawn)
    assert set(said) == labels
    assert len(said) == len(labels)


def test_a_kept_picture_says_where_it_comes_from(reading: GapReading) -> None:
    chart = over_time.gap_over_time(reading)
    assert chart is not None
    spec = sheet_of(chart, "en", theme="dark", source="Parity, board 0000")
    assert "Parity, board 0000" in spec["title"]["subtitle"]
    assert spec["background"] == DARK["page"]
