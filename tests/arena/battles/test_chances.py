"""The chance of every pair: the formula by hand, its limits, and that what is drawn follows it."""

import itertools
import math
import random
from collections import Counter

import numpy as np
import pytest
from scipy.stats import chi2

from arena.battles.chances import FLOOR, MOST, Chances, Contestant, chances_of

K = 400 / math.log(10)


def field(*half_widths: float | None, **common: object) -> list[Contestant]:
    """Return equals with these half-widths."""
    return [
        Contestant(number, 1.0, "", None if width is None else 1000.0, width, **common)  # type: ignore[arg-type]
        for number, width in enumerate(half_widths)
    ]


def gain(one: Contestant, other: Contestant) -> float:
    """The formula, step 1 to 3, as the page has it."""
    uncertain, rating = [], []
    for contestant in (one, other):
        width = contestant.half_width
        uncertain.append(4 / (contestant.votes + 4) if width is None else (width / (1.96 * K)) ** 2)
        rating.append(contestant.rating if contestant.rating is not None else 1000.0)
    p = 1 / (1 + math.exp((rating[1] - rating[0]) / K))
    d = sum(uncertain)
    return math.sqrt(d) - math.sqrt(d / (1 + p * (1 - p) * d))


def chance(chances: Chances, one: int, other: int) -> float:
    places = chances.models.index(one), chances.models.index(other)
    return float(chances.pairs[places])


def test_it_is_the_formula() -> None:
    contestants = [
        Contestant(7, 1.0, "", 1080.0, 20.0, 900),
        Contestant(3, 2.0, "", 1000.0, 35.0, 300),
        Contestant(9, 0.5, "", 920.0, 30.0, 400),
        Contestant(4, 1.0, votes=12),  # an average one of those that have a rating: 1000
    ]
    pairs = list(itertools.combinations(contestants, 2))
    by_weight = [one.weight * other.weight for one, other in pairs]
    by_gain = [w * gain(*pair) for w, pair in zip(by_weight, pairs, strict=True)]
    chances = Chances(contestants)
    for pair, weight, worth in zip(pairs, by_weight, by_gain, strict=True):
        expected = FLOOR * weight / sum(by_weight) + (1 - FLOOR) * worth / sum(by_gain)
        assert chance(chances, pair[0].model, pair[1].model) == pytest.approx(expected, rel=1e-9)


def test_close_and_uncertain_pairs_come_more() -> None:
    close = Chances(
        [
            Contestant(number, 1.0, "", rating, 20.0)
            for number, rating in enumerate((900, 1000, 1300))
        ]
    )
    assert chance(close, 0, 1) > chance(close, 1, 2) > chance(close, 0, 2)
    uncertain = Chances(field(40.0, 40.0, 20.0, 20.0))
    assert chance(uncertain, 0, 1) > chance(uncertain, 0, 2) > chance(uncertain, 2, 3)


def test_a_new_model_comes_more_until_it_is_as_sure_as_the_others() -> None:
    shares = []
    for votes in (0, 10, 29):
        chances = Chances([*field(*[20.0] * 49), Contestant(99, 1.0, votes=votes)])
        shares.append(chances.shares()[99])
    shares += [
        Chances([*field(*[20.0] * 49), Contestant(99, 1.0, "", 1000.0, width)]).shares()[99]
        for width in (60.0, 30.0, 20.0)
    ]
    usual = 2 / 50
    near_the_limit = 1e-3
    assert all(before > after - near_the_limit for before, after in itertools.pairwise(shares))
    assert shares[0] > 3 * usual
    assert shares[-1] == pytest.approx(usual)


def test_weights_multiply() -> None:
    contestants = field(20.0, 20.0, 20.0, 20.0)
    contestants[0] = contestants[0]._replace(weight=3.0)
    chances = Chances(contestants)
    assert chance(chances, 0, 1) == pytest.approx(3 * chance(chances, 1, 2))
    with_weights_alone = Chances(field(90.0, 20.0, 20.0), adaptive=False)
    assert chance(with_weights_alone, 0, 1) == pytest.approx(1 / 3)


def test_without_figures_weights_alone_decide() -> None:
    contestants = [Contestant(number, weight) for number, weight in enumerate((1.0, 2.0, 5.0))]
    chances = Chances(contestants)
    assert chances.pairs == pytest.approx(chances.by_weight)
    assert chance(chances, 0, 1) == pytest.approx(2 / 17)


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf, 0.0, -5.0, None])
def test_a_figure_that_is_none_counts_as_unknown(figure: float | None) -> None:
    known = field(20.0, 25.0, 30.0)
    odd = Chances([*known, Contestant(9, 1.0, "", 1000.0, figure, 50)])
    unknown = Chances([*known, Contestant(9, 1.0, votes=50)])
    assert odd.pairs == pytest.approx(unknown.pairs)
    if figure:
        odd = Chances(
            [*known, Contestant(9, 1.0, "", figure if figure > 0 else math.nan, 20.0, 50)]
        )
        assert np.isfinite(odd.pairs).all()


def arenas(count: int) -> list[list[Contestant]]:
    """Make arenas of all kinds: small, large, new models, odd weights, GPU groups."""
    rng = random.Random(5)
    made = []
    for _ in range(count):
        spread, grouped = rng.choice([0, 1, 3]), rng.random() < 0.5
        made.append(
            [
                Contestant(
                    model,
                    math.exp(rng.gauss(0, spread)),
                    rng.choice(["", "box 1", "box 2"]) if grouped else "",
                    rng.choice([None, rng.gauss(1000, 100)]),
                    rng.choice([None, math.exp(rng.gauss(3, 1))]),
                    rng.randrange(2000),
                )
                for model in range(rng.choice([2, 3, 5, 20, 60]))
            ]
        )
    return made


def test_every_pair_can_come_and_no_model_takes_over() -> None:
    met = 0
    for contestants in arenas(150):
        chances = Chances(contestants)
        if not chances:
            continue
        met += 1
        able = chances.by_weight > 0
        assert (chances.pairs[able] >= FLOOR * chances.by_weight[able] * (1 - 1e-9)).all()
        assert not chances.pairs[~able].any()
        assert np.triu(chances.pairs).sum() == pytest.approx(1)
        shares, by_weight = chances.pairs.sum(axis=1), chances.by_weight.sum(axis=1)
        assert (shares <= MOST * by_weight * (1 + 1e-9)).all()
    assert met > 100


def test_the_limit_is_used() -> None:
    chances = Chances([*field(*[10.0] * 99), Contestant(99, 1.0)])
    assert 0.7 * MOST < chances.shares()[99] / (2 / 100) <= MOST


def test_a_gpu_group_never_meets_itself() -> None:
    contestants = [
        contestant._replace(group=group)
        for contestant, group in zip(
            field(90.0, 90.0, 20.0, 20.0), ("box 1", "box 1", "box 2", ""), strict=True
        )
    ]
    chances = Chances(contestants)
    assert chance(chances, 0, 1) == 0.0
    places = (np.arange(1000) + 0.5) / 1000
    drawn = {frozenset(chances.draw(place).models) for place in places.tolist()}
    assert drawn == {frozenset(pair) for pair in itertools.combinations(range(4), 2)} - {
        frozenset({0, 1})
    }


@pytest.mark.parametrize(
    "contestants",
    [
        [],
        [Contestant(1, 1.0)],
        [Contestant(1, 1.0, "box"), Contestant(2, 1.0, "box")],
    ],
)
def test_where_no_two_can_meet_there_are_no_chances(contestants: list[Contestant]) -> None:
    chances = Chances(contestants)
    assert not chances
    assert sum(chances.shares().values()) == 0


def test_two_models_always_meet() -> None:
    chances = Chances([Contestant(1, 1e-9, "", 2000.0, 500.0), Contestant(2, 1e9)])
    for place in (0.0, 0.5, math.nextafter(1, 0)):
        drawn = chances.draw(place)
        assert set(drawn.models) == {1, 2}
        assert drawn.probability == pytest.approx(1)


def test_weights_may_be_as_large_and_small_as_numbers_go() -> None:
    contestants = [Contestant(1, 1e308), Contestant(2, 1e308), Contestant(3, 5e-324)]
    chances = Chances(contestants)
    assert chance(chances, 1, 2) == pytest.approx(1)
    assert chances.draw(math.nextafter(1, 0)).models == (1, 2)


def fits(counts: Counter[frozenset[int]], expected: dict[frozenset[int], float]) -> float:
    """Return the chance of a chi-squared statistic at least as large as that of the counts."""
    total = counts.total()
    assert set(counts) <= {pair for pair, probability in expected.items() if probability}
    statistic = sum(
        (counts[pair] - total * probability) ** 2 / (total * probability)
        for pair, probability in expected.items()
        if probability
    )
    return float(chi2.sf(statistic, sum(map(bool, expected.values())) - 1))


@pytest.mark.parametrize("avoid", [(), (2,), (0, 5)])
def test_what_is_drawn_follows_the_chances(avoid: tuple[int, ...]) -> None:
    contestants = [
        *(
            contestant._replace(rating=1000.0 + 40 * contestant.model)
            for contestant in field(20.0, 30.0, 25.0, 60.0)
        ),
        Contestant(4, 2.0, "box"),
        Contestant(5, 0.5, "box", votes=20),
    ]
    chances = Chances(contestants)
    left = [model for model in range(6) if model not in avoid]
    exact = {frozenset(pair): chance(chances, *pair) for pair in itertools.combinations(left, 2)}
    total = sum(exact.values())
    expected = {pair: probability / total for pair, probability in exact.items()}
    rng, counts = random.Random(11), Counter[frozenset[int]]()
    for _ in range(6_000):
        drawn = chances.draw(rng.random(), avoid=avoid)
        pair = frozenset(drawn.models)
        counts[pair] += 1
        assert drawn.probability == pytest.approx(expected[pair])
    assert fits(counts, expected) > 0.001
    uneven = {pair: 1 / len(expected) for pair in expected}
    assert fits(counts, uneven) < 1e-6 or len(expected) < 2, "the test would see another rule"


def test_it_avoids_as_far_as_two_others_are_there() -> None:
    chances = Chances(field(20.0, 30.0, 40.0))
    assert chances.draw(0.9, avoid={0}).models == (1, 2)
    assert chances.draw(0.9, avoid={0}).probability == pytest.approx(1)
    drawn = chances.draw(0.9, avoid={0, 1, 77})
    assert drawn.probability == pytest.approx(chance(chances, *drawn.models))


def test_chances_are_made_once_for_the_same_contestants() -> None:
    contestants = tuple(field(21.0, 31.0, 41.0))
    assert chances_of(contestants) is chances_of(tuple(field(21.0, 31.0, 41.0)))
    assert chances_of(contestants) is not chances_of(tuple(field(21.0, 31.0, 42.0)))
    assert chances_of(contestants) is not chances_of(contestants, adaptive=False)
