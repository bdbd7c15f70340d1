"""Published benchmark scores beside the arena's ratings."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.catalogue import describe
from arena.boards.charts.frame import Chart, Column, side_of
from arena.boards.charts.scatter import Across, scatter
from arena.boards.choices import Choice
from arena.boards.findings import scores_finding
from arena.boards.models import SnapshotRow
from arena.catalog.models import PublishedScore

_LEAST_MODELS = 5
_MOST_CHARTS = 2


def score_charts(choice: Choice) -> list[Chart]:
    """Draw the benchmarks that most of a board's rated models have a score of."""
    snapshot = choice.snapshot()
    if snapshot is None:
        return []
    rows = {row.language_model_id: row for row in snapshot.rows.all() if row.rating is not None}
    scores = list(
        PublishedScore.objects.filter(language_model__in=rows)
        .select_related("language_model")
        .prefetch_related("language_model__licensings")
        .order_by("benchmark", "language_model", "published_on")
    )
    models = Counter(
        benchmark
        for benchmark, _model in {(score.benchmark, score.language_model_id) for score in scores}
    )
    benchmarks = [
        benchmark
        for benchmark, number in models.most_common(_MOST_CHARTS)
        if number >= _LEAST_MODELS
    ]
    return [
        _chart(benchmark, place, snapshot.created_at.date(), rows, scores)
        for place, benchmark in enumerate(benchmarks)
    ]


def _chart(
    benchmark: str,
    place: int,
    day: dt.date,
    rows: Mapping[int, SnapshotRow],
    scores: Sequence[PublishedScore],
) -> Chart:
    own = [score for score in scores if score.benchmark == benchmark]
    latest = {score.language_model_id: score for score in own}  # the newest said of a model
    points: list[dict[str, Any]] = []
    for score in latest.values():
        row, facts = rows[score.language_model_id], describe(score.language_model, day)
        points.append(
            {
                "x": score.value,
                "rating": row.rating,
                "lower": row.lower,
                "upper": row.upper,
                "name": facts.name,
                "side": side_of(facts.licence_class),
                "score": score,
            }
        )
    drawn = [{name: value for name, value in each.items() if name != "score"} for each in points]
    return Chart(
        name=f"score-{place + 1}",
        title=scores_finding(benchmark, points),
        subtitle=_("Arena rating in points with 95% intervals against the score others published"),
        spec=scatter(drawn, Across(benchmark), front=()),
        columns=(
            Column(_("Model")),
            Column(_("Score"), 1),
            Column(_("Shots")),
            Column(_("Harness")),
            Column(_("Source")),
            Column(_("Date")),
            Column(_("Rating"), 0),
        ),
        rows=[
            (
                each["name"],
                each["x"],
                each["score"].shots,
                each["score"].harness,
                each["score"].source,
                each["score"].published_on,
                each["rating"],
            )
            for each in points
        ],
        note=_(
            "Shots and harness differ between sources; scores are as published, not measured here."
        ),
    )
