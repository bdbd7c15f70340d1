"""The admin's first page: what is wrong now, what happens, and whether the jobs run."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from arena.operating import channels, days, jobs, sparklines
from arena.operating.complaints import Complaint, complaints
from arena.operating.models import ArenaDay, Problem
from arena.operating.wording import duration, percentage

_HOUR = dt.timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One kind of event: in the last hour, today, and on each of the last days."""

    title: str
    now: str
    unit: str
    today: str
    note: str
    chart: SafeString


class _Kind(NamedTuple):
    """What is counted, which of it is bad, and the word for that; columns of `ArenaDay`."""

    title: str
    column: str
    bad: str
    said: str


_KINDS = (
    _Kind("Battles", "battles", "void_battles", "void"),
    _Kind("Votes", "votes", "excluded", "not counted"),
    _Kind("Answers", "answers", "failed", "failed"),
)


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One scheduled job, as the page shows it."""

    title: str
    age: str
    period: str
    late: bool
    error: str
    failures: int
    chart: SafeString


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the page shows to the theme's context."""
    now = timezone.now()
    may = request.user.has_perm
    context["wrong"] = [one for one in _wrong(now) if not one.permission or may(one.permission)]
    context["alarms_go_to"] = channels.described()
    context["figures"] = figures(now, with_spend=may("catalog.view_budget"))
    context["jobs"] = job_rows(now)
    context["backup"] = _backup(now)
    return context


def _wrong(now: dt.datetime) -> list[Complaint]:
    """Return what is wrong and since when, also what only other machines can see."""
    stored = {problem.key: problem for problem in Problem.objects.filter(ended_at=None)}
    found = complaints(now)
    here = {one.key for one in found}
    return [
        *(
            replace(one, since=stored[one.key].began_at) if one.key in stored else one
            for one in found
        ),
        *(
            Complaint(
                key=key,
                title=problem.title,
                advice=problem.advice,
                host=problem.host,
                since=problem.began_at,
            )
            for key, problem in stored.items()
            if problem.host and key not in here
        ),
    ]


def figures(now: dt.datetime, *, with_spend: bool) -> list[Figure]:
    """Return what happens: now from the rows, earlier from the days that were counted."""
    dates = [now.date() - dt.timedelta(days=back) for back in reversed(range(days.SHOWN))]
    known = ArenaDay.objects.in_bulk(dates)
    hour = days.count(now - _HOUR, now)
    midnight = dt.datetime.combine(now.date(), dt.time(), dt.UTC)
    today = days.count(midnight, now + dt.timedelta(seconds=1))

    def each(column: str) -> list[float]:
        past = [getattr(known[date], column) if date in known else 0 for date in dates[:-1]]
        return [*past, today[column]]

    found = [_figure(kind, hour[kind.column], each(kind.column), each(kind.bad)) for kind in _KINDS]
    return [*found, _spend(dates)] if with_spend else found


def _figure(kind: _Kind, hour: int, values: Sequence[float], bad: Sequence[float]) -> Figure:
    whole, wrong = sum(values), sum(bad)
    share = percentage(wrong / whole) if whole else "none"
    return Figure(
        title=kind.title,
        now=f"{hour:,}",
        unit="in the last hour",
        today=f"{values[-1]:,.0f} today, {bad[-1]:,.0f} {kind.said}",
        note=f"{whole:,.0f} in {days.SHOWN} days, {share} {kind.said}",
        chart=sparklines.bars(
            values,
            bad=bad,
            title=f"{kind.title} on each of {days.SHOWN} days, "
            f"{wrong:,.0f} of {whole:,.0f} {kind.said}",
            write=lambda value: f"{value:,.0f}",
        ),
    )


def _spend(dates: Sequence[dt.date]) -> Figure:
    spent = days.spend(dates[0])
    values = [float(spent.get(date, 0)) for date in dates]
    return Figure(
        title="Spend",
        now=dollars(spent.get(dates[-1], Decimal(0))),
        unit="today",
        today="day in UTC",
        note=f"{dollars(sum(spent.values(), Decimal(0)))} in {days.SHOWN} days",
        chart=sparklines.bars(
            values, title=f"US dollars on each of {days.SHOWN} days", write=dollars
        ),
    )


def dollars(amount: float | Decimal) -> str:
    """Return US dollars, with cents, or more digits where it is less than one."""
    if amount and amount < 0.01:
        return f"${amount:.4f}"
    return f"${amount:,.2f}"


def job_rows(now: dt.datetime) -> list[JobRow]:
    """Return the scheduled jobs, with the longest time between two successes on each day."""
    known = jobs.jobs(now, days=days.SHOWN)
    since = jobs.first_heard_of(known)
    return [_job_row(job, now, since) for job in known]


def _job_row(job: jobs.Job, now: dt.datetime, since: dt.datetime | None) -> JobRow:
    by_day = {row.day: row for row in job.days}
    dates = [now.date() - dt.timedelta(days=back) for back in reversed(range(days.SHOWN))]
    gaps = [by_day[date].longest_gap_seconds if date in by_day else 0.0 for date in dates]
    age = job.age(now)
    return JobRow(
        title=job.title,
        age=f"{duration(age)} ago" if age is not None else "never",
        period=duration(job.period),
        late=since is None or job.is_late(now, since=since),
        error=job.error,
        failures=sum(row.failures for row in job.days),
        chart=sparklines.bars(
            gaps,
            title=f"Longest time between two successes on each of {days.SHOWN} days",
            write=duration,
        ),
    )


def _backup(now: dt.datetime) -> str:
    last = jobs.last_backup()
    return f"{duration((now - last).total_seconds())} ago" if last else ""
