"""Tables as CSV, for whatever reads it: a program, or a spreadsheet that believes what it reads."""

import csv
import io
from collections.abc import Iterable

# A cell that begins so is a formula to a spreadsheet; names are other people's.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table with a heading as CSV (RFC 4180).

    A text that a spreadsheet would take for a formula gets an apostrophe in front; figures do not.
    What is not known is empty.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in row] for row in (heading, *rows))
    return text.getvalue()


def _plain(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return "" if cell is None else cell
