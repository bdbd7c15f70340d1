"""What a fit may be asked for, checked once and kept with the board."""

import operator
from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np

from ratings.errors import InvalidParameter
from ratings.outcomes import BothBad, Scoring, Ties
from ratings.scale import Scale

type Interval = Literal["model", "sandwich", "clustered", "bootstrap", "bootstrap_voters"]


@dataclass(frozen=True)
class Parameters:
    """All that makes a board besides its votes."""

    interval: Interval | None
    level: float
    scoring: Scoring
    scale: Scale
    pair_weight: float | None
    prior: float
    rounds: int
    seed: int

    def __post_init__(self) -> None:
        if self.interval is not None and self.interval not in get_args(Interval.__value__):
            known = ", ".join(map(repr, get_args(Interval.__value__)))
            raise InvalidParameter(f"interval must be {known} or None, not {self.interval!r}")
        if not 0 < self.level < 1:
            raise InvalidParameter(f"level must lie between 0 and 1, not {self.level}")
        if not (np.isfinite(self.prior) and self.prior >= 0):
            raise InvalidParameter(f"prior must be a finite number of votes, not {self.prior}")
        if self.rounds < 2:
            raise InvalidParameter(f"rounds must be at least 2, not {self.rounds}")
        if self.seed < 0:
            raise InvalidParameter(f"seed must not be negative, not {self.seed}")

    @classmethod
    def of(
        cls,
        *,
        interval: Interval | None,
        level: float,
        ties: Ties,
        both_bad: BothBad,
        scale: float,
        base: float,
        center: float,
        anchor: tuple[str, float] | None,
        pair_weight: float | None,
        prior: float,
        rounds: int,
        seed: int,
    ) -> "Parameters":
        """Gather and check the keyword arguments of a fit."""
        return cls(
            interval=interval,
            level=as_number(level, "level"),
            scoring=Scoring(ties, both_bad),
            scale=Scale(
                as_number(scale, "scale"),
                as_number(base, "base"),
                as_number(center, "center"),
                anchor,
            ),
            pair_weight=None if pair_weight is None else as_number(pair_weight, "pair_weight"),
            prior=as_number(prior, "prior"),
            rounds=_whole(rounds, "rounds"),
            seed=_whole(seed, "seed"),
        )

    @property
    def resamples(self) -> bool:
        """Whether the interval comes from rounds of resampling."""
        return self.interval in ("bootstrap", "bootstrap_voters")

    @property
    def needs_voters(self) -> bool:
        """Whether the interval is about who voted, beyond what was voted."""
        return self.interval in ("clustered", "bootstrap_voters")

    def quantile(self, degrees: int | None = None) -> float:
        """Standard errors on either side of an estimate, 1.96 at 95 %.

        Parameters
        ----------
        degrees : int, optional
            Of freedom, for Student's t in place of the normal law.
        """
        if degrees is None:
            return NormalDist().inv_cdf(0.5 + self.level / 2)
        from scipy.special import stdtrit  # noqa: PLC0415 - importing SciPy costs 0.2 s

        return float(stdtrit(degrees, 0.5 + self.level / 2))

    def record(self, method: str, **more: Any) -> dict[str, Any]:
        """Flatten into what a board's id is made from."""
        flat = asdict(self)
        flat |= flat.pop("scoring") | flat.pop("scale") | more
        if not self.resamples:
            del flat["rounds"], flat["seed"]
        if flat["anchor"] is not None:
            flat["anchor"] = [flat["anchor"][0], float(flat["anchor"][1])]
        return {"method": method} | flat


def as_number(value: float, name: str) -> float:
    """Take any kind of number, a NumPy one as well.

    Raises
    ------
    InvalidParameter
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InvalidParameter(f"{name} must be a number, not {value!r}") from None


def _whole(value: int, name: str) -> int:
    """Take any kind of integer; None would draw another board each time."""
    try:
        return operator.index(value)
    except TypeError:
        raise InvalidParameter(f"{name} must be an integer, not {value!r}") from None
