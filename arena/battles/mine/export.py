"""Everything of a voter as one JSON document, written piece by piece.

Who answered is in it only for battles whose vote is final, like everywhere else.
"""

import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from channels.db import database_sync_to_async

from arena.battles.mine.history import SETTLING, facts_of
from arena.battles.mine.reasons import reasons_of
from arena.battles.models import Battle, Reply, Turn, Vote
from arena.battles.votes import receipt_code
from arena.voters.accounts.account import account_as_json
from arena.voters.models import Voter

FORMAT = 1


async def everything_of(voter_id: uuid.UUID, *, at: dt.datetime) -> AsyncIterator[str]:
    """Yield the document's text: who, then each battle from the first on."""
    head = await database_sync_to_async(_voter, thread_sensitive=False)(voter_id, at)
    yield json.dumps(head)[:-1] + ', "battles": ['
    read = database_sync_to_async(battle_after, thread_sensitive=False)
    battle, comma = await read(voter_id, None, at), ""
    while battle is not None:
        yield f"{comma}\n"
        yield battle.text
        battle, comma = await read(voter_id, battle.id, at), ","
    yield "\n]}\n"


def _voter(voter_id: uuid.UUID, at: dt.datetime) -> dict[str, Any]:
    voter = Voter.objects.filter(pk=voter_id).select_related("user").first()
    return {
        "format": FORMAT,
        "exported_at": at.isoformat(),
        "voter": str(voter_id),
        "since": voter.created_at.isoformat() if voter else None,
        "account": account_as_json(voter.user) if voter and voter.user else None,
    }


class Written(NamedTuple):
    """A battle as JSON."""

    id: uuid.UUID
    text: str


def battle_after(voter_id: uuid.UUID, after: uuid.UUID | None, at: dt.datetime) -> Written | None:
    """Return the next battle; keys are in the order of time. One alone may hold four pictures."""
    battles = Battle.objects.filter(voter__in=Voter.objects.ids_of_person(voter_id))
    if after is not None:
        battles = battles.filter(pk__gt=after)
    battles = battles.select_related("model_a", "model_b", "shared").prefetch_related(
        "turns__replies",
        "turns__picture",
        "votes__retraction",
        "votes__facts",
        "votes__reasons",
        "votes__comment",
    )
    battle = battles.order_by("pk").first()
    if battle is None:
        return None
    return Written(battle.pk, json.dumps(_battle(battle, at), ensure_ascii=False))


def _battle(battle: Battle, at: dt.datetime) -> dict[str, Any]:
    votes = list(battle.votes.all())
    standing = next((vote for vote in votes if not hasattr(vote, "retraction")), None)
    settled = standing is not None and standing.final_at <= at - SETTLING
    named = settled or not battle.blind
    return {
        "id": str(battle.pk),
        "created_at": battle.created_at.isoformat(),
        "void": battle.void_reason or None,
        "blind": battle.blind,
        "models": {side: battle.model(side).name for side in battle.model_ids} if named else None,
        "turns": [_turn(turn, settled=named) for turn in battle.turns.all()],
        "votes": [_vote(vote) for vote in votes],
        "reasons": reasons_of(standing).as_json() if standing and settled else None,
        "shared_as": battle.shared.token if hasattr(battle, "shared") else None,
    }


def _turn(turn: Turn, *, settled: bool) -> dict[str, Any]:
    return {
        "number": turn.number,
        "attempt": turn.attempt,
        "state": turn.state,
        "started_at": turn.started_at.isoformat(),
        "prompt": turn.prompt,
        "picture": turn.picture.data_url if turn.picture else None,
        "answers": {
            reply.side: _answer(reply, settled=settled)
            for reply in sorted(turn.replies.all(), key=lambda reply: reply.side)
        },
    }


def _answer(reply: Reply, *, settled: bool) -> dict[str, Any]:
    """Return an answer; before the vote its text alone, because figures tell who wrote it."""
    text = {"text": reply.text}
    if not settled:
        return text
    return {
        **text,
        "reasoning": reply.reasoning,
        "finish_reason": reply.finish_reason,
        "tokens": reply.completion_tokens,
        "tokens_estimated": reply.tokens_estimated,
        "first_token_seconds": reply.first_token_seconds,
        "total_seconds": reply.total_seconds,
    }


def _vote(vote: Vote) -> dict[str, Any]:
    facts = facts_of(vote)
    return {
        "outcome": vote.outcome,
        "cast_at": vote.cast_at.isoformat(),
        "final_at": vote.final_at.isoformat(),
        "taken_back_at": vote.retraction.at.isoformat() if hasattr(vote, "retraction") else None,
        "receipt": receipt_code(vote),
        "counted": facts.counted if facts else None,
        "not_counted_because": (facts.not_counted_because or None) if facts else None,
    }
