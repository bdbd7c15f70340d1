"""How the ratings of a board vary together, read a number at a time."""

import importlib
import zlib

import numpy as np
import pytest
from django.apps import apps

from arena.boards.models import Board, PairTable
from arena.boards.pairs import Pairs, difference_variances, store_pairs

pytestmark = pytest.mark.django_db
MODELS = (41, 7, 300, 12)


@pytest.fixture
def covariance() -> np.ndarray:
    drawn = np.random.default_rng(5).normal(size=(4, 9)).astype(np.float32)
    table = np.cov(drawn).astype(np.float32)
    table[3, :] = table[:, 3] = np.nan  # the last has no rating
    return table


@pytest.fixture
def board(covariance: np.ndarray) -> Board:
    found = Board.objects.create(source="live", method="bradley_terry", slug="overall")
    none = np.zeros((4, 4), dtype=np.int32)
    store_pairs(found, Pairs(MODELS, none, none, none, "id"), covariance)
    return found


def test_the_variance_of_a_difference_is_that_of_the_table(
    board: Board, covariance: np.ndarray
) -> None:
    for first, second in ((41, 7), (7, 300), (300, 41)):
        i, j = MODELS.index(first), MODELS.index(second)
        expected = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
        assert difference_variances([board], first, second)[board.pk] == pytest.approx(
            float(expected), rel=1e-5
        )


def test_a_model_without_a_rating_or_a_place_has_none(board: Board) -> None:
    assert difference_variances([board], 41, 12) == {}
    assert difference_variances([board], 41, 99) == {}
    assert difference_variances([], 41, 7) == {}


def test_what_the_release_before_wrote_is_not_read_as_numbers(
    board: Board, covariance: np.ndarray
) -> None:
    """Its workers may still run while the new ones start."""
    PairTable.objects.filter(board=board).update(covariance=zlib.compress(covariance.tobytes()))
    assert difference_variances([board], 41, 7) == {}


def test_tables_from_before_are_kept_by_the_migration(board: Board, covariance: np.ndarray) -> None:
    migration = importlib.import_module("arena.boards.migrations.0010_covariance_read_in_place")
    stored = PairTable.objects.filter(board=board)
    stored.update(covariance=zlib.compress(covariance.tobytes()))
    migration.inflate(apps, None)
    migration.inflate(apps, None)  # as after it was broken off
    assert bytes(stored.get().covariance) == covariance.tobytes()
    migration.deflate(apps, None)
    assert zlib.decompress(stored.get().covariance) == covariance.tobytes()
