"""What moderators do: have a flagged text shown, and rule on it. Both are kept for ever."""

import datetime as dt
from collections.abc import Collection

from django.db import connection, transaction

from arena.battles.moderation.models import Ruling, TextCheck, TextLook, Verdict
from arena.battles.pictures.models import Picture
from arena.integrity.moderation import texts_of
from workers.endpoints import Checked


@transaction.atomic
def rule_on(
    checks: Collection[int], verdict: Verdict, *, moderator: str, note: str, now: dt.datetime
) -> int:
    """Store a moderator's ruling on texts; it replaces earlier ones, which stay listed.

    Where votes hang on it they are decided again by the rules.

    Returns
    -------
    int
        How many texts it is about.
    """
    rows = TextCheck.objects.filter(pk__in=checks, turn__isnull=False)
    ruled = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    Ruling.objects.bulk_create(
        Ruling(text_check_id=pk, verdict=verdict, moderator=moderator, note=note, at=now)
        for pk in ruled
    )
    TextCheck.objects.filter(pk__in=ruled).update(verdict=verdict)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_undecidedvote (vote_id, source, final_at)"
            " SELECT v.id, v.source, v.final_at FROM battles_textcheck c"
            " JOIN battles_turn t ON t.id = c.turn_id"
            " JOIN battles_vote v ON v.battle_id = t.battle_id"
            " JOIN integrity_votefacts f ON f.vote_id = v.id"
            " WHERE c.id = ANY(%s) ON CONFLICT DO NOTHING",
            [ruled],
        )
    return len(ruled)


def show_text(row: TextCheck, *, moderator: str, now: dt.datetime) -> Checked:
    """Return a checked text or picture, after writing down who had it shown; an empty text when it
    was erased.
    """
    TextLook.objects.create(text_check=row, moderator=moderator, at=now)
    text = texts_of([row]).get(row.pk, "")
    return text.to_check if isinstance(text, Picture) else text
