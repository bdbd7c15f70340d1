"""What Postgres and Valkey have in common: starting, knowing whether it lives, stopping.

A server inherits a locked file from the process that starts it. The kernel frees that lock when
the server's last process is gone, so "does it live?" has an exact answer that survives `kill -9`,
stale pid files and reused pids. "Is it ready?" is answered by a real connection only.
"""

import os
import shlex
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import psutil

from arena.embedded.errors import EmbeddedError
from arena.embedded.layout import Layout
from arena.embedded.locks import FileLock, is_held
from arena.embedded.programs import Programs, readable_by_servers

START_SECONDS = 60.0
"""The longest wait for a server to answer: replaying a log after a crash takes a while."""
STOP_SECONDS = 20.0
_POLL_SECONDS = 0.02
# Nothing of the caller's environment: PGPORT, PGDATA or a locale would change the server.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_ADVICE = {
    "No space left on device": "The disk is full: free some space and start again.",
    "could not create shared memory segment": "Shared memory is exhausted: end other servers.",
    "Cannot allocate memory": "Memory is exhausted: end other programs and start again.",
    "Permission denied": "A file under it belongs to another user; chown -R hands it over.",
    "user does not exist": "Postgres wants its user in /etc/passwd: add one, or set DATABASE_URL.",
    "Bad file format": "The file is damaged. Valkey keeps nothing dear: delete its folder.",
}


class Server(ABC):
    """One server of a layout, living or not."""

    name: ClassVar[str]
    program: ClassVar[str]
    graceful: ClassVar[signal.Signals]
    forceful: ClassVar[signal.Signals]

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The data folder."""

    @property
    @abstractmethod
    def socket(self) -> Path:
        """The socket it listens on."""

    @property
    @abstractmethod
    def pid_file(self) -> Path:
        """The file whose first line is the server's pid."""

    @property
    def traces(self) -> list[Path]:
        """What a killed server leaves behind that would stop the next one from starting."""
        return [self.pid_file]

    @abstractmethod
    def command(self, programs: Programs) -> list[str]:
        """Return the command line that runs the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether the server does what a real client asks, within two seconds."""

    @abstractmethod
    def prepare(self, programs: Programs) -> None:
        """Bring the data folder to where the server can start."""

    @abstractmethod
    def complete(self) -> None:
        """Add what a ready server still lacks, such as the database."""

    @property
    def is_alive(self) -> bool:
        """Whether any process of the server exists, ready or not."""
        return is_held(self._life) or self._pid() is not None

    @property
    def is_well(self) -> bool:
        """Whether it seems to need no help: cheap enough to ask every second."""
        return is_held(self._life) and self.socket.exists()

    def start(self) -> bool:
        """Start the server, or adopt it where it runs. The caller holds the mutex.

        Returns
        -------
        bool
            Whether a new server was started.

        Raises
        ------
        EmbeddedError
            When it does not answer; with the reason from its log.
        """
        adopted = self.answers() or (self.is_alive and self._recovers())
        if not adopted:
            programs = readable_by_servers(self.layout)
            self.prepare(programs)
            self._spawn(programs)
            self._wait_until_it_answers()
        self.complete()
        return not adopted

    def stop(self) -> None:
        """End the server, gracefully if it lets us. The caller holds the mutex.

        Raises
        ------
        EmbeddedError
            When it outlives both signals.
        """
        for number in (self.graceful, self.forceful):
            if self._signal(number) and self._ends_within(STOP_SECONDS):
                return
        if self.is_alive:
            raise EmbeddedError(
                f"{self.name} on {self.folder} does not stop. Find its processes with: "
                f"ps -ef | grep {self.folder}"
            )

    @property
    def _life(self) -> Path:
        return self.layout.home / f"{self.program}.alive"

    @property
    def _log(self) -> Path:
        return self.layout.logs / f"{self.program}-start.log"

    def _pid(self) -> int | None:
        """Return the pid in the pid file, if that process is this server and not a later one."""
        try:
            pid = int(self.pid_file.read_text().split(maxsplit=1)[0])
            command = psutil.Process(pid).cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return pid if str(self.folder) in command and self.program in command[0] else None

    def _recovers(self) -> bool:
        """Wait for a living server that does not answer; return False once it is gone."""
        if not self.socket.exists() and not self._appears():
            self.stop()  # its socket was deleted: nobody can reach it any more
            return False
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.answers():
                return True
            if not self.is_alive:
                return False
            time.sleep(_POLL_SECONDS)
        raise EmbeddedError(
            f"{self.name} on {self.folder} (process {self._pid() or 'unknown'}) runs but has not "
            f"answered for {START_SECONDS:.0f} s. If it is stopped or hangs, kill it, and start "
            "again: nothing that it confirmed is lost."
        )

    def _appears(self) -> bool:
        """Return whether the socket shows up soon, as when the server is still starting."""
        deadline = time.monotonic() + 1.0
        while not self.socket.exists() and self.is_alive and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return self.socket.exists()

    def _spawn(self, programs: Programs) -> None:
        for path in (*self.traces, self._log):
            path.unlink(missing_ok=True)  # no process of this server lives: they are stale
        with FileLock(self._life) as life:
            life.exclusive(seconds=5.0)
            # The shell hands the server to init at once: no zombie waits for us, and whoever
            # stops the server need not be who started it. A session of its own keeps a
            # terminal's Ctrl-C away.
            self.run(
                ["/bin/sh", "-c", '"$@" >>"$0" 2>&1 &', str(self._log), *self.command(programs)],
                pass_fds=(life.fileno(),),
                start_new_session=True,
            )

    def run(
        self,
        command: list[str],
        *,
        pass_fds: tuple[int, ...] = (),
        start_new_session: bool = False,
    ) -> None:
        """Run a program as the servers' user to its end.

        Raises
        ------
        EmbeddedError
            When it fails; with what it printed.
        """
        try:
            finished = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=START_SECONDS * 2,
                cwd="/",
                env=_ENVIRONMENT,
                umask=0o077,
                pass_fds=pass_fds,
                start_new_session=start_new_session,
                **self.layout.account.process_arguments(),
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedError(
                f"Could not run {shlex.join(command[:2])} as user {self.layout.account.name}: "
                f"{error}. Start as an ordinary user, or set DATABASE_URL and REDIS_URL."
            ) from error
        if finished.returncode:
            raise self._failure(finished.stdout)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.is_alive:
                raise self._failure(self._last_words())
            if time.monotonic() > deadline:
                raise self._failure(f"no answer in {START_SECONDS:.0f} s\n{self._last_words()}")
            time.sleep(_POLL_SECONDS)

    def _last_words(self) -> str:
        texts = [path.read_text(errors="replace") for path in self._logs() if path.exists()]
        return "\n".join("".join(texts).splitlines()[-10:])

    def _logs(self) -> list[Path]:
        """Return the logs that may explain a failed start, the best one last."""
        return [self._log]

    def _failure(self, output: str) -> EmbeddedError:
        advice = [text for sign, text in _ADVICE.items() if sign in output]
        return EmbeddedError(
            "\n".join(
                [f"{self.name} did not start in {self.folder}.", *advice, "It said:", output]
            ).strip()
        )

    def _signal(self, number: signal.Signals) -> bool:
        """Send a signal; return whether there was a process to send it to."""
        pid = self._pid()
        if pid is None:
            return self.is_alive  # processes that outlive their parent end by themselves
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
        except PermissionError as error:
            owner = self.layout.account.name
            raise EmbeddedError(f"Only {owner} or root may stop {self.name} ({pid}).") from error
        return True

    def _ends_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True
