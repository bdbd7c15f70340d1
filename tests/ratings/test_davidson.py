"""Davidson's ties: finite exactly when they should be, and then the maximum, against optimisers."""

from collections.abc import Mapping
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from ratings import Comparisons, fit_bradley_terry
from ratings.arrays import Floats
from ratings.board import Board
from ratings.components import find_components
from ratings.errors import InvalidParameter, NotEnoughVotes, Separated
from ratings.outcomes import BOTH_BAD, TIE, A, B
from ratings.parameters import Interval
from ratings.tally import Tally
from tests.ratings.examples import simulate

type Results = Mapping[tuple[int, int], tuple[float, float, float]]
"""Wins, losses and ties of each pair, seen from its first model."""

LOGIT = 400 / np.log(10)


def tally_of(m: int, results: Results) -> Tally:
    count = np.zeros((4, m, m))
    for (i, j), (won, lost, tied) in results.items():
        count[A, i, j], count[B, i, j], count[TIE, i, j] = won, lost, tied
    return Tally.from_counts(tuple("pqrstu"[:m]), count)


def escapes(m: int, results: Results) -> bool:
    """Whether the likelihood rises for ever in some direction, by linear programming.

    Directions (u, e) keep every observed outcome the largest of its vote's three; the programme
    looks for one in which some outcome pulls away from another.
    """
    rows = []
    for (i, j), observed in results.items():
        win, lose, tie = np.zeros((3, m + 1))
        win[i] = lose[j] = 0.5
        win[j] = lose[i] = -0.5
        tie[m] = 1
        logits = (win, lose, tie)
        for seen, mine in zip(observed, logits, strict=True):
            rows += [mine - other for other in logits if seen and other is not mine]
    if not rows:
        return True
    lead = np.array(rows)
    answer = linprog(-lead.sum(axis=0), A_ub=-lead, b_ub=np.zeros(len(lead)), bounds=(-1, 1))
    assert answer.success
    assert answer.fun is not None
    return bool(answer.fun < -1e-9)


def maximum(m: int, results: Results) -> Floats:
    """Strengths with mean 0 and log nu, by a general optimiser."""

    def loss(parameters: Floats) -> float:
        theta, log_nu, total = parameters[:m], parameters[m], 0.0
        for (i, j), (won, lost, tied) in results.items():
            half = (theta[i] - theta[j]) / 2
            whole = np.logaddexp(np.logaddexp(half, -half), log_nu)
            total -= won * (half - whole) + lost * (-half - whole) + tied * (log_nu - whole)
        return float(total + theta.mean() ** 2)

    found = minimize(loss, np.zeros(m + 1), method="BFGS", options={"gtol": 1e-7})
    return np.append(found.x[:m] - found.x[:m].mean(), found.x[m])


def fitted(board: Board) -> Floats:
    order = np.argsort(np.array(board.models))
    assert board.tie_strength is not None
    return np.append((board.rating[order] - 1000) / LOGIT, np.log(board.tie_strength))


def all_of_two() -> list[Results]:
    return [{(0, 1): (w, lost, t)} for w, lost, t in product((0, 1, 2, 30), repeat=3)]


def all_of_three() -> list[Results]:
    each = [(w, lost, t) for w, lost, t in product((0, 1), repeat=3)]
    return [
        {(0, 1): first, (1, 2): second, (0, 2): third}
        for first, second, third in product(each, repeat=3)
    ]


def some_of_five() -> list[Results]:
    rng = np.random.default_rng(5)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    drawn = rng.choice([0, 0, 0, 1, 4], size=(300, len(pairs), 3), p=[0.3, 0.2, 0.2, 0.2, 0.1])
    return [
        {pair: (int(w), int(lost), int(t)) for pair, (w, lost, t) in zip(pairs, one, strict=True)}
        for one in drawn
    ]


@pytest.mark.parametrize(
    ("m", "cases"),
    [(2, all_of_two()), (3, all_of_three()), (5, some_of_five())],
    ids=["two models", "three", "five"],
)
def test_a_rating_is_given_exactly_when_the_likelihood_has_a_maximum(
    m: int, cases: list[Results]
) -> None:
    finite = infinite = 0
    for results in cases:
        tally = tally_of(m, results)
        won, level = tally.weight[A] + tally.weight[B].T, tally.weight[TIE]
        points = won + (level + level.T) / 2
        if not points.any() or find_components(points).main.size < m:
            continue  # a smaller problem, which is among the cases of fewer models
        if escapes(m, results):
            infinite += 1
            with pytest.raises((Separated, NotEnoughVotes)):
                fit_bradley_terry(tally, ties="davidson")
        else:
            finite += 1
            board = fit_bradley_terry(tally, ties="davidson", interval="model")
            np.testing.assert_allclose(fitted(board), maximum(m, results), atol=2e-3)
            assert np.isfinite(board.standard_error).all()
    assert finite > 10
    assert infinite > 3


def test_a_model_with_only_wins_and_ties_has_no_end() -> None:
    with pytest.raises(Separated, match="tie parameter and the distances"):
        fit_bradley_terry(tally_of(2, {(0, 1): (50, 0, 20)}), ties="davidson")
    chain = {(0, 1): (5, 0, 3), (1, 2): (5, 0, 3), (0, 2): (5, 0, 0)}
    with pytest.raises(Separated, match="use ties='half'"):
        fit_bradley_terry(tally_of(3, chain), ties="davidson")


def test_other_models_may_hold_the_tie_parameter() -> None:
    # p only won or tied, but q and r beat each other, which says how often equals tie.
    held = {(0, 1): (5, 0, 3), (1, 2): (6, 4, 3)}
    board = fit_bradley_terry(tally_of(3, held), ties="davidson")
    np.testing.assert_allclose(fitted(board), maximum(3, held), atol=1e-3)


def test_two_wins_across_one_tie_are_enough() -> None:
    circle = {(0, 1): (1, 0, 0), (1, 2): (1, 0, 0), (0, 2): (0, 0, 1)}
    board = fit_bradley_terry(tally_of(3, circle), ties="davidson")
    np.testing.assert_allclose(fitted(board), maximum(3, circle), atol=1e-3)


def test_ties_are_needed_and_so_are_wins() -> None:
    with pytest.raises(NotEnoughVotes, match="at least one tie"):
        fit_bradley_terry(tally_of(2, {(0, 1): (5, 3, 0)}), ties="davidson")
    with pytest.raises(NotEnoughVotes, match="every vote is a tie"):
        fit_bradley_terry(tally_of(2, {(0, 1): (0, 0, 9)}), ties="davidson")
    with pytest.raises(InvalidParameter, match="takes no prior"):
        fit_bradley_terry(tally_of(2, {(0, 1): (5, 3, 1)}), ties="davidson", prior=1)


def test_both_bad_is_a_tie_or_nothing() -> None:
    votes, _ = simulate(4, 800, ties=0.5)
    outcome = votes.outcome.copy()
    outcome[np.flatnonzero(outcome == TIE)[::2]] = BOTH_BAD
    mixed = Comparisons(votes.models, votes.a, votes.b, outcome)
    as_ties = fit_bradley_terry(mixed, ties="davidson")
    np.testing.assert_allclose(as_ties.rating, fit_bradley_terry(votes, ties="davidson").rating)
    without = fit_bradley_terry(mixed, ties="davidson", both_bad="drop")
    gone = fit_bradley_terry(mixed.select(outcome != BOTH_BAD), ties="davidson")
    np.testing.assert_allclose(without.rating, gone.rating)
    assert without.tie_strength == pytest.approx(gone.tie_strength)
    assert without.tie_strength < as_ties.tie_strength  # type: ignore[operator]


def numeric_covariance(votes: Comparisons, board: Board, interval: str) -> Floats:
    """The textbook sandwich of all parameters, with scores by finite differences, one a vote."""
    m = len(votes.models)
    place = [board.models.index(model) for model in votes.models]
    assert board.tie_strength is not None
    at = np.append(((board.rating - 1000) / LOGIT)[place], np.log(board.tie_strength))
    weight = np.ones(len(votes)) if votes.weight is None else votes.weight

    def likelihoods(parameters: Floats) -> Floats:
        half = (parameters[votes.a] - parameters[votes.b]) / 2
        tie = np.full(len(votes), parameters[m])
        mine = np.select([votes.outcome == A, votes.outcome == B], [half, -half], tie)
        whole = np.logaddexp(np.logaddexp(half, -half), tie)
        return np.asarray(weight * (mine - whole))

    def scores(parameters: Floats) -> Floats:
        steps = np.eye(m + 1) * 1e-5
        return np.array(
            [(likelihoods(parameters + d) - likelihoods(parameters - d)) / 2e-5 for d in steps]
        ).T

    steps = np.eye(m + 1) * 1e-4
    hessian = np.array(
        [(scores(at + d).sum(axis=0) - scores(at - d).sum(axis=0)) / 2e-4 for d in steps]
    )
    bread = np.linalg.pinv(-hessian, rcond=1e-6)
    each = scores(at)
    if interval == "model":
        return np.asarray(LOGIT**2 * bread[:m, :m])
    if interval == "clustered":
        assert votes.voter is not None
        groups = np.unique(votes.voter)
        each = np.array([each[votes.voter == group].sum(axis=0) for group in groups])
        n, g = len(votes), len(groups)
        each = each * np.sqrt(g / (g - 1) * (n - 1) / (n - m))
    return np.asarray(LOGIT**2 * (bread @ each.T @ each @ bread)[:m, :m])


@pytest.mark.parametrize("interval", ["model", "sandwich", "clustered"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_covariance_is_the_textbook_one(interval: Interval, weighted: bool) -> None:
    votes, _ = simulate(5, 900, ties=0.5, voters=40, taste=0.5)
    weight = np.random.default_rng(1).uniform(0.2, 3, len(votes)) if weighted else None
    votes = Comparisons(
        votes.models, votes.a, votes.b, votes.outcome, voter=votes.voter, weight=weight
    )
    board = fit_bradley_terry(votes, ties="davidson", interval=interval)
    place = [board.models.index(model) for model in votes.models]
    expected = numeric_covariance(votes, board, interval)
    np.testing.assert_allclose(board.covariance[np.ix_(place, place)], expected, rtol=1e-4, atol=1)


def test_a_tiny_bootstrap_leaves_out_rounds_without_a_maximum() -> None:
    results = {(0, 1): (2, 1, 2), (1, 2): (2, 1, 1), (0, 2): (2, 1, 1)}
    board = fit_bradley_terry(tally_of(3, results), ties="davidson", interval="bootstrap")
    assert np.ptp(board.rating) < 400
    assert any("no finite fit" in note for note in board.notes)
