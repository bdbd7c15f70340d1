"""The page and the picture of what was measured."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from tests.bench.chart import bars
from tests.bench.goals import goal_rows
from tests.bench.grid import Case
from tests.bench.results import Result, Results

DOCS = Path(__file__).resolve().parents[2] / "ratings" / "docs"
OURS = "ours"


def write_page(results: Results) -> None:
    """Write ``speed.md`` and ``speed.svg``."""
    table = "\n".join(
        row(results, case, name) for case in results.cases() for name in results.of(case)
    )
    template = Path(__file__).with_name("speed.template.md").read_text(encoding="utf-8")
    text = template.format(
        date=f"{dt.datetime.now(dt.UTC):%d %B %Y}",
        machine=results.machine,
        table=table,
        goals="\n".join(goal_rows(results)),
    )
    (DOCS / "speed.md").write_text(text, encoding="utf-8")
    picture = bars("Time of the others, in times ours", sorted(ratios(results), key=_largest))
    (DOCS / "speed.svg").write_text(picture, encoding="utf-8")


def row(results: Results, case: Case, contender: str) -> str:
    """One line of the Markdown table."""
    result, own = results.of(case)[contender], results.of(case).get(OURS, Result())
    other = not contender.startswith(OURS)
    cells = (
        case.work,
        f"{case.votes:,}",
        str(case.models),
        contender,
        result.reason if result.seconds is None else _duration(result.seconds),
        "" if result.processor is None else _duration(result.processor),
        _ratio(result.seconds, own.seconds) if other else "",
        _ratio(result.processor, own.processor) if other else "",
        "" if result.memory is None else f"{result.memory:,.0f} MB",
        "" if result.error is None else f"{result.error:.2g}",
    )
    return f"| {' | '.join(cells)} |"


def ratios(results: Results) -> Iterator[tuple[str, float]]:
    """Yield clock times of the others in times ours, with a label."""
    for case in results.cases():
        own = results.of(case).get(OURS, Result()).seconds
        for name, result in results.of(case).items():
            if own and result.seconds and not name.startswith(OURS):
                label = f"{case.work}, {case.votes:,} × {case.models}: {name}"
                yield label, result.seconds / own


def _largest(labelled: tuple[str, float]) -> float:
    return -labelled[1]


def _ratio(other: float | None, own: float | None) -> str:
    ratio = other / own if other and own else 0
    return "" if not ratio else f"{ratio:,.0f}" if ratio >= 100 else f"{ratio:.3g}"


def _duration(seconds: float) -> str:
    if seconds < 0.1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s"
