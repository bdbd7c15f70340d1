"""Small charts as SVG: they take the page's colours, and say in words what they show."""

from collections.abc import Callable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 120, 28
_INSET = 2

type Values = Sequence[float | None]


def line(values: Values, *, title: str, write: Callable[[float], str]) -> SafeString:
    """Return a line over equal steps of time; it breaks where nothing is known.

    Parameters
    ----------
    values
        Oldest first; None where there is none.
    title
        What it is, for those who do not see it; its lowest, highest and last value are added.
    write
        A value with its unit.
    """
    known = [value for value in values if value is not None]
    if not known:
        return SafeString("")
    top = max(known) or 1.0
    step = (_WIDTH - 2 * _INSET) / max(1, len(values) - 1)
    points = [
        None if value is None else (_INSET + at * step, _y(value / top))
        for at, value in enumerate(values)
    ]
    x, y = next(point for point in reversed(points) if point is not None)
    return _drawing(
        format_html(
            '<path d="{}"/><path class="last" d="{}"/>', _path(points), f"M{x:.1f} {y:.1f}h0"
        ),
        kind="line",
        label=f"{title}: {write(min(known))} to {write(max(known))}, last {write(known[-1])}",
    )


def bars(
    values: Sequence[float],
    *,
    title: str,
    write: Callable[[float], str],
    bad: Sequence[float] = (),
) -> SafeString:
    """Return a bar for each step of time, the part that is ``bad`` from below in another colour."""
    top = max(values, default=0) or 1.0
    width = _WIDTH / max(1, len(values))
    whole = _rectangles(values, top, width, "whole")
    part = _rectangles(bad, top, width, "bad")
    ends = f"highest {write(max(values, default=0))}, last {write(values[-1] if values else 0)}"
    return _drawing(format_html("{}{}", whole, part), kind="bars", label=f"{title}: {ends}")


def _y(share: float) -> float:
    return _HEIGHT - _INSET - share * (_HEIGHT - 2 * _INSET)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return the pieces of a line; a point between two gaps is drawn as a dot of no length."""
    parts = []
    before = None
    for index, point in enumerate(points):
        if point is None:
            before = None
            continue
        after = points[index + 1] if index + 1 < len(points) else None
        parts.append(f"{'L' if before else 'M'}{point[0]:.1f} {point[1]:.1f}")
        if before is None and after is None:
            parts.append("h0")
        before = point
    return "".join(parts)


def _rectangles(values: Sequence[float], top: float, width: float, kind: str) -> SafeString:
    return format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (
            (
                kind,
                f"{at * width + width * 0.1:.2f}",
                f"{_HEIGHT - _tall(value, top):.2f}",
                f"{width * 0.8:.2f}",
                f"{_tall(value, top):.2f}",
            )
            for at, value in enumerate(values)
            if value
        ),
    )


def _tall(value: float, top: float) -> float:
    """Return the height of a bar; something is never nothing."""
    return max(1.0, value / top * _HEIGHT)


def _drawing(content: SafeString, *, kind: str, label: str) -> SafeString:
    return format_html(
        '<svg class="spark spark-{}" viewBox="0 0 {} {}" role="img" '
        'preserveAspectRatio="none" aria-label="{}"><title>{}</title>{}</svg>',
        kind,
        _WIDTH,
        _HEIGHT,
        label,
        label,
        content,
    )
