"""Measure the ratings against other packages, side by side: ``make bench``.

Writes ``ratings/docs/speed.md`` and ``ratings/docs/speed.svg``. Every contender runs in a process
of its own, one after the other, on the same votes.
"""

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ratings.arrays import Floats
from tests.bench.chart import bars
from tests.bench.contenders import LOGIT, WORKS
from tests.ratings.examples import simulate

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "ratings" / "docs"
ARENA_RANK = ROOT / ".local" / "bench-arena-rank"
"""arena-rank pins a NumPy that this project cannot use, so it has an environment of its own."""


@dataclass(frozen=True)
class Case:
    """A work on so many votes of so many models."""

    work: str
    votes: int
    models: int


@dataclass(frozen=True)
class Result:
    """What one contender took, or why there is no figure."""

    case: Case
    contender: str
    seconds: float | None
    processor: float | None
    memory: float | None
    error: float | None
    reason: str = ""


GRID = [
    *(
        Case("plain", votes, models)
        for votes in (100_000, 1_000_000, 10_000_000)
        for models in (50, 200, 400)
    ),
    Case("plain from counts", 1_000_000, 400),
    *(
        Case("style", votes, models)
        for votes, models in ((100_000, 50), (1_000_000, 200), (1_000_000, 400), (10_000_000, 200))
    ),
    *(Case("elo", votes, 200) for votes in (100_000, 1_000_000, 10_000_000)),
    *(Case("bootstrap", votes, models) for votes, models in ((100_000, 50), (1_000_000, 400))),
    *(Case("thirty categories", votes, 200) for votes in (1_000_000, 10_000_000)),
    *(Case("one more vote", 1_000_000, models) for models in (50, 200, 400)),
]


def write_votes(case: Case, folder: Path) -> Path:
    """Simulated votes with four style features and thirty categories, as a file of columns."""
    path = folder / f"{case.votes}-{case.models}.npz"
    if not path.exists():
        votes, _ = simulate(
            case.models, case.votes, ties=0.3, effects=(0.25, 0.05, -0.1, 0.0), spread=0.5
        )
        category = np.random.default_rng(1).integers(0, 30, case.votes).astype(np.int8)
        np.savez(
            path,
            m=case.models,
            a=votes.a.astype(np.int32),
            b=votes.b.astype(np.int32),
            outcome=votes.outcome,
            features=np.asarray(votes.features),
            category=category,
        )
    return path


def measure(case: Case, contender: str, path: Path, limit: int) -> Result:
    """Run one contender in a process of its own."""
    python = sys.executable
    if contender == "arena-rank":
        python = str(ARENA_RANK / "bin" / "python")
        if not Path(python).exists():
            return Result(case, contender, None, None, None, None, "not installed")
    command = [python, "-m", "tests.bench.worker", case.work, contender, str(path), "3"]
    # Linear algebra in one thread: beside threads of its own each package was slower with two.
    threads = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    environment = os.environ | threads | {"PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=limit, env=environment
        )
    except subprocess.TimeoutExpired:
        return Result(case, contender, None, None, None, None, f"did not end in {limit} s")
    except subprocess.CalledProcessError as failure:
        lines = failure.stderr.strip().splitlines()
        return Result(
            case, contender, None, None, None, None, lines[-1][:80] if lines else "failed"
        )
    answer = json.loads(done.stdout)
    error = None
    if answer["theta"] is not None and case.work != "style":
        exact = newton(path)
        error = float(np.abs(LOGIT * (np.array(answer["theta"]) - exact)).max())
    return Result(
        case,
        contender,
        min(answer["seconds"]),
        min(answer["processor"]),
        answer["memory"],
        error,
    )


def newton(path: Path) -> Floats:
    """Strengths by Newton's method to 1e-10, from counts, in the plainest way there is."""
    with np.load(path) as kept:
        m, a, b = int(kept["m"]), kept["a"], kept["b"]
        score = np.array([1.0, 0.0, 0.5, 0.5])[kept["outcome"]]
    won = np.bincount(a * m + b, score, m * m) + np.bincount(b * m + a, 1 - score, m * m)
    points = won.reshape(m, m)
    played, theta = points + points.T, np.zeros(m)
    for _ in range(50):
        chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        gradient = points.sum(axis=1) - (played * chance).sum(axis=1)
        weight = played * chance * (1 - chance)
        hessian = np.diag(weight.sum(axis=1)) - weight
        step = np.linalg.pinv(hessian, hermitian=True) @ gradient
        theta += step
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(theta - theta.mean())


def install_arena_rank() -> None:
    """Make the environment for arena-rank when uv is at hand; without it the row says so."""
    if (ARENA_RANK / "bin" / "python").exists():
        return
    uv = ROOT / "deploy" / "uv"
    for arguments in (["venv", "-q", str(ARENA_RANK)], ["pip", "install", "-q", "arena-rank"]):
        environment = os.environ | {"VIRTUAL_ENV": str(ARENA_RANK)}
        subprocess.run([str(uv), *arguments], check=False, env=environment, cwd=ROOT)


def rows(results: list[Result]) -> Iterator[str]:
    """Yield the lines of the Markdown table."""
    headings = ("Work", "Votes", "Models", "Contender", "Time", "CPU", "Times ours")
    yield f"| {' | '.join(headings)} | Memory | Largest error |"
    yield "|---|---:|---:|---|---:|---:|---:|---:|---:|"
    for result in results:
        case = result.case
        ratio, ours = "", own(results, case)
        if result.processor and ours and result.contender != "ours":
            ratio = f"{result.processor / ours:,.3g}"
        cells = (
            case.work,
            f"{case.votes:,}",
            str(case.models),
            result.contender,
            result.reason if result.seconds is None else duration(result.seconds),
            "" if result.processor is None else duration(result.processor),
            ratio,
            "" if result.memory is None else f"{result.memory:,.0f} MB",
            "" if result.error is None else f"{result.error:.2g} points",
        )
        yield f"| {' | '.join(cells)} |"


def own(results: list[Result], case: Case) -> float | None:
    """Our processor time from integer columns, to which the others are compared."""
    for result in results:
        if result.case == case and result.contender == "ours":
            return result.processor
    return None


def duration(seconds: float) -> str:
    """Seconds as people write them."""
    if seconds < 0.1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s"


def machine() -> str:
    """Name what the figures were measured on."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{name}, {os.cpu_count()} processors, {platform.system()}, Python "
        f"{platform.python_version()}, NumPy {np.__version__}; load when it ended: {load}"
    )


def write(results: list[Result]) -> None:
    """Write the page and the picture."""
    DOCS.mkdir(exist_ok=True)
    page = [
        "# Speed, side by side",
        "",
        f"Measured on {dt.datetime.now(dt.UTC):%d %B %Y}: {machine()}. Written by `make bench`.",
        "",
        "The best of three runs after one to warm up (of one when that took more than 3 s), each",
        "contender in a process of its own, on the same simulated votes. *CPU* is the time of all",
        "threads, and *times ours* its ratio: it is fair to a machine that others use as well, and",
        "unfair to ours, which shares long passes among processors. Peers start from the",
        "input that they take: frames or lists of strings, matrices of counts; *ours* starts from",
        "integer columns, *ours, strings* from a frame of strings. Plain and style fits of ours",
        "and of arena-rank have sandwich intervals, the others none; *L-BFGS* is a plain SciPy",
        "fit on unique rows, the way FastChat does it. Bootstrap is 100 rounds. Memory is the",
        "growth of the process during its first run, with what it imports then (Numba, for ours:",
        "75 MB), beyond the peak of preparing the input: 0 says that this was higher. The",
        "error is against Newton's method to 1e-10. Cases that are not listed were not measured.",
        "",
        *rows(results),
        "",
        "![Time of the others, in times ours](speed.svg)",
        "",
    ]
    (DOCS / "speed.md").write_text("\n".join(page), encoding="utf-8")
    ratios = [
        (f"{r.case.work}, {r.case.votes:,} × {r.case.models}: {r.contender}", r.processor / mine)
        for r in results
        if r.processor and not r.contender.startswith("ours") and (mine := own(results, r.case))
    ]
    picture = bars("Time of the others, in times ours", sorted(ratios, key=lambda row: -row[1]))
    (DOCS / "speed.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Run the grid, print as it goes, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=10_000_000, help="votes of the largest case")
    parser.add_argument("--work", action="append", choices=WORKS, help="only these works")
    parser.add_argument("--limit", type=int, default=600, help="seconds a contender may take")
    asked = parser.parse_args()
    install_arena_rank()
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in GRID:
            if case.votes > asked.most or (asked.work and case.work not in asked.work):
                continue
            path = write_votes(case, Path(folder))
            for contender in WORKS[case.work]:
                results.append(measure(case, contender, path, asked.limit))
                print(list(rows(results))[-1], flush=True)  # noqa: T201 - a table as it grows
            write(results)


if __name__ == "__main__":
    main()
