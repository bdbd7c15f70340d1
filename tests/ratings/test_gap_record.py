"""The gap from a file of votes and a file of models: the library's figures, under an id."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ratings import fit_bradley_terry, frontier_gap
from ratings.__main__ import main
from ratings.errors import InvalidVotes
from ratings.gap_record import EligibilityRule, ModelFacts, gap_id, gap_record
from ratings.modelfile import read_models
from tests.ratings.examples import simulate

DAY = dt.date(2026, 6, 1)
RULE = EligibilityRule(min_votes=100, max_half_width=200.0)
FACTS = """\
model,name,licence_class,released_on,params_total_b
model-0,Nought,closed,2024-01-05,
model-1,One,closed,2025-03-01,
model-2,Two,weights_noncommercial,2024-06-01,70.6
model-3,Three,fully_open,2025-01-01,8
model-4,Four,unknown,,
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Four thousand votes on six models, and what is known of five of them."""
    votes, _ = simulate(6, 4000, ties=0.2, voters=60)
    names = np.array([f"model-{number}" for number in range(6)])
    columns = {
        "model_a": names[votes.a].tolist(),
        "model_b": names[votes.b].tolist(),
        "outcome": [("a", "b", "tie", "both_bad")[code] for code in votes.outcome],
    }
    path = tmp_path / "votes.parquet"
    pq.write_table(pa.table(columns), path)
    (tmp_path / "models.csv").write_text(FACTS, encoding="utf-8")
    return path, tmp_path / "models.csv"


def told(files: tuple[Path, Path], *more: str) -> dict[str, Any]:
    votes, models = files
    output = votes.with_suffix(".json")
    options = ("--min-votes", "100", "--max-half-width", "200", *more)
    asked = [str(votes), "--gap", str(models), "--day", "2026-06-01", "--quiet", *options]
    assert main([*asked, "-o", str(output)]) == 0
    board: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))["boards"]["all"]
    return board


def test_the_command_line_gives_the_gap_of_the_library(files: tuple[Path, Path]) -> None:
    board = told(files)
    gap = board["gap"]
    widest, *_others, strictest = gap["cuts"].values()
    assert widest["eligible"] == {"closed": 2, "open": 2}
    assert strictest["eligible"] == {"closed": 2, "open": 1}
    last = widest["latest"]
    assert last["lower"] < last["gap"] < last["upper"]
    assert last["closed"] in {"model-0", "model-1"}
    assert last["open"] in {"model-2", "model-3"}
    rating = {row["model"]: row["rating"] for row in board["rows"]}
    assert last["gap"] == pytest.approx(rating[last["closed"]] - rating[last["open"]], abs=0.011)
    assert [point["on"] for point in widest["series"]][-1] == "2025-03-01"
    assert set(widest["lag"]) == {"point", "lower", "upper", "significance", "lead"}


def test_it_is_the_gap_of_frontier_gap_under_the_default_cut(files: tuple[Path, Path]) -> None:
    facts = read_models(files[1])
    votes, _ = simulate(6, 4000, ties=0.2, voters=60)
    board = fit_bradley_terry(votes, interval="sandwich")
    named = {
        name: ModelFacts(name, *_rest(facts.get(f"model-{number}")))
        for number, name in enumerate(votes.models)
    }
    record = gap_record(board, named, DAY, RULE)
    known = [named[name] for name in board.models]
    found = frontier_gap(
        board.draws(1000),
        np.array([fact.released_on for fact in known], dtype="datetime64[D]"),
        [fact.licence_class for fact in known],
        rating=board.rating,
    )
    latest = record["cuts"]["weights_noncommercial"]["latest"]
    last = found.latest()
    assert latest["gap"] == round(float(found.gap[last]), 2)
    assert latest["lower"] == round(float(found.lower[last]), 2)


def _rest(fact: ModelFacts | None) -> tuple[Any, ...]:
    return (fact.licence_class, fact.released_on, fact.params_total_b) if fact else ()


def test_the_id_is_of_the_board_the_facts_the_day_and_the_rule() -> None:
    facts = [ModelFacts("a", "closed", DAY, 7.0), ModelFacts("b", "fully_open", DAY)]
    one = gap_id("0" * 64, facts, DAY, RULE)
    assert one == gap_id("0" * 64, facts[::-1], DAY, RULE), "their order says nothing"
    others = {
        gap_id("1" * 64, facts, DAY, RULE),
        gap_id("0" * 64, [facts[0], ModelFacts("b", "closed", DAY)], DAY, RULE),
        gap_id("0" * 64, [facts[0], ModelFacts("b", "fully_open")], DAY, RULE),
        gap_id("0" * 64, facts, DAY + dt.timedelta(days=1), RULE),
        gap_id("0" * 64, facts, DAY),
    }
    assert len(others | {one}) == 6


def test_what_is_printed_says_the_gap_or_why_there_is_none(
    files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    votes, models = files
    wide = ["--min-votes", "100", "--max-half-width", "200"]
    assert main([str(votes), "--gap", str(models), *wide]) == 0
    assert "(closed) against model-" in capsys.readouterr().out
    assert main([str(votes), "--gap", str(models), "--min-votes", "9999"]) == 0
    assert "no gap: 0 closed and 0 open models" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name\nAlder\n", "no column 'model'"),
        ("model,licence_class\nalder,free\n", "line 2: 'free' is no licence class"),
        ("model,released_on\nalder,2024-13-01\n", "line 2: released_on must be a day"),
        ("model,params_total_b\nalder,many\n", "params_total_b a number"),
    ],
)
def test_a_file_of_models_that_is_wrong_is_refused_with_its_line(
    content: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "models.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidVotes, match=words):
        read_models(path)


def test_elo_has_no_gap(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    votes, models = files
    with pytest.raises(SystemExit):
        main([str(votes), "--elo", "--gap", str(models)])
    assert "--elo takes no --gap" in capsys.readouterr().err
