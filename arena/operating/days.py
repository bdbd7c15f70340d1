"""What happened on each day: counted by a job, so that no page reads a month of battles."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import connection

from arena.catalog.models import DailySpend
from arena.operating.models import ArenaDay

SHOWN = 30
# A battle of the last minute before midnight may still be voted on, and decided, after it.
_SETTLES = dt.timedelta(hours=2)
_COUNT = """
    WITH battle AS (
        SELECT count(*) AS battles, count(voided_at) AS void FROM battles_battle
        WHERE created_at >= %(begin)s AND created_at < %(end)s AND endpoint_a_id IS NOT NULL
    ), vote AS (
        SELECT count(*) AS votes, count(*) FILTER (WHERE NOT f.counted) AS excluded
        FROM battles_vote v LEFT JOIN integrity_votefacts f ON f.vote_id = v.id
        WHERE v.cast_at >= %(begin)s AND v.cast_at < %(end)s AND v.source = 'live'
            AND NOT EXISTS (SELECT FROM battles_retraction r WHERE r.vote_id = v.id)
    ), answer AS (
        SELECT count(*) FILTER (WHERE r.state IN ('complete', 'failed')) AS answers,
            count(*) FILTER (WHERE r.state = 'failed') AS failed
        FROM battles_turn t JOIN battles_reply r ON r.turn_id = t.id
        WHERE t.started_at >= %(begin)s AND t.started_at < %(end)s AND r.endpoint_id IS NOT NULL
    )
    SELECT battles, void, votes, excluded, answers, failed FROM battle, vote, answer
"""
_COLUMNS = ("battles", "void_battles", "votes", "excluded", "answers", "failed")

type Counts = Mapping[str, int]


def count(begin: dt.datetime, end: dt.datetime) -> Counts:
    """Return what happened in live battles from one time to another, by `ArenaDay`'s columns."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"begin": begin, "end": end})
        return dict(zip(_COLUMNS, cursor.fetchone(), strict=True))


def count_days(now: dt.datetime) -> int:
    """Count today, and each of the last 30 days that was not counted to its end; return how many.

    Doing it twice, or two at once, is harmless.
    """
    days = [now.date() - dt.timedelta(days=back) for back in range(SHOWN)]
    known = dict(ArenaDay.objects.filter(day__in=days).values_list("day", "counted_at"))
    open_days = [day for day in days if day not in known or known[day] < _end_of(day) + _SETTLES]
    ArenaDay.objects.bulk_create(
        (
            ArenaDay(day=day, counted_at=now, **count(_end_of(day) - dt.timedelta(1), _end_of(day)))
            for day in open_days
        ),
        update_conflicts=True,
        unique_fields=["day"],
        update_fields=[*_COLUMNS, "counted_at"],
    )
    return len(open_days)


def spend(since: dt.date) -> dict[dt.date, Decimal]:
    """Return US dollars of the whole site by day; days without calls lack."""
    rows = DailySpend.objects.filter(endpoint=None, day__gte=since)
    return dict(rows.values_list("day", "spent"))


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC) + dt.timedelta(days=1)
