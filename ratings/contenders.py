"""The models of one board as the open-closed comparison sees them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.arrays import Flags, Floats, Integers
from ratings.errors import InvalidParameter
from ratings.licences import DEFAULT_CUT, Cut, check_licence_classes

type Dates = NDArray[np.datetime64]

DAYS_PER_MONTH = 30.4375  # 365.25 / 12


@dataclass(frozen=True, eq=False)
class Contenders:
    """m models with joint draws, dates and licence classes; checked once, used by every figure.

    Attributes
    ----------
    draws : (n, m) float64
        Joint draws of all ratings, points.
    rating : (m,) float64
        Point estimates, points.
    released : (m,) datetime64[D]
        For an open model the day its weights came out. NaT: not known, so on no frontier.
    licence_class : m str
    eligible : (m,) bool
    cut : Cut
    """

    draws: Floats
    rating: Floats
    released: Dates
    licence_class: tuple[str, ...]
    eligible: Flags
    cut: Cut

    @classmethod
    def of(
        cls,
        board_draws: ArrayLike,
        released: ArrayLike,
        licence_class: Iterable[str],
        *,
        rating: ArrayLike | None = None,
        eligible: ArrayLike | None = None,
        cut: Cut = DEFAULT_CUT,
    ) -> Self:
        """Check the columns against each other.

        Parameters
        ----------
        board_draws : (n, m) float
            ``board.draws(n)``: joint draws, clustered by voter where the board is; at least 500
            for a published interval. May be NaN for a model that is not eligible.
        released : (m,) datetime64 or ISO dates
        licence_class : (m,) str
            Out of `ratings.licences.LICENCE_CLASSES`.
        rating : (m,) float, optional
            Ratings of the fit, which all point estimates are made of. Without them, the mean of
            the draws.
        eligible : (m,) bool, optional
            See `ratings.eligibility`. Without it, every model that has a rating.
        cut : Cut

        Raises
        ------
        InvalidParameter
            Lengths that differ, an unknown class, an eligible model without a rating.
        """
        draws = np.asarray(board_draws, dtype=np.float64)
        if draws.ndim != 2 or len(draws) == 0:
            raise InvalidParameter(f"board_draws must be (n draws, m models), not {draws.shape}")
        m = draws.shape[1]
        days = np.asarray(released, dtype="datetime64[D]")
        classes = check_licence_classes(licence_class)
        means = draws.mean(axis=0)
        point = means if rating is None else np.asarray(rating, dtype=np.float64)
        finite = np.isfinite(point) & np.isfinite(means)
        chosen = finite if eligible is None else np.asarray(eligible, dtype=bool)
        for name, column in (("released", days), ("rating", point), ("eligible", chosen)):
            if column.shape != (m,):
                raise InvalidParameter(f"{name} has shape {column.shape} where {m} models stand")
        if len(classes) != m:
            raise InvalidParameter(f"licence_class has {len(classes)} entries for {m} models")
        if (chosen & ~finite).any():
            model = int(np.flatnonzero(chosen & ~finite)[0])
            raise InvalidParameter(f"model {model} is called eligible but has no finite rating")
        return cls(draws, point, days, classes, chosen, cut)

    def members(self, classes: Collection[str]) -> Integers:
        """Eligible, dated models of these classes, by date and then by position."""
        of_class = np.array([name in classes for name in self.licence_class], dtype=bool)
        chosen = np.flatnonzero(of_class & self.eligible & ~np.isnat(self.released))
        return chosen[np.argsort(self.released[chosen], kind="stable")]

    @cached_property
    def open(self) -> Integers:
        """Members of the open side, by date."""
        return self.members(self.cut.open)

    @cached_property
    def closed(self) -> Integers:
        """Members of the closed side, by date."""
        return self.members(self.cut.closed)

    @property
    def undated(self) -> Integers:
        """Eligible models that are on no frontier for want of a date."""
        return np.flatnonzero(self.eligible & np.isnat(self.released))


def as_day(date: np.datetime64 | str) -> np.datetime64:
    """Return a date as datetime64[D].

    Raises
    ------
    InvalidParameter
        If it is NaT.
    """
    day = np.datetime64(date, "D")
    if np.isnat(day):
        raise InvalidParameter("a date is missing (NaT)")
    return day


def months(days: ArrayLike) -> Floats:
    """Turn days (integers or timedelta64[D]) into months of 30.4375 days."""
    return np.asarray(np.asarray(days).astype("timedelta64[D]").astype(float) / DAYS_PER_MONTH)
