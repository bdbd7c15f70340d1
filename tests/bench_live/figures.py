"""What was measured, kept between runs so that sections may be run one at a time."""

import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.bench_live.site import ROOT

KEPT = ROOT / ".local" / "bench-live.json"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement. Ages in milliseconds at p50, p95 and p99, memory and wire in bytes.

    ``cpu_seconds`` is the web process's (of the reader itself for the baseline), ``busy`` its
    share of a processor, ``wire`` bytes a token to the browser, ``right`` the share of battles in
    which an attacker names the sides, ``wrong`` one text for each battle that was not whole.
    """

    section: str
    battles: int
    tokens: int = 0
    ages: tuple[float, float, float] | None = None
    cpu_seconds: float | None = None
    busy: float | None = None
    wire: float | None = None
    memory: int | None = None
    reconnects: int | None = None
    right: float | None = None
    wrong: list[str] = field(default_factory=list)

    @property
    def cpu_per_thousand(self) -> float | None:
        """Return processor seconds for a thousand tokens."""
        if self.cpu_seconds is None or not self.tokens:
            return None
        return self.cpu_seconds / self.tokens * 1000

    def line(self) -> str:
        """Return the figure in a line, for a terminal."""
        known = {k: v for k, v in dataclasses.asdict(self).items() if v is not None and v != []}
        known["wrong"] = f"{len(self.wrong)}: {self.wrong[:3]}"
        if self.cpu_per_thousand is not None:
            known["cpu_per_thousand"] = round(self.cpu_per_thousand, 4)
        return " ".join(f"{name}={value}" for name, value in known.items())


def percentiles(ages: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    low, middle, high = np.percentile(np.asarray(ages), [50, 95, 99])
    return round(float(low), 1), round(float(middle), 1), round(float(high), 1)


def keep(figure: Figure) -> None:
    """Remember a figure in place of an older one of the same section and size."""
    others = [
        one for one in kept() if (one.section, one.battles) != (figure.section, figure.battles)
    ]
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps([dataclasses.asdict(one) for one in [*others, figure]], indent=1))


def kept() -> list[Figure]:
    """Return the newest figure of each section and size."""
    if not KEPT.exists():
        return []
    return [Figure(**one) for one in json.loads(KEPT.read_text())]
