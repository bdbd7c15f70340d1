"""One contender at one work, in a process of its own: seconds, memory and ratings as JSON."""

import json
import resource
import sys
import time

import numpy as np

from tests.bench.contenders import WORKS, Input


def main(work: str, contender: str, path: str, wanted: int) -> None:
    """Run once to warm up, then `wanted` times; a slow contender runs once in all."""
    with np.load(path) as kept:
        given = Input(
            int(kept["m"]), *(kept[name] for name in Input.__annotations__ if name != "m")
        )
    run = WORKS[work][contender](given, work)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    theta = run()
    seconds = [time.perf_counter() - began]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    if seconds[0] < 30:
        warm = []
        for _ in range(wanted):
            began = time.perf_counter()
            run()
            warm.append(time.perf_counter() - began)
        seconds = warm
    answer = {
        "seconds": seconds,
        "memory": memory / 1024,
        "theta": None if theta is None else np.asarray(theta, dtype=float).tolist(),
    }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
