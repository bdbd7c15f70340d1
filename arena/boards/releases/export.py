"""Writes a release into a folder; killed and started again, it goes on where it was.

votes.parquet, votes.jsonl   every decided vote, counted or not and why
turns/part-00001.parquet     prompts and answers, in parts; the same as .jsonl
boards.json                  ids, figures and the command that gives each board and gap again
models-*.csv                 what was known of the models then: licences, days, sizes
DATA.md, LICENCE.md          what each column means, and what may be done with it
SHA256SUMS                   of every file; `sha256sum --check SHA256SUMS`
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from arena.boards.models import Publication
from arena.boards.releases import turns
from arena.boards.releases.boards import write_boards
from arena.boards.releases.description import data_dictionary, licence_text
from arena.boards.releases.personal_data import require
from arena.boards.releases.votes import SCHEMA, Pseudonyms, count_votes, vote_tables

_TEXTS_AT_ONCE = 2_000


class ReleaseRefusedError(Exception):
    """Nothing can be released; the text says why."""


@dataclass(frozen=True)
class Release:
    """What was written."""

    folder: Path
    source: str
    revision: int
    votes: int
    turns: int
    boards: int


def export_release(
    source: str, folder: Path, *, on_progress: Callable[[str, int, int], None] | None = None
) -> Release:
    """Write the newest published boards of a source and the votes that they were made of.

    Parameters
    ----------
    source : str
    folder : Path
        Empty, or with a release that was broken off.
    on_progress : callable, optional
        Called with what is written, how much of it is, and how much there is.

    Raises
    ------
    ReleaseRefusedError
        There is no published board, or the folder holds something else.
    PersonalDataUnavailableError
        Presidio is not installed.
    """
    require()
    tell = on_progress or (lambda what, done, total: None)
    plan = _Plan.resume(folder) or _Plan.begin(source, folder)
    if plan.source != source:
        raise ReleaseRefusedError(f"{folder} holds a release of {plan.source} that broke off.")
    total = count_votes(source, plan.revision)
    texts = _write_votes(plan, total, tell)
    boards = write_boards(plan.folder, plan.source, plan.revision)
    (folder / "DATA.md").write_text(data_dictionary(plan.source), encoding="utf-8")
    (folder / "LICENCE.md").write_text(licence_text(), encoding="utf-8")
    _write_sums(folder)
    plan.finish()
    return Release(folder, source, plan.revision, total, texts, boards)


@dataclass(frozen=True)
class _Plan:
    """What is being released; kept in the folder while it is incomplete, with the voters' key."""

    folder: Path
    source: str
    revision: int
    key: str

    @classmethod
    def resume(cls, folder: Path) -> "_Plan | None":
        try:
            kept = json.loads((folder / ".incomplete").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return cls(folder, kept["source"], kept["revision"], kept["key"])

    @classmethod
    def begin(cls, source: str, folder: Path) -> "_Plan":
        if folder.exists() and any(folder.iterdir()):
            raise ReleaseRefusedError(f"{folder} is not empty.")
        newest = Publication.objects.filter(source=source).order_by("-period").first()
        if newest is None:
            raise ReleaseRefusedError(
                f"No boards of {source} have been published yet: there is nothing to release."
            )
        (folder / "turns").mkdir(parents=True, exist_ok=True)
        plan = cls(folder, source, newest.decisions, secrets.token_hex(32))
        kept = {"source": source, "revision": plan.revision, "key": plan.key}
        path = folder / ".incomplete"
        path.touch(mode=0o600)
        path.write_text(json.dumps(kept), encoding="utf-8")
        return plan

    def finish(self) -> None:
        """Destroy the voters' key: the release is complete."""
        (self.folder / ".incomplete").unlink()


def _write_votes(plan: _Plan, total: int, tell: Callable[[str, int, int], None]) -> int:
    """Write the votes anew, and the parts of the texts that are not there yet."""
    pseudonyms = Pseudonyms(bytes.fromhex(plan.key))
    done = texts = 0
    with ExitStack() as files:
        lines = files.enter_context((plan.folder / "votes.jsonl").open("w", encoding="utf-8"))
        parquet = files.enter_context(
            pq.ParquetWriter(plan.folder / "votes.parquet", SCHEMA, compression="zstd")
        )
        for table, battles in vote_tables(plan.source, plan.revision, pseudonyms):
            parquet.write_table(table)
            for row in table.to_pylist():
                lines.write(json.dumps(row, default=_moment, ensure_ascii=False) + "\n")
            for start in range(0, len(battles), _TEXTS_AT_ONCE):
                block = battles[start : start + _TEXTS_AT_ONCE]
                texts += _write_turns(plan.folder, block, first=done + start + 1)
                tell("votes", done + start + len(block), total)
            done += len(battles)
    return texts


def _write_turns(folder: Path, battles: list[Any], *, first: int) -> int:
    """Write one part, unless it was written before; return how many turns it has."""
    name = folder / "turns" / f"part-{first:09d}"
    parquet, lines = name.with_suffix(".parquet"), name.with_suffix(".jsonl")
    if parquet.exists():
        return int(pq.read_metadata(parquet).num_rows)
    rows = turns.released_turns(battles, first=first)
    if not rows:
        return 0
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    # Last and in one step: a part that is there is whole.
    temporary = name.with_suffix(".new")
    pq.write_table(pa.Table.from_pylist(rows), temporary, compression="zstd")
    temporary.replace(parquet)
    return len(rows)


def _write_sums(folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    lines = [
        f"{_sha256(path)}  {path.relative_to(folder)}\n"
        for path in files
        if path.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moment(value: Any) -> str:
    return str(value.isoformat())
