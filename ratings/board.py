"""A rating table of one slice of votes, with its uncertainty."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ratings.arrays import Floats, Integers
from ratings.covariance import Covariance
from ratings.errors import InvalidParameter, RatingsError
from ratings.newton import logistic
from ratings.ranks import overlap_ranks, simultaneous_ranks
from ratings.scale import Scale
from ratings.version import NUMERICS_VERSION


class Digestible(Protocol):
    """What a board was made of; it can say so in 64 hexadecimal digits."""

    def digest(self) -> str:
        """Return the SHA-256 of the input."""
        ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Board:
    """m models, best first, in points.

    Models without a rating (islands, models that only won or only lost) stand last, with NaN in
    every float column and rank 0; `unrated` says why in a sentence each.

    Attributes
    ----------
    models : tuple of m str
    rating, lower, upper : (m,) float64
        Points; the interval holds at `level` for each model by itself, against the mean of all.
    rank_best, rank_worst : (m,) int64
        By the overlap rule: see `ratings.ranks`.
    votes : (m,) int64
        Counted votes of each model.
    standard_error : (m,) float64
        Points, against the mean of all rated models.
    connected : (m,) int64
        Component of each model; only component 0 is rated.
    unrated : mapping of model to sentence
    joint, joint_place
        What `covariance` is made from, and where each model stands in it.
    parameters : mapping
        All that made the board besides the votes; part of `id`.
    notes : tuple of str
        What a reader should know about how these numbers came about; usually empty.
    replicates : (rounds, m) float64, optional
        Ratings of every bootstrap round.
    tie_strength : float, optional
        Davidson's nu, when ties were modelled.
    """

    models: tuple[str, ...]
    rating: Floats
    lower: Floats
    upper: Floats
    rank_best: Integers
    rank_worst: Integers
    votes: Integers
    standard_error: Floats
    connected: Integers
    unrated: Mapping[str, str]
    scale: Scale
    level: float
    parameters: Mapping[str, Any]
    source: Digestible = field(repr=False)
    joint: Covariance | None = field(repr=False)
    joint_place: Integers = field(repr=False)
    notes: tuple[str, ...] = ()
    replicates: Floats | None = None
    tie_strength: float | None = None

    @cached_property
    def id(self) -> str:
        """SHA-256 of the input, the parameters and the version of the numerics."""
        made_of = {
            "input": self.source.digest(),
            "parameters": dict(self.parameters),
            "version": NUMERICS_VERSION,
        }
        return hashlib.sha256(canonical_json(made_of)).hexdigest()

    @cached_property
    def covariance(self) -> Floats:
        """Points squared, centred on the mean of the rated models, (m, m); NaN without interval."""
        whole = np.full((len(self.models), len(self.models)), np.nan)
        if self.joint is not None:
            rated = self.rated
            place = self.joint_place[rated]
            strengths = self.joint.matrix()[np.ix_(place, place)]
            whole[np.ix_(rated, rated)] = self.scale.points_per_logit**2 * strengths
        return whole

    @property
    def rated(self) -> Integers:
        """Positions of the rated models, shape (r,)."""
        return np.flatnonzero(np.isfinite(self.rating))

    def draws(self, n: int, seed: int = 0) -> Floats:
        """Joint draws of all ratings.

        Normal draws with the board's covariance; of a bootstrap board, its own rounds (each once
        while they last).

        Parameters
        ----------
        n : int
        seed : int

        Returns
        -------
        (n, m) float64, points; NaN for a model without a rating.
        """
        if n < 1:
            raise InvalidParameter(f"the number of draws must be at least 1, not {n}")
        rng = np.random.default_rng(seed)
        if self.replicates is not None:
            rounds = len(self.replicates)
            picked = rng.permutation(rounds)[:n] if n <= rounds else rng.integers(0, rounds, n)
            return self.replicates[picked]
        rated = self.rated
        drawn = np.full((n, len(self.models)), np.nan)
        root = self._root()
        drawn[:, rated] = self.rating[rated] + rng.standard_normal((n, len(rated))) @ root
        return drawn

    def win_probability(self) -> Floats:
        """Chance that the row's model beats the column's when one of the two wins, shape (m, m).

        For a board with half ties this is the expected score. The diagonal is one half.
        """
        logit = self.rating / self.scale.points_per_logit
        return logistic(logit[:, None] - logit[None, :])

    def difference(self, model: str, other: str) -> tuple[float, float]:
        """Rating of `model` minus that of `other`, and its standard error, from the joint fit."""
        i, j = self.place(model), self.place(other)
        variance = self.covariance[i, i] + self.covariance[j, j] - 2 * self.covariance[i, j]
        return float(self.rating[i] - self.rating[j]), float(np.sqrt(max(variance, 0.0)))

    def place(self, model: str) -> int:
        """Position of a model in every column of the board."""
        try:
            return self.models.index(model)
        except ValueError:
            raise InvalidParameter(f"the board has no model {model!r}") from None

    def simultaneous_ranks(self, draws: int = 2000, seed: int = 0) -> tuple[Integers, Integers]:
        """Best and worst ranks that hold for all models at once: see `ratings.ranks`."""
        self._root()
        return simultaneous_ranks(self.rating, self.covariance, self.draws(draws, seed), self.level)

    def rows(self) -> list[dict[str, Any]]:
        """The table as it is published, best first: figures rounded to 0.01 points."""
        return [
            {
                "model": model,
                "rating": _published(self.rating[i]),
                "lower": _published(self.lower[i]),
                "upper": _published(self.upper[i]),
                "rank_best": int(self.rank_best[i]) or None,
                "rank_worst": int(self.rank_worst[i]) or None,
                "votes": int(self.votes[i]),
                "component": int(self.connected[i]),
                "unrated": self.unrated.get(model),
            }
            for i, model in enumerate(self.models)
        ]

    def shown(self, least_votes: int) -> list[dict[str, Any]]:
        """The rows as a public table shows them: no rating for a model with too few votes.

        Parameters
        ----------
        least_votes : int
            A model with fewer is part of the fit; its row has no rating and stands last.

        Returns
        -------
        list of dict
            `rows`, with ranks among the models that are shown with a rating, from the rounded
            figures; without intervals a rank is the place.
        """
        rated: list[dict[str, Any]] = []
        others: list[dict[str, Any]] = []
        for row in self.rows():
            shown = row["rating"] is not None and row["votes"] >= least_votes
            (rated if shown else others).append(row)
        rating, lower, upper = (
            np.array([row[name] for row in rated], dtype=np.float64)  # None becomes NaN
            for name in ("rating", "lower", "upper")
        )
        bounds = (lower, upper) if np.isfinite(lower).all() else (rating, rating)
        ranks = zip(*(rank.tolist() for rank in overlap_ranks(*bounds)), strict=True)
        empty = dict.fromkeys(("rating", "lower", "upper", "rank_best", "rank_worst"))
        few = f"fewer than {least_votes} votes"
        return [
            *(
                {**row, "rank_best": best, "rank_worst": worst}
                for row, (best, worst) in zip(rated, ranks, strict=True)
            ),
            *({**row, **empty, "unrated": row["unrated"] or few} for row in others),
        ]

    def canonical_bytes(self) -> bytes:
        """The published table and the board's id as bytes that do not depend on the machine."""
        return canonical_json({"id": self.id, "rows": self.rows()})

    @property
    def figures_hash(self) -> str:
        """SHA-256 of `canonical_bytes`: equal after a faithful replay anywhere."""
        return hashlib.sha256(self.canonical_bytes()).hexdigest()

    def _root(self) -> Floats:
        """Return the symmetric square root of the rated covariance: unique, so draws replay."""
        covariance = self.covariance[np.ix_(self.rated, self.rated)]
        if not np.isfinite(covariance).all():
            raise RatingsError("this board was fitted without an interval, so it has no draws")
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray((vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T)


def canonical_json(content: Any) -> bytes:
    """JSON with sorted keys and no spaces; floats as Python's shortest exact form."""
    return json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def _published(value: float) -> float | None:
    if not np.isfinite(value):
        return None
    return round(float(value), 2) + 0.0  # plus zero turns -0.0 into 0.0
