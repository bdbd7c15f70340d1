"""The charts of the gap page, in their order."""

from collections.abc import Callable
from typing import Any

from arena.boards.charts.frame import Chart
from arena.boards.figures import gap_by_group as by_group
from arena.boards.figures import gap_over_time as over_time
from arena.boards.figures.reading import GapReading
from arena.catalog.licences import LicenceClass

type Builder = Callable[[GapReading], Chart | None]

RETROSPECTIVE: tuple[Builder, ...] = (
    over_time.frontiers,
    over_time.gap_over_time,
    over_time.lag_over_time,
    by_group.catch_up,
    by_group.by_category,
    by_group.by_language,
    over_time.fixed_mix,
    by_group.ladder,
    by_group.budgets,
    over_time.top_means,
    over_time.top_mean,
    by_group.direct,
)
AS_PUBLISHED: tuple[Builder, ...] = (over_time.as_published,)


def class_shares(reading: GapReading) -> list[dict[str, Any]]:
    """Return, by licence class, its models, its eligible models and its share of the votes."""
    lowered = reading.figures.get("shares") if reading.lowered else None
    shares = lowered or reading.content.get("shares") or {}
    return [
        {
            **shares[name],
            "class": name,
            "label": str(LicenceClass(name).label),
            "votes": f"{shares[name]['votes']:,}",
        }
        for name in LicenceClass.values
        if name in shares
    ]
