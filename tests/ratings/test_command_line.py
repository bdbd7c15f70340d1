"""``python -m ratings`` reads the public formats, prints a board and writes files."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ratings import fit_bradley_terry, fit_elo, fit_style_controlled
from ratings.__main__ import main
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.votefile import read_votes
from tests.ratings.examples import (
    LLMFAO,
    llmfao_scores,
    llmfao_votes,
    need_llmfao,
    simulate,
)

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
        case ".tsv":
            pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(delimiter="\t"))
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
        ({"model_a": ["x"], "model_b": ["y"]}, [], "no column 'outcome', nor one called winner"),
        ({"model_a": ["x"], "outcome": ["a"]}, [], "no column 'model_b'"),
        ({"model_a": ["x"], "model_b": ["y"], "outcome": ["maybe"]}, [], "outcome 'maybe'"),
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


@pytest.mark.shared
def test_the_public_csv_gives_the_published_strengths(tmp_path: Path) -> None:
    need_llmfao()
    output = tmp_path / "board.json"
    assert main([str(LLMFAO / "llmfao.csv"), "-o", str(output), "--quiet"]) == 0
    record = published(output)
    assert record["parameters"]["interval"] == "clustered"
    assert record["id"] == fit_bradley_terry(llmfao_votes(), interval="clustered").id
    strength = {row["model"]: 10 ** (row["rating"] / 400) for row in record["rows"]}
    for model, expected in llmfao_scores("bradley_terry").items():
        # Published figures are rounded to 0.01 points, 6e-5 of a strength.
        assert strength[model] / sum(strength.values()) == pytest.approx(expected, rel=2e-4)


SIDES = {"left": ["x", "y", "x", "y"], "right": ["y", "x", "y", "x"]}


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (SIDES | {"winner": ["left", "right", "tie", "left"]}, {}),
        (SIDES | {"Winner": ["x", "X", "draw", "y"]}, {}),
        ({"Model A": SIDES["left"], "model b": SIDES["right"], "vote": ["A", "B", "TIE", "a"]}, {}),
        (
            {"one": SIDES["left"], "two": SIDES["right"], "result": [1, 2, 0, 1]},
            {
                "columns": {"model_a": "one", "model_b": "two"},
                "words": {"1": "a", "2": "b", "0": "tie"},
            },
        ),
    ],
    ids=["left and right", "named winners", "other spellings", "told by options"],
)
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_columns_are_known_by_many_names(
    suffix: str, columns: dict[str, Any], options: dict[str, Any], tmp_path: Path
) -> None:
    file = read_votes(write(tmp_path / f"votes{suffix}", columns), **options)
    votes = file.comparisons()
    assert votes.models == ("x", "y")
    assert (votes.a.tolist(), votes.b.tolist()) == ([0, 1, 0, 1], [1, 0, 1, 0])
    assert votes.outcome.tolist() == [0, 1, 2, 0]
    assert votes.voter is None
    assert not file.left_out


def test_columns_and_words_may_be_said_on_the_command_line(tmp_path: Path) -> None:
    rows = {"one": [*"xyxx"], "two": [*"yxyy"], "said": [1, 1, 2, 2], "who": [1, 2, 3, 4]}
    votes, output = write(tmp_path / "votes.csv", rows), tmp_path / "board.json"
    options = ["--column", "model_a=one", "--column", "model_b=two", "--column", "outcome=said"]
    options += ["--column", "voter=who", "--outcome-values", "1=a", "--outcome-values", "2=b"]
    assert main([str(votes), "-o", str(output), "--quiet", *options]) == 0
    assert published(output)["parameters"]["interval"] == "clustered"
    assert [row["model"] for row in published(output)["rows"]] == ["y", "x"]


def test_rows_that_are_no_blind_vote_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = {
        "model_a": ["x", "x", "x", "", "y", "y"],
        "model_b": ["y", "x", "y", "y", "x", "x"],
        "winner": ["model_a", "model_a", None, "model_a", "model_a", "model_b"],
        "anony": [True, True, True, True, True, False],
    }
    votes = write(tmp_path / "votes.jsonl", rows)
    assert main([str(votes)]) == 0
    said = capsys.readouterr().err
    assert "1 votes by people who saw the names" in said
    assert "1 votes of a model against itself" in said
    assert "2 votes without a model or an outcome" in said
    assert len(read_votes(votes).comparisons()) == 2


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"winner_model_a": [1, 0], "winner_model_b": [0, 0]}, "vote 1 has 0 of"),
        ({"winner_model_a": [1, 1], "winner_model_b": [0, 1]}, "vote 1 has 2 of"),
    ],
)
def test_a_winner_in_no_column_or_two_is_refused(
    columns: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    whole = {"model_a": ["x", "y"], "model_b": ["y", "x"], "winner_tie": [0, 0], **columns}
    with pytest.raises(InvalidVotes, match=sentence):
        read_votes(write(tmp_path / "votes.csv", whole))


def test_roles_words_and_columns_that_do_not_exist_are_refused(
    columns: dict[str, Any], tmp_path: Path
) -> None:
    votes = write(tmp_path / "votes.parquet", columns)
    with pytest.raises(InvalidParameter, match="'model_c' is no role"):
        read_votes(votes, columns={"model_c": "x"})
    with pytest.raises(InvalidVotes, match="no column 'nowhere' to be its voter"):
        read_votes(votes, columns={"voter": "nowhere"})
    with pytest.raises(InvalidParameter, match="'1' cannot mean 'won'"):
        read_votes(votes, words={"1": "won"})
    file = read_votes(votes, ["language"])
    with pytest.raises(InvalidVotes, match=r"'language' holds dictionary.*not numbers"):
        file.comparisons(features=["language"])


def test_a_board_for_each_language(columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.tsv", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--quiet", "--language"]) == 0
    boards = json.loads(output.read_text(encoding="utf-8"))["boards"]
    assert set(boards) == {"all", "language=en", "language=zh"}


def test_texts_with_line_breaks_and_rows_longer_than_a_block_are_read(tmp_path: Path) -> None:
    long = 'a "long" answer,\nwith lines\n' * 200_000
    rows = {"text": [long, "", long], "model_a": [*"xyx"], "model_b": [*"yxy"]}
    for suffix in (".csv", ".jsonl", ".json"):
        path = write(tmp_path / f"votes{suffix}", rows | {"winner": ["left", "left", "tie"]})
        seen: list[tuple[int, int]] = []
        votes = read_votes(path, progress=lambda *at: seen.append(at)).comparisons()  # noqa: B023
        assert votes.outcome.tolist() == [0, 0, 2]
        assert seen[-1][0] == seen[-1][1] == path.stat().st_size


def test_a_column_whose_kind_changes_late_in_a_csv_is_still_labels(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    many = "x,y,left,1\ny,x,left,2\n" * 900_000
    path.write_text(f"left,right,winner,worker\n{many}x,y,tie,anonymous\n", encoding="utf-8")
    votes = read_votes(path).comparisons()
    assert len(votes) == 1_800_001
    assert votes.voter is not None
    assert len(np.unique(votes.voter)) == 3


@pytest.mark.parametrize("text", ["{", '[{"model_a": "x"', "[1, 2]", "model_a"])
def test_what_is_no_json_is_said_so(text: str, tmp_path: Path) -> None:
    path = tmp_path / "votes.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidVotes, match=r"not JSON|must hold JSON objects"):
        read_votes(path)


def test_strings_as_other_libraries_write_them(columns: dict[str, Any], tmp_path: Path) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "polars.parquet")
    pd.DataFrame(columns).astype({"model_a": "category"}).to_parquet(tmp_path / "pandas.parquet")
    ours = read_votes(write(tmp_path / "ours.parquet", columns)).comparisons()
    for name in ("polars", "pandas"):
        assert read_votes(tmp_path / f"{name}.parquet").comparisons().digest() == ours.digest()


def test_voters_may_be_drawn(columns: dict[str, Any], tmp_path: Path) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / "board.json"
    options = ["--interval", "bootstrap_voters", "--rounds", "20", "--quiet"]
    assert main([str(votes), "-o", str(output), *options]) == 0
    assert published(output)["parameters"]["interval"] == "bootstrap_voters"


@pytest.mark.parametrize(
    "option",
    [["--style"], ["--anchor", "x=1"], ["--ties", "drop"], ["--language"], ["--prior", "1"]],
    ids=str,
)
def test_elo_refuses_what_it_would_not_honour(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["votes.csv", "--elo", *option])
    assert f"--elo takes no {option[0]}" in capsys.readouterr().err


def test_models_with_too_few_votes_are_shown_without_a_rating_and_rank_nobody(
    columns: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    votes, output = write(tmp_path / "votes.parquet", columns), tmp_path / "board.json"
    assert main([str(votes), "-o", str(output), "--quiet"]) == 0
    whole = published(output)
    least = sorted(row["votes"] for row in whole["rows"])[2]
    assert main([str(votes), "-o", str(output), "--least-votes", str(least)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    record = published(output)
    assert [record[name] for name in ("id", "figures_hash")] == [
        whole[name] for name in ("id", "figures_hash")
    ]
    rated = [row for row in record["rows"] if row["rating"] is not None]
    assert [(row["model"], row["rating"], row["upper"]) for row in rated] == [
        (row["model"], row["rating"], row["upper"])
        for row in whole["rows"]
        if row["votes"] >= least
    ]
    assert max(row["rank_worst"] for row in rated) == len(rated) == 4
    for row in record["rows"][len(rated) :]:
        assert (row["lower"], row["rank_best"]) == (None, None)
        assert f"{row['model']}: not rated, fewer than {least} votes." in printed


def test_without_intervals_a_rank_that_is_shown_is_a_place() -> None:
    board = fit_elo(simulate(5, 400, ties=0.1, voters=20)[0])
    assert [row["rank_best"] for row in board.rows()] == [None] * 5
    shown = board.shown(0)
    assert [(row["rank_best"], row["rank_worst"]) for row in shown] == [
        (place, place) for place in range(1, 6)
    ]
