"""Which of a model's endpoints serves a call, and which endpoints cannot serve one together."""

import random
from collections.abc import Collection, Mapping, Sequence

from arena.catalog.models import Endpoint


def shares(endpoints: Sequence[Endpoint]) -> Mapping[int, float]:
    """Return each endpoint's share of a model's calls, by its weight; they sum to 1.

    Those with weight 0 stand in reserve: they serve only when there is no other.
    """
    total = sum(endpoint.weight for endpoint in endpoints)
    if total <= 0:
        return {endpoint.pk: 1 / len(endpoints) for endpoint in endpoints}
    return {endpoint.pk: endpoint.weight / total for endpoint in endpoints}


def choose_endpoint(
    endpoints: Sequence[Endpoint], rng: random.Random, *, avoid: Collection[int] = ()
) -> Endpoint:
    """Return one of a model's endpoints by their weights.

    Parameters
    ----------
    endpoints
        At least one.
    rng
        Where chance comes from.
    avoid
        Ids of endpoints that just failed; they serve only when there is no other.
    """
    others = [endpoint for endpoint in endpoints if endpoint.pk not in avoid] or list(endpoints)
    share = shares(others)
    return rng.choices(others, weights=[share[endpoint.pk] for endpoint in others])[0]


def can_meet(one: Endpoint, other: Endpoint) -> bool:
    """Return whether two endpoints can serve at the same time.

    Two models of one GPU group cannot be loaded together; one endpoint serves twice where it may
    have two requests at once, and in one minute.
    """
    if one.pk == other.pk:
        return one.calls_at_once > 1 and one.requests_per_minute != 1
    return not one.gpu_group or one.gpu_group != other.gpu_group
