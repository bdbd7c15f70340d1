"""Which models meet, on which sides, by which endpoints, and why."""

import datetime as dt
import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from arena.battles import chances
from arena.battles.chances import Chances, Contestant
from arena.battles.errors import NotPossibleNow, Unavailable
from arena.battles.models import Side
from arena.catalog import budget
from arena.catalog.gpu_groups import able_to_begin
from arena.catalog.models import Endpoint, Standing
from arena.catalog.serving import can_meet, choose_endpoint

# Nobody can guess the next pair from those before it.
_RANDOM = random.SystemRandom()
# Figures of an older board are not used: new votes would not be seen to make a model surer.
_STALE = dt.timedelta(days=7)

type Candidates = Mapping[int, Sequence[Endpoint]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The endpoints by side, and the reason that is stored with the battle.

    One endpoint, on side A, where a visitor talks to one model alone.
    """

    endpoints: Mapping[Side, Endpoint]
    reason: Mapping[str, Any]


def draw_pair(
    *,
    at: dt.datetime,
    avoid: Collection[int] = (),
    without: Collection[int] = (),
    seeing: bool = False,
    rng: random.Random = _RANDOM,
) -> Pair:
    """Draw two models by the rule of `arena.battles.chances`, and their sides at random.

    Its figures are the models' standings on the live board; where there are none, or they are a
    week old, or with `PARITY_PAIRING=weights`, sampling weights alone decide.

    Of a GPU group only what it serves now is drawn (`arena.catalog.gpu_groups`), as far as two
    models are there.

    A small share of battles (`PARITY_SAME_MODEL_SHARE`) is a model against itself: what voters
    prefer there measures the position, and such votes are not counted.

    Parameters
    ----------
    at
        The moment at which endpoints must be available.
    avoid
        Ids of models not to draw, as far as two others are there: those that just failed, or the
        pair of the battle before. The stored chance is that among the others.
    without
        Ids of endpoints that are not drawn at all: they cannot pay for this prompt.
    seeing
        There is a picture: only endpoints that take pictures are drawn.
    rng
        Where chance comes from.

    Raises
    ------
    Unavailable
        When no two models that can be loaded together are available (code ``no_models``, with a
        picture ``no_models_seeing``), or those that are have no budget left (code
        ``budget_spent``).
    """
    able = _able_to_pay(_available(at, seeing=seeing), at, without)
    draw, more = _Draw(_by_model(able_to_begin(able)), at), {"seeing": True} if seeing else {}
    if not draw.chances:
        # Whatever is drawn waits in line until its GPU group is free.
        draw, more = _Draw(_by_model(able), at), {**more, "waits": True}
    if not draw.chances:
        raise Unavailable(_lack(at, seeing=seeing))
    pair = None
    if settings.SAME_MODEL_SHARE and rng.random() < settings.SAME_MODEL_SHARE:
        pair = draw.same_model(rng, avoid)
    pair = pair or draw.two_models(rng, avoid)
    return replace(pair, reason={**pair.reason, **more}) if more else pair


def seat_chosen(
    slugs: Sequence[str],
    *,
    at: dt.datetime,
    without: Collection[int] = (),
    seeing: bool = False,
) -> Pair:
    """Seat one or two models that a visitor chose, in that order: only what could be drawn too.

    Raises
    ------
    NotPossibleNow
        When one of them cannot answer now, the two not at the same time, or nobody may choose
        (code ``not_served``, with a picture ``not_seeing``).
    """
    if not settings.CHOSEN_MODELS:
        raise NotPossibleNow("not_served")
    able = _able_to_pay(_available(at, seeing=seeing), at, without)
    ones, *others = (
        [endpoint for endpoint in able if endpoint.language_model.slug == slug] for slug in slugs
    )
    if not ones or not all(_can_meet_any(ones, partners) for partners in others):
        raise NotPossibleNow("not_seeing" if seeing else "not_served")
    endpoints = _meeting(ones, others[0], _RANDOM) if others else (choose_endpoint(ones, _RANDOM),)
    return Pair(
        endpoints=dict(zip(Side, endpoints, strict=False)),
        reason={"rule": "chosen", "version": 1},
    )


def why_no_battle(*, at: dt.datetime) -> str:
    """Return the code with which `draw_pair` would refuse a short prompt now; empty for none."""
    able = _able_to_pay(_available(at, seeing=False), at, ())
    return "" if _Draw(_by_model(able), at).chances else _lack(at, seeing=False)


def battle_shares(*, at: dt.datetime) -> Mapping[int, float]:
    """Return the share of the next battle in which each model stands, by id; they sum to 2.

    Of battles of two models: what `PARITY_SAME_MODEL_SHARE` takes off is not in it.
    """
    found = _available(at, seeing=False)
    return _Draw(_by_model(_able_to_pay(found, at, ())), at).chances.shares()


def endpoint_of_model(
    model_id: int,
    *,
    at: dt.datetime,
    preferred: int | None,
    avoid: Collection[int] = (),
    without: Collection[int] = (),
    seeing: bool = False,
    beside: Endpoint | None = None,
) -> Endpoint | None:
    """Return an endpoint that serves a model now: the preferred one if it can be called.

    Parameters
    ----------
    avoid
        Ids of endpoints that just failed: another one is taken where there is one.
    without
        Ids of endpoints that are not taken at all.
    seeing
        There is a picture: the endpoint must take pictures.
    beside
        The other side's endpoint, which must be able to serve at the same time.
    """
    serving = (
        Endpoint.objects.available(at=at)
        .filter(language_model_id=model_id)
        .select_related("provider", "language_model")
    )
    if seeing:
        serving = serving.seeing()
    found = [
        endpoint
        for endpoint in _able_to_pay(list(serving), at, without)
        if beside is None or can_meet(endpoint, beside)
    ]
    for endpoint in found:
        if endpoint.pk == preferred and endpoint.pk not in avoid:
            return endpoint
    return choose_endpoint(found, _RANDOM, avoid=avoid) if found else None


def _lack(at: dt.datetime, *, seeing: bool) -> str:
    """Return why no two models can be drawn: there are none, or they cannot pay."""
    missing = "no_models_seeing" if seeing else "no_models"
    found = _available(at, seeing=seeing)
    return "budget_spent" if _Draw(_by_model(found), at).chances else missing


def _available(at: dt.datetime, *, seeing: bool) -> list[Endpoint]:
    """Return the endpoints that may be called; with `seeing`, of those that take pictures."""
    endpoints = Endpoint.objects.available(at=at).filter(
        language_model__simulated=False,
        language_model__retired_at=None,
        language_model__sampling_weight__gt=0,
    )
    if seeing:
        endpoints = endpoints.seeing()
    return list(endpoints.select_related("provider", "language_model").order_by("pk"))


def _able_to_pay(
    endpoints: Sequence[Endpoint], at: dt.datetime, without: Collection[int]
) -> list[Endpoint]:
    """Return the endpoints whose budget has room for a call."""
    refused = budget.refusals(endpoints, at=at).keys() | set(without)
    return [endpoint for endpoint in endpoints if endpoint.pk not in refused]


def _by_model(endpoints: Sequence[Endpoint]) -> dict[int, list[Endpoint]]:
    found: dict[int, list[Endpoint]] = {}
    for endpoint in endpoints:
        found.setdefault(endpoint.language_model_id, []).append(endpoint)
    return found


class _Draw:
    """The models that can be drawn now, their endpoints, and the chances of their pairs.

    Attributes
    ----------
    chances : Chances
    """

    def __init__(self, candidates: Candidates, at: dt.datetime) -> None:
        self._candidates = candidates
        adaptive = settings.PAIRING == "adaptive"
        fresh = Standing.objects.filter(updated_at__gt=at - _STALE)
        standings = fresh.in_bulk(list(candidates)) if adaptive else {}
        self._snapshot = max((one.snapshot or 0 for one in standings.values()), default=0) or None
        self._contestants = {
            pk: _contestant(found, standings.get(pk)) for pk, found in sorted(candidates.items())
        }
        self._rule = "adaptive" if adaptive else "weights"
        self.chances: Chances = chances.chances_of(
            tuple(self._contestants.values()), adaptive=adaptive
        )

    def two_models(self, rng: random.Random, avoid: Collection[int]) -> Pair:
        """Draw two models, their endpoints and their sides."""
        drawn = self.chances.draw(rng.random(), avoid=avoid)
        one, other = rng.sample(drawn.models, k=2)
        sides = [self._contestants[one], self._contestants[other]]
        return Pair(
            endpoints=self._endpoints(one, other, rng),
            reason={
                "rule": self._rule,
                "version": chances.VERSION,
                "snapshot": self._snapshot,
                "models": len(self._candidates),
                "probability": _six_digits(drawn.probability),
                "by_weight": _six_digits(drawn.by_weight),
                "weights": [side.weight for side in sides],
                "ratings": [side.rating for side in sides],
                "half_widths": [side.half_width for side in sides],
                "votes": [side.votes for side in sides],
                "avoided": sorted(set(avoid) & self._candidates.keys()),
            },
        )

    def same_model(self, rng: random.Random, avoid: Collection[int]) -> Pair | None:
        """Draw one model for both sides, an endpoint for each; None when none can serve both."""
        able = [pk for pk, found in self._candidates.items() if _can_meet_any(found, found)]
        # Not one that has just failed: it would fail twice.
        able = [pk for pk in able if pk not in avoid]
        if not able:
            return None
        weights = [self._contestants[pk].weight for pk in able]
        weights = [weight / max(weights) for weight in weights]  # no sum of them is infinite
        model = rng.choices(able, weights=weights)[0]
        return Pair(
            endpoints=self._endpoints(model, model, rng),
            reason={
                "rule": "same_model",
                "version": 2,
                "models": len(able),
                "share": settings.SAME_MODEL_SHARE,
                "probability": _six_digits(weights[able.index(model)] / sum(weights)),
            },
        )

    def _endpoints(self, one: int, other: int, rng: random.Random) -> Mapping[Side, Endpoint]:
        meeting = _meeting(self._candidates[one], self._candidates[other], rng)
        return dict(zip(Side, meeting, strict=True))


def _contestant(found: Sequence[Endpoint], standing: Standing | None) -> Contestant:
    """Return what the chances of one model come from."""
    groups = {endpoint.gpu_group for endpoint in found}
    model = found[0].language_model
    rating, half_width = _figures(standing) if standing else (None, None)
    return Contestant(
        model=model.pk,
        weight=model.sampling_weight,
        group=groups.pop() if len(groups) == 1 else "",
        rating=rating,
        half_width=half_width,
        votes=standing.votes if standing else 0,
    )


def _figures(standing: Standing) -> tuple[float | None, float | None]:
    """Return rating and half-width; without an interval there is neither."""
    rating, lower, upper = (
        math.nan if figure is None else figure
        for figure in (standing.rating, standing.lower, standing.upper)
    )
    half_width = (upper - lower) / 2
    return (rating, half_width) if math.isfinite(rating + half_width) else (None, None)


def _meeting(
    ones: Sequence[Endpoint], partners: Sequence[Endpoint], rng: random.Random
) -> tuple[Endpoint, Endpoint]:
    """Return an endpoint of each that can serve together; there are such."""
    first = choose_endpoint([one for one in ones if _can_meet_any([one], partners)], rng)
    return first, choose_endpoint([e for e in partners if can_meet(first, e)], rng)


def _can_meet_any(ones: Sequence[Endpoint], others: Sequence[Endpoint]) -> bool:
    return any(can_meet(one, other) for one in ones for other in others)


def _six_digits(chance: float) -> float:
    """Return a chance as it is stored: of 45,000 pairs each has a small one."""
    return float(f"{chance:.6g}")
