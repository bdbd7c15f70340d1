"""The public record beside the arena's own figures, and never joined to them."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from arena.boards.charts.frame import Chart, Column
from arena.boards.charts.over_time import eras
from arena.boards.findings import record_finding
from arena.boards.gap.record import published_record


def public_record() -> Chart:
    """Draw Chatbot Arena's published frontiers, an era at a time."""
    record = published_record()
    rows: list[dict[str, Any]] = [
        {
            "on": day.on.isoformat(),
            "era": day.era,
            "closed": day.closed_rating,
            "open": day.open_rating,
        }
        for day in record
    ]
    return Chart(
        name="public-record",
        title=record_finding(rows),
        subtitle=_(
            "Best closed and best open model on the public board by day, in points of its own "
            "scale. Lines break where that scale changed and where no copy is at hand"
        ),
        spec=eras(rows, until=rows[-1]["on"], labels={"closed": _("closed"), "open": _("open")}),
        columns=(
            Column(_("Date")),
            Column(_("Best closed model")),
            Column(_("Rating"), 0),
            Column(_("Best open model")),
            Column(_("Rating"), 0),
            Column(pgettext("of a page", "Copy")),
        ),
        rows=[
            (
                day.on.isoformat(),
                day.closed_model,
                day.closed_rating,
                day.open_model,
                day.open_rating,
                day.copy,
            )
            for day in record
        ],
        note=_(
            'There "open" is any licence that the board did not call proprietary, which is wider '
            "than here. The scale changed in December 2023, in January 2024 and on 27 March 2024."
        ),
    )
