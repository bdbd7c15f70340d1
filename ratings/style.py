"""Style control: ratings after what length and layout alone would win.

The logit of a vote is theta_a - theta_b + z beta, z the style differences of the two answers (Li,
Angelopoulos and Chiang 2024, "Does style matter?"). The fit maximises the likelihood *summed* over
votes; a ridge, where one is wanted, is a fixed number beside that sum. (A mean likelihood with a
constant ridge shrinks the style effect several times over, more so with every vote.)
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats
from ratings.assembly import Estimate, board_columns, percentile_bounds
from ratings.board import Board
from ratings.bradley_terry import (
    NO_VARIATION,
    held_by_prior,
    note_on_prior,
    notes_on_voters,
    rateable_components,
)
from ratings.comparisons import Comparisons
from ratings.compiled import kernels
from ratings.covariance import Covariance, clustered_meat
from ratings.errors import CollinearFeatures, InvalidParameter, RatingsError
from ratings.linear import invert_definite
from ratings.newton import fit_strengths, ground_level
from ratings.outcomes import BothBad, Ties
from ratings.parameters import Interval, Parameters
from ratings.rated import RatedVotes, rated_votes
from ratings.sorted_comparisons import SortedComparisons
from ratings.style_bootstrap import style_rounds
from ratings.style_newton import StyleLikelihood, grounded
from ratings.style_scale import FeatureSizes
from ratings.style_sorted import SortedVotes, sort_votes
from ratings.style_sums import StyleSums, StyleVotes
from ratings.tally import Tally

POSITION = "position"


@dataclass(frozen=True, eq=False, kw_only=True)
class StyledBoard(Board):
    """A board with style coefficients.

    Attributes
    ----------
    coefficients : (k,) float64
        Log-odds for side A per unit of each feature, or per standard deviation when standardised.
    coefficient_intervals : (k, 2) float64
        Lower and upper bounds at the board's level; NaN without an interval.
    coefficient_names : tuple of k str
    feature_scale : (k,) float64
        What one unit of each coefficient is, in the feature's own units.
    """

    coefficients: Floats
    coefficient_intervals: Floats
    coefficient_names: tuple[str, ...]
    feature_scale: Floats


def fit_style_controlled(
    votes: Comparisons | SortedComparisons,
    *,
    ridge: float = 0.0,
    standardize: bool = True,
    position: bool = False,
    interval: Interval | None = "sandwich",
    level: float = 0.95,
    ties: Ties = "half",
    both_bad: BothBad = "half",
    scale: float = 400.0,
    base: float = 10.0,
    center: float = 1000.0,
    anchor: tuple[str, float] | None = None,
    pair_weight: float | None = None,
    prior: float = 0.0,
    rounds: int = 100,
    seed: int = 0,
    start: StyledBoard | None = None,
) -> StyledBoard:
    """Rate models and measure style together.

    Parameters
    ----------
    votes : Comparisons
        With features, unless `position` is the only one wanted. Sorted by pair
        (`Comparisons.sorted`) they are fitted several times faster.
    ridge : float
        Adds ``ridge / 2`` times the sum of squared coefficients to the summed loss. It shrinks
        coefficients only, never ratings, and stays out of the interval.
    standardize : bool
        Divide each feature by its standard deviation over the counted votes. Features are not
        centred: a difference of 0 must stay 0.
    position : bool
        Add the effect of standing on side A, as the last coefficient, in its own unit.
    ties : {"half", "drop"}
    interval, level, both_bad, scale, base, center, anchor, pair_weight, prior, rounds, seed
        As in `ratings.fit_bradley_terry`; bootstrap rounds cost a pass over the votes each.
    start : StyledBoard, optional
        A board of nearly the same votes: the search begins there and is shorter. The answer is
        the same to the tolerance of the fit.

    Returns
    -------
    StyledBoard

    Raises
    ------
    CollinearFeatures
        A feature is constant while standardised, or explained by the others and the models.
    Separated
        Also when a feature predicts every vote it can.
    """
    parameters = Parameters.of(
        interval=interval,
        level=level,
        ties=ties,
        both_bad=both_bad,
        scale=scale,
        base=base,
        center=center,
        anchor=anchor,
        pair_weight=pair_weight,
        prior=prior,
        rounds=rounds,
        seed=seed,
    )
    if ties == "davidson":
        raise InvalidParameter("style control takes ties='half' or 'drop'")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InvalidParameter(f"ridge must be a finite number, not negative, not {ridge}")
    fit = _StyleFit(votes, parameters, float(ridge), standardize, position)
    return fit.board(start)


class _StyleFit:
    """One fit on the main component, step by step."""

    def __init__(
        self,
        votes: Comparisons | SortedComparisons,
        parameters: Parameters,
        ridge: float,
        standardize: bool,
        position: bool,
    ) -> None:
        self.votes = votes
        self.parameters = parameters
        self.ridge = ridge
        self.standardize = standardize
        self.position = position
        if isinstance(votes, SortedComparisons):
            kept, tally = votes, votes.tally
        else:
            kept, tally = None, Tally.from_comparisons(votes)
        self.counted = tally.counted(parameters.scoring).reweighted(parameters.pair_weight)
        self.components = rateable_components(self.counted, parameters.prior)
        self.tally = self.counted.restricted(self.components.main)
        self.notes: list[str] = []
        self.m = self.components.main.size
        as_they_are = None if kept is None else self._as_they_are(kept)
        if kept is None or as_they_are is None:
            self.features, self.names = self._features()
            self.passes = self._fastest()
            sizes = FeatureSizes.of(self.passes.features, self.passes.kind)
        else:
            self.names, self.passes, sizes = kept.feature_names, as_they_are, kept.sizes
        sizes.check(self.names)
        self.k = len(self.names)
        self.unit = self._units(sizes.spread)
        self._likelihood = StyleLikelihood(
            self.m,
            self.names,
            self.unit,
            sizes.typical / self.unit,
            ridge,
            parameters,
            float(self.tally.weight.sum()),
        )

    def board(self, near: StyledBoard | None = None) -> StyledBoard:
        """Fit, from the answer of another board where there is one, and assemble."""
        votes = self.passes
        theta, beta = self._start(votes) if near is None else self._start_from(near)
        theta, beta, sums = self._likelihood.maximise(votes, theta, beta, near=near is not None)
        m = self.m
        whole = Estimate(theta)
        if self.parameters.interval is not None:
            whole = Estimate(theta, *self._uncertainty(theta, beta, sums))
        estimate = replace(
            whole,
            replicates=None if whole.replicates is None else whole.replicates[:, :m],
        )
        models = self.counted.models
        columns = board_columns(
            models, self.counted.votes(), self.components, estimate, self.parameters
        )
        record = self.parameters.record(
            "bradley-terry with style",
            ridge=self.ridge,
            standardize=self.standardize,
            features=list(self.names),
        )
        return StyledBoard(
            **columns.fields,
            parameters=record,
            source=self.votes,
            notes=tuple(self.notes),
            coefficients=beta,
            coefficient_intervals=self._bounds(beta, whole),
            coefficient_names=self.names,
            feature_scale=self.unit,
        )

    def _as_they_are(self, votes: SortedComparisons) -> SortedVotes | None:
        """Votes that were sorted before, when no option needs other votes or single ones."""
        parameters = self.parameters
        compiled = kernels(len(votes))
        whole = not self.components.unrated and all(parameters.scoring.counted)
        plain = parameters.interval in (None, "model", "sandwich") and not self.position
        if compiled is None or not whole or not plain or self.tally.factor is not None:
            return None
        score = np.nan_to_num(parameters.scoring.scores)
        return SortedVotes(
            self.m, votes.bounds, votes.kind, votes.features, np.empty(0), score, compiled
        )

    @cached_property
    def rated(self) -> RatedVotes:
        """The votes one by one."""
        votes = self.votes
        if isinstance(votes, SortedComparisons):
            votes = votes.comparisons()
        return rated_votes(votes, self.components, self.parameters.scoring, self.tally)

    def _start(self, votes: StyleVotes | SortedVotes) -> tuple[Floats, Floats]:
        """Strengths without style, improved on a sample of the votes when there are many."""
        theta = fit_strengths(self.tally.points, self.parameters.prior).theta
        beta = np.zeros(self.k)
        sample = votes.sample()
        if sample is not None:
            with suppress(RatingsError):  # a sample may be too thin where the whole is not
                theta, beta, _ = self._likelihood.maximise(sample, theta, beta, roughly=True)
        return theta, beta

    def _start_from(self, near: StyledBoard) -> tuple[Floats, Floats]:
        logit = dict(zip(near.models, near.rating / near.scale.points_per_logit, strict=True))
        models = [self.counted.models[place] for place in self.components.main]
        theta = np.array([logit.get(model, np.nan) for model in models])
        theta = np.nan_to_num(theta - np.nanmean(theta)) if np.isfinite(theta).any() else 0 * theta
        effect = dict(
            zip(near.coefficient_names, near.coefficients / near.feature_scale, strict=True)
        )
        beta = np.array([effect.get(name, 0.0) for name in self.names]) * self.unit
        return np.nan_to_num(theta), beta

    def _features(self) -> tuple[AnyFloat, tuple[str, ...]]:
        names = self.votes.feature_names
        features: AnyFloat | None = self.rated.features
        if features is None or not features.shape[1]:
            if not self.position:
                raise InvalidParameter("these votes have no features to control for")
            features = np.empty((len(self.rated), 0))
        if self.position:
            features = np.column_stack([features, np.ones(len(features))])
            names = (*names, POSITION)
        return features, names

    def _units(self, spread: Floats) -> Floats:
        """What one unit of each coefficient is, (k,)."""
        unit = np.ones(self.k)
        named = unit.size - self.position
        if not (self.standardize and named):
            return unit
        flat = np.flatnonzero(spread[:named] == 0)
        if flat.size:
            raise CollinearFeatures(
                f"the feature {self.names[flat[0]]!r} has the same value in every vote, so it "
                "has no standard deviation; for the effect of side A use position=True, or "
                "standardize=False"
            )
        unit[:named] = spread[:named]
        return unit

    def _columns(self) -> StyleVotes:
        rated = self.rated
        score = self.parameters.scoring.scores[rated.outcome]
        return StyleVotes(rated.m, rated.a, rated.b, score, rated.weight, self.features)

    def _fastest(self) -> StyleVotes | SortedVotes:
        compiled = kernels(len(self.rated))
        if compiled is None:
            return self._columns()
        return sort_votes(self.rated, self.features, self.parameters.scoring.scores, compiled)

    def _uncertainty(
        self, theta: Floats, beta: Floats, sums: StyleSums
    ) -> tuple[Covariance, Floats | None, int | None]:
        """Covariance of all m + k parameters, bootstrap rounds, and degrees of freedom."""
        if self.parameters.needs_voters and self.rated.voter is not None:
            self.notes += notes_on_voters(self.rated.voter)
        apart = held_by_prior(self.tally.points, self.parameters.prior)
        if apart is not None:
            self.notes.append(note_on_prior(self.parameters.prior))
        if self.parameters.resamples:
            voter = self._voter() if self.parameters.needs_voters else None
            rounds, notes = style_rounds(
                self._likelihood, self.rated, self._columns(), (theta, beta), voter
            )
            self.notes += notes
            return Covariance(np.cov(rounds, rowvar=False)), rounds, None
        m = self.m
        hessian = sums.curvature.matrix()
        bread = invert_definite(grounded(hessian, m))
        bread[:m, :m] -= 1 / (m * m * ground_level(hessian[:m, :m]))
        if apart is not None:  # residuals of votes that all went one way say nothing of noise
            return Covariance(bread), None, None
        meat, degrees = None, None
        if self.parameters.interval == "clustered":
            meat, degrees = self._clustered_meat(theta, beta)
        elif sums.squares is not None:
            meat = sums.squares.matrix()
        if meat is not None and not meat.any():
            self.notes.append(NO_VARIATION)
            return Covariance(bread), None, None
        return Covariance(bread, meat), None, degrees

    def _clustered_meat(self, theta: Floats, beta: Floats) -> tuple[Floats, int]:
        rated, columns = self.rated, self._columns()
        residual = columns.residuals(theta, beta / self.unit)
        others = residual[:, None] * (columns.features / self.unit)
        return clustered_meat(rated.a, rated.b, residual, self._voter(), m=self.m, others=others)

    def _voter(self) -> AnyInteger:
        if self.rated.voter is None:
            raise InvalidParameter(f"interval={self.parameters.interval!r} needs votes with voters")
        return self.rated.voter

    def _bounds(self, beta: Floats, whole: Estimate) -> Floats:
        """Bounds of the coefficients, (k, 2), from the estimate of all parameters."""
        if whole.replicates is not None:
            return percentile_bounds(whole.replicates[:, self.m :], self.parameters.level).T
        if whole.covariance is None:
            return np.full((self.k, 2), np.nan)
        error = np.sqrt(whole.covariance.variance()[self.m :])
        reach = self.parameters.quantile(whole.degrees) * error
        return np.column_stack([beta - reach, beta + reach])
