"""What a turn's texts have to do with the check: they come into its line."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from arena.battles.moderation.models import Part, TextCheck
from arena.catalog.models import Mode, Moderation

if TYPE_CHECKING:
    from arena.battles.models import Turn


def is_checked() -> bool:
    """Return whether texts are checked here at all."""
    return Moderation.objects.exclude(mode=Mode.OFF).exists()


def queue_checks(turn: "Turn", answered: Iterable[str]) -> None:
    """Put the texts of a turn that has ended into the line, in the transaction that ended it.

    Parameters
    ----------
    turn : Turn
    answered : iterable of str
        The sides that have a text.
    """
    check = Moderation.current()
    if check is None:
        return
    # Asked before it was sent, perhaps for an attempt that failed.
    asked = TextCheck.objects.of_battle(turn.battle_id).filter(turn__number=turn.number)
    parts = [*answered]
    if not asked.filter(part=Part.PROMPT, turn__prompt=turn.prompt).exists():
        parts.append(Part.PROMPT)
    shown = turn.picture_id if check.takes_pictures else None
    if shown and not asked.filter(part=Part.PICTURE, turn__picture=shown).exists():
        parts.append(Part.PICTURE)
    TextCheck.objects.bulk_create(
        (TextCheck(turn_id=turn.pk, part=part) for part in parts), ignore_conflicts=True
    )
