"""How each endpoint answered lately: one query over the turns of the last hours."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Subquery

from arena.battles.models import Reply, ReplyState
from arena.catalog.models import Endpoint

_READ = """
    SELECT endpoint_id, hour, error_code, count(*), max(ended_at),
        count(*) FILTER (WHERE state = 'failed'),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY first_token),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY rate)
    FROM (
        SELECT r.endpoint_id, r.state, r.error_code,
            least(floor(extract(epoch FROM t.started_at - %(since)s) / 3600), %(last)s)::int
                AS hour,
            CASE WHEN r.state = 'complete' THEN t.ended_at END AS ended_at,
            CASE WHEN r.state = 'complete' THEN r.first_token_seconds END AS first_token,
            CASE WHEN r.state = 'complete' THEN r.completion_tokens
                / nullif(r.total_seconds - r.first_token_seconds, 0) END AS rate
        FROM battles_turn t JOIN battles_reply r ON r.turn_id = t.id
        WHERE t.started_at >= %(since)s AND t.started_at <= %(now)s
            AND r.endpoint_id IS NOT NULL AND r.state IN ('complete', 'failed')
            AND r.error_code <> 'busy'  -- nothing was asked of it
    ) AS recent
    GROUP BY GROUPING SETS ((endpoint_id), (endpoint_id, hour), (endpoint_id, error_code))
"""


@dataclass(frozen=True)
class Hour:
    """An endpoint's answers of one hour.

    Attributes
    ----------
    answers, failed : int
        Those that ended by themselves, and how many of them failed.
    first_token_seconds, tokens_per_second : float or None
        Medians over the complete ones.
    """

    answers: int = 0
    failed: int = 0
    first_token_seconds: float | None = None
    tokens_per_second: float | None = None


@dataclass
class EndpointHealth:
    """An endpoint's answers over the whole window.

    Attributes
    ----------
    whole : Hour
        The window as one.
    hours : list of Hour
        Oldest first.
    kinds : Counter of str
        Codes of the failures.
    succeeded_at : datetime or None
        The end of the last complete answer in the window.
    """

    hours: list[Hour]
    whole: Hour = Hour()
    kinds: Counter[str] = field(default_factory=Counter)
    succeeded_at: dt.datetime | None = None

    @property
    def answers(self) -> int:
        """Answers that ended by themselves."""
        return self.whole.answers

    @property
    def failed_share(self) -> float:
        """The share of them that failed; 0 without any."""
        return self.whole.failed / self.whole.answers if self.whole.answers else 0.0

    @property
    def commonest(self) -> str:
        """The code of most failures; empty without any."""
        return self.kinds.most_common(1)[0][0] if self.kinds else ""


class Health:
    """The answers of all endpoints over a window that ends now."""

    def __init__(self, hours: int) -> None:
        self._hours = hours
        self._by_endpoint: dict[int, EndpointHealth] = {}

    def of(self, endpoint: int) -> EndpointHealth:
        """Return those of one endpoint, which may have none."""
        if endpoint not in self._by_endpoint:
            self._by_endpoint[endpoint] = EndpointHealth([Hour()] * self._hours)
        return self._by_endpoint[endpoint]


def read_health(now: dt.datetime, *, hours: int = 24) -> Health:
    """Return how every endpoint answered in the last hours; one query, whatever their number."""
    health = Health(hours)
    window: dict[str, Any] = {
        "now": now,
        "since": now - dt.timedelta(hours=hours),
        "last": hours - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, window)
        rows: Sequence[
            tuple[
                int,
                int | None,
                str | None,
                int,
                dt.datetime | None,
                int,
                float | None,
                float | None,
            ]
        ] = cursor.fetchall()
    for endpoint, hour, code, answers, succeeded_at, failed, first_token, rate in rows:
        of_it = health.of(endpoint)
        figures = Hour(answers, failed, first_token, rate)
        if hour is not None:
            of_it.hours[hour] = figures
        elif code is None:
            of_it.whole, of_it.succeeded_at = figures, succeeded_at
        elif failed:
            of_it.kinds[code] += failed
    return health


def last_successes(endpoints: Collection[int]) -> Mapping[int, dt.datetime | None]:
    """Return when endpoints last gave a complete answer, however long ago; one query."""
    newest = Reply.objects.filter(endpoint=OuterRef("pk"), state=ReplyState.COMPLETE)
    ended = newest.order_by("-pk").values("turn__ended_at")[:1]
    found = Endpoint.objects.filter(pk__in=endpoints).annotate(succeeded_at=Subquery(ended))
    return dict(found.order_by().values_list("pk", "succeeded_at"))
