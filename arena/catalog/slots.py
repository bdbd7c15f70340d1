"""How many requests an endpoint has at once, over all processes; who comes later waits in line.

A battle stands in one line for the slots of both its endpoints and takes them together, so none is
held idle; it takes two of one endpoint where a model meets itself there. The line is in Redis (see
`slots.lua`): first come, first served among those who want the same endpoint. What a process holds
it says again and again; when it dies its leases end, and when Redis loses its memory the next word
of each process restores it. While Redis is away each process goes on within its share of the limit.
An endpoint may also have a rate: then no more calls begin in any minute, of battles or of others.
One in a GPU group is let in when no other of the group has calls (see `arena.catalog.gpu_groups`).

Calls beside battles stand in the same line (`arena.catalog.paid_calls`). They go in where there is
room, and never keep a place that a battle could have.
"""

import asyncio
import json
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, cast

import redis

from arena.catalog.gpu_groups import SERVED, TURN_SECONDS, group_key
from arena.connections import REDIS_IS_AWAY, redis_client

_SCRIPT = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
_KEYS = [
    *(f"parity:{{slots}}:{name}" for name in ("line", "forgotten", "processes", "held:", "begun:")),
    SERVED,
]
LEASE_SECONDS = 20.0
# A little more than a minute: between leave and call some time passes, not always the same.
_MINUTE_SECONDS = 62.0
_WORDS_PER_LEASE = 4
# Those who wait learn of a slot that another process gave back within this time.
_SECONDS_BETWEEN_LOOKS = 0.25
_PATIENCE_SECONDS = 5.0
_ANSWER_SECONDS = 1.0
# Begins the ticket of calls beside battles.
_BESIDE = "~"


def waiting_in_line(client: redis.Redis) -> int:
    """Return how many battles wait for slots, over all processes."""
    tickets = cast("list[str]", client.zrange(_KEYS[0], 0, -1))
    return sum(not ticket.startswith(_BESIDE) for ticket in tickets)


# An endpoint, and which of the requests that one battle makes there.
type Slot = tuple[int, int]


class Place:
    """A battle's place: in line, then at its endpoints.

    Attributes
    ----------
    position : int or None
        1 is next; 0 when it has its slots; None before anyone knows.
    group_is_taken : bool
        It waits for a GPU group that another endpoint has, or is kept for.
    """

    def __init__(
        self,
        ticket: str,
        wanted: frozenset[Slot],
        on_free: Callable[[str, Slot], None],
        *,
        limits: Mapping[int, int],
        rates: Mapping[int, int],
        groups: Mapping[int, str],
    ) -> None:
        self.ticket = ticket
        self.limits = limits
        self.rates = rates
        self.groups = groups
        self.wanted = wanted
        self.position: int | None = None
        self.group_is_taken = False
        self.arrival = 0
        self.held: set[Slot] = set()
        self._on_free = on_free
        self._news = asyncio.Event()

    @property
    def granted(self) -> bool:
        """Whether it has its slots."""
        return self.position == 0

    async def news(self, *, seconds: float) -> None:
        """Wait until the position is another one, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return
        self._news.clear()

    def move(self, position: int) -> None:
        """Take a position; 0 takes the slots."""
        if position == 0:
            self.held = set(self.wanted)
        if position != self.position:
            self.position = position
            self._news.set()

    def give_back(self, endpoint: int) -> None:
        """Free one slot of an endpoint; harmless where none is held."""
        slot = next((slot for slot in self.held if slot[0] == endpoint), None)
        if slot is not None:
            self.held.discard(slot)
            self._on_free(self.ticket, slot)


class EndpointSlots:
    """The slots that the battles of this process hold and wait for. Belongs to one event loop.

    Attributes
    ----------
    alone : bool
        Redis does not answer; calls beside battles wait until it does.

    Parameters
    ----------
    url
        Of Redis or Valkey, as redis-py writes it.
    process
        A name of this process that no other has.
    lease, patience, minute, turn
        In seconds: what a process holds or waits for is forgotten so long after its last word;
        so long a waiting battle lets later ones pass at the endpoint that it does not wait for;
        so long what began counts in an endpoint's rate; so long one endpoint of a GPU group is
        drawn while it has calls.
    beside_battles
        Those who stand here are no battles, and let battles pass.
    """

    def __init__(
        self,
        url: str,
        *,
        process: uuid.UUID,
        lease: float = LEASE_SECONDS,
        patience: float = _PATIENCE_SECONDS,
        minute: float = _MINUTE_SECONDS,
        turn: float = TURN_SECONDS,
        beside_battles: bool = False,
    ) -> None:
        self._beside_battles = beside_battles
        self._lease, self._patience, self._minute, self._turn = lease, patience, minute, turn
        self._client = redis_client(url, seconds=_ANSWER_SECONDS)
        self._script = self._client.register_script(_SCRIPT)
        self._process = process
        self._tickets = 0
        self._places: list[Place] = []
        self._given_back: list[tuple[str, int, int]] = []
        self._left: list[str] = []
        # What began here in the last minute at endpoints that have a rate, oldest first.
        self._begun: deque[tuple[float, str, Slot]] = deque()
        self._news = asyncio.Event()
        self._restated_at = float("-inf")
        self._processes = 1
        self._task: asyncio.Task[None] | None = None
        self.alone = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._tend_forever(), name="endpoint slots")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._given_back or self._left:
            with suppress(*REDIS_IS_AWAY):  # then it is free when its lease ends
                await self._tend()
        await self._client.aclose()

    @contextmanager
    def stand_in_line(
        self,
        limits: Mapping[int, int],
        *,
        requests: Mapping[int, int] | None = None,
        rates: Mapping[int, int] | None = None,
        groups: Mapping[int, str] | None = None,
    ) -> Iterator[Place]:
        """Wait for the slots of each endpoint inside; whatever is held then is given back at last.

        Parameters
        ----------
        limits
            How many requests each endpoint may have at once, by its id.
        requests
            How many slots of each are wanted: one, unless it says more. Never more than the limit,
            which would be a wait for ever.
        rates
            How many calls an endpoint may have in any minute, where it has such a limit.
        groups
            The GPU group of an endpoint, where it is in one.
        """
        self._tickets += 1
        counts = {e: min((requests or {}).get(e, 1), limit) for e, limit in limits.items()}
        rates = rates or {}
        groups = {e: group for e, group in (groups or {}).items() if e in limits}
        wanted = " ".join(
            f"{e}:{limit}:{counts[e]}:{rates.get(e, 0)}:{group_key(groups.get(e, ''))}"
            for e, limit in limits.items()
        )
        kind = _BESIDE if self._beside_battles else ""
        ticket = f"{kind}{self._process.hex}:{self._tickets:012d} {wanted}"
        slots = frozenset((e, number) for e, count in counts.items() for number in range(count))
        place = Place(ticket, slots, self._free, limits=limits, rates=rates, groups=groups)
        self._places.append(place)
        self._news.set()
        try:
            yield place
        finally:
            self._places.remove(place)
            if not place.granted:
                # It may be its turn just now, and nobody here would know.
                self._left.append(place.ticket)
                place.held = set(place.wanted)
            for endpoint, _ in list(place.held):
                place.give_back(endpoint)

    def _free(self, ticket: str, slot: Slot) -> None:
        self._given_back.append((ticket, *slot))
        self._news.set()

    @property
    def _waiting(self) -> list[Place]:
        return [place for place in self._places if not place.granted]

    async def _tend_forever(self) -> None:
        while True:
            looks = _SECONDS_BETWEEN_LOOKS if self._waiting else self._lease / _WORDS_PER_LEASE
            try:
                async with asyncio.timeout(looks):
                    await self._news.wait()
            except TimeoutError:
                if not (self._places or self._begun):
                    continue
            self._news.clear()
            try:
                await self._tend()
                self.alone = False
            except REDIS_IS_AWAY:
                self.alone = True
                if not self._beside_battles:
                    self._go_on_alone()
                await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)

    async def _tend(self) -> None:
        """Tell Redis what changed here, and now and then all that is held; hear who may go in."""
        now = asyncio.get_running_loop().time()
        is_due = now - self._restated_at >= self._lease / _WORDS_PER_LEASE
        waiting = {place.ticket: place for place in self._waiting}
        places = self._places if is_due else []
        held = [(place.ticket, *slot) for place in places for slot in place.held]
        given_back, self._given_back = self._given_back, []
        left, self._left = self._left, []
        told = {
            "held": held,
            "given_back": given_back,
            "left": left,
            "begun": self._begun_lately(now) if is_due else [],
            "waiting": [(place.ticket, place.arrival) for place in waiting.values()],
        }
        words: list[str | int] = [
            "" if self._beside_battles else self._process.hex,
            round(self._lease * 1000),
            round(self._patience * 1000),
            round(self._minute * 1000),
            round(self._turn * 1000),
            json.dumps(told),
        ]
        found: dict[str, Any] = json.loads(await self._script(keys=_KEYS, args=words))
        if is_due:
            self._restated_at = now
        self._processes = found["processes"]
        for ticket, position, arrival, group_is_taken in found["places"]:
            place = waiting[ticket]
            place.arrival, place.group_is_taken = arrival, group_is_taken
            if place in self._places:
                self._move(place, position)

    def _move(self, place: Place, position: int) -> None:
        """Tell a place its position; what begins at an endpoint with a rate is remembered."""
        if position == 0 and not place.granted:
            now = asyncio.get_running_loop().time()
            begun = (slot for slot in sorted(place.wanted) if place.rates.get(slot[0]))
            self._begun.extend((now, place.ticket, slot) for slot in begun)
        place.move(position)

    def _begun_lately(self, now: float) -> list[tuple[str, int, int, int]]:
        """Return what began here in the last minute, and how many milliseconds ago."""
        while self._begun and now - self._begun[0][0] > self._minute:
            self._begun.popleft()
        return [(ticket, *slot, round((now - at) * 1000)) for at, ticket, slot in self._begun]

    def _go_on_alone(self) -> None:
        """Let those in whom this process's share of each limit allows.

        What was given back meanwhile is free in Redis when its lease ends.
        """
        begun = Counter(e for _, e, *_ in self._begun_lately(asyncio.get_running_loop().time()))
        self._restated_at = float("-inf")
        taken = Counter(endpoint for place in self._places for endpoint, _ in place.held)
        served = {
            place.groups[endpoint]: endpoint
            for place in self._places
            for endpoint, _ in place.held
            if endpoint in place.groups
        }
        for place in self._waiting:
            wanted = Counter(endpoint for endpoint, _ in place.wanted)
            shares = {e: limit // self._processes for e, limit in place.limits.items()}
            in_time = all(
                begun[e] + wanted[e] <= rate // self._processes for e, rate in place.rates.items()
            )
            has_groups = all(served.get(group, e) == e for e, group in place.groups.items())
            place.group_is_taken = not has_groups
            has_room = all(taken[e] + n <= max(n, shares[e]) for e, n in wanted.items())
            if in_time and has_groups and has_room:
                self._move(place, 0)
                taken += wanted
                begun += wanted
                served |= {group: endpoint for endpoint, group in place.groups.items()}
