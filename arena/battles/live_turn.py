"""One attempt at a turn while it is answered: in line, then both endpoints at once, frames out."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import cast

from django.conf import settings

from arena.battles import turns
from arena.battles.beat import Beat, Part
from arena.battles.models import Side
from arena.battles.pacing import Mode, Pacer
from arena.battles.protocol import Frame, Queued, TurnEnded
from arena.battles.side import SideReply
from arena.battles.stream import BattleStreams, Entry
from arena.battles.turns import StartedTurn, TurnEnd
from arena.catalog.gpu_groups import groups_of
from arena.catalog.slots import EndpointSlots, Place
from workers.endpoints import EndpointClients

# The longest wait in line for the endpoints, and how often a battle is told its place.
_SECONDS_IN_LINE = 60.0
_SECONDS_PER_PLACE = 1.0


class LiveTurn:
    """One attempt at a turn: both endpoints at once, frames out."""

    def __init__(self, started: StartedTurn, streams: BattleStreams) -> None:
        self.started = started
        self._streams = streams
        self._clock = asyncio.get_running_loop().time
        # Speed gives nobody away whose name is known.
        mode = cast("Mode", settings.PACING) if started.blind else "live"
        self._pacer = Pacer(started.calls, mode=mode)
        self._sides = {
            side: SideReply(call, self._feeder(side)) for side, call in started.calls.items()
        }
        self._seq = started.first_seq - 1
        self.stopped = False

    async def run(self, clients: EndpointClients, slots: EndpointSlots, beat: Beat) -> None:
        """Go on until both sides are whole and visible, one has failed, or it is stopped."""
        endpoints = [call.endpoint for call in self.started.calls.values()]
        limits = {each.pk: each.calls_at_once for each in endpoints}
        rates = {e.pk: e.requests_per_minute for e in endpoints if e.requests_per_minute}
        requests = Counter(each.pk for each in endpoints)
        with slots.stand_in_line(
            limits, requests=requests, rates=rates, groups=groups_of(endpoints)
        ) as place:
            await self._wait_for_slots(place)
            if place.granted:
                with beat.taking_part() as part:
                    await self._stream(clients, place, part)

    async def _wait_for_slots(self, place: Place) -> None:
        """Wait for the slots of both endpoints, and tell the readers how long the line is.

        Where another endpoint of a GPU group came first, another pair is drawn instead.
        """
        told, began = 0, self._clock()
        next_at, end = began + _SECONDS_PER_PLACE / 2, began + _SECONDS_IN_LINE
        while not (place.granted or self.stopped):
            await place.news(seconds=_SECONDS_PER_PLACE / 4)
            now = self._clock()
            if place.position not in {None, told} and (place.granted or now >= next_at):
                told, next_at = place.position or 0, now + _SECONDS_PER_PLACE
                self._seq += 1
                queued = Queued(seq=self._seq, turn=self.started.number, position=told)
                self._publish(queued.encode())
            lost = place.group_is_taken and self._may_draw_again
            if (lost or now >= end) and not place.granted:
                for reply in self._sides.values():
                    reply.find_busy()
                return

    @property
    def _may_draw_again(self) -> bool:
        """Whether nobody knows the pair yet, and another one could begin.

        One attempt is left for a server that then fails.
        """
        one = self.started
        is_drawn = one.blind and one.number == 1 and not one.waits
        return is_drawn and one.attempt < turns.MAX_PAIRS - 1

    async def _stream(self, clients: EndpointClients, place: Place, part: Part) -> None:
        tasks = {
            side: asyncio.create_task(self._ask(side, clients, place, part), name=f"side {side}")
            for side in self._sides
        }
        try:
            while not (self.stopped or self.failed or self._pacer.finished):
                await part.next()
                for side, task in tasks.items():
                    if task.done():
                        task.result()  # an error of ours ends the turn
                        self._pacer.end(side, self._clock())
                if not self.failed:
                    self._show()
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def _ask(self, side: Side, clients: EndpointClients, place: Place, part: Part) -> None:
        try:
            await self._sides[side].run(clients, part.soon)
        finally:
            place.give_back(self.started.calls[side].endpoint.pk)

    @property
    def failed(self) -> bool:
        """Whether a side ended without a complete answer."""
        return any(reply.failed for reply in self._sides.values())

    @property
    def replaceable(self) -> bool:
        """Whether it failed before anything was shown."""
        return self.failed and not self._pacer.anything_shown and not self.stopped

    @property
    def last_seq(self) -> int:
        """The number of the last frame, with the turn's end that is still to come."""
        return self._seq + 1

    def results(self) -> Mapping[Side, turns.SideResult]:
        """Return how each side ended; of a turn that is not whole, what was visible."""
        cut = self.stopped or self.failed
        return {
            side: reply.result(shown=self._pacer.shown(side) if cut else None)
            for side, reply in self._sides.items()
        }

    def outcomes(self) -> Mapping[Side, turns.SideResult]:
        """Return how each endpoint did, whatever of it was visible."""
        return {side: reply.result() for side, reply in self._sides.items()}

    def publish_end(self, end: TurnEnd) -> None:
        """Tell the readers that the turn is over, after it was stored."""
        self._seq += 1
        message = TurnEnded(
            seq=self._seq,
            turn=self.started.number,
            state=end.state,
            votable=end.votable,
            void=end.void,
        )
        self._publish(message.encode(), last=True)

    def _feeder(self, side: Side) -> Callable[[str], None]:
        return lambda text: self._pacer.feed(side, text, self._clock())

    def _show(self) -> None:
        texts = self._pacer.advance(self._clock())
        if not any(texts.values()):
            return
        self._seq += 1
        frame = Frame(
            seq=self._seq, turn=self.started.number, texts=texts, states=self._pacer.states()
        )
        self._publish(frame.encode())

    def _publish(self, text: str, *, last: bool = False) -> None:
        self._streams.publish(self.started.battle_id, Entry(self._seq, text, last=last))
