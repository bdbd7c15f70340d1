"""The page of figures."""

from collections.abc import Sequence

from tests.bench_live.figures import Figure


def write(figures: Sequence[Figure]) -> None:
    """Write the page."""
