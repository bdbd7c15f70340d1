"""Measure how often the interval on the gap holds the true gap, and write ratings/docs/gap.md.

Run from the project's root; it takes a few minutes:

    python -m tests.bench.gap
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ratings import Comparisons, fit_bradley_terry
from ratings.arrays import Floats
from ratings.gap import frontier_gap
from ratings.riggers import Population, simulate

PAGE = Path(__file__).parents[2] / "ratings" / "docs" / "gap.md"
ARENAS = 500
DRAWS = 500
VOTERS = 1000


@dataclass(frozen=True, eq=False)
class Scenario:
    """True ratings of both sides."""

    name: str
    closed: Floats
    open: Floats

    def true_gap(self, top: int) -> float:
        best = [np.sort(side)[-top:].mean() for side in (self.closed, self.open)]
        return float(best[0] - best[1])


FIELD = np.linspace(850, 1050, 15)
SCENARIOS = (
    Scenario("clear leaders", np.append(FIELD, 1150), np.append(FIELD, 1110)),
    Scenario(
        "four closed leaders within 6 points",
        np.append(FIELD, [1144, 1146, 1148, 1150]),
        np.append(FIELD, 1110),
    ),
    Scenario(
        "ten closed equals, two open equals",
        np.append(FIELD, [1100] * 10),
        np.append(FIELD, [1100] * 2),
    ),
)


def measure(scenario: Scenario, top: int) -> tuple[float, float, float]:
    """Coverage, mean error of the point estimate and mean half-width, over the arenas."""
    truth = np.concatenate((scenario.closed, scenario.open))
    names = tuple(f"model {i:02}" for i in range(len(truth)))
    classes = ["closed"] * len(scenario.closed) + ["weights_permissive"] * len(scenario.open)
    results = np.empty((ARENAS, 3))
    for seed in range(ARENAS):
        votes = simulate(Population(truth, VOTERS), np.random.default_rng(seed))
        board = fit_bradley_terry(
            Comparisons(names, votes.a, votes.b, votes.outcome, voter=votes.voter),
            interval="clustered",
            ties="drop",  # so that the ratings aimed at are the true ones
        )
        gap = frontier_gap(
            board.draws(DRAWS, seed),
            ["2026-01-01"] * len(truth),
            [classes[int(name[-2:])] for name in board.models],
            rating=board.rating,
            top=top,
        )
        results[seed] = gap.gap[0], gap.lower[0], gap.upper[0]
    true = scenario.true_gap(top)
    point, lower, upper = results.T
    held = (lower <= true) & (true <= upper)
    return 100 * float(held.mean()), float(point.mean() - true), float((upper - lower).mean() / 2)


def rows() -> str:
    lines = []
    for scenario in SCENARIOS:
        for top in (1, 3):
            held, error, half = measure(scenario, top)
            lines.append(
                f"| {scenario.name} | {'best' if top == 1 else 'mean of the 3 best'} "
                f"| {scenario.true_gap(top):+.1f} | {held:.1f} % | {error:+.1f} | {half:.1f} |"
            )
    return "\n".join(lines)


TEXT = """\
# The gap: definitions, choices, and how far the interval can be trusted

<!-- Written by `python -m tests.bench.gap`. Change the script, not this page. -->

All figures are functions over joint draws of one board's ratings, with release dates and licence
classes: `ratings.contenders.Contenders` checks the columns once, everything else takes it.

| Figure | Where | In one line |
|---|---|---|
| eligible | `eligibility` | 300 counted votes, half-width of 25 points at most, main component |
| frontier | `frontier` | best rating of a class released by a day, with a band |
| gap | `gap` | closed frontier minus open frontier, in points and as a chance to win |
| lag | `lag` | months since closed was last not better than today's open leader |
| catch-up time | `survival` | months from a closed leader's release to an open model not worse |
| ladder, practical gap, categories | `ladder` | best of a group against the closed frontier |
| direct check | `proportions` | the two leaders' own battles, without a model |
| language mix | `mix` | weights, or a mixture of draws, for a fixed mix |

## Choices

- **Unknown licences and unknown dates are on no frontier.** How many eligible models lack a date
  is part of the result.
- **Moving the cut up the ladder removes models from the open side; it does not make them
  closed.** `Cut(open=..., closed=...)` sets both sides freely.
- **Of equal leaders the one released first leads**; a gap of exactly 0 is level.
- **A figure that does not exist is an `Undefined` with a code and a sentence**, never NaN. In
  series, dates without a figure are left out and listed with their reason.
- **Every draw picks its own leaders**, in the gap, the lag, the significance lag, the ladder and
  the median catch-up time. So the significance lag is above 0 exactly when closed is ahead in at
  least 95 % of draws of the gap.
- **A lag is "more than" so many months** when the first closed model was already better than
  today's open leader: there is no day on which closed was not better.
- **A memory budget is a floor.** Weights alone, at 16 bit 2 GB a billion parameters, at 4 bit a
  quarter of it. Cache and overhead come on top, so "fits" means "may fit".
- **A half win of a tie makes Wilson's interval a little too wide**, not too narrow.

## Coverage in simulation

{arenas} arenas for each row: {voters} voters with 30 votes on average, the listed models beside
fifteen weaker ones on each side, ties dropped, intervals clustered by voter, {draws} draws, 95 %.

| True leaders | Gap of | True gap | Covered | Mean error of the point | Mean half-width |
|---|---|---|---|---|---|
{rows}

The maximum of noisy ratings lies above the best true rating, the more so the more models are
near the top. So the gap leans towards the side with more contenders, and draws around fitted
ratings lean once more: **where the top is crowded the interval covers less than it says**, as the
lower rows show. No correction is made, because each needs a belief about how true ratings are
spread. The mean of the three best leans less where a few are close, but its interval is also
narrower: where one side has many equals and the other does not it covers least of all. Hence the
number of eligible models stands beside each gap, and neither figure is published without the
other.
"""

if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    text = TEXT.format(arenas=ARENAS, voters=VOTERS, draws=DRAWS, rows=rows())
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
