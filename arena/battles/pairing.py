"""Which two models meet, on which sides, by which endpoints, and why."""

import datetime as dt
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from arena.battles.errors import Unavailable
from arena.battles.models import Side
from arena.catalog.models import Endpoint

# Nobody can guess the next pair from those before it.
_RANDOM = random.SystemRandom()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two endpoints by side, and the reason that is stored with the battle."""

    endpoints: Mapping[Side, Endpoint]
    reason: Mapping[str, Any]


def draw_pair(
    *, at: dt.datetime, avoid: Collection[int] = (), rng: random.Random = _RANDOM
) -> Pair:
    """Draw two models by sampling weight, without replacement, and their sides at random.

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
        When fewer than two models are available (code ``no_models``).
    """
    candidates = _candidates(at)
    wanted = {pk: found for pk, found in candidates.items() if pk not in avoid}
    if len(wanted) >= 2:
        candidates = wanted
    if len(candidates) < 2:
        raise Unavailable("no_models")
    weights = {pk: found[0].language_model.sampling_weight for pk, found in candidates.items()}
    first = _draw_one(weights, rng)
    second = _draw_one({pk: weights[pk] for pk in weights if pk != first}, rng)
    drawn = [first, second]
    rng.shuffle(drawn)
    return Pair(
        endpoints={side: rng.choice(candidates[pk]) for side, pk in zip(Side, drawn, strict=True)},
        reason={
            "rule": "sampling_weight",
            "version": 1,
            "models": len(candidates),
            "weights": [weights[pk] for pk in drawn],
            "probability": round(_probability(weights, first, second), 9),
        },
    )


def endpoint_of_model(model_id: int, *, at: dt.datetime, preferred: int | None) -> Endpoint | None:
    """Return an endpoint that serves a model now: the preferred one if it can be called."""
    found = list(
        Endpoint.objects.available(at=at)
        .filter(language_model_id=model_id)
        .select_related("provider", "language_model")
    )
    for endpoint in found:
        if endpoint.pk == preferred:
            return endpoint
    return _RANDOM.choice(found) if found else None


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


def _draw_one(weights: Mapping[int, float], rng: random.Random) -> int:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def _probability(weights: Mapping[int, float], first: int, second: int) -> float:
    """Return the chance of this pair in either order."""
    total = sum(weights.values())
    one, other = weights[first], weights[second]
    return (one / total) * (other / (total - one)) + (other / total) * (one / (total - other))
