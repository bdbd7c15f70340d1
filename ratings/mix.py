"""Totals for a fixed mix of languages.

The gap depends on who votes: more Chinese prompts move it towards models that are good at
Chinese. A total that can be compared over time, or between arenas, holds the mix fixed. Either
weigh the votes and fit one board (`vote_weights`), or fit a board for each language and average
their joint draws (`mixed_draws`). The second shows each language beside the total and needs every
model in every language; the first does with fewer votes.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ratings.arrays import Floats
from ratings.errors import InvalidParameter, NotEnoughVotes


def check_mix(mix: Mapping[str, float]) -> None:
    """Refuse a mix whose shares are negative or do not add up to 1.

    Raises
    ------
    InvalidParameter
    """
    for language, share in mix.items():
        if not share >= 0:
            raise InvalidParameter(f"the share of {language!r} is {share}")
    if abs(sum(mix.values()) - 1) > 1e-9:
        raise InvalidParameter(f"the shares of the mix add up to {sum(mix.values())}, not 1")


def vote_weights(language: ArrayLike, mix: Mapping[str, float]) -> Floats:
    """Weight of each vote under which the languages stand in the given mix.

    Parameters
    ----------
    language : (n,) str
        Votes in a language that the mix does not name get weight 0.
    mix : mapping of language to share

    Returns
    -------
    (n,) float64, n_counted * share / votes of that language; it sums to the votes that count.

    Raises
    ------
    InvalidParameter
        Shares that are no mix.
    NotEnoughVotes
        A language of the mix has no vote: no weight makes up for it.
    """
    check_mix(mix)
    spoken = np.asarray(language)
    masks = {name: spoken == name for name, share in mix.items() if share > 0}
    counts = {name: int(mask.sum()) for name, mask in masks.items()}
    for name, count in counts.items():
        if count == 0:
            raise NotEnoughVotes(f"the mix asks for {mix[name]:.0%} {name!r}, which has no vote")
    weights = np.zeros(len(spoken))
    for name, mask in masks.items():
        weights[mask] = sum(counts.values()) * mix[name] / counts[name]
    return weights


def mixed_draws(draws: Mapping[str, ArrayLike], mix: Mapping[str, float]) -> Floats:
    """Average the joint draws of each language's board: sum over l of share_l * r_l.

    Parameters
    ----------
    draws : mapping of language to (n, m) float
        The same models in the same order, from draws that are independent between languages
        (another seed each). A model missing in one language (NaN) is missing in the total. The
        ratings themselves, as (m,), are mixed the same way.
    mix : mapping of language to share

    Returns
    -------
    (n, m) float64, points. Each board's own centre cancels in every difference of two models.

    Raises
    ------
    InvalidParameter
        Shares that are no mix, a language without draws, arrays of unequal shape.
    """
    check_mix(mix)
    named = {name: share for name, share in mix.items() if share > 0}
    if missing := sorted(named.keys() - draws.keys()):
        raise InvalidParameter(f"there are no draws for {missing[0]!r}, which the mix names")
    parts = {name: np.asarray(draws[name], dtype=np.float64) for name in named}
    shapes = {part.shape for part in parts.values()}
    if len(shapes) > 1:
        raise InvalidParameter(f"the languages' draws have unequal shapes: {sorted(shapes)}")
    return np.asarray(sum(share * parts[name] for name, share in named.items()))
