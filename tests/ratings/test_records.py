"""Direct records, votes still needed, and how few votes hold up the leader."""

import math
from itertools import combinations

import numpy as np
import pytest

from ratings import Comparisons, fit_bradley_terry
from ratings.errors import InvalidParameter, RatingsError
from ratings.influence import votes_to_flip_first_place
from ratings.records import pair_records, votes_still_needed
from tests.ratings.examples import FOUR_PLAYERS, from_results, simulate


def test_a_record_counts_both_sides() -> None:
    votes = Comparisons.from_labels(
        ["x", "y", "x", "y", "x", "x"],
        ["y", "x", "y", "x", "y", "z"],
        ["a", "a", "tie", "both_bad", "b", "a"],
    )
    record = pair_records(votes).between("x", "y")
    assert (record.won, record.lost, record.tied, record.both_bad) == (1, 2, 1, 1)
    assert record.votes == 5
    assert record.score == pytest.approx(2 / 5)
    assert math.isnan(pair_records(votes).between("y", "z").score)
    with pytest.raises(InvalidParameter, match="'nobody'"):
        pair_records(votes).between("x", "nobody")


type Columns = tuple[list[int], list[int], list[int]]


def votes_of(models: tuple[str, ...], *batches: Columns) -> Comparisons:
    a, b, outcome = (np.concatenate(columns) for columns in zip(*batches, strict=True))
    return Comparisons(models, a, b, outcome)


def test_so_many_more_votes_do_tell_two_models_apart() -> None:
    theta = np.array([0.15, 0.0, -0.15])
    rng = np.random.default_rng(0)

    def more(n: int, pairs: list[tuple[int, int]]) -> Columns:
        drawn = [pairs[place] for place in rng.integers(0, len(pairs), n)]
        a, b = [i for i, _ in drawn], [j for _, j in drawn]
        chance = 1 / (1 + np.exp(theta[b] - theta[a]))
        return a, b, (rng.random(n) > chance).astype(int).tolist()

    models = ("x", "y", "z")
    first = more(300, [(0, 1), (1, 2), (0, 2)])
    board = fit_bradley_terry(votes_of(models, first))
    needed = votes_still_needed(board, "x", "y")
    difference, _ = board.difference("x", "y")
    assert 0 < needed < math.inf
    # Plan for the difference the board sees; then grant it and count how often it is found.
    theta = np.array([difference, 0, -0.15]) * np.array([np.log(10) / 400, 0, 1])
    found = 0
    for _ in range(200):
        second = more(int(needed), [(0, 1)])
        later = fit_bradley_terry(votes_of(models, first, second))
        difference, error = later.difference("x", "y")
        found += abs(difference) > 1.96 * error
    assert 0.7 < found / 200 < 0.95


def test_models_already_told_apart_need_nothing_and_equal_ones_everything() -> None:
    clear = from_results([("x", "y")] * 900 + [("y", "x")] * 100)
    assert votes_still_needed(fit_bradley_terry(clear), "x", "y") == 0
    equal = from_results([("x", "y")] * 50 + [("y", "x")] * 50)
    assert votes_still_needed(fit_bradley_terry(equal), "x", "y") == math.inf
    with pytest.raises(InvalidParameter, match="no interval"):
        votes_still_needed(fit_bradley_terry(equal, interval=None), "x", "y")
    with pytest.raises(InvalidParameter, match="power"):
        votes_still_needed(fit_bradley_terry(equal), "x", "y", power=1.0)


def test_two_models_flip_when_the_majority_is_gone() -> None:
    votes = from_results([("x", "y")] * 60 + [("y", "x")] * 50)
    flip = votes_to_flip_first_place(votes)
    assert flip is not None
    assert (flip.leader, flip.challenger, flip.votes) == ("x", "y", 11)
    assert flip.share == pytest.approx(11 / 110)
    [dropped] = flip.dropped
    assert (dropped.model_a, dropped.model_b, dropped.outcome) == ("x", "y", "a")


def test_without_the_votes_found_another_model_leads() -> None:
    votes, _ = simulate(8, 6000, ties=0.2, spread=0.3)
    flip = votes_to_flip_first_place(votes)
    assert flip is not None
    assert flip.leader == fit_bradley_terry(votes).models[0]
    assert sum(kind.votes for kind in flip.dropped) == flip.votes
    gone = np.zeros(len(votes), dtype=bool)
    for kind in flip.dropped:
        same = (
            (votes.a == votes.models.index(kind.model_a))
            & (votes.b == votes.models.index(kind.model_b))
            & (votes.outcome == ("a", "b", "tie", "both_bad").index(kind.outcome))
        )
        gone[np.flatnonzero(same)[: kind.votes]] = True
    assert gone.sum() == flip.votes
    after = fit_bradley_terry(votes.select(~gone))
    assert after.place(flip.challenger) < after.place(flip.leader)
    assert flip.share < 0.05


def test_a_leader_by_few_votes_is_found_out() -> None:
    flip = votes_to_flip_first_place(from_results(FOUR_PLAYERS * 30))
    assert flip is not None
    assert flip.leader == "D"
    assert flip.votes > 30


def fewest_by_trying_all(votes: Comparisons, leader: str) -> int | None:
    """Size of the smallest set of votes without which another model leads, by trying them all."""
    n = len(votes)
    for size in range(1, n):
        for gone in combinations(range(n), size):
            kept = votes.select(np.delete(np.arange(n), gone))
            try:
                board = fit_bradley_terry(kept, interval=None)
            except RatingsError:
                continue
            own = board.rating[board.place(leader)]
            if np.nanmax(board.rating) > own + 1e-6:
                return size
    return None


def test_no_smaller_set_exists_than_the_one_found() -> None:
    rng = np.random.default_rng(1)
    found = fewest = 0
    for _ in range(25):
        n = int(rng.integers(6, 10))
        a = rng.integers(0, 3, n)
        b = (a + rng.integers(1, 3, n)) % 3
        outcome = rng.choice([0, 1, 2], n, p=[0.45, 0.4, 0.15])
        votes = Comparisons(("x", "y", "z"), a, b, outcome)
        try:
            board = fit_bradley_terry(votes, interval=None)
        except RatingsError:
            continue
        if len(board.rated) < 3 or board.rating[0] - board.rating[1] < 1e-6:
            continue
        flip = votes_to_flip_first_place(votes)
        if flip is not None:
            found += 1
            smallest = fewest_by_trying_all(votes, flip.leader)
            assert smallest is not None
            assert flip.votes >= smallest  # an upper bound, as its page says
            fewest += flip.votes == smallest
    assert found >= 8
    assert fewest >= 0.8 * found
