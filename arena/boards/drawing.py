"""Charts as pictures and files: PNG and SVG drawn on the server, CSV and JSON written out.

Drawing is done by a program of its own (`workers.drawing`), one at a time in each process; what
was drawn is kept while it is young, because link previews come in swarms.
"""

import json
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from arena.boards.charts.frame import DARK, LIGHT, Chart, Spec
from arena.boards.kept import Kept
from arena.boards.spreadsheets import csv_text

# Pixels. A preview has the size that most sites cut link pictures to.
_WIDTH = 960
_PREVIEW = (1200, 630)
_TITLE, _SUBTITLE = 21, 13
_FONTS = {"zh-hant": "Noto Sans TC"}
_FONT = "Noto Sans SC"
_MOST_SECONDS = 30

_drawing = threading.Semaphore(1)
_kept = Kept[bytes](48)


class NotDrawnError(Exception):
    """The picture could not be made now: too many are wanted, or the renderer failed."""


def picture(spec: Spec, form: str) -> bytes:
    """Return a specification's picture.

    Raises
    ------
    NotDrawnError
        Others are being drawn and this one's turn did not come, or drawing failed.
    """
    specification = json.dumps(spec, ensure_ascii=False)
    return _kept.get((specification, form), lambda: _draw_in_turn(specification, form))


def sheet_of(chart: Chart, language: str, *, theme: str = "light", source: str = "") -> Spec:
    """Return the specification of a picture to keep: title, subtitle, and where it comes from."""
    spec = _in_colours(chart.spec, language, theme)
    spec |= {"width": _WIDTH, "autosize": {"type": "pad"}, "padding": 28}
    below = [part for part in (chart.note, source) if part]
    spec["title"] = _heading(chart, _WIDTH, (_TITLE, _SUBTITLE), below=below)
    return spec


def preview_of(chart: Chart, language: str) -> Spec:
    """Return the specification of a link's preview: large type, no small print."""
    width, height = _PREVIEW
    spec = _in_colours(chart.spec, language, "light")
    spec |= {
        "width": width,
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 48,
    }
    spec["title"] = _heading(chart, width - 100, (34, 17), below=[settings.SITE_NAME])
    return spec


def as_csv(chart: Chart) -> str:
    """Return a chart's figures as CSV, with a heading."""
    return csv_text((column.label for column in chart.columns), chart.rows)


def as_json(chart: Chart, board: str = "") -> str:
    """Return what a chart says and its figures as JSON.

    ``name``, ``title``, ``subtitle``, ``note``, ``board`` (the id, null without one), ``columns``
    (labels), ``rows`` (a cell a column, null where there is no figure; days as ISO dates).
    """
    return json.dumps(
        {
            "name": chart.name,
            "title": chart.title,
            "subtitle": chart.subtitle,
            "note": chart.note,
            "board": board or None,
            "columns": [column.label for column in chart.columns],
            "rows": [list(row) for row in chart.rows],
        },
        ensure_ascii=False,
        default=str,
    )


def _draw_in_turn(specification: str, form: str) -> bytes:
    if not _drawing.acquire(timeout=_MOST_SECONDS / 3):
        raise NotDrawnError("other pictures are being drawn")
    try:
        return _draw(specification, form)
    finally:
        _drawing.release()


def _draw(specification: str, form: str) -> bytes:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "workers.drawing", form],
            input=specification.encode(),
            capture_output=True,
            timeout=_MOST_SECONDS,
            check=True,
            cwd=settings.BASE_DIR,
        )
    except subprocess.TimeoutExpired as error:
        raise NotDrawnError("the renderer took too long") from error
    except subprocess.CalledProcessError as error:
        raise NotDrawnError(error.stderr.decode(errors="replace")[:500]) from error
    return done.stdout


def _in_colours(drawn: Spec, language: str, theme: str) -> Spec:
    inks = DARK if theme == "dark" else LIGHT
    spec = deepcopy(drawn)
    spec["params"] = [{"name": name, "value": value} for name, value in inks.items()]
    spec["background"] = inks["page"]
    spec["config"]["font"] = font_of(language)
    return spec


def font_of(language: str) -> str:
    """Return the packaged type that writes Chinese as a language does."""
    return _FONTS.get(language, _FONT)


def _heading(
    chart: Chart, width: float, sizes: tuple[float, float], *, below: Sequence[str]
) -> Mapping[str, Any]:
    title, subtitle = sizes
    small = [
        line
        for paragraph in (chart.subtitle, *below)
        for line in wrapped(paragraph, width / subtitle)
    ]
    return {
        "text": wrapped(chart.title, width / title),
        "subtitle": small,
        "anchor": "start",
        "frame": "group",
        "fontSize": title,
        "fontWeight": "normal",
        "lineHeight": title * 1.3,
        "color": {"expr": "text"},
        "subtitleFontSize": subtitle,
        "subtitleLineHeight": subtitle * 1.45,
        "subtitleColor": {"expr": "quiet"},
        "subtitlePadding": 8,
        "offset": 24,
    }


def wrapped(text: str, width: float) -> list[str]:
    """Break a text into lines of about so many ems.

    Chinese breaks between any two characters, other scripts at spaces.
    """
    lines, line, used = [], "", 0.0
    for piece in _pieces(text):
        size = sum(_ems(character) for character in piece)
        if line and used + size > width:
            lines.append(line.rstrip())
            line, used = piece.lstrip(), size
        else:
            line, used = line + piece, used + size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """Return what may not be broken, each with the space before it."""
    pieces: list[str] = []
    for character in text:
        wide = _is_wide(character)
        closing = unicodedata.category(character) in {"Pe", "Pf", "Po"}
        if (
            pieces
            and not character.isspace()
            and (closing or not (wide or _is_wide(pieces[-1][-1])))
        ):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in {"W", "F"}


def _ems(character: str) -> float:
    return 1.0 if _is_wide(character) else 0.54


def source_line(*, board_id: str, day: str) -> str:
    """Return where a picture comes from, for its foot."""
    words = {"site": settings.SITE_NAME, "board": board_id[:12], "day": day}
    return _("%(site)s, board %(board)s, %(day)s") % words
