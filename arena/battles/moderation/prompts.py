"""Asking the check about a prompt and its picture before they are sent, where the site warns or
blocks.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from arena.battles.errors import BattleError, NotFound, PromptRefused, Unavailable
from arena.battles.generation import in_database
from arena.battles.moderation.models import NOT_SENT, Action, CheckState, Part, TextCheck
from arena.battles.pictures.keeping import own_picture
from arena.battles.prompts import clean_prompt
from arena.battles.turns import StartedTurn, first_prompt, own_battle
from arena.catalog.models import Mode, Moderation, WhenDead
from arena.catalog.moderation import Finding, NoFinding, examine
from workers.endpoints import Checked, EndpointClients

type OpenTurn = Callable[..., StartedTurn]

_SECONDS_TO_COME_BACK = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor wants to send: a text, and which picture beside it."""

    prompt: str
    picture: uuid.UUID | None


def asked_first(voter_id: uuid.UUID, battle_id: uuid.UUID) -> Asked:
    """Return what a voter's battle began with, to be asked again.

    Raises
    ------
    NotFound, NotYours
        When there is no such battle or prompt, or it is another voter's.
    """
    prompt = first_prompt(voter_id, battle_id)
    turns = own_battle(voter_id, battle_id).turns.order_by("number", "attempt")
    return Asked(prompt, turns.values_list("picture", flat=True).first())


async def admit_prompt(
    clients: EndpointClients,
    open_turn: OpenTurn,
    voter_id: uuid.UUID,
    read: Callable[[], Asked],
    *,
    acknowledged: bool,
) -> OpenTurn:
    """Ask about a prompt; return the function that opens its turn and stores what was found.

    Parameters
    ----------
    clients : EndpointClients
    open_turn : callable
        One of the functions of `turns`.
    voter_id : UUID
        Who sends it, and whose the picture must be.
    read : callable
        Returns what is sent; may use the ORM, and is called only where prompts are asked about.
    acknowledged : bool
        The visitor was warned of this prompt and sends it anyway.

    Raises
    ------
    BattleError
        The prompt is not sent: nothing of it is stored but why.
    """
    wanted = await in_database(_what_to_ask, voter_id, read)
    if wanted is None:
        return open_turn
    check, parts = wanted
    rows = await asyncio.gather(
        *(_ask(clients, check, part, content, acknowledged) for part, content in parts.items())
    )
    stops = [row for row in rows if row.action in NOT_SENT]
    if stops:
        # One row a prompt that was not sent; that somebody judged it bad says more than silence.
        worst = min(stops, key=lambda row: row.action == Action.REFUSED)
        await in_database(worst.save)
        raise _refusal(Action(worst.action))

    def open_checked(*positional: Any, **named: Any) -> StartedTurn:
        with transaction.atomic():
            started = open_turn(*positional, **named)
            for row in rows:
                row.turn_id = started.turn_id
                row.save(force_insert=True)
        return started

    return open_checked


def _what_to_ask(
    voter_id: uuid.UUID, read: Callable[[], Asked]
) -> tuple[Moderation, Mapping[Part, Checked]] | None:
    check = Moderation.current()
    if check is None or check.mode == Mode.LOG:
        return None
    asked = read()
    parts: dict[Part, Checked] = {Part.PROMPT: clean_prompt(asked.prompt)}
    if check.takes_pictures and asked.picture is not None:
        with suppress(NotFound):  # then it is not sent either: whoever opens the turn says why
            parts[Part.PICTURE] = own_picture(voter_id, asked.picture).to_check
    return check, parts


async def _ask(
    clients: EndpointClients, check: Moderation, part: Part, content: Checked, acknowledged: bool
) -> TextCheck:
    """Return the row of one text or picture, with what was found and what follows from it."""
    row = TextCheck(part=part, tried_at=timezone.now(), attempts=1)
    clock = asyncio.get_running_loop().time
    began = clock()
    found = await examine(clients, check, content, waiting=True)
    row.seconds = clock() - began
    _describe(row, check, found, acknowledged=acknowledged)
    return row


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
