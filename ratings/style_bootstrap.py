"""Bootstrap of a fit with style: votes, or whole voters, drawn anew and fitted again."""

from dataclasses import replace

import numpy as np

from ratings.arrays import AnyInteger, Floats
from ratings.bootstrap import drawn_voters, notes_on_failures
from ratings.components import find_components
from ratings.errors import CollinearFeatures, NotConverged, Separated
from ratings.rated import RatedVotes
from ratings.style_newton import StyleLikelihood
from ratings.style_sums import StyleVotes
from ratings.tally import by_score


def style_rounds(
    likelihood: StyleLikelihood,
    rated: RatedVotes,
    columns: StyleVotes,
    start: tuple[Floats, Floats],
    voter: AnyInteger | None,
) -> tuple[Floats, list[str]]:
    """Fit Poisson resamples of the votes.

    Parameters
    ----------
    likelihood : StyleLikelihood
        Its parameters say how many rounds, and their seed.
    rated, columns : RatedVotes, StyleVotes
        The same n votes twice.
    start : (m,), (k,)
        Strengths and coefficients of the fit of all votes.
    voter : (n,) integers or None
        Whose votes are drawn together; None draws each by itself.

    Returns
    -------
    rounds : (rounds that have a fit, m + k)
    notes : list of str
        How many had none.
    """
    parameters = likelihood.parameters
    rng = np.random.default_rng(parameters.seed)
    who, drawers = (np.arange(len(rated)), len(rated)) if voter is None else drawn_voters(voter)
    rounds, failed = [], 0
    for _ in range(parameters.rounds):
        weight = rated.weights * rng.poisson(1.0, drawers)[who]
        try:
            _check_linked(rated, weight, finite_prior=parameters.prior > 0)
            strengths, effects, _ = likelihood.maximise(replace(columns, weight=weight), *start)
        except (Separated, CollinearFeatures, NotConverged):
            failed += 1
            continue
        rounds.append(np.concatenate([strengths, effects]))
    return np.array(rounds), notes_on_failures(failed, parameters.rounds)


def _check_linked(rated: RatedVotes, weight: Floats, *, finite_prior: bool) -> None:
    """Refuse a resample in which some model took no points, or gave none."""
    m = rated.m
    key = (rated.outcome.astype(np.int64) * m + rated.a) * m + rated.b
    won, level = by_score(np.bincount(key, weight, 4 * m * m).reshape(4, m, m))
    if find_components(won + level / 2, finite_prior=finite_prior).main.size < m:
        raise Separated("the resample links fewer models than the votes do")
