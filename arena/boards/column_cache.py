"""The columns of a source on local disk, kept up to date by reading what changed since.

A cache holds nothing of its own: it is made again from Postgres whenever it is missing, broken,
of another format, or of another life of the database. So it may be deleted at any time.

Files are only ever appended to. Facts that change are appended as new rows and their old rows are
listed as dead; the manifest, replaced in one step, says how many rows of each file there are. So
a process that is killed leaves what was there before, and whoever has mapped the files goes on
reading what was there then. A new generation of files replaces them when many rows are dead.
"""

import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TextIO

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray

from arena.boards.columns import VoteColumns
from arena.boards.vote_rows import ChangedRows, changed_rows

_log = logging.getLogger(__name__)

FORMAT = 3
# Longer than any reading of a source takes; a process that is killed frees the lock at once.
PATIENCE_SECONDS = 60.0
_SECONDS_BETWEEN_LOOKS = 0.05
# The share of dead rows from which the files are written anew.
_MOST_DEAD = 0.2
_KINDS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "vote": ("<i8", ()),
    "revision": ("<i8", ()),
    "a": ("<i4", ()),
    "b": ("<i4", ()),
    "outcome": ("i1", ()),
    "voter": ("<i8", ()),
    "at": ("<i8", ()),
    "bits": ("<u2", ()),
    "category": ("i1", ()),
    "language": ("i1", ()),
    "style": ("<f8", (4,)),
    # Rows that later ones replaced; not a column.
    "dead": ("<i8", ()),
}
# Generations that this process has compared with their checksums.
_verified: set[str] = set()


@dataclass(frozen=True)
class Manifest:
    """What a cache holds: how much of each file counts, and up to where it has read."""

    format: int
    generation: str
    epoch: str
    revision: int
    length: Mapping[str, int]
    checksum: Mapping[str, int]

    @property
    def dead_share(self) -> float:
        """Return how much of the rows is dead."""
        return self.length["dead"] / max(self.length["vote"], 1)


@dataclass(frozen=True, eq=False)
class Synced:
    """A source's decided votes in the order of their keys, at a revision."""

    columns: VoteColumns
    revision: int


class CacheHeldError(Exception):
    """Another process holds the cache and does not let go."""


class ColumnCache:
    """One source's columns in a folder of this machine."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.folder = (
            settings.COLUMNS_DIR / _database() / hashlib.sha256(source.encode()).hexdigest()[:16]
        )

    def sync(self) -> Synced:
        """Read what changed since the last time, keep it, and return all decided votes.

        Where the disk refuses, the votes are read from Postgres and the log says so.

        Raises
        ------
        CacheHeldError
            A process that hangs has kept the cache for longer than any reading takes.
        """
        try:
            with self._locked():
                return self._sync()
        except OSError as refusal:
            _log.warning("the column cache %s cannot be used: %s", self.folder, refusal)
        changed = changed_rows(self.source, after=0)
        return Synced(VoteColumns.of(changed.rows).in_order(), changed.revision)

    def drop(self) -> None:
        """Delete the cache."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _sync(self) -> Synced:
        manifest = self._manifest()
        changed = changed_rows(self.source, after=manifest.revision if manifest else 0)
        if manifest is not None and not _continues(manifest, changed):
            manifest, changed = None, changed_rows(self.source, after=0)
        if changed.epoch is None:  # no verdicts, so nothing to keep
            return Synced(VoteColumns.of(changed.rows), 0)
        if manifest is None:
            manifest = self._write_generation(VoteColumns.of(changed.rows).in_order(), changed)
        elif changed.revision > manifest.revision:
            manifest = self._append(manifest, changed)
        columns = self._live_columns(manifest)
        if manifest.dead_share > _MOST_DEAD:
            manifest = self._write_generation(columns, changed)
        return Synced(columns, manifest.revision)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder against other processes of this machine."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as lock:
            self._acquire(lock)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _acquire(self, lock: TextIO) -> None:
        """Wait for the lock; the limit is ours, since `flock` knows none."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    lock.seek(0)
                    raise CacheHeldError(
                        f"Process {lock.read()} has held {self.folder} for over "
                        f"{PATIENCE_SECONDS:g} seconds: end it if it hangs."
                    ) from None
                time.sleep(_SECONDS_BETWEEN_LOOKS)
            else:
                return

    def _manifest(self) -> Manifest | None:
        """Return what the folder holds; None when that cannot be relied on."""
        try:
            manifest = Manifest(**json.loads((self.folder / "manifest.json").read_bytes()))
            if manifest.format != FORMAT or set(manifest.length) != set(_KINDS):
                return None
            maps = {name: self._map(manifest, name) for name in _KINDS}
        except (FileNotFoundError, ValueError, TypeError):
            return None
        if manifest.generation not in _verified:
            if any(_crc(column, 0) != manifest.checksum[name] for name, column in maps.items()):
                _log.warning("the column cache %s is broken and will be made again", self.folder)
                return None
            _verified.add(manifest.generation)
        return manifest

    def _map(self, manifest: Manifest, name: str) -> NDArray[Any]:
        """Map the part of a file that counts.

        Raises
        ------
        ValueError
            The file is shorter.
        """
        kind, shape = _KINDS[name]
        length = manifest.length[name]
        if not length:
            return np.empty((0, *shape), dtype=kind)
        path = self.folder / manifest.generation / name
        return np.memmap(path, dtype=kind, mode="r", shape=(length, *shape))

    def _live_columns(self, manifest: Manifest) -> VoteColumns:
        columns = VoteColumns(**{name: self._map(manifest, name) for name in _columns()})
        dead = self._map(manifest, "dead")
        if len(dead):
            live = np.ones(len(columns), dtype=bool)
            live[dead] = False
            columns = columns.take(live)
        return columns.in_order()

    def _write_generation(self, columns: VoteColumns, changed: ChangedRows) -> Manifest:
        """Write all files anew beside the old ones, point at them, and delete the old ones."""
        empty = Manifest(
            format=FORMAT,
            generation=secrets.token_hex(8),
            epoch=str(changed.epoch),
            revision=0,
            length=dict.fromkeys(_KINDS, 0),
            checksum=dict.fromkeys(_KINDS, 0),
        )
        (self.folder / empty.generation).mkdir()
        contents = {name: getattr(columns, name) for name in _columns()}
        manifest = self._extend(empty, contents, changed.revision)
        _verified.add(manifest.generation)
        for entry in self.folder.iterdir():
            if entry.is_dir() and entry.name != manifest.generation:
                shutil.rmtree(entry, ignore_errors=True)
        return manifest

    def _append(self, manifest: Manifest, changed: ChangedRows) -> Manifest:
        columns = VoteColumns.of(changed.rows).in_order()
        contents = {name: getattr(columns, name) for name in _columns()}
        contents["dead"] = self._replaced(manifest, columns.vote)
        return self._extend(manifest, contents, changed.revision)

    def _replaced(self, manifest: Manifest, votes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows that hold older facts of these votes; nearly always there are none."""
        known = self._map(manifest, "vote")
        if not len(votes) or not len(known):
            return np.empty(0, dtype=np.int64)
        near = np.flatnonzero(known >= votes[0])
        rows = near[np.isin(known[near], votes)]
        return np.setdiff1d(rows, self._map(manifest, "dead"))

    def _extend(
        self, manifest: Manifest, contents: Mapping[str, NDArray[Any]], revision: int
    ) -> Manifest:
        """Append to the files, then replace the manifest, which makes it true."""
        length, checksum = dict(manifest.length), dict(manifest.checksum)
        for name, column in contents.items():
            if not len(column):
                continue
            kind, shape = _KINDS[name]
            values = np.ascontiguousarray(column, dtype=kind)
            start = length[name] * values.itemsize * int(np.prod(shape))
            path = self.folder / manifest.generation / name
            path.touch()
            with path.open("r+b") as file:
                file.truncate(start)  # what a killed process left behind
                file.seek(start)
                file.write(values.data)
            length[name] += len(values)
            checksum[name] = _crc(values, checksum[name])
        written = replace(manifest, revision=revision, length=length, checksum=checksum)
        temporary = self.folder / "manifest.new"
        temporary.write_text(json.dumps(asdict(written)), encoding="utf-8")
        os.replace(temporary, self.folder / "manifest.json")
        return written


def _continues(manifest: Manifest, changed: ChangedRows) -> bool:
    """Return whether what was read belongs to the same life of the source, and is not older."""
    return manifest.epoch == str(changed.epoch) and changed.revision >= manifest.revision


def _columns() -> tuple[str, ...]:
    return tuple(field.name for field in fields(VoteColumns))


def _crc(column: NDArray[Any], before: int) -> int:
    return zlib.crc32(np.ascontiguousarray(column).data, before) if column.size else before


def _database() -> str:
    """Return a name for the database that no other has: columns of one are not another's."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier, d.oid FROM pg_control_system(), pg_database d"
            " WHERE d.datname = current_database()"
        )
        system, number = cursor.fetchone()
    return f"{system}-{number}"
