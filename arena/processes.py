"""Runs the programs of one machine: starts them, restarts what dies, stops them in order."""

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
# Where `python -m` finds our packages, wherever the command was typed.
_ROOT = Path(__file__).resolve().parent.parent
_LOG_BYTES = 10_000_000
_RESTART_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
# A program that ran this long had a good start: its next restart is quick again.
_GOOD_RUN_SECONDS = 60.0


class ProgramError(RuntimeError):
    """A program did not start; the message has the end of its log."""


@dataclass(frozen=True)
class Program:
    """A command to keep running, and how long it may take to stop."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 15.0


class _Child:
    """One program with its present process."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.restarts = 0
        self.restart_at: float | None = None
        self.start()

    def start(self) -> None:
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        self.log_begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.program.arguments,
                cwd=_ROOT,
                env={**os.environ, **self.program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # A terminal's Ctrl-C reaches us alone; we stop the others in order.
                start_new_session=True,
                # One C call, looked up before the fork: safe beside our threads.
                preexec_fn=_die_with_parent if _prctl else None,  # noqa: PLW1509
            )
        self.started_at = time.monotonic()
        self.restart_at = None

    def log_text(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self.log_begins)
            return file.read().decode(errors="replace")

    def revive(self) -> None:
        """Start again if dead, after a pause that grows with each quick death."""
        if self.process.poll() is None:
            return
        now = time.monotonic()
        if self.restart_at is None:
            if now - self.started_at > _GOOD_RUN_SECONDS:
                self.restarts = 0
            pause = _RESTART_PAUSES[min(self.restarts, len(_RESTART_PAUSES) - 1)]
            self.restarts += 1
            self.restart_at = now + pause
            self._kill_group()
            code = self.process.returncode
            logger.error(
                "%s ended (code %s); starting it again. Log: %s", self.program.name, code, self.log
            )
        elif now >= self.restart_at:
            self.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(self.program.stop_seconds)
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop by itself; killing it", self.program.name)
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        """End what a dead program leaves: a killed Celery worker's scheduler would go on."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _die_with_parent() -> None:
    """Ask Linux to end this process when we are killed without a chance to stop it."""
    assert _prctl is not None  # noqa: S101  nothing else may run between fork and exec
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Starts programs in order, keeps them running, stops them in the reverse order.

    Parameters
    ----------
    log_folder
        Gets one `NAME.log` a program.
    """

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._children: list[_Child] = []
        self._stopping = threading.Event()

    @contextlib.contextmanager
    def running(self) -> Iterator["Supervisor"]:
        """Stop on SIGINT and SIGTERM while inside; stop every program on leaving."""
        self._log_folder.mkdir(parents=True, exist_ok=True)
        before = {
            number: signal.signal(number, lambda *_: self._stopping.set())
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield self
        finally:
            for child in reversed(self._children):
                child.stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def start(self, program: Program) -> None:
        """Start a program and keep it in mind."""
        self._children.append(_Child(program, self._log_folder / f"{program.name}.log"))

    def wait_until(
        self, name: str, is_ready: Callable[[str], bool], *, seconds: float
    ) -> str | None:
        """Wait until `is_ready` says yes to what program `name` has written so far; return that.

        Returns None when a signal asked to stop meanwhile.

        Raises
        ------
        ProgramError
            When the program ends, or is not ready in `seconds`; it is then stopped and forgotten.
        """
        child = next(child for child in self._children if child.program.name == name)
        end = time.monotonic() + seconds
        while not self._stopping.is_set():
            text = child.log_text()
            if is_ready(text):
                return text
            code = child.process.poll()
            if code is not None or time.monotonic() > end:
                self._children.remove(child)
                child.stop()
                fate = (
                    f"was not ready in {seconds:.0f} s"
                    if code is None
                    else f"ended with code {code}"
                )
                raise ProgramError(f"{name} {fate}:\n{child.log_text()[-2000:]}")
            self._stopping.wait(0.1)
        return None

    @property
    def stopping(self) -> bool:
        """Whether a signal has asked to stop."""
        return self._stopping.is_set()

    def watch(self) -> None:
        """Keep every program running until SIGINT or SIGTERM."""
        while not self._stopping.wait(0.25):
            for child in self._children:
                child.revive()
