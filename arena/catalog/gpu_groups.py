"""Endpoints that cannot be loaded at the same time: which of a GPU group has calls now.

One endpoint of a group has calls at a time, over all processes, of battles and of others; whoever
makes calls holds that by the slots it takes (`arena.catalog.slots`). While one has calls no other
of the group is drawn. After a turn of `TURN_SECONDS`, or as soon as a battle has waited long for
another one, it is not drawn either until its calls have ended: so each comes to its turn. A process
that dies loses its slots, and the group with them, when its leases end.
"""

import hashlib
import time
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import redis
from django.conf import settings

from arena.catalog.models import Endpoint
from arena.connections import REDIS_IS_AWAY, sync_redis

# Begins the key of what a group serves: an endpoint's id and the end of its turn.
SERVED = "parity:{slots}:group:"
TURN_SECONDS = 60.0
_ANSWER_SECONDS = 0.5


class Served(NamedTuple):
    """What a group serves: an endpoint's id, and whether its turn goes on."""

    endpoint: int
    goes_on: bool


def group_key(group: str) -> str:
    """Return a GPU group's name in Redis, in hexadecimal; empty of none."""
    return hashlib.blake2b(group.encode(), digest_size=8).hexdigest() if group else ""


def groups_of(endpoints: Iterable[Endpoint]) -> dict[int, str]:
    """Return the GPU groups of endpoints by their ids, of those that are in one."""
    return {each.pk: each.gpu_group for each in endpoints if each.gpu_group}


def able_to_begin(endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """Return the endpoints that may be given a new battle now: their GPU group is free, or serves
    them, and their turn goes on while there are others of it.

    While Redis does not answer all may; then each process keeps a group to one endpoint by itself.
    """
    groups = groups_of(endpoints)
    served = _served(set(groups.values()))
    members: dict[str, set[int]] = {}
    for pk, group in groups.items():
        members.setdefault(group, set()).add(pk)

    def may_begin(endpoint: Endpoint) -> bool:
        of_group = served.get(endpoint.gpu_group)
        if of_group is None:
            return True
        alone = members[endpoint.gpu_group] == {endpoint.pk}
        return of_group.endpoint == endpoint.pk and (of_group.goes_on or alone)

    return [endpoint for endpoint in endpoints if may_begin(endpoint)]


def _served(groups: Collection[str]) -> dict[str, Served]:
    """Return what each group serves; a group without calls is not there."""
    if not groups:
        return {}
    names = sorted(groups)
    try:
        told = _client(settings.REDIS_URL).mget([SERVED + group_key(name) for name in names])
    except REDIS_IS_AWAY:
        return {}
    now = time.time() * 1000
    found: dict[str, Served] = {}
    for name, value in zip(names, told, strict=True):
        if value:
            endpoint, turn_ends = map(int, value.split())
            found[name] = Served(endpoint, turn_ends > now)
    return found


@lru_cache(maxsize=2)
def _client(url: str) -> redis.Redis:
    return sync_redis(url, seconds=_ANSWER_SECONDS)
