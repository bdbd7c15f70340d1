"""One contender at one work, in a process of its own: seconds, memory and ratings as JSON."""

import json
import resource
import sys
import time
from typing import Any

import numpy as np

from tests.bench.contenders import WORKS, Input, Run

SLOW = 3.0
"""Seconds above which one warm run is enough."""


def timed(run: Run) -> tuple[float, float, Any]:
    """Seconds on the clock, seconds of processor time of all threads, and what came out."""
    clock, processor = time.perf_counter(), time.process_time()
    result = run()
    return time.perf_counter() - clock, time.process_time() - processor, result


def main(work: str, contender: str, path: str, wanted: int) -> None:
    """Run once to warm up, then `wanted` times; a slow contender runs twice in all."""
    with np.load(path) as kept:
        given = Input(
            int(kept["m"]), *(kept[name] for name in Input.__annotations__ if name != "m")
        )
    run = WORKS[work][contender](given, work)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first, _, theta = timed(run)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    warm = [timed(run)[:2] for _ in range(wanted if first < SLOW else 1)]
    answer = {
        "seconds": [clock for clock, _ in warm],
        "processor": [processor for _, processor in warm],
        "memory": memory / 1024,
        "theta": None if theta is None else np.asarray(theta, dtype=float).tolist(),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
