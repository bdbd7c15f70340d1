"""Who answered: read only after the vote can no longer be taken back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from arena.battles.errors import NotPossibleNow
from arena.battles.mine.reasons import reasons_of
from arena.battles.models import Battle, Outcome, Reply, SharedBattle, Side, Turn, Vote
from arena.battles.votes import final_vote, receipt_code, standing_vote
from arena.catalog.licences import LicenceClass
from arena.catalog.models import LanguageModel, Standing
from arena.catalog.tariffs import tariffs_on

_MIRRORED = {Outcome.A: Outcome.B, Outcome.B: Outcome.A}


class NotFinalYet(Exception):  # noqa: N818 -- read `except NotFinalYet`
    """The vote can still be taken back, until ``final_at``."""

    def __init__(self, final_at: dt.datetime) -> None:
        super().__init__(str(final_at))
        self.final_at = final_at


def reveal(battle: Battle) -> dict[str, Any]:
    """Return the two models of a battle, their replies' figures, and the vote's receipt.

    Raises
    ------
    NotPossibleNow
        When there is no vote (code ``no_vote``).
    NotFinalYet
        When it can still be taken back.
    """
    vote = final_vote(battle)
    if vote is None:
        pending = standing_vote(battle)
        if pending is None:
            raise NotPossibleNow("no_vote")
        raise NotFinalYet(pending.final_at)
    return {
        "sides": {side.value: _side(battle, side, vote) for side in Side},
        "outcome": vote.outcome,
        "receipt": {"code": receipt_code(vote), **_counted(battle, vote)},
        "pair": _pair(battle, vote),
        "reasons": reasons_of(vote).as_json(),
        "shared": _shared_path(battle),
    }


def _shared_path(battle: Battle) -> str | None:
    shared = SharedBattle.objects.filter(battle=battle).first()
    return reverse("battles:shared", args=[shared.token]) if shared else None


def _side(battle: Battle, side: Side, vote: Vote) -> dict[str, Any]:
    found = Reply.objects.select_related("endpoint").filter(
        turn__in=Turn.objects.voted_on([vote.pk]), side=side
    )
    replies = list(found.order_by("turn__number"))
    return {
        "model": _model(battle.model(side)),
        "rating": _rating(battle.model(side)),
        **_figures(replies),
        "cost": _cost(replies, on=vote.cast_at.date()),
    }


def _model(model: LanguageModel) -> dict[str, Any]:
    licence_class = model.licence_class()
    return {
        "name": model.name,
        "slug": model.slug,
        "organisation": model.organisation,
        "licence_class": licence_class,
        "licence_label": str(LicenceClass(licence_class).label),
        "params_total_b": model.params_total_b,
        "url": reverse("model", args=[model.slug]),
    }


def _rating(model: LanguageModel) -> dict[str, Any] | None:
    standing = Standing.objects.filter(language_model=model, rating__isnull=False).first()
    if standing is None:
        return None
    names = ("rating", "lower", "upper", "rank_best", "rank_worst", "votes")
    return {name: getattr(standing, name) for name in names}


def _figures(replies: Sequence[Reply]) -> dict[str, Any]:
    """Return the figures of one side's replies: the first wait, and sums over turns."""
    tokens = sum(reply.completion_tokens or 0 for reply in replies)
    total = sum(reply.total_seconds or 0.0 for reply in replies)
    waits = [reply.first_token_seconds or 0.0 for reply in replies]
    writing = total - sum(waits)
    return {
        "first_token_seconds": round(waits[0], 3) if waits else None,
        "total_seconds": round(total, 3),
        "completion_tokens": tokens,
        "tokens_estimated": any(reply.tokens_estimated for reply in replies),
        "tokens_per_second": round(tokens / writing, 1) if writing > 0 else None,
        "reasoning": [reply.reasoning for reply in replies],
        "finish_reason": replies[-1].finish_reason if replies else "",
    }


def _cost(replies: Sequence[Reply], *, on: dt.date) -> float | None:
    """Return what the replies cost in US dollars by the prices of a day; None if not known."""
    tariffs = tariffs_on(on, of={reply.endpoint for reply in replies if reply.endpoint})
    dollars = Decimal(0)
    for reply in replies:
        tariff = tariffs.get(reply.endpoint_id or 0)
        if tariff is None or reply.prompt_tokens is None or reply.completion_tokens is None:
            return None
        dollars += tariff.cost(reply.prompt_tokens, reply.completion_tokens)
    return float(dollars) if replies else None


def _counted(battle: Battle, vote: Vote) -> Mapping[str, Any]:
    """Return the verdict on a vote, which the integrity rules write soon after it is final."""
    try:
        facts = vote.facts
    except ObjectDoesNotExist:
        if battle.model_a_id == battle.model_b_id:  # no rule can say otherwise
            return {"counted": False, "reason": _("both answers came from the same model")}
        return {"counted": None, "reason": None}
    reason = None if facts.counted else str(facts.get_not_counted_because_display())
    return {"counted": facts.counted, "reason": reason}


def _pair(battle: Battle, vote: Vote) -> dict[str, Any]:
    """Return what counted votes say of the pair: how other voters' went, and the two's record."""
    same = Q(battle__model_a=battle.model_a_id, battle__model_b=battle.model_b_id)
    swapped = Q(battle__model_a=battle.model_b_id, battle__model_b=battle.model_a_id)
    others = ~Q(battle__voter=battle.voter_id)

    def so(outcome: str) -> Q:
        """Return the votes that say of this battle's A and B what the outcome says."""
        mirrored = _MIRRORED.get(Outcome(outcome), outcome)
        return (same & Q(outcome=outcome)) | (swapped & Q(outcome=mirrored))

    counted = Vote.objects.filter(same | swapped, source="live", facts__counted=True)
    found = counted.aggregate(
        votes=Count("pk", filter=others),
        agreed=Count("pk", filter=others & so(vote.outcome)),
        **{outcome: Count("pk", filter=so(outcome)) for outcome in Outcome.values},
    )
    votes, agreed = found.pop("votes"), found.pop("agreed")
    path = reverse("compare", args=[battle.model(side).slug for side in Side])
    return {
        "votes": votes,
        "agreed": round(agreed / votes, 4) if votes else None,
        "record": found,
        "path": path if sum(found.values()) else None,
    }
