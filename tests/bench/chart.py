"""A bar chart of time ratios as SVG, written by hand: no drawing package is worth a dependency."""

from collections.abc import Sequence
from html import escape
from math import log10

_ROW, _LEFT, _WIDTH = 22, 300, 420


def bars(title: str, rows: Sequence[tuple[str, float]]) -> str:
    """Bars of ratios on a logarithmic axis, labelled at their ends.

    Parameters
    ----------
    title : str
    rows : sequence of (label, ratio)
        Ratios above 1.
    """
    top = max([log10(max(ratio, 1.01)) for _, ratio in rows], default=1)
    height = 60 + _ROW * len(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 90} {height}"',
        ' font-family="system-ui, sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="16" y="28" font-size="16" font-weight="600">{escape(title)}</text>',
    ]
    for place, (label, ratio) in enumerate(rows):
        y = 48 + _ROW * place
        width = max(1.0, _WIDTH * log10(max(ratio, 1.01)) / top)
        lines.append(
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{_LEFT}" y="{y + 1}" width="{width:.1f}" height="{_ROW - 6}" rx="2" '
            f'fill="#3b6fb6"/><text x="{_LEFT + width + 6:.1f}" y="{y + 13}">{ratio:,.3g}×</text>'
        )
    return "\n".join([*lines, "</svg>\n"])
