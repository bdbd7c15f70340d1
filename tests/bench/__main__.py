"""Measure the ratings against other packages, side by side: ``make bench``.

Every contender runs in a process of its own, one after the other, on the same votes. Results are
added to ``tests/bench/speed.json`` as they come, so a run can be stopped and continued with
``--missing``, or done in parts with ``--only``; from that file the page ``ratings/docs/speed.md``
and its picture are written.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np

from tests.bench.contenders import LOGIT, WORKS
from tests.bench.grid import GRID, Case, write_votes
from tests.bench.page import row, write_page
from tests.bench.reference import reference
from tests.bench.results import Result, Results

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local" / "bench"
ARENA_RANK = ROOT / ".local" / "bench-arena-rank"
"""arena-rank pins a NumPy that this project cannot use, so it has an environment of its own."""


def measure(case: Case, contender: str, path: Path, limit: int) -> Result:
    """Run one contender in a process of its own."""
    python = sys.executable
    if contender == "arena-rank":
        python = str(ARENA_RANK / "bin" / "python")
        if not Path(python).exists():
            return Result(reason="not installed")
    command = [python, "-m", "tests.bench.worker", case.work, contender, str(path)]
    # Linear algebra in one thread: beside threads of its own each package was slower with two.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment = os.environ | threads | {"PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=limit, env=environment
        )
    except subprocess.TimeoutExpired:
        return Result(reason=f"did not end in {limit} s")
    except subprocess.CalledProcessError as failure:
        lines = failure.stderr.strip().splitlines()
        return Result(reason=lines[-1][:80] if lines else "failed")
    answer = json.loads(done.stdout)
    theta, error = answer.pop("theta"), None
    exact = None if theta is None else reference(case, path)
    if exact is not None:
        error = float(np.abs(LOGIT * (np.array(theta) - exact)).max())
    return Result(error=error, **answer)


def install_arena_rank() -> None:
    """Make the environment for arena-rank when uv is at hand; without it the row says so."""
    if (ARENA_RANK / "bin" / "python").exists():
        return
    uv = str(ROOT / "deploy" / "uv")
    # Named outright: a UV_PYTHON in the environment would win over an active environment.
    into = ["--python", str(ARENA_RANK / "bin" / "python")]
    subprocess.run([uv, "venv", "-q", str(ARENA_RANK)], check=False, cwd=ROOT)
    subprocess.run([uv, "pip", "install", "-q", *into, "arena-rank"], check=False, cwd=ROOT)


def machine() -> str:
    """Name what the figures are measured on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    return (
        f"{name}, {os.cpu_count()} processors, {platform.system()}, Python "
        f"{platform.python_version()}, NumPy {np.__version__}"
    )


def wanted(asked: argparse.Namespace, results: Results) -> list[tuple[Case, str]]:
    """List the measurements that the arguments ask for."""
    return [
        (case, contender)
        for case in GRID
        for contender in WORKS[case.work]
        if case.votes <= asked.most
        and (not asked.only or case.work in asked.only)
        and (not asked.votes or case.votes in asked.votes)
        and (not asked.models or case.models in asked.models)
        and (not asked.contender or contender in asked.contender)
        and not (asked.missing and contender in results.of(case))
    ]


def arguments() -> argparse.Namespace:
    """Read what to measure; everything by default."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=WORKS, help="only these works")
    parser.add_argument("--votes", action="append", type=int, help="only so many votes")
    parser.add_argument("--models", action="append", type=int, help="only so many models")
    parser.add_argument("--contender", action="append", help="only these contenders")
    parser.add_argument("--most", type=int, default=10_000_000, help="votes of the largest case")
    parser.add_argument("--missing", action="store_true", help="only what has no result yet")
    parser.add_argument("--limit", type=int, default=240, help="seconds a contender may take")
    return parser.parse_args()


def main() -> None:
    """Measure, print as it goes, and write the page."""
    asked = arguments()
    install_arena_rank()
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = Results.load()
    results.machine = machine()
    for case, contender in wanted(asked, results):
        result = measure(case, contender, write_votes(case, FOLDER), asked.limit)
        results.add(case, contender, result)
        print(row(results, case, contender), flush=True)  # noqa: T201 - a table as it grows
    write_page(results)


if __name__ == "__main__":
    main()
