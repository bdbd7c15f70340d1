"""A board that follows each vote: new votes are added to the counts and the fit starts warm.

Nothing is read again. A vote changes two entries of the gradient, so one step with the inverse
Hessian of the last full fit, and one or two more to polish, give the new ratings.
"""

from typing import Any

import numpy as np

from ratings.arrays import Floats, Integers
from ratings.board import Board
from ratings.bradley_terry import fit_bradley_terry, points_taken, rateable_components
from ratings.comparisons import Comparisons
from ratings.components import Components
from ratings.errors import InvalidParameter
from ratings.newton import ChordSolver, fit_strengths
from ratings.outcomes import BothBad, Scoring, Ties
from ratings.scale import Scale
from ratings.tally import Tally


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
        self._points = points_taken(self.tally.counted(self._scoring))
        self._refit()

    @property
    def tally(self) -> Tally:
        """The counts so far; a board with intervals can be fitted from it at any time."""
        return Tally.from_counts(self.models, self._count)

    def add(self, a: int, b: int, outcome: int) -> None:
        """Take in one vote, by model numbers and outcome code."""
        self.add_votes(Comparisons(self.models, np.array([a]), np.array([b]), np.array([outcome])))

    def add_votes(self, votes: Comparisons) -> None:
        """Take in votes on the same models."""
        if votes.models != self.models or votes.weight is not None:
            raise InvalidParameter("live ratings take votes without weights on the same models")
        scores = self._scoring.scores[votes.outcome]
        keep = np.isfinite(scores)
        a, b, score = votes.a[keep], votes.b[keep], scores[keep]
        np.add.at(self._count, (votes.outcome, votes.a, votes.b), 1)
        fresh = bool(
            (((score > 0) & (self._points[a, b] == 0)).any())
            or ((score < 1) & (self._points[b, a] == 0)).any()
        )
        np.add.at(self._points, (a, b), score)
        np.add.at(self._points, (b, a), 1 - score)
        # A first point between two models can join components; any other vote leaves them be.
        if fresh and len(self._components.main) < len(self.models):
            self._refit()
        else:
            self._theta = self._solve(self._main_points(), self._theta)

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

    def _refit(self) -> None:
        counted = self.tally.counted(self._scoring)
        self._components = rateable_components(counted, self._prior)
        points = self._main_points()
        self._theta = fit_strengths(points, self._prior).theta
        self._solve = ChordSolver(points, self._theta, self._prior)

    def _main_points(self) -> Floats:
        main: Integers = self._components.main
        if len(main) == len(self.models):
            return self._points
        return self._points[np.ix_(main, main)]
