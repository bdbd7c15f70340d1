"""Measure live battles, and write what they cost: ``make bench-live``.

Writes ``arena/battles/docs/live.md``. One web process has a processor of its own; the upstream, the
databases and this load share the others. Sections may be run one at a time; the page has the
newest figures of each.
"""

import argparse
import os

from tests.bench_live import figures, page
from tests.bench_live.site import cores, databases, upstream

SECTIONS = ("direct", "load", "streaming", "cuts", "two", "idle", "leak")


def main() -> None:
    """Run the sections that were asked for, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="only these sections")
    parser.add_argument("--battles", default="50,100,150,200", help="how many at once, in turn")
    parser.add_argument("--seconds", type=float, default=20.0, help="that each load is measured")
    parser.add_argument("--cuts", type=int, default=1000, help="battles with lost connections")
    parser.add_argument("--no-page", action="store_true", help="print the figures only")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.battles.split(",")]
    web_core, other_cores = cores()
    if other_cores:
        os.sched_setaffinity(0, other_cores)
    with databases() as environment:
        os.environ.update(environment)
        from tests.bench_live.run import Run, prepare  # noqa: PLC0415 -- Django reads it once

        with upstream() as base_url:
            prepare(base_url)
            run = Run(base_url, web_core, sizes, seconds=asked.seconds, cuts=asked.cuts)
            for section in asked.only or SECTIONS:
                for figure in run(section):
                    print(figure.line(), flush=True)  # noqa: T201 -- progress
                    figures.keep(figure)
    if not asked.no_page:
        page.write(figures.kept())


if __name__ == "__main__":
    main()
