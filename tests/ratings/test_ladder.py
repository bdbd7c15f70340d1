"""Ladder, practical gap and gap by category, by hand."""

import numpy as np
import pytest

from ratings.contenders import Contenders
from ratings.errors import InvalidParameter
from ratings.ladder import (
    Rung,
    Slice,
    gap_by_category,
    licence_ladder,
    practical_gap,
    weight_floor,
)
from ratings.licences import LADDER
from ratings.undefined import Undefined

CLASSES = ["closed", "weights_noncommercial", "weights_permissive", "weights_permissive", "unknown"]
RATING = [1200.0, 1150.0, 1000.0, 1100.0, 1500.0]
DAY = "2024-06-01"


def field(*draws: list[float], rating: list[float] | None = None) -> Contenders:
    return Contenders.of(np.array(draws), ["2024-01-01"] * 5, CLASSES, rating=rating)


def test_each_class_meets_the_closed_frontier() -> None:
    ladder = licence_ladder(field(RATING), DAY)
    assert list(ladder) == list(LADDER)
    strict, permissive = ladder["weights_noncommercial"], ladder["weights_permissive"]
    assert isinstance(strict, Rung)
    assert isinstance(permissive, Rung)
    assert (strict.best, strict.gap, strict.eligible) == (1, 50.0, 1)
    assert (permissive.best, permissive.gap, permissive.eligible) == (3, 100.0, 2)
    assert permissive.closed_leader == 0


def test_a_class_without_a_model_is_a_sentence() -> None:
    empty = licence_ladder(field(RATING), DAY)["fully_open"]
    assert isinstance(empty, Undefined)
    assert empty.sentence == "No fully_open model released by 2024-06-01 is eligible."
    early = licence_ladder(field(RATING), "2023-12-31")
    assert {type(rung) for rung in early.values()} == {Undefined}


def test_each_draw_picks_its_own_best_of_the_class() -> None:
    # Permissive: draw 1 has 1000 and 1100, draw 2 has 1190 and 1080; closed 1200 and 1180.
    # Gaps: 1200 - 1100 = 100 and 1180 - 1190 = -10. Median (level near 0): 45.
    rung = licence_ladder(
        field(
            [1200.0, 0.0, 1000.0, 1100.0, 0.0], [1180.0, 0.0, 1190.0, 1080.0, 0.0], rating=RATING
        ),
        DAY,
        level=1e-9,
    )["weights_permissive"]
    assert isinstance(rung, Rung)
    assert rung.lower == pytest.approx(45.0)
    assert rung.upper == pytest.approx(45.0)
    assert rung.closed_ahead == 0.5


def test_the_practical_gap_by_hand() -> None:
    # Billions of parameters 12, 13, 40 for models 1 to 3; at 16 bit 24, 26 and 80 GB. The best
    # that fits 24 GB is model 1; 80 GB still model 1 (1150); nothing fits 10 GB.
    sizes = weight_floor([np.nan, 12.0, 13.0, 40.0, 1.0])
    np.testing.assert_array_equal(sizes[1:4], [24.0, 26.0, 80.0])
    rungs = practical_gap(field(RATING), sizes, (10.0, 24.0, 80.0), day=DAY)
    fits = rungs[24.0]
    assert isinstance(fits, Rung)
    assert (fits.best, fits.eligible, fits.gap) == (1, 1, 50.0)
    larger = rungs[80.0]
    assert isinstance(larger, Rung)
    assert (larger.best, larger.eligible) == (1, 3)
    nothing = rungs[10.0]
    assert isinstance(nothing, Undefined)
    assert nothing.code == "none_fits"
    assert nothing.sentence == "No eligible open model of known size fits 10 GB by 2024-06-01."


def test_a_model_of_unknown_size_fits_no_budget() -> None:
    rungs = practical_gap(field(RATING), [np.nan] * 5, (1e6,), day=DAY)
    assert isinstance(rungs[1e6], Undefined)


def test_the_floor_of_the_weights() -> None:
    # 70 billion: 140 GB at 16 bit, 70 at 8, 35 at 4.
    assert [float(weight_floor(70.0, bits=bits)) for bits in (16, 8, 4)] == [140.0, 70.0, 35.0]
    with pytest.raises(InvalidParameter, match="bits"):
        weight_floor(70.0, bits=2)


def test_categories_keep_their_order_and_thin_ones_are_hidden_with_their_count() -> None:
    even = [1200.0, 1200.0, 0.0, 0.0, 0.0]
    found = gap_by_category(
        {
            "coding": Slice(field(RATING), 5000),
            "advice": Slice(field(RATING), 40),
            "persona": Slice(field(even), 1000),
        },
        DAY,
    )
    assert list(found) == ["coding", "advice", "persona"]
    coding, advice, persona = found.values()
    assert isinstance(coding, Rung)
    assert isinstance(persona, Rung)
    assert (coding.gap, persona.gap) == (50.0, 0.0)
    assert isinstance(advice, Undefined)
    assert advice.sentence == "Only 40 battles; hidden under 1000."


def test_sizes_of_another_length_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="sizes do not fit"):
        practical_gap(field(RATING), [1.0], day=DAY)
