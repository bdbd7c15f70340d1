"""Numbers that others published, and the algebra of generalised linear models written out."""

import subprocess
import sys

import numpy as np
import pytest

from ratings import Comparisons, fit_bradley_terry, fit_style_controlled
from ratings.arrays import Floats
from ratings.tally import Tally
from tests.ratings.examples import simulate

LOGIT = 400 / np.log(10)

TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WINS = [
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
]
"""American League 1987, wins of the row over the column (Agresti, Categorical Data Analysis)."""
AGAINST_BALTIMORE = {
    "Milwaukee": (1.5814, 0.3433),
    "Detroit": (1.4364, 0.3396),
    "Toronto": (1.2945, 0.3367),
    "New York": (1.2476, 0.3359),
    "Boston": (1.1077, 0.3339),
    "Cleveland": (0.6839, 0.3319),
}
"""Log-odds and standard errors as the package BradleyTerry2 prints them."""


def test_the_baseball_season_of_the_textbook() -> None:
    count = np.zeros((4, 7, 7))
    count[0] = WINS
    board = fit_bradley_terry(Tally.from_counts(TEAMS, count), interval="model")
    assert board.models == TEAMS
    for team, expected in AGAINST_BALTIMORE.items():
        found = np.array(board.difference(team, "Baltimore")) / LOGIT
        np.testing.assert_allclose(found, expected, atol=6e-5)


def logistic_regression(design: Floats, score: Floats) -> tuple[Floats, Floats, Floats]:
    """Coefficients of a logit model without a reference: estimates, inverse information, scores."""
    beta = np.zeros(design.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (chance * (1 - chance))[:, None])
        beta += np.linalg.solve(information, design.T @ (score - chance))
    return beta, np.linalg.inv(information), design * (score - chance)[:, None]


@pytest.mark.parametrize("interval", ["model", "sandwich"])
def test_home_advantage_as_a_feature_is_the_textbook_regression(interval: str) -> None:
    """One team as reference and a column that is 1 at home, 0 on neutral ground, -1 away."""
    rng = np.random.default_rng(2)
    votes, theta = simulate(6, 1500)
    ground = rng.choice(np.array([1.0, 0.0, -1.0]), 1500, p=[0.5, 0.2, 0.3])
    chance = 1 / (1 + np.exp(theta[votes.b] - theta[votes.a] - 0.3 * ground))
    outcome = (rng.random(1500) > chance).astype(np.int8)
    games = Comparisons(votes.models, votes.a, votes.b, outcome, features=ground[:, None])
    board = fit_style_controlled(games, standardize=False, interval=interval)  # type: ignore[arg-type]
    design = np.zeros((1500, 7))
    design[np.arange(1500), votes.a] += 1
    design[np.arange(1500), votes.b] -= 1
    design[:, 6] = ground
    beta, inverse, scores = logistic_regression(design[:, 1:], (1 - outcome).astype(float))
    covariance = inverse if interval == "model" else inverse @ scores.T @ scores @ inverse
    error = np.sqrt(np.diag(covariance))
    assert board.coefficients[0] == pytest.approx(beta[-1], abs=1e-8)
    half = np.diff(board.coefficient_intervals)[0, 0] / 2 / 1.959963984540054
    assert half == pytest.approx(error[-1], rel=1e-6)
    for place, model in enumerate(votes.models[1:]):
        found = np.array(board.difference(model, votes.models[0])) / LOGIT
        np.testing.assert_allclose(found, [beta[place], error[place]], atol=1e-7)


def test_joint_draws_have_the_boards_own_covariance() -> None:
    votes, _ = simulate(5, 600, voters=60, taste=0.4)
    board = fit_bradley_terry(votes, interval="clustered", anchor=(votes.models[1], 1114.0))
    draws = board.draws(40_000, seed=3)
    np.testing.assert_allclose(draws.mean(axis=0), board.rating, atol=1)
    np.testing.assert_allclose(np.cov(draws, rowvar=False), board.covariance, atol=20)
    # The draws are against the mean of all, so the anchor moves in them as any model does.
    assert draws[:, board.place(votes.models[1])].std() > 5
    np.testing.assert_allclose(draws.mean(axis=1), board.rating.mean(), atol=1e-6)


def test_the_id_does_not_depend_on_the_process_or_its_hash_seed() -> None:
    program = (
        "from ratings import Comparisons, fit_bradley_terry\n"
        "votes = Comparisons.from_labels([*'xyzxyz'], [*'yzxzxy'], "
        "['a', 'a', 'a', 'b', 'tie', 'both_bad'], voter=['p', 'q', 'p', 'r', None, 'q'])\n"
        "for interval in ('sandwich', 'clustered', 'bootstrap'):\n"
        "    board = fit_bradley_terry(votes, interval=interval, rounds=20)\n"
        "    print(board.id, board.figures_hash)\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(printed) == 1
    assert len(set(printed.pop().split())) == 6
