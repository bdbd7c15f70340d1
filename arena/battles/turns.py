"""Every write of a battle's turns: start, next attempt, finish, stop, void.

All functions are synchronous and each is one transaction. Locks are taken in one order: voter,
then battle. A turn is ended by whoever changes its state from `streaming` first; the others find
it ended.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction

from arena.battles.calls import Call, choose_calls, other_endpoints_or_models, same_models
from arena.battles.entering import admit_turn, keep_apart
from arena.battles.errors import (
    BattleError,
    NotFound,
    NotPossibleNow,
    NotYours,
    Unavailable,
)
from arena.battles.models import Battle, Reply, ReplyState, Runner, Side, Turn, TurnState, Vote
from arena.battles.moderation.texts import queue_checks
from arena.battles.pairing import Pair, draw_pair, seat_chosen
from arena.battles.pictures.keeping import pictures_in, take_picture
from arena.battles.pictures.models import Picture
from arena.battles.prompts import clean_prompt
from workers.endpoints import Usage

# Pairs that are tried before a first turn is given up, and attempts at a later turn.
MAX_PAIRS = 3
MAX_LATER_ATTEMPTS = 2
# A runner beats every BEAT_SECONDS; one that was silent for SILENT_SECONDS is dead.
BEAT_SECONDS = 5.0
SILENT_SECONDS = 20.0
# More frames than any turn can have: a turn that did not say its last number ended before this.
_FRAMES_OF_LOST_TURN = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedTurn:
    """One attempt at a turn, stored, and not yet asked of the endpoints.

    ``waits`` says that no other pair could begin sooner.
    """

    battle_id: uuid.UUID
    turn_id: int
    number: int
    attempt: int
    first_seq: int
    prompt: str
    calls: Mapping[Side, Call]
    blind: bool
    picture: uuid.UUID | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SideResult:
    """How one side's answer ended. Times in seconds from the request's start.

    ``charged`` is whether its endpoint may charge for it, and ``guess`` what it may charge where
    the call was cut off by us and nobody counted.
    """

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
    charged: bool = True
    guess: Usage | None = None


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
    chosen: Sequence[str] = (),
    avoid_models: Collection[int] = (),
    picture_id: uuid.UUID | None = None,
) -> StartedTurn:
    """Draw a pair and open the first turn of a new battle, which is blind.

    With `chosen`, the slugs of one or two models, these answer instead, and it is not. A picture is
    one that its voter has kept; then only models that see it answer.

    Raises
    ------
    BattleError
        When the prompt, a limit of the voter, or the lack of models forbids it.
    """
    prompt = clean_prompt(prompt)
    with transaction.atomic():
        admit_turn(voter_id, at)
        battle = Battle(voter_id=voter_id, created_at=at, blind=not chosen)
        keep_apart(voter_id, blind=battle.blind)
        picture = take_picture(voter_id, battle, picture_id, is_first=True, at=at)
        sees = picture is not None

        def draw(without: Collection[int]) -> Pair:
            if chosen:
                return seat_chosen(chosen, at=at, without=without, seeing=sees)
            return draw_pair(at=at, avoid=avoid_models, without=without, seeing=sees)

        calls = choose_calls(battle, draw, prompt, picture=picture, number=1, at=at)
        battle.save(force_insert=True)
        return _open(
            battle,
            prompt,
            picture,
            calls,
            number=1,
            attempt=1,
            first_seq=1,
            at=at,
            runner_id=runner_id,
        )


def start_again(
    voter_id: uuid.UUID, battle_id: uuid.UUID, *, at: dt.datetime, runner_id: uuid.UUID
) -> StartedTurn:
    """Put the first prompt of a battle to a new pair, in a new battle, which is blind."""
    before = own_battle(voter_id, battle_id)
    first = before.turns.order_by("number", "attempt").first()
    return start_battle(
        voter_id,
        first_prompt(voter_id, battle_id),
        at=at,
        runner_id=runner_id,
        avoid_models=before.model_ids.values(),
        picture_id=first.picture_id if first and settings.IMAGES else None,
    )


def first_prompt(voter_id: uuid.UUID, battle_id: uuid.UUID) -> str:
    """Return the prompt with which a voter's battle began.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle or prompt, or it is another voter's.
    """
    turns = own_battle(voter_id, battle_id).turns.order_by("number", "attempt")
    prompt = turns.values_list("prompt", flat=True).first()
    if prompt is None:
        raise NotFound
    return prompt


def start_turn(
    voter_id: uuid.UUID,
    battle_id: uuid.UUID,
    prompt: str,
    *,
    at: dt.datetime,
    runner_id: uuid.UUID,
    picture_id: uuid.UUID | None = None,
) -> StartedTurn:
    """Open the next turn of a battle, with the same two models.

    Raises
    ------
    BattleError
        When the prompt, a limit, or the state of the battle forbids it; the battle stays as it is.
    """
    prompt = clean_prompt(prompt)
    with transaction.atomic():
        admit_turn(voter_id, at)
        battle = own_battle(voter_id, battle_id, lock=True)
        keep_apart(voter_id, blind=battle.blind)
        if not battle.blind and not settings.CHOSEN_MODELS:
            raise NotPossibleNow("not_served")
        last = battle.turns.order_by("number", "attempt").last()
        if last is None or battle.voided_at is not None:
            raise NotPossibleNow("battle_void")
        if last.state == TurnState.STREAMING:
            raise NotPossibleNow("still_streaming")
        if Vote.objects.standing().filter(battle=battle, final_at__gt=at).exists():
            raise NotPossibleNow("vote_pending")
        # A failed turn is tried again; of a blind battle only after the vote: before, it is void.
        failed = last.state == TurnState.FAILED
        number = last.number if failed else last.number + 1
        if number > settings.MAX_TURNS:
            raise NotPossibleNow("too_many_turns")

        picture = take_picture(voter_id, battle, picture_id, is_first=number == 1, at=at)
        sees = picture is not None or pictures_in(battle) > 0

        def again(without: Collection[int]) -> Pair:
            return same_models(battle, at, without, seeing=sees)

        calls = choose_calls(battle, again, prompt, picture=picture, number=number, at=at)
        battle.save()
        return _open(
            battle,
            prompt,
            picture,
            calls,
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
    """Replace a failed attempt of which nothing was shown: by a new pair, if nobody knows the old.

    ``last_seq`` is the number of its end, if that is told; otherwise the next attempt goes on from
    it. Returns the next attempt, or how the turn ended when there is none left.
    """
    with transaction.atomic():
        battle = _lock(started.battle_id)
        turn = Turn.objects.get(pk=started.turn_id)
        if not _end(turn, TurnState.FAILED, results, at=at, last_seq=last_seq):
            return _end_of(battle, turn)
        is_drawn = battle.blind and turn.number == 1
        sees = turn.picture is not None or pictures_in(battle) > 0
        limit = MAX_PAIRS if is_drawn else MAX_LATER_ATTEMPTS
        try:
            if started.attempt >= limit:
                raise Unavailable("no_models")
            other = other_endpoints_or_models if is_drawn else same_models

            def choose(without: Collection[int]) -> Pair:
                return other(battle, at, without, seeing=sees)

            calls = choose_calls(
                battle, choose, turn.prompt, picture=turn.picture, number=turn.number, at=at
            )
        except BattleError:
            _void(battle, "no_answer", at)
            return _end_of(battle, turn)
        battle.save()
        return _open(
            battle,
            turn.prompt,
            turn.picture,
            calls,
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
            # Nobody can have voted yet.
            return TurnEnd(state=state, votable=battle.blind, void=None)
        return _end_of(battle, turn)


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
    battles = Battle.objects.select_related("voter").filter(pk=battle_id)
    if lock:
        battles = battles.select_for_update(of=("self",), no_key=True)
    battle = battles.first()
    if battle is None:
        raise NotFound
    # What an account has adopted is its own, and no longer that of the cookie before.
    if voter_id != battle.voter.person_id:
        raise NotYours("signed_in" if voter_id == battle.voter_id else "not_yours")
    return battle


def _lock(battle_id: uuid.UUID) -> Battle:
    return Battle.objects.select_for_update(no_key=True).get(pk=battle_id)


def _open(
    battle: Battle,
    prompt: str,
    picture: Picture | None,
    calls: Mapping[Side, Call],
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
        picture=picture,
        runner_id=runner_id,
        started_at=at,
        first_seq=first_seq,
    )
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
        blind=battle.blind,
        picture=picture.pk if picture else None,
        waits=battle.pairing.get("waits", False),
    )


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
        if state != TurnState.FAILED:
            queue_checks(turn, [side for side, result in results.items() if result.text])
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
    """End a blind battle without a result; one that was voted on keeps its vote and goes on."""
    if not battle.blind or Vote.objects.standing().filter(battle=battle).exists():
        return
    battle.voided_at, battle.void_reason = at, reason
    battle.save(update_fields=["voided_at", "void_reason"])


def _end_of(battle: Battle, turn: Turn) -> TurnEnd:
    voted = Vote.objects.standing().filter(battle=battle).exists()
    votable = not voted and Battle.objects.votable().filter(pk=battle.pk).exists()
    return TurnEnd(state=TurnState(turn.state), votable=votable, void=battle.void_reason or None)


def _last_seq(turn: Turn) -> int:
    return turn.first_seq + _FRAMES_OF_LOST_TURN if turn.last_seq is None else turn.last_seq
