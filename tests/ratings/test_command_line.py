"""``python -m ratings`` reads the public formats, prints a board and writes files."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ratings import fit_bradley_terry, fit_elo, fit_style_controlled
from ratings.__main__ import main
from ratings.errors import InvalidVotes
from ratings.votefile import read_votes
from tests.ratings.examples import simulate

CODES = ("a", "b", "tie", "both_bad")


@pytest.fixture
def columns() -> dict[str, Any]:
    """Two thousand votes as columns of a file."""
    votes, _ = simulate(6, 2000, ties=0.2, voters=60)
    rng = np.random.default_rng(0)
    names = np.array(votes.models)
    assert votes.voter is not None
    return {
        "model_a": names[votes.a].tolist(),
        "model_b": names[votes.b].tolist(),
        "outcome": [CODES[code] for code in votes.outcome],
        "voter": [f"v{voter}" for voter in votes.voter],
        "language": rng.choice(["en", "zh"], 2000).tolist(),
        **{
            f"{name}_{side}": rng.integers(0, 300, 2000).tolist()
            for name in ("tokens", "headers", "lists", "bold")
            for side in "ab"
        },
    }


def write(path: Path, columns: dict[str, Any]) -> Path:
    table = pa.table(columns)
    rows = table.to_pylist()
    match path.suffix:
        case ".parquet":
            pq.write_table(table, path, row_group_size=700)
        case ".csv":
            pyarrow.csv.write_csv(table, path)
        case ".json":
            path.write_text(json.dumps(rows), encoding="utf-8")
        case ".jsonl":
            path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def published(path: Path, name: str = "all") -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["boards"][name]
    return record


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".json", ".jsonl"])
def test_every_format_gives_the_same_board(
    suffix: str, columns: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes = write(tmp_path / f"votes{suffix}", columns)
    output = tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--interval", "sandwich"]) == 0
    expected = fit_bradley_terry(simulate(6, 2000, ties=0.2, voters=60)[0])
    assert published(output)["rows"] == expected.rows()
    assert published(output)["id"] == expected.id
    printed = capsys.readouterr().out
    for row in expected.rows():
        assert row["model"] in printed
        assert f"{row['rating']:.1f}" in printed


def test_voters_in_the_file_cluster_the_interval(columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--quiet"]) == 0
    record = published(output)
    assert record["parameters"]["interval"] == "clustered"
    expected = fit_bradley_terry(simulate(6, 2000, ties=0.2, voters=60)[0], interval="clustered")
    assert record["rows"] == expected.rows()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_boards_are_written_as_tables(suffix: str, columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / f"board{suffix}"
    assert main([str(votes), "-o", str(output), "--quiet", "--category", "language"]) == 0
    if suffix == ".csv":
        with output.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = pq.read_table(output).to_pylist()
    assert {row["board"] for row in rows} == {"all", "language=en", "language=zh"}
    assert len(rows) == 18


def test_style_is_read_from_the_columns_of_both_sides(
    columns: dict[str, Any], tmp_path: Path
) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--quiet", "--style"]) == 0
    comparisons = read_votes(votes).comparisons(style=True)
    assert comparisons.feature_names == ("tokens", "headers", "lists", "bold")
    assert comparisons.features is not None
    a, b = np.array(columns["bold_a"]), np.array(columns["bold_b"])
    both = np.maximum(a + b, 1)
    np.testing.assert_allclose(comparisons.features[:, 3], (a - b) / both)
    expected = fit_style_controlled(comparisons, interval="clustered")
    record = published(output)
    assert record["rows"] == expected.rows()
    assert [style["feature"] for style in record["style"]] == list(comparisons.feature_names)


def lmarena_140k(columns: dict[str, Any]) -> dict[str, Any]:
    winner = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "both_bad"}
    n = len(columns["model_a"])
    metadata = [
        {
            "sum_assistant_a_tokens": columns["tokens_a"][row],
            "sum_assistant_b_tokens": columns["tokens_b"][row],
            **{
                f"{name}_count_{side}": {"one": columns[f"{plural}_{side}"][row], "two": 0}
                for name, plural in (("header", "headers"), ("list", "lists"), ("bold", "bold"))
                for side in "ab"
            },
        }
        for row in range(n)
    ]
    return {
        "model_a": columns["model_a"],
        "model_b": columns["model_b"],
        "winner": [winner[outcome] for outcome in columns["outcome"]],
        "evaluation_session_id": columns["voter"],
        "conv_metadata": metadata,
        "category_tag": [{"math_v0.1": {"math": row % 2 == 0}} for row in range(n)],
    }


def lmarena_55k(columns: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_a": columns["model_a"],
        "model_b": columns["model_b"],
        **{
            f"winner_{column}": [int(value == outcome) for value in columns["outcome"]]
            for column, outcome in (("model_a", "a"), ("model_b", "b"), ("tie", "tie"))
        },
    }


def fastchat(columns: dict[str, Any]) -> dict[str, Any]:
    winner = {"a": "model_a", "b": "model_b", "tie": "tie", "both_bad": "tie (bothbad)"}
    return {
        "model_a": [*columns["model_a"], "x"],
        "model_b": [*columns["model_b"], "y"],
        "winner": [*(winner[outcome] for outcome in columns["outcome"]), "model_a"],
        "judge": [*columns["voter"], "v0"],
        "anony": [True] * len(columns["outcome"]) + [False],
    }


@pytest.mark.parametrize("shape", [lmarena_140k, lmarena_55k, fastchat])
def test_public_formats_are_understood(shape: Any, columns: dict[str, Any], tmp_path: Path) -> None:
    theirs = read_votes(write(tmp_path / "theirs.parquet", shape(columns)))
    ours = read_votes(write(tmp_path / "ours.parquet", columns))
    expected, votes = ours.comparisons(), theirs.comparisons()
    assert votes.models == expected.models
    for column in ("a", "b", "outcome"):
        np.testing.assert_array_equal(getattr(votes, column), getattr(expected, column))
    if shape is not lmarena_55k:
        np.testing.assert_array_equal(votes.voter, expected.voter)
    if shape is lmarena_140k:
        style, same = (file.comparisons(style=True).features for file in (theirs, ours))
        assert style is not None
        assert same is not None
        np.testing.assert_allclose(style, same)
    assert theirs.seen_names == (shape is fastchat)


def test_categories_may_lie_inside_records(columns: dict[str, Any], tmp_path: Path) -> None:
    file = write(tmp_path / "votes.parquet", lmarena_140k(columns))
    name = "category_tag.math_v0.1.math"
    rows = read_votes(file, [name]).categories(name)
    assert set(rows) == {f"{name}=True", f"{name}=False"}
    assert rows[f"{name}=True"].sum() == 1000


def test_elo_takes_the_order_of_the_file(columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.csv", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--elo", "--quiet"]) == 0
    expected = fit_elo(simulate(6, 2000, ties=0.2, voters=60)[0])
    assert published(output, "elo")["rows"] == expected.rows()


def test_an_island_is_named_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {"model_a": ["x", "y", "x", "p"], "model_b": ["y", "x", "y", "q"]}
    votes = write(tmp_path / "votes.csv", rows | {"outcome": ["a", "a", "b", "a"]})
    assert main([str(votes)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "p: not rated, never compared" in printed


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        ({"model_a": ["x"], "model_b": ["y"]}, [], "no column 'outcome' or 'winner'"),
        ({"model_a": ["x"], "outcome": ["a"]}, [], "no column 'model_b'"),
        ({"model_a": ["x"], "model_b": ["y"], "outcome": ["A"]}, [], "outcome 'A'"),
        ({"model_a": ["x"], "model_b": ["y"], "outcome": ["a"]}, [], "no rating is finite"),
        (
            {"model_a": ["x"], "model_b": ["y"], "outcome": ["a"]},
            ["--style"],
            "the file has no style",
        ),
        (
            {"model_a": ["x"], "model_b": ["y"], "outcome": ["a"]},
            ["-o", "board.txt"],
            "must end in .json, .csv, .parquet",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_it_says_what_is_wrong_and_fails(
    rows: dict[str, Any],
    options: list[str],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    votes = write(tmp_path / "votes.parquet", rows)
    assert main([str(votes), "--quiet", *options]) == 1
    assert sentence in capsys.readouterr().err


def test_a_missing_or_foreign_file_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "none.parquet"), "--quiet"]) == 1
    assert "No such file" in capsys.readouterr().err
    foreign = tmp_path / "votes.parquet"
    foreign.write_text("not parquet", encoding="utf-8")
    assert main([str(foreign), "--quiet"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    with pytest.raises(InvalidVotes, match="must end in"):
        read_votes(tmp_path / "votes.xlsx")


def test_an_anchor_is_a_model_and_points(columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--quiet", "--anchor", "model 001=1114"]) == 0
    [row] = [row for row in published(output)["rows"] if row["model"] == "model 001"]
    assert row["rating"] == 1114.0
    with pytest.raises(SystemExit):
        main([str(votes), "--anchor", "model 001"])
