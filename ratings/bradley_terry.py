"""Bradley-Terry boards: strengths by maximum likelihood, and how sure they are."""

from collections.abc import Callable

import numpy as np

from ratings.arrays import AnyInteger, Flags, Floats
from ratings.assembly import Estimate, assemble_board
from ratings.board import Board
from ratings.bootstrap import (
    WeighedVotes,
    WholeVoters,
    bootstrap_strengths,
    notes_on_failures,
)
from ratings.comparisons import Comparisons
from ratings.compiled import pair_kernels
from ratings.components import Components, find_components
from ratings.covariance import (
    Covariance,
    clustered_meat,
    laplacian_of,
    number_voters,
    residual_square,
    sandwich_meat,
)
from ratings.davidson import chances, fit_with_ties, tie_scores
from ratings.errors import InvalidParameter, NotConverged, NotEnoughVotes, Separated
from ratings.newton import ChordSolver, PairPoints, fit_strengths, logistic
from ratings.outcomes import A, B, BothBad, Ties
from ratings.parameters import Interval, Parameters
from ratings.rated import RatedVotes, rated_votes
from ratings.resampling import Cells, QuickRefits
from ratings.tally import Tally

NO_VARIATION = (
    "Every vote is a tie, so the votes show no variation at all; the interval is the model's, not "
    "the sandwich's."
)
DOMINANT = 0.5
"""Share of the votes above which a single voter is worth a note."""


def fit_bradley_terry(
    votes: Comparisons | Tally,
    *,
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
    rounds: int = 1000,
    seed: int = 0,
) -> Board:
    r"""Rate models so that P(a beats b) = 1 / (1 + base^((r_b - r_a) / scale)).

    Parameters
    ----------
    votes : Comparisons, or the Tally of them
    interval : {"sandwich", "model", "clustered", "bootstrap", "bootstrap_voters"} or None
        See `ratings.covariance`. The last two give percentiles of `rounds` Poisson resamples: of
        single votes, as if those were independent, or of whole voters. "clustered" and
        "bootstrap_voters" need voters.
    level : float
        Coverage of each interval.
    ties : {"half", "davidson", "drop"}
        A tie is half a win for both, an outcome with a parameter of its own (Davidson 1970), or
        no evidence.
    both_bad : {"half", "drop"}
        "half" treats "both bad" as half a win for both (under ``ties="davidson"``, as a tie).
    scale, base, center : float
        Points for a factor of `base` in the odds; mean rating of the rated models.
    anchor : (model, points), optional
        Moves all ratings together until this model stands there; changes no interval.
    pair_weight : float, optional
        Weigh each vote by 1 / max(votes of its pair, `pair_weight`).
    prior : float
        Virtual votes of every model against the mean strength, half won and half lost. 0 by
        default; 1 is enough to give a model that only won a finite rating. Islands stay unrated.
    rounds, seed : int
        Of the bootstrap.

    Returns
    -------
    Board
        Models outside the main component are listed with NaN and a reason, never with a number.

    Raises
    ------
    NotEnoughVotes
        No counted votes, one model, one voter where the interval is about voters.
    Separated
        No two models took points from each other, so no rating is finite; with Davidson's ties
        also where ties and wins leave the tie parameter without an upper end.
    InvalidParameter
        An argument outside what is listed here.
    NotConverged
        The gradient did not fall below 1e-9 votes, or the weights are too unequal for it to mean
        anything.

    References
    ----------
    Bradley and Terry 1952, Biometrika 39; Hunter 2004, Annals of Statistics 32; White 1982,
    Econometrica 50; Liang and Zeger 1986, Biometrika 73; Chiang et al. 2024, "Chatbot Arena".
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
    everything = votes if isinstance(votes, Tally) else Tally.from_comparisons(votes)
    counted = everything.counted(parameters.scoring).reweighted(parameters.pair_weight)
    components = rateable_components(counted, parameters.prior)
    fit = _Fit(votes, counted, components, parameters)
    estimate = fit.davidson() if ties == "davidson" else fit.half_ties()
    return assemble_board(
        counted.models,
        counted.votes(),
        components,
        estimate,
        parameters,
        record=parameters.record("bradley-terry"),
        source=everything if _is_sum_enough(votes, parameters) else votes,
        notes=fit.notes,
        tie_strength=fit.tie_strength,
    )


def rateable_components(counted: Tally, prior: float) -> Components:
    """Find the main component, or say why there is none.

    Raises
    ------
    NotEnoughVotes, Separated
    """
    if len(counted.models) < 2:
        raise NotEnoughVotes(f"there is nothing to compare: {len(counted.models) or 'no'} model")
    points = counted.points
    if not points.any():
        raise NotEnoughVotes("there are no counted votes")
    compiled = pair_kernels(len(points))
    if compiled is not None and compiled.linked((points > 0).view(np.uint8)):
        m = len(points)
        return Components(np.zeros(m, dtype=np.int64), np.arange(m), {})
    components = find_components(points, finite_prior=prior > 0)
    if components.main.size < 2:
        raise Separated(
            "no two models took points from each other, directly or through others, so no rating "
            "is finite; more votes are needed, or prior=1 for provisional numbers"
        )
    return components


def held_by_prior(points: Floats, prior: float) -> Flags | None:
    """Pairs (m, m) across which all points went one way, so that a prior alone holds them together.

    None where there are no such pairs.
    """
    if not prior:
        return None
    label = find_components(points).label
    return label[:, None] != label[None, :] if label.any() else None


def note_on_prior(prior: float) -> str:
    """What a board says of pairs that a prior alone holds together."""
    return (
        "Some models took no points from, or gave none to, the others; only the prior of "
        f"{prior:g} virtual votes keeps their ratings finite."
    )


def notes_on_voters(voter: AnyInteger) -> list[str]:
    """What a board whose interval is about voters says when one of them rules it."""
    number, voters = number_voters(voter)
    share = np.bincount(number, minlength=voters).max() / len(voter)
    if share <= DOMINANT:
        return []
    return [
        (
            f"One voter cast {100 * share:.0f} % of the votes; intervals clustered by voter "
            "can hardly tell what other voters would say."
        )
    ]


class _Fit:
    """One fit on the main component, step by step."""

    def __init__(
        self,
        votes: Comparisons | Tally,
        counted: Tally,
        components: Components,
        parameters: Parameters,
    ) -> None:
        self.votes = votes
        self.counted = counted
        self.components = components
        self.parameters = parameters
        self.tally = counted.restricted(components.main)
        self.points = self.tally.points
        self.notes: list[str] = []
        self.tie_strength: float | None = None

    def half_ties(self) -> Estimate:
        pairs = PairPoints(self.points, self.parameters.prior)
        fit = fit_strengths(pairs)
        match self.parameters.interval:
            case None:
                return Estimate(fit.theta)
            case "bootstrap" | "bootstrap_voters":
                self._crossing()  # for its note
                return self._bootstrap(fit.theta)
        # The prior moves the estimate, but no interval borrows certainty from it.
        bread = pairs.inverse(fit.theta)
        if self.parameters.interval == "model":
            self._crossing()
            return Estimate(fit.theta, Covariance(bread))
        meat, degrees = self._meat(fit.theta)
        if not meat.any():
            self.notes.append(NO_VARIATION)
            return Estimate(fit.theta, Covariance(bread))
        return Estimate(fit.theta, Covariance(bread, meat), degrees=degrees)

    def davidson(self) -> Estimate:
        if self.parameters.prior:
            raise InvalidParameter(
                "ties='davidson' takes no prior: virtual votes hold strengths together, but say "
                "nothing of how often two models tie; use ties='half'"
            )
        won, tied = self.tally.weight_sides
        fit = fit_with_ties(won, tied)
        self.tie_strength = float(np.exp(fit.log_nu))
        match self.parameters.interval:
            case None:
                return Estimate(fit.theta)
            case "model":
                return Estimate(fit.theta, Covariance(fit.inverse))
            case "bootstrap" | "bootstrap_voters":
                return self._bootstrap(fit.theta)
            case "sandwich":
                strength, cross, nu = tie_scores(fit.theta, fit.log_nu, *self.tally.square_sides)
                meat = np.block([[strength, cross[:, None]], [cross[None, :], nu[:, None]]])
                degrees = None
            case "clustered":
                meat, degrees = self._clustered_tie_meat(fit.theta, fit.log_nu)
        return Estimate(fit.theta, Covariance(fit.inverse, meat), degrees=degrees)

    def _meat(self, theta: Floats) -> tuple[Floats, int | None]:
        crossing = self._crossing()
        if self.parameters.interval == "sandwich":
            return sandwich_meat(theta, *self.tally.square_sides, crossing), None
        votes, voter = self._votes_with_voters()
        self.notes += notes_on_voters(voter)
        score = self.parameters.scoring.scores[votes.outcome]
        residual = votes.weights * (score - logistic(theta[votes.a] - theta[votes.b]))
        extra = np.zeros_like(self.points)
        if crossing is not None:
            residual[crossing[votes.a, votes.b]] = 0
            won, level = self.tally.square_sides
            pairs = np.where(crossing, residual_square(theta, won, level, crossing), 0)
            extra = laplacian_of(pairs)
        meat, degrees = clustered_meat(votes.a, votes.b, residual, voter, m=votes.m)
        return meat + extra, degrees

    def _clustered_tie_meat(self, theta: Floats, log_nu: float) -> tuple[Floats, int]:
        votes, voter = self._votes_with_voters()
        self.notes += notes_on_voters(voter)
        win, tie = chances(theta, log_nu)
        lean = ((win - win.T) / 2)[votes.a, votes.b]
        result = np.select([votes.outcome == A, votes.outcome == B], [0.5, -0.5], 0.0)
        tied = (result == 0) - tie[votes.a, votes.b]
        residual = votes.weights * (result - lean)
        others = (votes.weights * tied)[:, None]
        return clustered_meat(votes.a, votes.b, residual, voter, m=votes.m, others=others)

    def _bootstrap(self, theta: Floats) -> Estimate:
        parameters, source = self.parameters, self._drawn_from()
        compiled, quick = pair_kernels(len(theta)), None
        plain = parameters.scoring.ties != "davidson" and not parameters.prior
        if compiled is not None and plain and isinstance(source, Cells):
            quick = QuickRefits(source, PairPoints(self.points), theta, compiled)
        replicates, failed = bootstrap_strengths(
            source,
            self._refit_from(theta),
            len(theta),
            parameters.rounds,
            parameters.seed,
            quick=quick,
        )
        self.notes += notes_on_failures(failed, parameters.rounds)
        covariance = np.atleast_2d(np.cov(replicates, rowvar=False))
        return Estimate(theta, Covariance(covariance), replicates)

    def _drawn_from(self) -> Cells | WeighedVotes | WholeVoters:
        if self.parameters.needs_voters:
            votes, voter = self._votes_with_voters()
            self.notes += notes_on_voters(voter)
            return WholeVoters.of(votes, voter)
        if isinstance(self.votes, Tally):
            if self.votes.weight is not self.votes.count:
                raise InvalidParameter(
                    "a tally of weighted votes does not tell how single weights vary, so "
                    "interval='bootstrap' needs the votes themselves"
                )
            return Cells.of(self.tally)
        if self.votes.weight is None:
            return Cells.of(self.tally)
        return WeighedVotes(self._rated_votes())

    def _refit_from(self, theta: Floats) -> Callable[[Floats, Floats], Floats | None]:
        """A refit of resampled weights, warm from the strengths of the whole."""
        prior, davidson = self.parameters.prior, self.parameters.scoring.ties == "davidson"
        chord = None if davidson else ChordSolver(PairPoints(self.points, prior), theta)

        def refit(won: Floats, level: Floats) -> Floats | None:
            points = won + level / 2
            if find_components(points, finite_prior=prior > 0).main.size < len(points):
                return None
            try:
                return (
                    fit_with_ties(won, level, theta).theta
                    if chord is None
                    else chord(PairPoints(points, prior))
                )
            except (NotEnoughVotes, NotConverged, Separated):
                return None

        return refit

    def _crossing(self) -> Flags | None:
        apart = held_by_prior(self.points, self.parameters.prior)
        if apart is not None:
            self.notes.append(note_on_prior(self.parameters.prior))
        return apart

    def _rated_votes(self) -> RatedVotes:
        assert isinstance(self.votes, Comparisons)  # noqa: S101 - the caller has made sure
        return rated_votes(self.votes, self.components, self.parameters.scoring, self.tally)

    def _votes_with_voters(self) -> tuple[RatedVotes, AnyInteger]:
        votes = self.votes
        if not isinstance(votes, Comparisons) or votes.voter is None:
            raise InvalidParameter(f"interval={self.parameters.interval!r} needs votes with voters")
        chosen = self._rated_votes()
        assert chosen.voter is not None  # noqa: S101 - a column of `votes`, just checked
        return chosen, chosen.voter


def _is_sum_enough(votes: Comparisons | Tally, parameters: Parameters) -> bool:
    """Whether the board depends on the votes only through their sums, so that order is nothing."""
    return isinstance(votes, Tally) or not (parameters.needs_voters or votes.weight is not None)
