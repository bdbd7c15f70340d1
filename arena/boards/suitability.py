"""Which models suit a task: hard filters with a reason each, then the arena's own votes.

Ratings of a slice with few votes are shrunk towards the overall board: with n votes of the slice a
model's rating is (n r_slice + k r_overall) / (n + k), both against the mean of the models that
stand on both. Models whose intervals reach that of the best are a tied set: none of them is called
the winner.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.catalogue import Facts
from arena.boards.measurements import Economy
from arena.boards.models import SnapshotRow
from arena.catalog.licences import LicenceClass

# Gigabytes for a billion parameters: at 16 bit, and at 4 bit from bare weights to common formats.
GB_16_BIT, GB_4_BIT = 2.0, (0.5, 2 / 3)
# Beside the weights: cache of the context and what a server itself takes, as a share of them.
OVERHEAD = 0.2
# Votes of the overall board that weigh as much as as many votes of the slice.
SHRINK = 300


@dataclass(frozen=True)
class Wishes:
    """What a reader needs; None or empty where it does not matter.

    Attributes
    ----------
    context : int
        Tokens.
    gpu_gb : float
        Memory of all own cards together; None for an API.
    commercial : bool
        The licence must allow commercial use.
    first_token_seconds, tokens_per_second : float
        At most, at least.
    tokens_a_month : float
        Millions, half of them answers.
    budget : float
        US dollars a month.
    """

    context: int | None = None
    gpu_gb: float | None = None
    commercial: bool = False
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None
    tokens_a_month: float | None = None
    budget: float | None = None


@dataclass(frozen=True)
class Candidate:
    """One model with all that is known of it."""

    facts: Facts
    economy: Economy
    rating: float | None = None
    lower: float | None = None
    upper: float | None = None
    votes: int = 0
    shrunk: bool = False


def memory(billions: float) -> tuple[float, float, float]:
    """Return gigabytes at 4 bit (least and usual) and at 16 bit, with cache and overhead."""
    low, high = (billions * share * (1 + OVERHEAD) for share in GB_4_BIT)
    return low, high, billions * GB_16_BIT * (1 + OVERHEAD)


def monthly_cost(economy: Economy, tokens: float) -> float | None:
    """Return US dollars for so many million tokens, half of them answers."""
    if economy.input_usd is None or economy.output_usd is None:
        return None
    return tokens * float(economy.input_usd + economy.output_usd) / 2


def exclusions(candidate: Candidate, wishes: Wishes) -> list[str]:
    """Return why a model is out, a sentence for each reason; nothing known is a reason too."""
    found = [
        *_context(candidate, wishes),
        *_licence(candidate, wishes),
        *_memory(candidate, wishes),
        *_speed(candidate, wishes),
        *_budget(candidate, wishes),
    ]
    if candidate.facts.retired:
        found.append(_("It is retired."))
    return found


def shrink(
    slice_rows: Mapping[int, SnapshotRow], overall: Mapping[int, SnapshotRow]
) -> dict[int, tuple[float, float, float, int, bool]]:
    """Return rating, lower, upper, votes of the slice, and whether it is mostly the overall rating.

    A model without a rating in the slice keeps that of the overall board.
    """
    both = [
        model
        for model, row in slice_rows.items()
        if row.rating is not None and _rated(overall.get(model))
    ]
    shift = (
        sum((overall[m].rating or 0) - (slice_rows[m].rating or 0) for m in both) / len(both)
        if both
        else 0.0
    )
    found = {}
    for model, whole in overall.items():
        if not _rated(whole):
            continue
        rating, half = whole.rating or 0.0, _half(whole)
        own = slice_rows.get(model)
        votes = own.votes if own else 0
        if own is not None and own.rating is not None:
            share = votes / (votes + SHRINK)
            rating = share * (own.rating + shift) + (1 - share) * rating
            half = math.hypot(share * _half(own), (1 - share) * half)
        found[model] = (rating, rating - half, rating + half, votes, votes < SHRINK)
    return found


def tied_set(candidates: Iterable[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Return the models that may be the best, and the others; best first."""
    ranked = sorted(
        (each for each in candidates if each.rating is not None),
        key=lambda each: -(each.rating or 0),
    )
    if not ranked:
        return [], []
    bar = ranked[0].lower or 0
    best = [each for each in ranked if (each.upper or 0) >= bar]
    return best, [each for each in ranked if each not in best]


def _rated(row: SnapshotRow | None) -> bool:
    return row is not None and row.rating is not None


def _half(row: SnapshotRow) -> float:
    if row.lower is None or row.upper is None:
        return 0.0
    return (row.upper - row.lower) / 2


def _context(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    tokens = candidate.facts.context_tokens
    if wishes.context is None or (tokens and tokens >= wishes.context):
        return ()
    if not tokens:
        return (_("Its context is not known."),)
    return (_("Its context is %(tokens)s tokens.") % {"tokens": f"{tokens:,}"},)


def _licence(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    licence = candidate.facts.licence_class
    if wishes.gpu_gb is not None and not candidate.facts.is_open:
        return (_("Its weights cannot be downloaded."),)
    if wishes.commercial and licence == LicenceClass.WEIGHTS_NONCOMMERCIAL:
        return (_("Its licence forbids commercial use."),)
    if wishes.commercial and licence == LicenceClass.UNKNOWN:
        return (_("Its licence is not known."),)
    return ()


def _memory(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    if wishes.gpu_gb is None or not candidate.facts.is_open:
        return ()
    billions = candidate.facts.params_total_b
    if not billions:
        return (_("Its size is not known."),)
    least = memory(billions)[0]
    if least <= wishes.gpu_gb:
        return ()
    return (_("It needs about %(memory)s GB even at four bits.") % {"memory": f"{least:.0f}"},)


def _speed(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    found, economy = [], candidate.economy
    if wishes.first_token_seconds is not None:
        seconds = economy.first_token_seconds
        if seconds is None:
            found.append(_("Its time to the first word has not been measured."))
        elif seconds > wishes.first_token_seconds:
            found.append(_("Its first word takes %(seconds)s s.") % {"seconds": f"{seconds:.1f}"})
    if wishes.tokens_per_second is not None:
        speed = economy.tokens_per_second
        if speed is None:
            found.append(_("Its speed has not been measured."))
        elif speed < wishes.tokens_per_second:
            found.append(_("It writes %(speed)s tokens a second.") % {"speed": f"{speed:.0f}"})
    return found


def _budget(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    if wishes.budget is None or wishes.tokens_a_month is None or wishes.gpu_gb is not None:
        return ()
    cost = monthly_cost(candidate.economy, wishes.tokens_a_month)
    if cost is None:
        return (_("Its price is not known."),)
    if cost <= wishes.budget:
        return ()
    return (_("It would cost about $%(cost)s a month.") % {"cost": f"{cost:,.0f}"},)


def as_json(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate for programs."""
    return {
        "model": candidate.facts.slug,
        "name": candidate.facts.name,
        "licence_class": candidate.facts.licence_class,
        "rating": candidate.rating and round(candidate.rating, 2),
        "lower": candidate.lower and round(candidate.lower, 2),
        "upper": candidate.upper and round(candidate.upper, 2),
        "votes": candidate.votes,
        "shrunk": candidate.shrunk,
    }
