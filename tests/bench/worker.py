"""One contender at one work, in a process of its own: seconds, memory and ratings as JSON."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.contenders import WORKS, Input, Run

SLOW = 15.0
"""Seconds above which a run is not repeated."""

ENOUGH = 4.0
"""Seconds of repetition after which the best is found."""

MOST = 101


def timed(run: Run) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of processor time of all threads, and what came out."""
    clock, processor = time.perf_counter(), time.process_time()
    result = run()
    return time.perf_counter() - clock, time.process_time() - processor, result


def resident(field: str) -> float:
    """MB of memory that this process holds (VmRSS) or held at most (VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field} on this system")


def forget_peak() -> float:
    """Let the peak of memory start anew from what is held now, in MB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return resident("VmRSS")


def main(work: str, contender: str, path: str) -> None:
    """Run once to warm up and for the memory, then repeat for the time."""
    with np.load(path) as kept:
        given = Input(
            int(kept["m"]), *(kept[name] for name in Input.__annotations__ if name != "m")
        )
    run = WORKS[work][contender](given, work)
    held = forget_peak()
    first = timed(run)
    memory, theta = resident("VmHWM") - held, first[2]
    runs = [] if first[0] < SLOW else [first[:2]]
    while first[0] < SLOW and len(runs) < MOST:
        if len(runs) >= 3 and sum(clock for clock, _ in runs) > ENOUGH:
            break
        runs.append(timed(run)[:2])
    answer = {
        "seconds": min(clock for clock, _ in runs),
        "processor": min(processor for _, processor in runs),
        "runs": len(runs),
        "memory": memory,
        "theta": None if theta is None else np.asarray(theta, dtype=float).tolist(),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:4])
