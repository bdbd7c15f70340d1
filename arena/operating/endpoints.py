"""The page of endpoints' health: one row each, what is wrong, and what to do."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.generic import TemplateView

from arena.catalog.models import Endpoint
from arena.catalog.states import EndpointStanding, EndpointState, standings
from arena.operating import sparklines
from arena.operating.health import EndpointHealth, last_successes, read_health
from arena.operating.wording import advice_on, duration, percentage

HOURS = 24
_KINDS_SHOWN = 3
# What needs somebody first, then what is at work, then what stands aside by intention.
_ORDER = tuple(
    EndpointState[name]
    for name in ("PAUSED", "FAILED", "OVER_CAP", "UNTESTED", "IN_BATTLES", "OFF", "RETIRED")
)
_TONES = {
    EndpointState.IN_BATTLES: "good",
    **dict.fromkeys((EndpointState.PAUSED, EndpointState.FAILED, EndpointState.OVER_CAP), "bad"),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One endpoint, as the page shows it."""

    endpoint: Endpoint
    state: EndpointState
    until: dt.datetime | None
    tone: str
    advice: str
    answers: int
    failed: str
    kinds: list[tuple[str, int]]
    first_token: str
    tokens_per_second: str
    first_token_trend: SafeString
    rate_trend: SafeString
    failures_trend: SafeString
    last_success: str


def rows(now: dt.datetime) -> list[Row]:
    """Return all endpoints, those in trouble first; the number of queries is always the same."""
    health = read_health(now, hours=HOURS)
    endpoints = list(Endpoint.objects.select_related("language_model", "provider"))
    quiet = [one.pk for one in endpoints if health.of(one.pk).succeeded_at is None]
    earlier = last_successes(quiet)
    found = [
        _row(one, health.of(one.endpoint.pk), earlier.get(one.endpoint.pk), now)
        for one in standings(endpoints, at=now)
    ]
    return sorted(found, key=lambda row: (_ORDER.index(row.state), row.endpoint.model_name))


def _row(
    standing: EndpointStanding,
    health: EndpointHealth,
    earlier: dt.datetime | None,
    now: dt.datetime,
) -> Row:
    endpoint, state, _ = standing
    succeeded_at = health.succeeded_at or earlier
    ago = f"{duration((now - succeeded_at).total_seconds())} ago" if succeeded_at else "never"
    hours, whole = health.hours, health.whole
    return Row(
        endpoint=endpoint,
        state=state,
        until=endpoint.suspended_until if state == EndpointState.PAUSED else None,
        tone=_TONES.get(state, "quiet"),
        advice=advice_on(standing, health),
        answers=health.answers,
        failed=percentage(health.failed_share) if health.answers else "",
        kinds=health.kinds.most_common(_KINDS_SHOWN),
        first_token=_written(whole.first_token_seconds, seconds),
        tokens_per_second=_written(whole.tokens_per_second, rate),
        first_token_trend=sparklines.line(
            [hour.first_token_seconds for hour in hours],
            title=f"Time to the first token in each of {HOURS} hours",
            write=seconds,
        ),
        rate_trend=sparklines.line(
            [hour.tokens_per_second for hour in hours],
            title=f"Tokens a second in each of {HOURS} hours",
            write=rate,
        ),
        failures_trend=sparklines.bars(
            [hour.answers for hour in hours],
            bad=[hour.failed for hour in hours],
            title=f"Answers in each of {HOURS} hours, {whole.failed:,} of {whole.answers:,} failed",
            write=lambda value: f"{value:,.0f}",
        )
        if health.answers
        else SafeString(""),
        last_success=ago,
    )


def _written(value: float | None, write: Any) -> str:
    return "" if value is None else write(value)


def seconds(value: float) -> str:
    """Return seconds with their unit, no more exact than anyone can feel."""
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s" if value >= 1 else f"{value:.2f} s"


def rate(value: float) -> str:
    """Return tokens a second with their unit."""
    return f"{value:.0f}/s" if value >= 10 else f"{value:.1f}/s"


class EndpointsPage(PermissionRequiredMixin, TemplateView):
    """`/admin/endpoints/`."""

    permission_required = "catalog.view_endpoint"
    raise_exception = True
    template_name = "admin/operating/endpoints.html"
    # The theme gives it, by name.
    admin_site: Any = None

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        """Return the rows, and how many are in battles."""
        found = rows(timezone.now())
        at_work = sum(row.state == EndpointState.IN_BATTLES for row in found)
        return {
            **super().get_context_data(**named),
            **self.admin_site.each_context(self.request),
            "title": "Health of endpoints",
            "rows": found,
            "at_work": at_work,
            "wrong": sum(row.tone == "bad" for row in found),
            "hours": HOURS,
        }
