"""The charts of one model: its rating over time, and in each category."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from arena.boards.catalogue import describe
from arena.boards.charts.frame import Chart, Column, side_of
from arena.boards.charts.intervals import intervals
from arena.boards.charts.over_time import histories
from arena.boards.findings import history_finding, other_rules_note
from arena.boards.models import Board, Snapshot, SnapshotRow
from arena.boards.newest import newest_snapshots
from arena.boards.published_days import KEPT_NUMERICS, published_days
from arena.boards.slice_names import slice_name
from arena.catalog.models import LanguageModel

_MOST_DAYS = 400
# Of the rated models of any board.
_MEAN = 1000.0

type Builder = Callable[[LanguageModel, Board], Chart | None]


def history(model: LanguageModel, board: Board) -> Chart | None:
    """Draw a model's rating on each day's last published board."""
    published = published_days(board, most=_MOST_DAYS)
    made = Snapshot.objects.filter(pk__in=published).annotate(numerics=KEPT_NUMERICS)
    rules = {pk: rest for pk, *rest in made.values_list("pk", "parameters", "numerics")}
    # Points of other parameters, or of other code, are on another scale.
    newest = rules[next(iter(published))] if published else None
    days = {pk: day for pk, day in published.items() if rules[pk] == newest}
    found = SnapshotRow.objects.filter(
        snapshot__in=list(published), language_model=model, rating__isnull=False
    )
    lines = [line for line in found if line.snapshot_id in days]
    others = len(found) - len(lines)
    rows = sorted(
        (
            {
                "on": days[line.snapshot_id].isoformat(),
                "value": line.rating,
                "lower": line.lower,
                "upper": line.upper,
                "name": model.name,
                "votes": line.votes,
            }
            for line in lines
        ),
        key=lambda row: str(row["on"]),
    )
    # One day is not a history; where the model stands is said elsewhere.
    if len(rows) < 2:
        return None
    side = side_of(describe(model, timezone.now().date()).licence_class)
    return Chart(
        name="model-history",
        title=history_finding(model.name, rows),
        subtitle=_("Rating on each day's last published board, in points with 95% intervals"),
        spec=histories(rows, colour=side),
        columns=(
            Column(_("Date")),
            Column(_("Rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("Votes"), 0),
        ),
        rows=[(row["on"], row["value"], row["lower"], row["upper"], row["votes"]) for row in rows],
        note=other_rules_note(others),
    )


def categories(model: LanguageModel, board: Board) -> Chart | None:
    """Draw a model's rating in every slice of its board's source."""
    boards = newest_snapshots(Board.objects.of_all_time().filter(source=board.source))
    side = side_of(describe(model, timezone.now().date()).licence_class)
    lines = SnapshotRow.objects.filter(
        snapshot__in=boards, language_model=model, rating__isnull=False
    ).select_related("snapshot__board")
    rows: list[dict[str, Any]] = [
        {
            "label": slice_name(line.snapshot.board.category, line.snapshot.board.language),
            "rating": line.rating,
            "lower": line.lower,
            "upper": line.upper,
            "side": side,
            "votes": line.votes,
            "overall": line.snapshot.board_id == board.pk,
        }
        for line in lines
    ]
    if len(rows) < 2:
        return None
    rows.sort(key=lambda row: (not row["overall"], -row["rating"]))
    return Chart(
        name="model-categories",
        title=categories_finding(model.name, [row for row in rows if not row["overall"]]),
        subtitle=_(
            "Rating in each slice in points with 95% intervals; each slice has a scale of its own, "
            "with the mean of its models at 1000"
        ),
        spec=intervals(
            [
                {name: row[name] for name in ("label", "rating", "lower", "upper", "side")}
                for row in rows
            ]
        ),
        columns=(
            Column(_("Slice")),
            Column(_("Rating"), 0),
            Column(_("Lower"), 0),
            Column(_("Upper"), 0),
            Column(_("Votes"), 0),
        ),
        rows=[
            (row["label"], row["rating"], row["lower"], row["upper"], row["votes"]) for row in rows
        ],
    )


def categories_finding(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Say in how many slices a model is surely better or worse than the mean model there.

    Each slice has a scale of its own, with the mean of its models at 1000: two slices' ratings
    cannot be compared, but on which side of 1000 an interval lies can be told in each.
    """
    words: dict[str, Any] = {
        "name": name,
        "all": len(rows),
        "above": sum((row["lower"] or _MEAN) > _MEAN for row in rows),
        "below": sum((row["upper"] or _MEAN) < _MEAN for row in rows),
    }
    if len(rows) == 1:
        return _only_slice(words | {"slice": rows[0]["label"]})
    if words["above"] == words["all"]:
        return _("%(name)s is better than the mean model in each of %(all)d slices") % words
    if words["below"] == words["all"]:
        return _("%(name)s is worse than the mean model in each of %(all)d slices") % words
    if not words["above"] and not words["below"]:
        return _("%(name)s cannot be told from the mean model in any of %(all)d slices") % words
    return (
        _(
            "Of %(all)d slices %(name)s is better than the mean model in %(above)d, worse in "
            "%(below)d"
        )
        % words
    )


def _only_slice(words: Mapping[str, Any]) -> str:
    if words["above"]:
        return _("In %(slice)s %(name)s is better than the mean model") % words
    if words["below"]:
        return _("In %(slice)s %(name)s is worse than the mean model") % words
    return _("In %(slice)s %(name)s cannot be told from the mean model") % words
