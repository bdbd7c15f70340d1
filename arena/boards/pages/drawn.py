"""A chart as its template wants it: what is said, what is drawn, the table, the downloads."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from arena.boards.charts.frame import Cell, Chart, Column

_AXIS = 40


@dataclass(frozen=True)
class Download:
    """One form of a chart as a file."""

    label: str
    address: str


@dataclass(frozen=True)
class Drawn:
    """A chart on a page."""

    chart: Chart
    query: str

    @property
    def identifier(self) -> str:
        """Return the id of the element that holds the specification."""
        return f"{self.chart.name}-chart"

    @property
    def height(self) -> int:
        """Return the room to keep for the drawing, in pixels: its plot and, about, its axis."""
        return int(self.chart.spec["height"]) + _AXIS

    @property
    def headings(self) -> list[dict[str, Any]]:
        """Return the table's headings."""
        numbers = [self._is_number(place) for place in range(len(self.chart.columns))]
        return [
            {"label": column.label, "number": number}
            for column, number in zip(self.chart.columns, numbers, strict=True)
        ]

    @property
    def body(self) -> SafeString:
        """Return the table's rows as HTML: thousands of cells are too many for a template."""
        opening = [
            '<td class="number">' if self._is_number(place) else "<td>"
            for place in range(len(self.chart.columns))
        ]
        rows = (
            "".join(
                f"{tag}{escape(shown(cell, column))}</td>"
                for tag, cell, column in zip(opening, row, self.chart.columns, strict=True)
            )
            for row in self.chart.rows
        )
        return mark_safe("".join(f"<tr>{row}</tr>" for row in rows))  # noqa: S308  escaped above

    @property
    def downloads(self) -> list[Download]:
        """Return the chart as files."""
        return [
            *pictures_of(self.chart.name, self.query),
            *(
                Download(label, f"{reverse('chart', args=[self.chart.name, form])}{self.query}")
                for form, label in (("csv", _("Figures (CSV)")), ("json", _("Figures (JSON)")))
            ),
        ]

    def _is_number(self, place: int) -> bool:
        return self.chart.columns[place].digits is not None


def drawn(charts: Iterable[Chart | None], query: str) -> list[Drawn]:
    """Return the charts that there are, as templates want them."""
    return [Drawn(chart, query) for chart in charts if chart is not None]


def pictures_of(name: str, query: str) -> list[Download]:
    """Return a chart as pictures to keep."""
    return [
        Download(label, f"{reverse('chart', args=[name, form])}{query}")
        for form, label in (("png", _("Picture (PNG)")), ("svg", _("Drawing (SVG)")))
    ]


def preview(name: str, query: str) -> str:
    """Return the address of a chart as the preview of a link."""
    return (
        f"{reverse('chart', args=[name, 'png'])}{query}{'&' if len(query) > 1 else ''}size=preview"
    )


def shown(cell: Cell, column: Column) -> str:
    """Return a cell's text with as many digits as its column has, thousands parted."""
    if cell is None:
        return ""
    if isinstance(cell, int | float) and column.digits is not None:
        text = f"{cell:,.{column.digits}f}"
        return text.removeprefix("-") if not text.strip("-0.,") else text.replace("-", "\u2212")
    return str(cell)
