"""A board that follows each vote: new votes are added to the counts and the fit starts warm.

Nothing is read again. A vote changes two entries of the gradient, so the first step is a difference
of two columns of the inverse Hessian of the last full fit; one or two more steps polish it.
"""

from typing import Any

import numpy as np

from ratings.arrays import AnyInteger, Floats, Integers
from ratings.board import Board
from ratings.bradley_terry import fit_bradley_terry, rateable_components
from ratings.comparisons import Comparisons
from ratings.components import Components
from ratings.errors import InvalidParameter, InvalidVotes
from ratings.newton import ChordSolver, PairPoints, fit_strengths
from ratings.outcomes import OUTCOMES, BothBad, Scoring, Ties
from ratings.scale import Scale
from ratings.tally import Tally

_MOST_STEPS = 5
"""Steps to take in a vote from which a new Hessian is worth its while."""


class LiveRatings:
    """Ratings that take in votes as they come.

    Parameters
    ----------
    votes : Comparisons or Tally
        Without weights; the models are fixed, so list those to come as well.
    ties, both_bad, prior
        As in `ratings.fit_bradley_terry`; no Davidson.

    Raises
    ------
    InvalidParameter
        Votes with weights, Davidson's ties.
    NotEnoughVotes, Separated
        As in `ratings.fit_bradley_terry`.
    """

    _components: Components
    _place: Integers
    _pairs: PairPoints
    _theta: Floats
    _solve: ChordSolver

    def __init__(
        self,
        votes: Comparisons | Tally,
        *,
        ties: Ties = "half",
        both_bad: BothBad = "half",
        prior: float = 0.0,
    ) -> None:
        tally = votes if isinstance(votes, Tally) else Tally.from_comparisons(votes)
        if tally.weight is not tally.count:
            raise InvalidParameter("live ratings take votes without weights")
        if ties == "davidson":
            raise InvalidParameter("live ratings take ties='half' or 'drop'")
        self._scoring = Scoring(ties, both_bad)
        self._prior = prior
        self._count = tally.count.copy()
        self.models = tally.models
        self._points = self.tally.counted(self._scoring).points.copy()
        self._refit()

    @property
    def tally(self) -> Tally:
        """The counts so far; a board with intervals can be fitted from it at any time."""
        count = self._count.copy()  # a board keeps it, and must not change with later votes
        return Tally(self.models, count, count, count)

    def add(self, a: int, b: int, outcome: int) -> None:
        """Take in one vote, by model numbers and outcome code."""
        m = len(self.models)
        if not (0 <= a < m and 0 <= b < m and a != b and 0 <= outcome < len(OUTCOMES)):
            raise InvalidVotes(
                f"a vote names two different models below {m} and an outcome below "
                f"{len(OUTCOMES)}, not {a}, {b} and {outcome}"
            )
        self._count[outcome, a, b] += 1
        score = float(self._scoring.scores[outcome])
        if not np.isfinite(score):
            return
        if self._joins(np.array([a]), np.array([b]), np.array([score])):
            self._refit()
            return
        i, j = self._place[a], self._place[b]
        if i < 0 or j < 0:
            return
        self._pairs.add(i, j, score)
        self._theta = self._solve.after_one(self._pairs, self._theta, i, j, score)
        self._renew()

    def add_votes(self, votes: Comparisons) -> None:
        """Take in votes on the same models."""
        if votes.models != self.models or votes.weight is not None:
            raise InvalidParameter("live ratings take votes without weights on the same models")
        scores = self._scoring.scores[votes.outcome]
        keep = np.isfinite(scores)
        joins = self._joins(votes.a[keep], votes.b[keep], scores[keep])
        np.add.at(self._count, (votes.outcome, votes.a, votes.b), 1)
        if joins:
            self._refit()
            return
        self._pairs = PairPoints(self._main_points(), self._prior)
        self._theta = self._solve(self._pairs, self._theta)
        self._renew()

    def ratings(
        self,
        *,
        scale: float = 400.0,
        base: float = 10.0,
        center: float = 1000.0,
        anchor: tuple[str, float] | None = None,
    ) -> Floats:
        """Ratings now, in points, (m,) in the order of `models`; NaN outside the main component.

        Parameters
        ----------
        scale, base, center, anchor
            As in `ratings.fit_bradley_terry`.
        """
        points = Scale(scale, base, center, anchor)
        rating = np.full(len(self.models), np.nan)
        rating[self._components.main] = (
            points.shift(self.models, self._components, self._theta)
            + points.points_per_logit * self._theta
        )
        return rating

    def board(self, **options: Any) -> Board:
        """Fit a whole board from the counts, with the options of `ratings.fit_bradley_terry`.

        Raises
        ------
        InvalidParameter
            Another policy for ties, both bad or the prior than these ratings were begun with.
        """
        fixed = {
            "ties": self._scoring.ties,
            "both_bad": self._scoring.both_bad,
            "prior": self._prior,
        }
        for name in options.keys() & fixed.keys():
            if options[name] != fixed[name]:
                raise InvalidParameter(
                    f"these live ratings were begun with {name}={fixed[name]!r}, so their board "
                    f"cannot have {name}={options[name]!r}"
                )
        return fit_bradley_terry(self.tally, **(options | fixed))

    def _joins(self, a: AnyInteger, b: AnyInteger, score: Floats) -> bool:
        """Count points, and say whether components may join: a first point between two can do it.

        Any other vote leaves them be.
        """
        first = ((score > 0) & (self._points[a, b] == 0)) | (
            (score < 1) & (self._points[b, a] == 0)
        )
        np.add.at(self._points, (a, b), score)
        np.add.at(self._points, (b, a), 1 - score)
        return bool(first.any()) and len(self._components.main) < len(self.models)

    def _refit(self) -> None:
        counted = self.tally.counted(self._scoring)
        self._components = rateable_components(counted, self._prior)
        self._place = np.full(len(self.models), -1)
        self._place[self._components.main] = np.arange(len(self._components.main))
        self._pairs = PairPoints(self._main_points(), self._prior)
        self._theta = fit_strengths(self._pairs).theta
        self._solve = ChordSolver(self._pairs, self._theta)

    def _main_points(self) -> Floats:
        main = self._components.main
        return self._points[np.ix_(main, main)]

    def _renew(self) -> None:
        """Take a new Hessian once the old one needs more steps than it is worth."""
        if self._solve.steps > _MOST_STEPS:
            self._solve = ChordSolver(self._pairs, self._theta)
