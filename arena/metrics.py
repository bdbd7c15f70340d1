"""Figures for Prometheus, read from the rows at each scrape.

The rows are the truth for all processes at once, so no process keeps counters of its own
and any one of them may be scraped.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from arena.battles.models import Battle, Turn, TurnState, Vote
from arena.boards.models import BoardFailure, Snapshot
from arena.catalog.models import Endpoint, LanguageModel
from arena.integrity.models import FailedLabel
from arena.integrity.moderation import moderation_state
from arena.integrity.moderation_figures import moderation_figures
from arena.operating import jobs
from arena.operating.models import Notice, Problem


class ArenaCollector(Collector):
    """The arena's own figures; each is one indexed query."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges; while Postgres is away only that it is, so that an alarm can see it."""
        try:
            figures = list(self._figures())
        except (OperationalError, InterfaceError):
            figures = []
        yield GaugeMetricFamily(
            "parity_database_answers",
            "1 while Postgres answers; at 0 the figures that stand in its rows are missing.",
            value=bool(figures),
        )
        yield from figures

    def _figures(self) -> Iterator[Metric]:
        now = timezone.now()
        hour_ago = now - dt.timedelta(hours=1)
        turns = GaugeMetricFamily(
            "parity_turns_last_hour", "Turns begun in the last hour.", labels=["state"]
        )
        counts = dict(
            Turn.objects.filter(started_at__gte=hour_ago)
            .order_by()
            .values_list("state")
            .annotate(Count("id"))
        )
        for state in TurnState.values:
            turns.add_metric([state], counts.get(state, 0))
        yield turns
        yield GaugeMetricFamily(
            "parity_battles_void_last_hour",
            "Battles begun in the last hour that ended void.",
            value=Battle.objects.filter(created_at__gte=hour_ago).exclude(voided_at=None).count(),
        )
        yield GaugeMetricFamily(
            "parity_votes_last_hour",
            "Live votes cast in the last hour.",
            value=Vote.objects.filter(source="live", cast_at__gte=hour_ago).count(),
        )
        yield GaugeMetricFamily(
            "parity_models_drawable",
            "Models that can enter a battle now; under two, no battle can start.",
            value=LanguageModel.objects.drawable(at=now).count(),
        )
        yield GaugeMetricFamily(
            "parity_endpoints_suspended",
            "Enabled endpoints that the circuit breaker holds out of the draw.",
            value=Endpoint.objects.filter(enabled=True, suspended_until__gt=now).count(),
        )
        yield GaugeMetricFamily(
            "parity_labels_unverified",
            "Prompts that the labelling endpoint was asked about in vain.",
            value=FailedLabel.objects.count(),
        )
        yield from _of_moderation(hour_ago)
        yield GaugeMetricFamily(
            "parity_boards_failing",
            "Sources whose boards could not be made the last time a job tried.",
            value=BoardFailure.objects.count(),
        )
        yield GaugeMetricFamily(
            "parity_problems",
            "Problems that last, as the admin's first page lists them.",
            value=Problem.objects.filter(ended_at=None).exclude(told_at=None).count(),
        )
        yield GaugeMetricFamily(
            "parity_alarms_unsent",
            "What an e-mail or webhook was to tell and could not yet.",
            value=Notice.objects.filter(sent_at=None, attempts__gt=0).count(),
        )
        ages = GaugeMetricFamily(
            "parity_job_age_seconds",
            "Seconds since a scheduled job ended well; none for one that never did.",
            labels=["job"],
        )
        for job in jobs.jobs(now, days=2):
            age = job.age(now)
            if age is not None:
                ages.add_metric([job.name], age)
        yield ages
        newest = Snapshot.objects.aggregate(at=Max("created_at"))["at"]
        if newest is not None:
            yield GaugeMetricFamily(
                "parity_snapshot_age_seconds",
                "Age of the newest snapshot of any board.",
                value=(now - newest).total_seconds(),
            )


def _of_moderation(hour_ago: dt.datetime) -> Iterator[Metric]:
    """Yield how the check of texts does; nothing where none is set up."""
    state = moderation_state()
    if not state.mode:
        return
    if state.alive is not None:
        yield GaugeMetricFamily(
            "parity_moderation_answers",
            "1 while the check of texts answers.",
            value=state.alive,
        )
    texts = GaugeMetricFamily(
        "parity_moderation_texts", "Texts that wait, and for what.", labels=["state"]
    )
    for name in ("unverified", "waiting", "to_rule_on"):
        texts.add_metric([name], getattr(state, name))
    yield texts
    figures = moderation_figures(since=hour_ago)
    counts = GaugeMetricFamily(
        "parity_moderation_last_hour",
        "Texts that the check was asked about in the last hour, by what came of it.",
        labels=["result"],
    )
    for name in ("judged", "flagged", "warned", "sent_anyway", "blocked", "refused", "unverified"):
        counts.add_metric([name], getattr(figures, name))
    yield counts
    if figures.median_seconds is not None and figures.slow_seconds is not None:
        seconds = GaugeMetricFamily(
            "parity_moderation_seconds",
            "How long the check took in the last hour, answers and failures.",
            labels=["quantile"],
        )
        seconds.add_metric(["0.5"], figures.median_seconds)
        seconds.add_metric(["0.95"], figures.slow_seconds)
        yield seconds


def registry() -> CollectorRegistry:
    """Return the figures of this process and of the arena."""
    found = CollectorRegistry()
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    found.register(ArenaCollector())
    return found
