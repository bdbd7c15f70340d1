"""Boards as files: JSON with everything, CSV and Parquet with the table."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratings.board import Board
from ratings.errors import InvalidParameter
from ratings.style import StyledBoard

SUFFIXES = (".json", ".csv", ".parquet")


def board_record(board: Board, least_votes: int | None = None) -> dict[str, Any]:
    """A board as plain values: id, parameters, notes, published rows, style coefficients.

    The id and the figures' hash are of all rows, also where some are shown without a rating.
    """
    record: dict[str, Any] = {
        "id": board.id,
        "figures_hash": board.figures_hash,
        "parameters": dict(board.parameters),
        "notes": list(board.notes),
        "rows": _table(board, least_votes),
    }
    if isinstance(board, StyledBoard):
        record["style"] = [
            {"feature": name, "coefficient": value, "lower": lower, "upper": upper}
            for name, value, (lower, upper) in zip(
                board.coefficient_names,
                board.coefficients.round(6).tolist(),
                board.coefficient_intervals.round(6).tolist(),
                strict=True,
            )
        ]
    return record


def check_suffix(path: Path) -> None:
    """Refuse a name that does not say which format is meant, before any work is done."""
    if path.suffix.lower() not in SUFFIXES:
        raise InvalidParameter(f"{path.name}: the name must end in {', '.join(SUFFIXES)}")


def write_boards(
    path: Path,
    boards: Mapping[str, Board],
    refused: Mapping[str, str],
    gaps: Mapping[str, Mapping[str, Any]] | None = None,
    least_votes: int | None = None,
) -> None:
    """Write boards by name, in the format that the name of the file says.

    Parameters
    ----------
    path : Path
    boards : mapping of name to Board
    refused : mapping of name to sentence
        Slices without a board; only JSON keeps them.
    gaps : mapping of name to gap, optional
        Of `ratings.gap_record`; only JSON keeps them.
    least_votes : int, optional
        Models with fewer are written without a rating: see `Board.shown`.
    """
    check_suffix(path)
    match path.suffix.lower():
        case ".json":
            content = {
                name: board_record(board, least_votes)
                | ({"gap": gaps[name]} if gaps and name in gaps else {})
                for name, board in boards.items()
            }
            whole = {"boards": content, "refused": dict(refused)}
            path.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
        case ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                rows = _rows(boards, least_votes)
                writer = csv.DictWriter(file, rows[0] if rows else ["board", "model"])
                writer.writeheader()
                writer.writerows(rows)
        case _:
            import pyarrow as pa  # noqa: PLC0415 - only for Parquet
            import pyarrow.parquet as pq  # noqa: PLC0415

            pq.write_table(pa.Table.from_pylist(_rows(boards, least_votes)), path)


def _rows(boards: Mapping[str, Board], least_votes: int | None) -> list[dict[str, Any]]:
    return [
        {"board": name} | row
        for name, board in boards.items()
        for row in _table(board, least_votes)
    ]


def _table(board: Board, least_votes: int | None) -> list[dict[str, Any]]:
    return board.rows() if least_votes is None else board.shown(least_votes)
