"""Style control: ratings after what length and layout alone would win.

The logit of a vote is theta_a - theta_b + z beta, z the style differences of the two answers (Li,
Angelopoulos and Chiang 2024, "Does style matter?"). The fit maximises the likelihood *summed* over
votes; a ridge, where one is wanted, is a fixed number beside that sum. (A mean likelihood with a
constant ridge shrinks the style effect several times over, more so with every vote.)
"""

from dataclasses import dataclass, replace

import numpy as np

from ratings.arrays import AnyFloat, AnyInteger, Floats
from ratings.assembly import Estimate, board_columns, percentile_bounds
from ratings.board import Board
from ratings.bootstrap import drawn_voters, notes_on_failures
from ratings.bradley_terry import (
    held_by_prior,
    note_on_prior,
    notes_on_voters,
    points_taken,
    rateable_components,
)
from ratings.comparisons import Comparisons
from ratings.compiled import kernels
from ratings.components import find_components
from ratings.covariance import Covariance, clustered_meat
from ratings.errors import CollinearFeatures, InvalidParameter, NotConverged, Separated
from ratings.linear import invert_definite, solve_definite
from ratings.newton import fit_strengths, ground_level, logistic, permitted_gradient
from ratings.outcomes import BothBad, Ties
from ratings.parameters import Interval, Parameters
from ratings.rated import rated_votes
from ratings.style_sorted import SortedVotes, sort_votes
from ratings.style_sums import StyleSums, StyleVotes
from ratings.tally import Tally, by_score

POSITION = "position"
_MAX_STEPS = 60
_FARTHEST = 15.0
"""Log-odds of a typical difference beyond which a coefficient is on its way to infinity."""
_NEARLY_THERE = 1e-3
_COLLINEAR = 1e-10
"""Share of a feature's variance, not explained by the rest, below which nothing is left of it."""


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
    votes: Comparisons,
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
) -> StyledBoard:
    """Rate models and measure style together.

    Parameters
    ----------
    votes : Comparisons
        With features, unless `position` is the only one wanted.
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
    return fit.board()


class _StyleFit:
    """One fit on the main component, step by step."""

    def __init__(
        self,
        votes: Comparisons,
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
        tally = Tally.from_comparisons(votes)
        self.counted = tally.counted(parameters.scoring).reweighted(parameters.pair_weight)
        self.components = rateable_components(self.counted, parameters.prior)
        self.tally = self.counted.restricted(self.components.main)
        self.rated = rated_votes(votes, self.components, parameters.scoring, self.tally)
        features, self.names = self._features()
        size = _mean_size(features)
        self.unit = self._units(features, size)
        self.typical = size / self.unit
        self.features = features
        self.notes: list[str] = []
        self.m, self.k = self.rated.m, features.shape[1]

    def board(self) -> StyledBoard:
        """Fit and assemble."""
        start = fit_strengths(points_taken(self.tally), self.parameters.prior).theta
        votes = self._fastest(self.features)
        theta, beta, sums = self._maximise(votes, start, np.zeros(self.k))
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

    def _units(self, features: AnyFloat, size: Floats) -> Floats:
        """What one unit of each coefficient is, (k,)."""
        unit = np.ones(features.shape[1])
        named = unit.size - self.position
        if not (self.standardize and named):
            return unit
        spread = _standard_deviation(features[:, :named], size[:named])
        flat = np.flatnonzero(spread == 0)
        if flat.size:
            raise CollinearFeatures(
                f"the feature {self.names[flat[0]]!r} has the same value in every vote, so it "
                "has no standard deviation; for the effect of side A use position=True, or "
                "standardize=False"
            )
        unit[:named] = spread
        return unit

    def _columns(self, features: AnyFloat) -> StyleVotes:
        rated = self.rated
        score = self.parameters.scoring.scores[rated.outcome]
        return StyleVotes(rated.m, rated.a, rated.b, score, rated.weight, features)

    def _fastest(self, features: AnyFloat) -> StyleVotes | SortedVotes:
        compiled = kernels(len(self.rated))
        if compiled is None:
            return self._columns(features)
        return sort_votes(self.rated, features, self.parameters.scoring, compiled)

    def _maximise(
        self, columns: StyleVotes | SortedVotes, theta: Floats, beta: Floats
    ) -> tuple[Floats, Floats, StyleSums]:
        """Newton's method in units of `self.unit`; returns the sums at the maximum as well."""
        total = float(self.tally.weight.sum())
        last_move = np.inf
        allowed = permitted_gradient(np.array([total]))
        for step in range(_MAX_STEPS):
            # Squares are only wanted at the maximum, which a short step just before foretells.
            squares = self.parameters.interval == "sandwich" and last_move < _NEARLY_THERE
            sums = self._sums(columns, theta, beta, squares=squares)
            gradient, hessian = self._penalised(sums, theta, beta)
            if step == 0:
                self._check_collinear(sums.curvature.matrix())
            if np.abs(gradient).max() <= allowed:
                if self.parameters.interval == "sandwich" and sums.squares is None:
                    sums = self._sums(columns, theta, beta, squares=True)
                return theta, beta, sums
            move = solve_definite(hessian, gradient)
            last_move = float(np.abs(move).max())
            move *= min(1.0, 4.0 / last_move)
            theta = theta + move[: self.m] - move[: self.m].mean()
            beta = beta + move[self.m :]
            if np.abs(beta * self.typical).max() > _FARTHEST:
                worst = self.names[int(np.abs(beta * self.typical).argmax())]
                raise Separated(
                    f"the feature {worst!r} predicts every vote it can, so its effect has no "
                    "finite estimate; use ridge > 0"
                )
        raise NotConverged(
            f"after {_MAX_STEPS} steps the largest gradient is {np.abs(gradient).max():.3g} votes"
        )

    def _sums(
        self, columns: StyleVotes | SortedVotes, theta: Floats, beta: Floats, *, squares: bool
    ) -> StyleSums:
        """Sum in the features' own units, then change to the coefficients'."""
        sums = columns.sums(theta, beta / self.unit, squares=squares)
        sums.gradient[self.m :] /= self.unit
        for moment in (sums.curvature, sums.squares):
            if moment is not None:
                moment.cross /= self.unit
                moment.gram /= np.outer(self.unit, self.unit)
        return sums

    def _penalised(self, sums: StyleSums, theta: Floats, beta: Floats) -> tuple[Floats, Floats]:
        m = self.m
        gradient, hessian = sums.gradient.copy(), sums.curvature.matrix()
        gradient[m:] -= self.ridge * beta
        hessian[range(m, m + self.k), range(m, m + self.k)] += self.ridge
        if self.parameters.prior:
            chance = logistic(theta)
            pull = self.parameters.prior * (0.5 - chance)
            bend = self.parameters.prior * chance * (1 - chance)
            gradient[:m] += pull - pull.mean()
            hessian[:m, :m] += np.diag(bend) - (bend[:, None] + bend) / m + bend.sum() / m**2
        return gradient, _grounded(hessian, m)

    def _check_collinear(self, hessian: Floats) -> None:
        """Refuse features that the models, or other features, already explain."""
        if self.ridge and self.parameters.interval is None:
            return
        m = self.m
        gram = hessian[m:, m:]
        explained = hessian[m:, :m] @ solve_definite(_grounded(hessian, m)[:m, :m], hessian[:m, m:])
        size = np.sqrt(np.diag(gram))
        if (size == 0).any():
            name = self.names[int(np.argmax(size == 0))]
            raise CollinearFeatures(f"the feature {name!r} is 0 in every vote")
        values, vectors = np.linalg.eigh((gram - explained) / np.outer(size, size))
        if values[0] < _COLLINEAR:
            parts = np.flatnonzero(np.abs(vectors[:, 0]) > 0.1)
            listed = ", ".join(repr(self.names[part]) for part in parts)
            raise CollinearFeatures(
                f"the effect of {listed} cannot be told from that of the other features or of the "
                "models themselves"
            )

    def _uncertainty(
        self, theta: Floats, beta: Floats, sums: StyleSums
    ) -> tuple[Covariance, Floats | None, int | None]:
        """Covariance of all m + k parameters, bootstrap rounds, and degrees of freedom."""
        if self.parameters.needs_voters and self.rated.voter is not None:
            self.notes += notes_on_voters(self.rated.voter)
        apart = held_by_prior(points_taken(self.tally), self.parameters.prior)
        if apart is not None:
            self.notes.append(note_on_prior(self.parameters.prior))
        if self.parameters.resamples:
            rounds = self._bootstrap(theta, beta)
            return Covariance(np.cov(rounds, rowvar=False)), rounds, None
        m = self.m
        hessian = sums.curvature.matrix()
        bread = invert_definite(_grounded(hessian, m))
        bread[:m, :m] -= 1 / (m * m * ground_level(hessian[:m, :m]))
        if apart is not None:  # residuals of votes that all went one way say nothing of noise
            return Covariance(bread), None, None
        if self.parameters.interval == "clustered":
            meat, degrees = self._clustered_meat(theta, beta)
            return Covariance(bread, meat), None, degrees
        if sums.squares is None:
            return Covariance(bread), None, None
        return Covariance(bread, sums.squares.matrix()), None, None

    def _clustered_meat(self, theta: Floats, beta: Floats) -> tuple[Floats, int]:
        rated, columns = self.rated, self._columns(self.features)
        residual = columns.residuals(theta, beta / self.unit)
        others = residual[:, None] * (columns.features / self.unit)
        return clustered_meat(rated.a, rated.b, residual, self._voter(), m=self.m, others=others)

    def _voter(self) -> AnyInteger:
        if self.rated.voter is None:
            raise InvalidParameter(f"interval={self.parameters.interval!r} needs votes with voters")
        return self.rated.voter

    def _bootstrap(self, theta: Floats, beta: Floats) -> Floats:
        rng = np.random.default_rng(self.parameters.seed)
        columns, rounds, failed = self._columns(self.features), [], 0
        who, drawers = np.arange(len(self.rated)), len(self.rated)
        if self.parameters.needs_voters:
            who, drawers = drawn_voters(self._voter())
        for _ in range(self.parameters.rounds):
            weight = self.rated.weights * rng.poisson(1.0, drawers)[who]
            drawn = StyleVotes(
                columns.m, columns.a, columns.b, columns.score, weight, columns.features
            )
            try:
                self._check_linked(weight)
                strengths, coefficients, _ = self._maximise(drawn, theta, beta)
            except (Separated, CollinearFeatures, NotConverged):
                failed += 1
                continue
            rounds.append(np.concatenate([strengths, coefficients]))
        self.notes += notes_on_failures(failed, self.parameters.rounds)
        return np.array(rounds)

    def _check_linked(self, weight: Floats) -> None:
        """Refuse a resample in which some model took no points, or gave none."""
        rated, m = self.rated, self.m
        key = (rated.outcome.astype(np.int64) * m + rated.a) * m + rated.b
        table = np.bincount(key, weight, 4 * m * m).reshape(4, m, m)
        won, level = by_score(table)
        components = find_components(won + level / 2, finite_prior=self.parameters.prior > 0)
        if components.main.size < m:
            raise Separated("the resample links fewer models than the votes do")

    def _bounds(self, beta: Floats, whole: Estimate) -> Floats:
        """Bounds of the coefficients, (k, 2), from the estimate of all parameters."""
        if whole.replicates is not None:
            return percentile_bounds(whole.replicates[:, self.m :], self.parameters.level).T
        if whole.covariance is None:
            return np.full((self.k, 2), np.nan)
        error = np.sqrt(whole.covariance.variance()[self.m :])
        reach = self.parameters.quantile(whole.degrees) * error
        return np.column_stack([beta - reach, beta + reach])


def _grounded(hessian: Floats, m: int) -> Floats:
    """Fill the direction that moves all strengths together, which no vote can see."""
    filled = hessian.copy()
    filled[:m, :m] += ground_level(hessian[:m, :m])
    return filled


def _mean_size(features: AnyFloat) -> Floats:
    """Root mean square of each column, (k,)."""
    square = np.einsum("ij,ij->j", features, features, dtype=np.float64)
    size: Floats = np.sqrt(square / len(features))
    return size


def _standard_deviation(features: AnyFloat, size: Floats) -> Floats:
    """Standard deviation of each column, (k,), in one pass where that is exact enough.

    Differences of style spread around 0, so the difference of two sums loses nothing; a column
    far from 0 is done again the slow way. `size` is the root mean square, (k,).
    """
    mean = np.einsum("ij->j", features, dtype=np.float64) / len(features)
    variance = size**2 - mean**2
    for column in np.flatnonzero(variance < 1e-4 * size**2).tolist():
        deviation = features[:, column].astype(np.float64) - mean[column]
        variance[column] = np.mean(deviation**2)
    variance[variance <= 1e-24 * size**2] = 0
    deviations: Floats = np.sqrt(variance)
    return deviations
