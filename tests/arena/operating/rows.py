"""Battles whose answers ended in a certain way, at a certain time."""

import datetime as dt

from arena.battles.models import Battle, Reply, Turn
from arena.catalog.models import Endpoint
from arena.voters.models import Voter


def answered(
    endpoint: Endpoint,
    at: dt.datetime,
    *,
    error: str = "",
    first_token: float = 0.5,
    tokens: int = 100,
    total: float = 2.5,
) -> Battle:
    """Store a battle of an endpoint with itself that was answered, or failed, at a time."""
    battle = Battle.objects.create(
        voter=Voter.objects.create(),
        model_a=endpoint.language_model,
        model_b=endpoint.language_model,
        endpoint_a=endpoint,
        endpoint_b=endpoint,
    )
    Battle.objects.filter(pk=battle.pk).update(created_at=at)
    turn = Turn.objects.create(
        battle=battle,
        number=1,
        prompt="a prompt that is nobody's business",
        state="failed" if error else "complete",
        started_at=at,
        ended_at=at,
    )
    figures = {
        "first_token_seconds": first_token,
        "completion_tokens": tokens,
        "total_seconds": total,
    }
    Reply.objects.create(
        turn=turn,
        side="a",
        language_model=endpoint.language_model,
        endpoint=endpoint,
        state="failed" if error else "complete",
        error_code=error,
        error_detail="sk-planted said the server of secret-model" if error else "",
        text="" if error else "an answer",
        finish_reason="error" if error else "stop",
        **({} if error else figures),
    )
    return battle
