"""Votes that several tests share: public ones, textbook ones, and simulated ones."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from ratings import Comparisons
from ratings.arrays import Floats

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
LLMFAO = SHARED / "llmfao"
OUTCOME = {"left": "a", "right": "b", "tie": "tie"}

FOUR_PLAYERS = [
    *[("A", "B")] * 2,
    *[("B", "A")] * 3,
    *[("A", "D")] * 1,
    *[("D", "A")] * 4,
    *[("B", "C")] * 5,
    *[("C", "B")] * 3,
    *[("C", "D")] * 1,
    *[("D", "C")] * 3,
]
"""Winner and loser, the worked example of Wikipedia's article on the Bradley-Terry model."""


def need_llmfao() -> None:
    """Skip, loudly, where the public votes are not at hand."""
    if not LLMFAO.is_dir():
        pytest.skip(f"NOT RUN: the public votes are missing, {LLMFAO}")


def llmfao_votes() -> Comparisons:
    """8,931 human votes on 59 models by 124 workers (D. Ustalov, CC BY 4.0)."""
    with (LLMFAO / "llmfao.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return Comparisons.from_labels(
        [row["left"] for row in rows],
        [row["right"] for row in rows],
        [OUTCOME[row["winner"]] for row in rows],
        voter=[row["worker"] for row in rows],
    )


def llmfao_scores(algorithm: str) -> dict[str, float]:
    """Scores that a public library's own tests pin."""
    with (LLMFAO / "llmfao-golden.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["algorithm"] == algorithm]
    assert rows, f"no scores of {algorithm}"
    return {row["item"]: float(row["score"]) for row in rows}


def from_results(results: list[tuple[str, str]], **columns: object) -> Comparisons:
    """Votes where the first of each pair won."""
    winners, losers = zip(*results, strict=True)
    return Comparisons.from_labels(winners, losers, ["a"] * len(results), **columns)  # type: ignore[arg-type]


def simulate(
    m: int,
    n: int,
    seed: int = 0,
    *,
    spread: float = 0.7,
    ties: float = 0.0,
    effects: tuple[float, ...] = (),
    voters: int = 0,
    taste: float = 0.0,
) -> tuple[Comparisons, Floats]:
    """Draw n votes between m models, and return them with the true strengths in log-odds.

    The expected score of every vote is exactly the model's chance, whatever `ties` (the share of
    the less likely side's points that come as ties) and `taste` (the share of a vote's noise that
    is the voter's lasting liking of the two models), so that the truth is known. `effects` are
    style coefficients.
    """
    rng = np.random.default_rng(seed)
    theta = rng.normal(0, spread, m)
    theta -= theta.mean()
    a = rng.integers(0, m, n)
    b = (a + rng.integers(1, m, n)) % m
    logit = theta[a] - theta[b]
    features = None
    if effects:
        features = rng.normal(0, 1, (n, len(effects)))
        logit = logit + features @ np.asarray(effects)
    chance = 1 / (1 + np.exp(-logit))
    voter = rng.integers(0, voters, n) if voters else None
    noise = rng.normal(0, 1, n)
    if voter is not None and taste:
        liking = rng.normal(0, np.sqrt(0.5), (voters, m))
        lasting = liking[voter, b] - liking[voter, a]
        noise = np.sqrt(taste) * lasting + np.sqrt(1 - taste) * noise
    draw = ndtr(noise)  # uniform, however much of the noise is the voter's
    margin = ties * np.minimum(chance, 1 - chance)
    outcome = np.select([draw < chance - margin, draw < chance + margin], [0, 2], 1)
    models = tuple(f"model {number:03d}" for number in range(m))
    votes = Comparisons(models, a, b, outcome.astype(np.int8), voter=voter, features=features)
    return votes, theta
