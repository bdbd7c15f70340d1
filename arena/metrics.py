"""Figures for Prometheus, read from the rows at each scrape.

The rows are the truth for all processes at once, so no process keeps counters of its own
and any one of them may be scraped.
"""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from arena.battles.models import Battle, Turn, TurnState, Vote
from arena.boards.models import BoardFailure, Snapshot
from arena.catalog.models import Endpoint, LanguageModel
from arena.integrity.models import FailedLabel


class ArenaCollector(Collector):
    """The arena's own figures; each is one indexed query."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
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
        yield GaugeMetricFamily(
            "parity_boards_failing",
            "Sources whose boards could not be made the last time a job tried.",
            value=BoardFailure.objects.count(),
        )
        newest = Snapshot.objects.aggregate(at=Max("created_at"))["at"]
        if newest is not None:
            yield GaugeMetricFamily(
                "parity_snapshot_age_seconds",
                "Age of the newest snapshot of any board.",
                value=(now - newest).total_seconds(),
            )


def registry() -> CollectorRegistry:
    """Return the figures of this process and of the arena."""
    found = CollectorRegistry()
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    found.register(ArenaCollector())
    return found
