"""Which two models meet, on which sides, by which endpoints, and why."""

import datetime as dt
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from arena.battles.errors import Unavailable
from arena.battles.models import Side
from arena.catalog.models import Endpoint
from arena.catalog.serving import can_meet, choose_endpoint, shares

# Nobody can guess the next pair from those before it.
_RANDOM = random.SystemRandom()

type Candidates = Mapping[int, Sequence[Endpoint]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two endpoints by side, and the reason that is stored with the battle."""

    endpoints: Mapping[Side, Endpoint]
    reason: Mapping[str, Any]


def draw_pair(
    *, at: dt.datetime, avoid: Collection[int] = (), rng: random.Random = _RANDOM
) -> Pair:
    """Draw two models by sampling weight, without replacement, and their sides at random.

    A small share of battles (`PARITY_SAME_MODEL_SHARE`) is a model against itself: what voters
    prefer there measures the position, and such votes are not counted.

    Parameters
    ----------
    at
        The moment at which endpoints must be available.
    avoid
        Ids of models not to draw, as far as two others are there: those that just failed, or the
        pair of the battle before.
    rng
        Where chance comes from.

    Raises
    ------
    Unavailable
        When no two models that can be loaded together are available (code ``no_models``).
    """
    candidates = _candidates(at)
    wanted = {pk: found for pk, found in candidates.items() if pk not in avoid}
    draw = _Draw(wanted if _Draw(wanted).firsts else candidates)
    if not draw.firsts:
        raise Unavailable("no_models")
    if settings.SAME_MODEL_SHARE and rng.random() < settings.SAME_MODEL_SHARE:
        return draw.same_model(rng) or draw.two_models(rng)
    return draw.two_models(rng)


def endpoint_of_model(
    model_id: int,
    *,
    at: dt.datetime,
    preferred: int | None,
    avoid: Collection[int] = (),
    beside: Endpoint | None = None,
) -> Endpoint | None:
    """Return an endpoint that serves a model now: the preferred one if it can be called.

    Parameters
    ----------
    avoid
        Ids of endpoints that just failed: another one is taken where there is one.
    beside
        The other side's endpoint, which must be able to serve at the same time.
    """
    found = [
        endpoint
        for endpoint in Endpoint.objects.available(at=at)
        .filter(language_model_id=model_id)
        .select_related("provider", "language_model")
        if beside is None or can_meet(endpoint, beside)
    ]
    for endpoint in found:
        if endpoint.pk == preferred and endpoint.pk not in avoid:
            return endpoint
    return choose_endpoint(found, _RANDOM, avoid=avoid) if found else None


def _candidates(at: dt.datetime) -> dict[int, list[Endpoint]]:
    """Return the endpoints that may be called, by model."""
    found: dict[int, list[Endpoint]] = {}
    endpoints = Endpoint.objects.available(at=at).filter(
        language_model__simulated=False,
        language_model__retired_at=None,
        language_model__sampling_weight__gt=0,
    )
    for endpoint in endpoints.select_related("provider", "language_model").order_by("pk"):
        found.setdefault(endpoint.language_model_id, []).append(endpoint)
    return found


class _Draw:
    """The chances of every pair: a first endpoint, then a second one that can be loaded beside it.

    Attributes
    ----------
    firsts : dict of Endpoint to float
        The chance, not normalised, of each endpoint that has somebody to meet.
    """

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates
        self._weights = {
            pk: found[0].language_model.sampling_weight for pk, found in candidates.items()
        }
        # Without groups everybody meets everybody: then nothing has to be looked up.
        self._grouped = any(e.gpu_group for found in candidates.values() for e in found)
        self.firsts: dict[Endpoint, float] = {}
        for pk, found in candidates.items():
            meeting = [endpoint for endpoint in found if self._partners(endpoint)]
            share = shares(meeting) if meeting else {}
            self.firsts |= {e: self._weights[pk] * share[e.pk] for e in meeting}

    def two_models(self, rng: random.Random) -> Pair:
        """Draw two models, their endpoints and their sides."""
        first = _draw_one(self.firsts, rng)
        partners = self._partners(first)
        model = _draw_one({pk: self._weights[pk] for pk in partners}, rng)
        drawn = [first, choose_endpoint(partners[model], rng)]
        rng.shuffle(drawn)
        ids = [endpoint.language_model_id for endpoint in drawn]
        return Pair(
            endpoints=dict(zip(Side, drawn, strict=True)),
            reason={
                "rule": "sampling_weight",
                "version": 2,
                "models": len(self._candidates),
                "weights": [self._weights[pk] for pk in ids],
                "probability": round(self._chance(*ids) + self._chance(*reversed(ids)), 9),
            },
        )

    def same_model(self, rng: random.Random) -> Pair | None:
        """Draw one model for both sides, an endpoint for each; None when it cannot serve both."""
        model = _draw_one(self._weights, rng)
        first = choose_endpoint(self._candidates[model], rng)
        beside = [other for other in self._candidates[model] if can_meet(first, other)]
        if not beside:
            return None
        return Pair(
            endpoints=dict(zip(Side, (first, choose_endpoint(beside, rng)), strict=True)),
            reason={
                "rule": "same_model",
                "version": 1,
                "models": len(self._candidates),
                "share": settings.SAME_MODEL_SHARE,
            },
        )

    def _partners(self, first: Endpoint) -> Candidates:
        """Return the other models with those of their endpoints that can serve beside this one."""
        own = first.language_model_id
        others = {pk: found for pk, found in self._candidates.items() if pk != own}
        if not self._grouped:
            return others
        able = {pk: [e for e in found if can_meet(first, e)] for pk, found in others.items()}
        return {pk: found for pk, found in able.items() if found}

    def _chance(self, first: int, second: int) -> float:
        """Return the chance of this pair in this order of drawing."""
        total, chance = sum(self.firsts.values()), 0.0
        for endpoint in self._candidates[first]:
            partners = self._partners(endpoint)
            if endpoint in self.firsts and second in partners:
                beside = sum(self._weights[pk] for pk in partners)
                chance += self.firsts[endpoint] / total * self._weights[second] / beside
        return chance


def _draw_one[T](weights: Mapping[T, float], rng: random.Random) -> T:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
