"""Every write of a battle's turns: start, next attempt, finish, stop, void.

All functions are synchronous and each is one transaction. Locks are taken in one order: voter,
then battle. A turn is ended by whoever changes its state from `streaming` first; the others find
it ended.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from arena.battles.errors import (
    BattleError,
    NotFound,
    NotPossibleNow,
    NotYours,
    TooMany,
    Unavailable,
)
from arena.battles.models import Battle, Reply, ReplyState, Runner, Side, Turn, TurnState, Vote
from arena.battles.pairing import Pair, draw_pair, endpoint_of_model
from arena.battles.prompts import clean_prompt
from arena.catalog.models import Endpoint
from arena.voters.models import Voter
from workers.endpoints import Message, Usage

# Pairs that are tried before a first turn is given up, and attempts at a later turn.
MAX_PAIRS = 3
MAX_LATER_ATTEMPTS = 2
# A runner beats every BEAT_SECONDS; one that was silent for SILENT_SECONDS is dead.
BEAT_SECONDS = 5.0
SILENT_SECONDS = 20.0
# More frames than any turn can have: a turn that did not say its last number ended before this.
_FRAMES_OF_LOST_TURN = 1_000_000

# Failures that say nothing bad of the endpoint.
_NOT_ITS_FAULT = frozenset({"busy", "content_filter", "too_large_answer", "misconfigured"})
# A request of more characters may be refused for its length; a shorter one is not.
_SURELY_FITS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What one side asks of its endpoint."""

    endpoint: Endpoint
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedTurn:
    """One attempt at a turn, stored, and not yet asked of the endpoints."""

    battle_id: uuid.UUID
    turn_id: int
    number: int
    attempt: int
    first_seq: int
    prompt: str
    calls: Mapping[Side, Call]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideResult:
    """How one side's answer ended. Times in seconds from the request's start."""

    state: ReplyState
    text: str = ""
    reasoning: str = ""
    finish_reason: str = ""
    error_code: str = ""
    error_detail: str = ""
    usage: Usage | None = None
    first_token_seconds: float | None = None
    total_seconds: float | None = None
    sent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """Where a turn and its battle stand after it ended."""

    state: TurnState
    votable: bool
    void: str | None


def start_battle(
    voter_id: uuid.UUID,
    prompt: str,
    *,
    at: dt.datetime,
    runner_id: uuid.UUID,
    avoid_models: Collection[int] = (),
) -> StartedTurn:
    """Draw a pair and open the first turn of a new battle.

    Raises
    ------
    BattleError
        When the prompt, a limit of the voter, or the lack of models forbids it.
    """
    prompt = clean_prompt(prompt)
    with transaction.atomic():
        _admit(voter_id, at)
        pair = draw_pair(at=at, avoid=avoid_models)
        battle = Battle(voter_id=voter_id, created_at=at)
        _take_pair(battle, pair)
        battle.save(force_insert=True)
        return _open(battle, prompt, number=1, attempt=1, first_seq=1, at=at, runner_id=runner_id)


def start_again(
    voter_id: uuid.UUID, battle_id: uuid.UUID, *, at: dt.datetime, runner_id: uuid.UUID
) -> StartedTurn:
    """Put the first prompt of a battle to a new pair, in a new battle."""
    battle = own_battle(voter_id, battle_id)
    first = battle.turns.order_by("number", "attempt").first()
    if first is None:
        raise NotFound
    pair = (battle.model_a_id, battle.model_b_id)
    return start_battle(voter_id, first.prompt, at=at, runner_id=runner_id, avoid_models=pair)


def start_turn(
    voter_id: uuid.UUID,
    battle_id: uuid.UUID,
    prompt: str,
    *,
    at: dt.datetime,
    runner_id: uuid.UUID,
) -> StartedTurn:
    """Open the next turn of a battle, with the same two models.

    Raises
    ------
    BattleError
        When the prompt, a limit, or the state of the battle forbids it; the battle stays as it is.
    """
    prompt = clean_prompt(prompt)
    with transaction.atomic():
        _admit(voter_id, at)
        battle = own_battle(voter_id, battle_id, lock=True)
        last = battle.turns.order_by("number", "attempt").last()
        if last is None or battle.voided_at is not None:
            raise NotPossibleNow("battle_void")
        if last.state == TurnState.STREAMING:
            raise NotPossibleNow("still_streaming")
        if Vote.objects.standing().filter(battle=battle, final_at__gt=at).exists():
            raise NotPossibleNow("vote_pending")
        # A failed turn is tried again; only after the vote, because before it the battle is void.
        failed = last.state == TurnState.FAILED
        number = last.number if failed else last.number + 1
        if number > settings.MAX_TURNS:
            raise NotPossibleNow("too_many_turns")
        _take_same_models(battle, at)
        return _open(
            battle,
            prompt,
            number=number,
            attempt=last.attempt + 1 if failed else 1,
            first_seq=_last_seq(last) + 1,
            at=at,
            runner_id=runner_id,
        )


def next_attempt(
    started: StartedTurn,
    results: Mapping[Side, SideResult],
    *,
    at: dt.datetime,
    runner_id: uuid.UUID,
    last_seq: int,
) -> StartedTurn | TurnEnd:
    """Replace a failed attempt of which nothing was shown: by a new pair, or the same models later.

    ``last_seq`` is the number of its end, if that is told; otherwise the next attempt goes on from
    it. Returns the next attempt, or how the turn ended when there is none left.
    """
    with transaction.atomic():
        battle = _lock(started.battle_id)
        turn = Turn.objects.get(pk=started.turn_id)
        if not _end(turn, TurnState.FAILED, results, at=at, last_seq=last_seq):
            return _end_of(battle, turn)
        limit = MAX_PAIRS if turn.number == 1 else MAX_LATER_ATTEMPTS
        try:
            if started.attempt >= limit:
                raise Unavailable("no_models")
            if turn.number > 1:
                _take_same_models(battle, at)
            elif not _take_other_endpoints(battle, at):
                _take_new_pair(battle, at)
        except BattleError:
            _void(battle, "no_answer", at)
            return _end_of(battle, turn)
        return _open(
            battle,
            turn.prompt,
            number=turn.number,
            attempt=started.attempt + 1,
            first_seq=last_seq,
            at=at,
            runner_id=runner_id,
        )


def finish_turn(
    started: StartedTurn, results: Mapping[Side, SideResult], *, at: dt.datetime, last_seq: int
) -> TurnEnd:
    """Store both replies and end the turn; a turn that failed voids its battle.

    Doing it twice is harmless: the second call returns what the first one stored.
    """
    states = {result.state for result in results.values()}
    if ReplyState.FAILED in states:
        state = TurnState.FAILED
    elif states == {ReplyState.COMPLETE}:
        state = TurnState.COMPLETE
    else:
        state = TurnState.STOPPED
    with transaction.atomic():
        battle = _lock(started.battle_id)
        turn = Turn.objects.get(pk=started.turn_id)
        ended = _end(turn, state, results, at=at, last_seq=last_seq)
        if ended and state == TurnState.FAILED:
            filtered = any(result.error_code == "content_filter" for result in results.values())
            _void(battle, "answer_filtered" if filtered else "answer_failed", at)
        if ended and state == TurnState.COMPLETE and turn.number == 1 and not battle.voided_at:
            return TurnEnd(state=state, votable=True, void=None)  # nobody can have voted yet
        return _end_of(battle, turn)


def record_health(
    calls: Mapping[Side, Call], results: Mapping[Side, SideResult], *, at: dt.datetime
) -> None:
    """Tell the circuit breaker how each endpoint did."""
    complete = [side for side, result in results.items() if result.state == ReplyState.COMPLETE]
    if complete:
        Endpoint.objects.record_success([calls[side].endpoint.pk for side in complete])
    for side, result in results.items():
        pk = calls[side].endpoint.pk
        if result.state == ReplyState.FAILED and _blames_endpoint(calls[side], result):
            Endpoint.objects.record_failure(
                pk,
                code=result.error_code,
                at=at,
                limit=settings.BREAKER_FAILURES,
                pause=dt.timedelta(seconds=settings.BREAKER_SECONDS),
            )


def void_turns(turn_ids: Collection[int], *, at: dt.datetime) -> int:
    """End turns that nobody streams any more; return how many were ended here."""
    return sum(_abandon(turn_id, at) for turn_id in turn_ids)


def void_abandoned(*, at: dt.datetime) -> int:
    """End the turns of dead processes; return how many."""
    silent = at - dt.timedelta(seconds=SILENT_SECONDS)
    abandoned = Turn.objects.abandoned(since=silent).values_list("pk", flat=True)
    count = void_turns(list(abandoned), at=at)
    Runner.objects.filter(beat_at__lt=at - dt.timedelta(days=1)).delete()
    return count


def own_battle(voter_id: uuid.UUID | None, battle_id: uuid.UUID, *, lock: bool = False) -> Battle:
    """Return a battle of this voter.

    Raises
    ------
    NotFound, NotYours
        When there is none, or it is another voter's.
    """
    battles = Battle.objects.select_for_update(no_key=True) if lock else Battle.objects.all()
    battle = battles.filter(pk=battle_id).first()
    if battle is None:
        raise NotFound
    if battle.voter_id != voter_id:
        raise NotYours
    return battle


def _blames_endpoint(call: Call, result: SideResult) -> bool:
    """Return whether a failure counts against the endpoint; no visitor's prompt alone may."""
    if result.error_code == "bad_request":
        return sum(len(str(message["content"])) for message in call.messages) <= _SURELY_FITS
    return result.error_code not in _NOT_ITS_FAULT


def _admit(voter_id: uuid.UUID, at: dt.datetime) -> None:
    """Lock the voter's row, made at the first prompt, and hold the limit of battles at once."""
    Voter.objects.bulk_create([Voter(pk=voter_id, created_at=at)], ignore_conflicts=True)
    voter = Voter.objects.select_for_update(no_key=True).get(pk=voter_id)
    if voter.erased_at is not None:  # a page that was open when its visitor erased everything
        raise NotYours
    turns = Turn.objects.filter(battle__voter_id=voter_id)
    if turns.filter(state=TurnState.STREAMING).count() >= settings.MAX_STREAMING_BATTLES:
        raise TooMany("too_many_battles")


def _lock(battle_id: uuid.UUID) -> Battle:
    return Battle.objects.select_for_update(no_key=True).get(pk=battle_id)


def _take_pair(battle: Battle, pair: Pair) -> None:
    battle.endpoint_a, battle.endpoint_b = (pair.endpoints[side] for side in Side)
    battle.model_a, battle.model_b = (pair.endpoints[side].language_model for side in Side)
    battle.pairing = {**battle.pairing, **pair.reason}


def _take_new_pair(battle: Battle, at: dt.datetime) -> None:
    failed = Reply.objects.filter(turn__battle=battle, state=ReplyState.FAILED)
    replaced = [*battle.pairing.get("replaced", []), [battle.model_a_id, battle.model_b_id]]
    pair = draw_pair(at=at, avoid=set(failed.values_list("language_model_id", flat=True)))
    _take_pair(battle, pair)
    battle.pairing = {**battle.pairing, "replaced": replaced}
    battle.save()


def _take_same_models(battle: Battle, at: dt.datetime) -> None:
    found = _endpoints_again(battle, at, avoid=_failed_endpoints(battle))
    if found is None:
        raise NotPossibleNow("no_longer_served")
    battle.endpoint_a, battle.endpoint_b = found
    battle.save()


def _take_other_endpoints(battle: Battle, at: dt.datetime) -> bool:
    """Keep the pair where each model has an endpoint that did not fail here; else return False."""
    failed = _failed_endpoints(battle)
    found = _endpoints_again(battle, at, avoid=failed)
    if found is None or any(endpoint.pk in failed for endpoint in found):
        return False
    battle.endpoint_a, battle.endpoint_b = found
    battle.save()
    return True


def _endpoints_again(
    battle: Battle, at: dt.datetime, *, avoid: Collection[int]
) -> tuple[Endpoint, Endpoint] | None:
    """Return endpoints of the battle's models that can serve together, its own if they can."""
    one = endpoint_of_model(battle.model_a_id, at=at, preferred=battle.endpoint_a_id, avoid=avoid)
    other = endpoint_of_model(
        battle.model_b_id, at=at, preferred=battle.endpoint_b_id, avoid=avoid, beside=one
    )
    return (one, other) if one and other else None


def _failed_endpoints(battle: Battle) -> set[int]:
    """Return the endpoints that failed in the battle's last turn."""
    turns = Turn.objects.filter(battle=battle).order_by("-number")
    failed = Reply.objects.filter(
        turn__battle=battle, turn__number=turns.values("number")[:1], state=ReplyState.FAILED
    )
    return {pk for pk in failed.values_list("endpoint_id", flat=True) if pk is not None}


def _open(
    battle: Battle,
    prompt: str,
    *,
    number: int,
    attempt: int,
    first_seq: int,
    at: dt.datetime,
    runner_id: uuid.UUID,
) -> StartedTurn:
    turn = Turn.objects.create(
        battle=battle,
        number=number,
        attempt=attempt,
        prompt=prompt,
        runner_id=runner_id,
        started_at=at,
        first_seq=first_seq,
    )
    calls = {side: _call(battle, side, turn) for side in Side}
    Reply.objects.bulk_create(
        Reply(
            turn=turn,
            side=side,
            language_model_id=call.endpoint.language_model_id,
            endpoint=call.endpoint,
        )
        for side, call in calls.items()
    )
    return StartedTurn(
        battle_id=battle.pk,
        turn_id=turn.pk,
        number=number,
        attempt=attempt,
        first_seq=first_seq,
        prompt=prompt,
        calls=calls,
    )


def _call(battle: Battle, side: Side, turn: Turn) -> Call:
    endpoint = battle.endpoint(side)
    assert endpoint is not None  # noqa: S101 -- both were set in this transaction
    before = _conversation(battle, side, turn.number) if turn.number > 1 else []
    prompt: Message = {"role": "user", "content": turn.prompt}
    return Call(endpoint=endpoint, messages=(*before, prompt))


def _conversation(battle: Battle, side: Side, number: int) -> list[Message]:
    """Return what was said on one side before a turn."""
    messages: list[Message] = []
    before = Reply.objects.filter(turn__battle=battle, turn__number__lt=number, side=side)
    answered = before.filter(turn__state__in=[TurnState.COMPLETE, TurnState.STOPPED])
    for reply in answered.exclude(text="").select_related("turn").order_by("turn__number"):
        messages.append({"role": "user", "content": reply.turn.prompt})
        messages.append({"role": "assistant", "content": reply.text})
    return messages


def _end(
    turn: Turn,
    state: TurnState,
    results: Mapping[Side, SideResult],
    *,
    at: dt.datetime,
    last_seq: int | None,
) -> bool:
    """Claim the end of a turn and store its replies; False when it had already ended."""
    claimed = Turn.objects.filter(pk=turn.pk, state=TurnState.STREAMING).update(
        state=state, ended_at=at, last_seq=last_seq
    )
    if not claimed:
        turn.refresh_from_db()
    else:
        turn.state, turn.ended_at, turn.last_seq = state, at, last_seq
        for side, result in results.items():
            Reply.objects.filter(turn=turn, side=side).update(**_columns(result))
    return bool(claimed)


def _columns(result: SideResult) -> dict[str, Any]:
    usage = result.usage
    return {
        "state": result.state,
        "text": result.text,
        "reasoning": result.reasoning,
        "finish_reason": result.finish_reason,
        "error_code": result.error_code,
        "error_detail": result.error_detail,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "tokens_estimated": usage.estimated if usage else False,
        "first_token_seconds": result.first_token_seconds,
        "total_seconds": result.total_seconds,
        "sent": dict(result.sent),
    }


def _abandon(turn_id: int, at: dt.datetime) -> bool:
    with transaction.atomic():
        turn = Turn.objects.get(pk=turn_id)
        battle = _lock(turn.battle_id)
        lost = SideResult(state=ReplyState.FAILED, error_code="abandoned")
        ended = _end(turn, TurnState.FAILED, dict.fromkeys(Side, lost), at=at, last_seq=None)
        if ended:
            _void(battle, "abandoned", at)
        return ended


def _void(battle: Battle, reason: str, at: dt.datetime) -> None:
    """End a battle without a result; one that was voted on keeps its vote and goes on."""
    if Vote.objects.standing().filter(battle=battle).exists():
        return
    battle.voided_at, battle.void_reason = at, reason
    battle.save(update_fields=["voided_at", "void_reason"])


def _end_of(battle: Battle, turn: Turn) -> TurnEnd:
    voted = Vote.objects.standing().filter(battle=battle).exists()
    votable = not voted and Battle.objects.votable().filter(pk=battle.pk).exists()
    return TurnEnd(state=TurnState(turn.state), votable=votable, void=battle.void_reason or None)


def _last_seq(turn: Turn) -> int:
    return turn.first_seq + _FRAMES_OF_LOST_TURN if turn.last_seq is None else turn.last_seq
