"""What is measured: works, sizes, and the votes they are done on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.ratings.examples import simulate

EFFECTS = (0.25, 0.05, -0.1, 0.0)
CATEGORIES = 30


@dataclass(frozen=True)
class Case:
    """A work on so many votes of so many models."""

    work: str
    votes: int
    models: int

    @property
    def key(self) -> str:
        """Name in the file of results."""
        return f"{self.work}/{self.votes}/{self.models}"


GRID = [
    Case("plain from counts", 1_000_000, 400),
    *(Case("one more vote", 1_000_000, models) for models in (50, 200, 400)),
    Case("one more vote, all intervals", 1_000_000, 400),
    *(Case("bootstrap", votes, models) for votes, models in ((100_000, 50), (1_000_000, 400))),
    *(
        Case("plain", votes, models)
        for votes in (100_000, 1_000_000, 10_000_000)
        for models in (50, 200, 400)
    ),
    *(Case("elo", votes, 200) for votes in (100_000, 1_000_000, 10_000_000)),
    *(
        Case("style", votes, models)
        for votes, models in ((100_000, 50), (1_000_000, 200), (1_000_000, 400), (10_000_000, 200))
    ),
    *(Case("thirty categories", votes, 200) for votes in (1_000_000, 10_000_000)),
]


def write_votes(case: Case, folder: Path) -> Path:
    """Simulate votes with four style features and thirty categories, as a file of columns.

    Columns have the width in which a store would hold them.
    """
    path = folder / f"{case.votes}-{case.models}.npz"
    if path.exists():
        return path
    votes, _ = simulate(case.models, case.votes, ties=0.3, effects=EFFECTS, spread=0.5)
    category = np.random.default_rng(1).integers(0, CATEGORIES, case.votes).astype(np.int8)
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        m=case.models,
        a=votes.a.astype(np.int32),
        b=votes.b.astype(np.int32),
        outcome=votes.outcome,
        features=np.asarray(votes.features, dtype=np.float32),
        category=category,
    )
    return partial.rename(path)
