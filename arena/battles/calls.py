"""What each side asks, and of which endpoint: the calls of an attempt at a turn.

Endpoints that cannot pay for their call are passed over, and what a call may cost is held for it
in the transaction that opens its turn.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from arena.battles.errors import NotPossibleNow
from arena.battles.models import Battle, Reply, ReplyState, Side, Turn, TurnState
from arena.battles.pairing import Pair, draw_pair, endpoint_of_model
from arena.battles.pictures.models import Picture, user_message
from arena.catalog import budget
from arena.catalog.addresses import kept_token_limit
from arena.catalog.models import Endpoint
from workers.endpoints import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one side asks of its endpoint, and what is held for it until it is settled."""

    endpoint: Endpoint
    messages: tuple[Message, ...]
    reservation: int | None = None


def _take_pair(battle: Battle, pair: Pair) -> None:
    for side, endpoint in pair.endpoints.items():
        setattr(battle, f"endpoint_{side}", endpoint)
        setattr(battle, f"model_{side}", endpoint.language_model)
    battle.pairing = {**battle.pairing, **pair.reason}


def choose_calls(
    battle: Battle,
    choose: Callable[[Collection[int]], Pair],
    prompt: str,
    *,
    picture: Picture | None,
    number: int,
    at: dt.datetime,
) -> Mapping[Side, Call]:
    """Give a battle the first endpoints of those chosen whose calls can all be paid for.

    ``choose`` is told the endpoints that cannot, and raises when there is nothing left.
    """
    without: set[int] = set()
    while True:
        pair = choose(without)
        calls = {
            side: _call(battle, side, endpoint, user_message(prompt, picture), number=number)
            for side, endpoint in pair.endpoints.items()
        }
        orders = [
            budget.Order(
                endpoint=call.endpoint,
                messages=call.messages,
                token_limit=kept_token_limit(call.endpoint),
            )
            for call in calls.values()
        ]
        try:
            held = budget.reserve(orders, at=at)
        except budget.OverBudgetError as over:
            without |= over.refusals.keys()
            continue
        _take_pair(battle, pair)
        return {
            side: replace(call, reservation=reservation)
            for (side, call), reservation in zip(calls.items(), held, strict=True)
        }


def other_endpoints_or_models(
    battle: Battle, at: dt.datetime, without: Collection[int], *, seeing: bool
) -> Pair:
    """Keep the models where each has an endpoint that did not fail here; else draw a new pair."""
    failed = _failed_endpoints(battle)
    again = _endpoints_again(battle, at, avoid=failed, without=without, seeing=seeing)
    if again and not any(endpoint.pk in failed for endpoint in again.endpoints.values()):
        return again
    replies = Reply.objects.filter(turn__battle=battle, state=ReplyState.FAILED)
    models = set(replies.values_list("language_model_id", flat=True))
    pair = draw_pair(at=at, avoid=models, without=without, seeing=seeing)
    replaced = [*battle.pairing.get("replaced", []), [battle.model_a_id, battle.model_b_id]]
    return replace(pair, reason={**pair.reason, "replaced": replaced})


def same_models(battle: Battle, at: dt.datetime, without: Collection[int], *, seeing: bool) -> Pair:
    """Keep the models, by endpoints that did not fail here where there are such.

    Raises
    ------
    NotPossibleNow
        When a model cannot answer now (code ``no_longer_served``, or ``not_served`` of those that
        the visitor chose; of these, with a picture, ``not_seeing``).
    """
    failed = _failed_endpoints(battle)
    again = _endpoints_again(battle, at, avoid=failed, without=without, seeing=seeing)
    if again is None:
        chosen = "not_seeing" if seeing else "not_served"
        raise NotPossibleNow("no_longer_served" if battle.blind else chosen)
    return again


def _endpoints_again(
    battle: Battle,
    at: dt.datetime,
    *,
    avoid: Collection[int],
    without: Collection[int],
    seeing: bool,
) -> Pair | None:
    """Return endpoints of the battle's models that can serve together, its own if they can."""
    endpoints: dict[Side, Endpoint] = {}
    for side, model in battle.model_ids.items():
        own = battle.endpoint(side)
        found = endpoint_of_model(
            model,
            at=at,
            preferred=own.pk if own else None,
            avoid=avoid,
            without=without,
            seeing=seeing,
            beside=endpoints.get(Side.A),
        )
        if found is None:
            return None
        endpoints[side] = found
    return Pair(endpoints=endpoints, reason={})


def _failed_endpoints(battle: Battle) -> set[int]:
    """Return the endpoints that failed in the battle's last turn."""
    turns = Turn.objects.filter(battle=battle).order_by("-number")
    failed = Reply.objects.filter(
        turn__battle=battle, turn__number=turns.values("number")[:1], state=ReplyState.FAILED
    )
    return {pk for pk in failed.values_list("endpoint_id", flat=True) if pk is not None}


def _call(battle: Battle, side: Side, endpoint: Endpoint, last: Message, *, number: int) -> Call:
    before = _conversation(battle, side, number) if number > 1 else []
    return Call(endpoint=endpoint, messages=(*before, last))


def _conversation(battle: Battle, side: Side, number: int) -> list[Message]:
    """Return what was said on one side before a turn."""
    messages: list[Message] = []
    before = Reply.objects.filter(turn__battle=battle, turn__number__lt=number, side=side)
    answered = before.filter(turn__state__in=[TurnState.COMPLETE, TurnState.STOPPED])
    replies = answered.exclude(text="").select_related("turn__picture")
    for reply in replies.order_by("turn__number"):
        messages.append(user_message(reply.turn.prompt, reply.turn.picture))
        messages.append({"role": "assistant", "content": reply.text})
    return messages
