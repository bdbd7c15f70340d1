import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from arena.processes import Program, ProgramError, Supervisor

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


def python(name: str, source: str) -> Program:
    return Program(name, [sys.executable, "-c", source], stop_seconds=2)


def wait_for[T](question: Callable[[], T], seconds: float = 10) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"still no in {seconds} s")


def test_it_starts_waits_and_stops(tmp_path: Path) -> None:
    with Supervisor(tmp_path).running() as supervisor:
        supervisor.start(python("one", "import os\nprint(os.getpid(), flush=True)\n" + SLEEPER))
        text = supervisor.wait_until("one", lambda text: "up" in text, seconds=10)
        assert text is not None
        pid = int(text.split()[0])
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_it_tells_why_a_program_did_not_start(tmp_path: Path) -> None:
    with Supervisor(tmp_path).running() as supervisor:
        supervisor.start(python("one", "raise SystemExit('no disk left')"))
        with pytest.raises(ProgramError, match="one ended with code 1:\nno disk left"):
            supervisor.wait_until("one", lambda _: False, seconds=10)


def test_it_kills_a_program_that_will_not_stop(tmp_path: Path) -> None:
    stubborn = (
        "import os, signal\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True)\n" + SLEEPER
    )
    with Supervisor(tmp_path).running() as supervisor:
        supervisor.start(python("one", stubborn))
        text = supervisor.wait_until("one", lambda text: "up" in text, seconds=10)
        assert text is not None
        pid = int(text.split()[0])
        assert psutil.pid_exists(pid)
    assert not psutil.pid_exists(pid)


def test_it_ends_what_a_killed_program_leaves_behind(tmp_path: Path) -> None:
    parent = textwrap.dedent("""
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        print(child.pid, flush=True)
        time.sleep(60)
    """)
    with Supervisor(tmp_path).running() as supervisor:
        supervisor.start(python("one", parent))
        text = supervisor.wait_until("one", lambda text: text.endswith("\n"), seconds=10)
        assert text is not None
        grandchild = psutil.Process(int(text))
        grandchild.parent().kill()
        watching = threading.Thread(target=supervisor.watch)
        watching.start()
        try:
            wait_for(lambda: not grandchild.is_running() or grandchild.status() == "zombie")
        finally:
            signal.raise_signal(signal.SIGTERM)  # what ends the watch
            watching.join()


def test_it_runs_programs_in_the_projects_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Supervisor(tmp_path).running() as supervisor:
        supervisor.start(
            Program("one", [sys.executable, "-m", "workers.demo.scripted", "--port", "0"])
        )
        text = supervisor.wait_until("one", lambda text: "listening: " in text, seconds=30)
        assert text is not None


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor in a process of its own, watching one program whose pid is in the log."""
    script = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from arena.processes import Program, Supervisor
        with Supervisor(Path({str(tmp_path)!r})).running() as supervisor:
            source = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
            supervisor.start(Program("one", [sys.executable, "-c", source]))
            supervisor.watch()
    """)
    root = Path(__file__).resolve().parent.parent.parent
    process = subprocess.Popen([sys.executable, "-c", script], cwd=root)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def pids(folder: Path) -> list[int]:
    log = folder / "one.log"
    return [int(word) for word in log.read_text().split()] if log.exists() else []


def test_it_starts_a_killed_program_again(outside: subprocess.Popen[bytes], tmp_path: Path) -> None:
    first = wait_for(lambda: pids(tmp_path))[0]
    os.kill(first, signal.SIGKILL)
    second = wait_for(lambda: pids(tmp_path)[1:])[0]
    assert second != first
    outside.send_signal(signal.SIGTERM)
    assert outside.wait(10) == 0
    assert not psutil.pid_exists(second)


def test_its_programs_end_when_it_is_killed(
    outside: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux ends a child with its parent")
    child = wait_for(lambda: pids(tmp_path))[0]
    outside.kill()
    outside.wait()
    wait_for(lambda: not psutil.pid_exists(child))
