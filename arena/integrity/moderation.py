"""The check of texts beside battles: what was not asked yet, and how it does.

Work is found by a query on rows, so nothing is lost: while the check does not answer, texts stay
*unverified*, which is counted and shown, and they are asked about again with growing pauses. No
turn, vote or board waits for it.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asgiref.sync import async_to_sync, sync_to_async

from arena.battles.models import Reply, Turn
from arena.battles.moderation.models import CheckState, Part, TextCheck
from arena.battles.pictures.models import Picture
from arena.catalog.addresses import endpoint_clients
from arena.catalog.models import Moderation
from arena.catalog.moderation import HARMLESS, TEXT_REFUSED, Finding, NoFinding, examine
from arena.integrity.pauses import pause_after
from arena.locks import only_one
from workers.endpoints import Checked

_AT_ONCE = 4
# When nobody asked for so long, a sentence of ours is asked about: a dead check must be seen.
_QUIET = dt.timedelta(minutes=1)
# So many of the last answers must all have failed before the check is called dead.
_LAST = 3

type InLine = str | Picture
"""What waits to be asked about: a text, or a picture whose bytes are not read yet."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of asking about one text, and how long that took."""

    finding: Finding | NoFinding
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationState:
    """How the check does now.

    ``mode`` is empty where none is set up; ``alive`` is None before it was asked; ``error_code`` is
    that of the last answer; ``leaves_pictures_out`` says that visitors attach pictures which it
    does not take; the rest are numbers of texts.
    """

    mode: str
    alive: bool | None
    error_code: str
    unverified: int
    waiting: int
    to_rule_on: int
    leaves_pictures_out: bool


def check_texts(now: dt.datetime, *, limit: int = 100) -> int:
    """Ask about texts that nobody asked about yet, or in vain; the longest waiting first.

    One run at a time; a second caller returns at once. Killed, it has lost answers and no work.

    Returns
    -------
    int
        How many were judged.
    """
    with only_one("check texts") as mine:
        check = Moderation.current() if mine else None
        if check is None:
            return 0
        due = TextCheck.objects.pending().filter(next_at__lte=now).order_by("next_at", "pk")
        due = due.select_related("turn__picture").defer("turn__picture__content")
        rows = {row.pk: row for row in due[:limit]}
        texts = texts_of(rows.values())
        # Erased since: there is nothing left to check.
        TextCheck.objects.filter(pk__in=rows.keys() - texts.keys()).delete()
        examined = examine_all(check, texts)
        _store({rows[pk]: found for pk, found in examined.items()}, now)
        if not texts:
            _probe_when_quiet(check, now)
        return sum(isinstance(found.finding, Finding) for found in examined.values())


def examine_all[K](check: Moderation, texts: Mapping[K, InLine]) -> dict[K, Examined]:
    """Ask about all, a few at once; after a failure that is not a text's own the rest is left.

    Pictures are read when it is their turn: all of them together may be too large for a worker.
    """
    # Unlike asyncio.run it lets the coroutine read on this thread's connection to the database.
    return async_to_sync(_examine_all)(check, texts)


async def _examine_all[K](check: Moderation, texts: Mapping[K, InLine]) -> dict[K, Examined]:
    slots = asyncio.Semaphore(_AT_ONCE)
    clients = endpoint_clients()
    examined: dict[K, Examined] = {}
    dead = False

    async def ask(key: K, text: InLine) -> None:
        nonlocal dead
        async with slots:
            if dead:
                return
            content = await sync_to_async(_read)(text) if isinstance(text, Picture) else text
            if content is None:
                return
            began = time.monotonic()
            finding = await examine(clients, check, content)
            examined[key] = Examined(finding, time.monotonic() - began)
            dead |= isinstance(finding, NoFinding) and not finding.is_of_the_text

    try:
        await asyncio.gather(*(ask(key, text) for key, text in texts.items()))
    finally:
        await clients.close()
    return examined


def _read(picture: Picture) -> Checked | None:
    """Return a picture with its bytes, which go with the answer; None for one erased since."""
    found = Picture.objects.filter(pk=picture.pk).first()
    return None if found is None or found.is_erased else found.to_check


def texts_of(rows: Iterable[TextCheck]) -> dict[int, InLine]:
    """Return what checks are about, by the checks' keys; what is gone is left out."""
    rows = list(rows)
    answers: dict[tuple[int | None, str], str] = {
        (turn, side): text
        for turn, side, text in Reply.objects.filter(turn__in={row.turn_id for row in rows})
        .order_by()
        .values_list("turn_id", "side", "text")
    }
    found: dict[int, InLine | None] = {}
    for row in rows:
        match row.part:
            case Part.PROMPT:
                found[row.pk] = row.turn.prompt if row.turn else None
            case Part.PICTURE:
                found[row.pk] = picture_to_check(row.turn)
            case side:
                found[row.pk] = answers.get((row.turn_id, side))
    return {pk: text for pk, text in found.items() if text}


def picture_to_check(turn: Turn | None) -> Picture | None:
    """Return a turn's picture; None without one, and of an erased one."""
    picture = turn.picture if turn else None
    return None if picture is None or picture.is_erased else picture


def describe(row: TextCheck, examined: Examined, now: dt.datetime) -> None:
    """Write into a row what came of asking about its text."""
    row.tried_at, row.seconds = now, examined.seconds
    row.attempts += 1
    if isinstance(examined.finding, NoFinding):
        row.state, row.error_code = CheckState.UNVERIFIED, examined.finding.code
        row.next_at = now + pause_after(row.attempts)
        return
    row.error_code = ""
    row.flagged_for = list(examined.finding.flagged)
    row.scores = dict(examined.finding.scores)
    row.state = CheckState.FLAGGED if row.flagged_for else CheckState.CLEAR


def _store(examined: Mapping[TextCheck, Examined], now: dt.datetime) -> None:
    for row, found in examined.items():
        describe(row, found, now)
    TextCheck.objects.bulk_update(
        examined.keys(),
        [
            *("state", "flagged_for", "scores", "tried_at", "seconds", "attempts"),
            *("error_code", "next_at"),
        ],
    )


def _probe_when_quiet(check: Moderation, now: dt.datetime) -> None:
    last = TextCheck.objects.filter(tried_at__gt=now - _QUIET)
    if last.exists() or (check.probed_at and check.probed_at > now - _QUIET):
        return
    finding = examine_all(check, {0: HARMLESS})[0].finding
    check.note_probe(finding.code if isinstance(finding, NoFinding) else "", at=now)


def moderation_state() -> ModerationState:
    """Return whether the check is alive, and how many texts wait for it or for a moderator."""
    check = Moderation.objects.first()
    errors = _last_errors(check)
    pending = TextCheck.objects.pending()
    return ModerationState(
        mode=check.mode if check else "",
        alive=any(not error for error in errors) if errors else None,
        error_code=errors[0] if errors else "",
        unverified=pending.filter(state=CheckState.UNVERIFIED).count(),
        waiting=pending.filter(state=CheckState.WAITING).count(),
        to_rule_on=TextCheck.objects.to_rule_on().count(),
        leaves_pictures_out=bool(check and check.leaves_pictures_out),
    )


def _last_errors(check: Moderation | None) -> list[str]:
    """Return how the last answers failed, the newest first; empty text for one that came.

    A text that the check refused while it judged another is an answer of a check that lives.
    """
    tried = TextCheck.objects.filter(tried_at__isnull=False)
    if check and check.probed_at:
        tried = tried.filter(tried_at__gt=check.probed_at)
    codes = tried.order_by("-tried_at").values_list("error_code", flat=True)[:_LAST]
    errors = ["" if code == TEXT_REFUSED else code for code in codes]
    if len(errors) < _LAST and check and check.probed_at:
        errors.append(check.probe_error)
    return errors
