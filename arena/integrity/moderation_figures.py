"""Counts of the check of texts over a span of time, for the admin and for Prometheus."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationFigures:
    """How many texts were judged and flagged, and what became of prompts.

    ``unverified`` are those that the check was asked about last in vain. ``median_seconds`` and
    ``slow_seconds`` (the 95th percentile) are of the times until an answer or a failure; None
    without any.
    """

    judged: int
    flagged: int
    warned: int
    sent_anyway: int
    blocked: int
    refused: int
    unverified: int
    median_seconds: float | None
    slow_seconds: float | None


_QUERY = """
    SELECT count(*) FILTER (WHERE state IN ('clear', 'flagged')),
        count(*) FILTER (WHERE state = 'flagged'),
        count(*) FILTER (WHERE action = 'warned'),
        count(*) FILTER (WHERE action = 'sent_anyway'),
        count(*) FILTER (WHERE action = 'blocked'),
        count(*) FILTER (WHERE action = 'refused'),
        count(*) FILTER (WHERE state = 'unverified'),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
        percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)
    FROM battles_textcheck WHERE tried_at >= %s
"""


def moderation_figures(*, since: dt.datetime) -> ModerationFigures:
    """Count the texts that the check was last asked about since then."""
    with connection.cursor() as cursor:
        cursor.execute(_QUERY, [since])
        names = ModerationFigures.__dataclass_fields__
        return ModerationFigures(**dict(zip(names, cursor.fetchone(), strict=True)))
