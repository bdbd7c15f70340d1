"""Which models suit a task: hard filters with a reason each, then the arena's own votes.

Ratings of a slice with few votes are shrunk towards the overall board: with n votes of the slice a
model's rating is (n r_slice + k r_overall) / (n + k), both against the mean of the models that
stand on both. A task and a language have a board each; a vote may be of both, so n is the larger
number of the two, and the two slices share its weight by their votes. The boards are made of votes
in common, so their errors add up in full: an interval is never narrower than the weighted mean of
those it is made of. Models whose intervals reach that of the best are a tied set: none of them is
called the winner.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.catalogue import Facts
from arena.boards.choices import LICENCES
from arena.boards.hardware import Size, memory, most_tokens_per_second
from arena.boards.measurements import Economy
from arena.boards.models import SnapshotRow
from arena.catalog.licences import LicenceClass, Permission
from arena.catalog.models import Licence

# Votes of the overall board that weigh as much as as many votes of the slice.
SHRINK = 300


# Of a class of licences; who serves a closed model has terms of his own.
_COMMERCIAL_USE = {
    LicenceClass.CLOSED: Permission.LIMITED,
    LicenceClass.WEIGHTS_NONCOMMERCIAL: Permission.NO,
    LicenceClass.WEIGHTS_RESTRICTED: Permission.LIMITED,
    LicenceClass.WEIGHTS_PERMISSIVE: Permission.YES,
    LicenceClass.FULLY_OPEN: Permission.YES,
    LicenceClass.UNKNOWN: Permission.UNKNOWN,
}


@dataclass(frozen=True)
class Wishes:
    """What a reader needs; None or empty where it does not matter.

    Attributes
    ----------
    context : int
        Tokens.
    cards : float
        Own GPUs, where a number was given.
    gpu_gb : float
        Memory of all own cards together; None for an API.
    bandwidth : float
        Gigabytes a second that all own cards together read, where the reader gave it.
    licence : str
        A licence filter of the leaderboard; "all" where it does not matter.
    commercial : bool
        The licence must allow commercial use.
    first_token_seconds, tokens_per_second : float
        At most, at least. As measured in battles; on own cards speed is an estimate, and the
        first word is not judged.
    tokens_a_month : float
        Millions, half of them answers.
    budget : float
        US dollars a month.
    """

    context: int | None = None
    cards: float | None = None
    gpu_gb: float | None = None
    bandwidth: float | None = None
    licence: str = "all"
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
    licence: Licence | None = None

    @property
    def commercial_use(self) -> Permission:
        """Return whether the licence allows it; by its class where the licence is not known."""
        if self.licence and self.licence.commercial_use != Permission.UNKNOWN:
            return Permission(self.licence.commercial_use)
        return _COMMERCIAL_USE[LicenceClass(self.facts.licence_class)]

    @property
    def size(self) -> Size | None:
        """Return the parameters; None where they are not known."""
        return Size.of(self.facts.params_total_b, self.facts.params_active_b)

    def own_speed(self, wishes: Wishes) -> float | None:
        """Return the most tokens a second on the reader's own cards; None where it is unknown."""
        if wishes.gpu_gb is None or wishes.bandwidth is None or self.size is None:
            return None
        return most_tokens_per_second(self.size, wishes.bandwidth)


def monthly_cost(economy: Economy, wishes: Wishes) -> float | None:
    """Return US dollars for the tokens of a month, half of them answers.

    None without a price or a number of tokens, and on own cards, which are paid for otherwise.
    """
    tokens = wishes.tokens_a_month
    if economy.input_usd is None or economy.output_usd is None:
        return None
    if tokens is None or wishes.gpu_gb is not None:
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


@dataclass(frozen=True)
class Estimate:
    """A model's rating for a task and a language.

    ``votes`` are those of the slices alone: of two, the larger number, because a vote may be of
    both.
    """

    rating: float
    half: float
    votes: int = 0

    @property
    def shrunk(self) -> bool:
        """Return whether it is mostly the overall rating."""
        return self.votes < SHRINK


def shrink(
    parts: Sequence[Mapping[int, SnapshotRow]], overall: Mapping[int, SnapshotRow]
) -> dict[int, Estimate]:
    """Return the estimate of each model that the overall board rates with an interval.

    A model that a slice does not rate keeps what the other boards say.
    """
    whole = {model: found for model, row in overall.items() if (found := _estimate(row))}
    slices = [_on_scale_of(whole, part) for part in parts]
    return {
        model: _together(estimate, [part[model] for part in slices if model in part])
        for model, estimate in whole.items()
    }


def _estimate(row: SnapshotRow) -> Estimate | None:
    if row.rating is None or row.lower is None or row.upper is None:
        return None
    return Estimate(row.rating, (row.upper - row.lower) / 2)


def _on_scale_of(
    whole: Mapping[int, Estimate], part: Mapping[int, SnapshotRow]
) -> dict[int, Estimate]:
    """Return a slice's estimates, moved so that the models that stand on both have one mean."""
    rated = {
        model: replace(found, votes=row.votes)
        for model, row in part.items()
        if model in whole and (found := _estimate(row))
    }
    shift = _mean([whole[model].rating - own.rating for model, own in rated.items()])
    return {model: replace(own, rating=own.rating + shift) for model, own in rated.items()}


def _together(whole: Estimate, slices: Sequence[Estimate]) -> Estimate:
    """Return the weighted mean of a model's estimates, as sure as if all erred alike."""
    votes = max((own.votes for own in slices), default=0)
    given = sum(own.votes for own in slices)
    if not given:
        return whole
    share = votes / (votes + SHRINK)
    weights = [(1 - share, whole), *((share * own.votes / given, own) for own in slices)]
    return Estimate(
        rating=sum(weight * own.rating for weight, own in weights),
        half=sum(weight * own.half for weight, own in weights),
        votes=votes,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


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


def _context(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    tokens = candidate.facts.context_tokens
    if wishes.context is None or (tokens and tokens >= wishes.context):
        return ()
    if not tokens:
        return (_("Its context is not known."),)
    return (_("Its context is %(tokens)s tokens.") % {"tokens": f"{tokens:,}"},)


def _licence(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    facts = candidate.facts
    if wishes.gpu_gb is not None and not facts.is_open:
        return (_("Its weights cannot be downloaded."),)
    if not LICENCES[wishes.licence][1](facts):
        return (_("Its licence: %(licence)s.") % {"licence": facts.licence_label},)
    if wishes.commercial and candidate.commercial_use == Permission.NO:
        return (_("Its licence forbids commercial use."),)
    if wishes.commercial and candidate.commercial_use == Permission.UNKNOWN:
        return (_("Its licence is not known."),)
    return ()


def _memory(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    if wishes.gpu_gb is None or not candidate.facts.is_open:
        return ()
    if candidate.size is None:
        return (_("Its size is not known."),)
    least = memory(candidate.size, wishes.context).least
    if least <= wishes.gpu_gb:
        return ()
    return (_("It needs about %(memory)s GB even at four bits.") % {"memory": f"{least:.0f}"},)


def _speed(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    if wishes.gpu_gb is not None:
        return _own_speed(candidate, wishes)
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


def _own_speed(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    """Judge by the estimate alone: what battles measured is the speed of other cards."""
    most = candidate.own_speed(wishes)
    if most is None or wishes.tokens_per_second is None or most >= wishes.tokens_per_second:
        return ()
    words = {"speed": f"{most:.0f}"}
    return (_("On these cards it writes at most about %(speed)s tokens a second.") % words,)


def _budget(candidate: Candidate, wishes: Wishes) -> Sequence[str]:
    if wishes.budget is None or wishes.tokens_a_month is None or wishes.gpu_gb is not None:
        return ()
    cost = monthly_cost(candidate.economy, wishes)
    if cost is None:
        return (_("Its price is not known."),)
    if cost <= wishes.budget:
        return ()
    return (_("It would cost about $%(cost)s a month.") % {"cost": f"{cost:,.0f}"},)


def unjudged(wishes: Wishes) -> list[str]:
    """Return which wishes could not be judged, a sentence each."""
    own = wishes.gpu_gb is not None
    priced = wishes.budget is not None or wishes.tokens_a_month is not None
    without_bandwidth = wishes.tokens_per_second is not None and wishes.bandwidth is None
    sentences = (
        (
            wishes.cards is not None and not own,
            _("Your own GPUs were not judged: that needs the gigabytes of each."),
        ),
        (
            wishes.bandwidth is not None and not own,
            _("The bandwidth was not judged: that needs the gigabytes of each GPU."),
        ),
        (
            own and without_bandwidth,
            _("Tokens a second were not judged: that needs your cards' bandwidth."),
        ),
        (
            own and wishes.first_token_seconds is not None,
            _("The first word was not judged: battles measured it on other machines than yours."),
        ),
        (
            own and priced,
            _("Prices were not judged: they are those of APIs, not of your own GPUs."),
        ),
        (
            not own and wishes.budget is not None and wishes.tokens_a_month is None,
            _("The budget was not judged: that needs the tokens of a month."),
        ),
    )
    return [sentence for holds, sentence in sentences if holds]


def as_json(candidate: Candidate, wishes: Wishes) -> dict[str, Any]:
    """Return a candidate for programs; memory in gigabytes, cost in US dollars a month."""
    facts, economy, size = candidate.facts, candidate.economy, candidate.size
    needs = memory(size, wishes.context) if size and facts.is_open else None
    return {
        "model": facts.slug,
        "name": facts.name,
        "licence_class": facts.licence_class,
        "licence": candidate.licence and candidate.licence.identifier,
        "commercial_use": candidate.commercial_use,
        "conditions": candidate.licence.conditions if candidate.licence else "",
        "rating": _rounded(candidate.rating),
        "lower": _rounded(candidate.lower),
        "upper": _rounded(candidate.upper),
        "votes": candidate.votes,
        "shrunk": candidate.shrunk,
        "context_tokens": facts.context_tokens,
        "params_total_b": facts.params_total_b,
        "params_active_b": facts.params_active_b,
        "memory_estimate_gb": needs
        and {
            "least_at_4_bit": _rounded(needs.least),
            "usual_at_4_bit": _rounded(needs.usual),
            "at_16_bit": _rounded(needs.whole),
        },
        "most_tokens_per_second_estimate": _rounded(candidate.own_speed(wishes)),
        "first_token_seconds": economy.first_token_seconds,
        "tokens_per_second": economy.tokens_per_second,
        "tokens_estimated_share": economy.estimated_share,
        "cost_a_month": _rounded(monthly_cost(economy, wishes)),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
