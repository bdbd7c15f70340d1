"""Where the embedded servers keep their files, and as whom they run.

Everything follows from the root (`.local/`) and from what is on disk, so that every process
computes the same addresses without asking anyone:

- `ROOT/servers/` holds the data, logs and sockets. Started by root, the servers run as a system
  user. Where that user cannot enter the root (a home of mode 0700), `ROOT/servers` is a link to
  `/var/lib/parity-HASH` instead. No folder outside the root is ever opened up.
- Sockets lie in `servers/sockets`, or in `/tmp/parity-HASH` when that path is too long for a
  socket. The folder belongs to the servers' user, mode 0700: that user and root enter it, nobody
  else does. This is why the servers ask for no password.
"""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from arena.embedded.errors import EmbeddedError

# Linux takes 107 bytes for a socket's path, macOS 103; one limit keeps the choice the same.
MAX_SOCKET_PATH = 103
POSTGRES_SOCKET = ".s.PGSQL.5432"
# Fixed, not $TMPDIR, which differs between a user's shell, cron and sudo.
_TEMPORARY = Path("/tmp")  # noqa: S108 -- the folder in it is checked for its owner and mode
_STATE = Path("/var/lib") if Path("/var/lib").is_dir() else Path("/var/db")
_SYSTEM_USERS = ("postgres", "_postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The system user that the servers run as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, uid: int) -> Self:
        """Return the account of a user number, which need not be in the user database."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            return cls(name=str(uid), uid=uid, gid=os.getegid())
        return cls(name=entry.pw_name, uid=uid, gid=entry.pw_gid)

    @property
    def is_me(self) -> bool:
        """Whether this process already runs as this account."""
        return self.uid == os.geteuid()

    def process_arguments(self) -> dict[str, Any]:
        """Return the `subprocess` arguments that run a child as this account."""
        if self.is_me:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, folder: Path) -> bool:
        """Return whether the mode bits let this account reach what lies in `folder`."""
        return all(
            self._has_bit(parent, stat.S_IXUSR)
            for parent in (folder, *folder.parents)
            if parent.exists()
        )

    def may_read(self, path: Path) -> bool:
        """Return whether the mode bits let this account read the file or list the folder."""
        return self.may_enter(path.parent) and self._has_bit(path, stat.S_IRUSR)

    def _has_bit(self, path: Path, owner_bit: int) -> bool:
        status = path.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & owner_bit)
        if status.st_gid == self.gid:
            return bool(status.st_mode & owner_bit >> 3)
        return bool(status.st_mode & owner_bit >> 6)


@dataclass(frozen=True)
class Layout:
    """The paths of the embedded servers of one root."""

    root: Path
    """The absolute path of `.local/`."""

    @cached_property
    def digest(self) -> str:
        """A short name for the root, the same in every process."""
        return hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]

    @property
    def entry(self) -> Path:
        """`ROOT/servers`: the home itself, or the link to it."""
        return self.root / "servers"

    @property
    def mutex(self) -> Path:
        """The lock held while servers are started or stopped."""
        return self.root / "servers.lock"

    @cached_property
    def home(self) -> Path:
        """The folder of data, logs and locks. What is on disk already decides, then the modes."""
        if self.entry.is_symlink():
            return self.entry.readlink()
        if self.entry.is_dir() or os.geteuid() != 0 or _system_account().may_enter(self.root):
            return self.entry
        return self.state_home

    @property
    def state_home(self) -> Path:
        """The home used where the servers' user cannot enter the root."""
        return _STATE / f"parity-{self.digest}"

    @property
    def lease(self) -> Path:
        """The lock that every user of the servers shares."""
        return self.home / "lease"

    @property
    def postgres(self) -> Path:
        """Postgres' data folder."""
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's data folder."""
        return self.home / "valkey"

    @property
    def logs(self) -> Path:
        """The folder of both servers' logs."""
        return self.home / "logs"

    @cached_property
    def sockets(self) -> Path:
        """The folder of both sockets."""
        folder = self.home / "sockets"
        # A comma would be a second host to libpq.
        fits = len(os.fsencode(folder / POSTGRES_SOCKET)) <= MAX_SOCKET_PATH
        return folder if fits and "," not in str(folder) else _TEMPORARY / f"parity-{self.digest}"

    @cached_property
    def account(self) -> Account:
        """Whom the servers run as: the owner of the data; else us; else a system user."""
        if os.geteuid() != 0:
            return Account.of(os.geteuid())
        if self.postgres.is_dir() and (owner := self.postgres.stat().st_uid):
            return Account.of(owner)
        return _system_account()

    def make_root(self) -> None:
        """Make the root folder when it is missing, for the servers' user to enter as well."""
        missing = [path for path in (self.root, *self.root.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            if os.geteuid() == 0:
                path.chmod(0o755)  # whatever root's umask is

    def make_folders(self) -> None:
        """Make and check every folder. The caller holds the mutex.

        Raises
        ------
        EmbeddedError
            When a folder belongs to somebody else or the servers' user cannot enter it.
        """
        if self.home != self.entry:
            self._link_home()
        if not self.home.exists():
            self.home.mkdir()
            self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
        if not self.account.may_enter(self.home):
            raise EmbeddedError(
                f"The servers run as user {self.account.name}, who cannot enter {self.home}: a "
                "folder above it was closed since the first start. Open it again, or set "
                "PARITY_LOCAL_DIR to another folder to start with empty servers."
            )
        for folder in (self.postgres, self.valkey, self.logs, self.sockets):
            if folder != self.postgres or folder.exists():  # initdb makes it, in one step
                self.make_private(folder)

    def make_private(self, folder: Path) -> None:
        """Make `folder` for the servers' user alone, or check that it is that user's."""
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        else:
            os.chown(folder, self.account.uid, self.account.gid)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != self.account.uid:
            owner, mine = Account.of(status.st_uid).name, self.account.name
            raise EmbeddedError(
                f"{folder} belongs to user {owner}, and the servers would run as {mine}. Start as "
                f"{owner}, or hand it over with: sudo chown -R {mine} {self.home} {self.sockets}"
            )
        if stat.S_IMODE(status.st_mode) != 0o700:
            folder.chmod(0o700)

    def set_stale_home_aside(self) -> Path | None:
        """Move away a state folder whose root was deleted; return where it lies now.

        The data belong to the root: deleting `.local/` starts afresh, also where they lie
        elsewhere. One earlier copy is kept.
        """
        if self.home == self.entry or self.entry.is_symlink() or not self.home.exists():
            return None
        aside = self.home.with_name(f"{self.home.name}.old")
        if aside.exists():
            shutil.rmtree(aside)
        return self.home.rename(aside)

    def _link_home(self) -> None:
        if self.home != self.state_home:
            raise EmbeddedError(
                f"{self.entry} leads to {self.home}, which was made for another folder. If this "
                f"project was moved, rename {self.home} to {self.state_home}; if it was copied, "
                f"start afresh. Either way delete the link {self.entry} first."
            )
        if not self.home.exists():
            self.home.mkdir()
            self.home.chmod(0o711)
        status = self.home.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in {0, os.geteuid()}:
            raise EmbeddedError(f"{self.home} is not our folder. Look at it, and move it away.")
        if not self.entry.is_symlink():
            self.entry.symlink_to(self.home)


def _system_account() -> Account:
    for name in _SYSTEM_USERS:
        try:
            return Account.of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise EmbeddedError(
        "Postgres refuses to run as root, and none of the users "
        f"{', '.join(_SYSTEM_USERS)} exists. Add one with: useradd --system postgres"
    )
