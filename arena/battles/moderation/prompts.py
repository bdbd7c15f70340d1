"""Asking the check about a prompt before it is sent, where the site warns or blocks."""

import asyncio
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.utils import timezone

from arena.battles.errors import BattleError, PromptRefused, Unavailable
from arena.battles.generation import in_database
from arena.battles.moderation.models import NOT_SENT, Action, CheckState, Part, TextCheck
from arena.battles.prompts import clean_prompt
from arena.battles.turns import StartedTurn
from arena.catalog.models import Mode, Moderation, WhenDead
from arena.catalog.moderation import Finding, NoFinding, examine
from workers.endpoints import EndpointClients

type OpenTurn = Callable[..., StartedTurn]

_SECONDS_TO_COME_BACK = 30


async def admit_prompt(
    clients: EndpointClients,
    open_turn: OpenTurn,
    read_prompt: Callable[[], str],
    *,
    acknowledged: bool,
) -> OpenTurn:
    """Ask about a prompt; return the function that opens its turn and stores what was found.

    Parameters
    ----------
    clients : EndpointClients
    open_turn : callable
        One of the functions of `turns`.
    read_prompt : callable
        Returns the prompt; may use the ORM, and is called only where prompts are asked about.
    acknowledged : bool
        The visitor was warned of this prompt and sends it anyway.

    Raises
    ------
    BattleError
        The prompt is not sent: nothing of it is stored but why.
    """
    asked = await in_database(_what_to_ask, read_prompt)
    if asked is None:
        return open_turn
    check, prompt = asked
    row = TextCheck(part=Part.PROMPT, tried_at=timezone.now(), attempts=1)
    clock = asyncio.get_running_loop().time
    began = clock()
    found = await examine(clients, check, prompt, waiting=True)
    row.seconds = clock() - began
    _describe(row, check, found, acknowledged=acknowledged)
    if row.action in NOT_SENT:
        await in_database(row.save)
        raise _refusal(Action(row.action))

    def open_checked(*positional: Any, **named: Any) -> StartedTurn:
        with transaction.atomic():
            started = open_turn(*positional, **named)
            row.turn_id = started.turn_id
            row.save(force_insert=True)
        return started

    return open_checked


def _what_to_ask(read_prompt: Callable[[], str]) -> tuple[Moderation, str] | None:
    check = Moderation.current()
    if check is None or check.mode == Mode.LOG:
        return None
    return check, clean_prompt(read_prompt())


def _describe(
    row: TextCheck, check: Moderation, found: Finding | NoFinding, *, acknowledged: bool
) -> None:
    """Write into a row what was found and what follows from it."""
    if isinstance(found, NoFinding):
        row.state, row.error_code = CheckState.UNVERIFIED, found.code
        # What a living check cannot take is not let through as if the check were dead.
        refused = found.is_of_the_text or check.when_dead == WhenDead.REFUSE
        row.action = Action.REFUSED if refused else Action.NONE
        return
    row.flagged_for, row.scores = list(found.flagged), dict(found.scores)
    if not found.flagged:
        row.state = CheckState.CLEAR
        return
    row.state = CheckState.FLAGGED
    if check.mode == Mode.BLOCK:
        row.action = Action.BLOCKED
    else:
        row.action = Action.SENT_ANYWAY if acknowledged else Action.WARNED


def _refusal(action: Action) -> BattleError:
    match action:
        case Action.WARNED:
            return PromptRefused("prompt_flagged")
        case Action.BLOCKED:
            return PromptRefused("prompt_blocked")
        case _:
            return Unavailable("prompt_unchecked", retry_after=_SECONDS_TO_COME_BACK)
