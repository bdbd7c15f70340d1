"""Measure what the tests of voters find, and write ratings/docs/anomaly.md.

Run from the project's root; it takes two minutes:

    python -m tests.bench.anomaly
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ratings import Comparisons, fit_bradley_terry
from ratings.anomaly import FavourTest, VoterAudit, VoterTest, audit_voters, favour_test, voter_test
from ratings.arrays import Flags, Floats
from ratings.proportions import wilson_interval
from ratings.riggers import STRATEGIES, Population, SimulatedVotes, Strategy, simulate
from ratings.surprise import PTies, Score, vote_p_values

PAGE = Path(__file__).parents[2] / "ratings" / "docs" / "anomaly.md"
MODELS = 20
TRUTH = np.random.default_rng(0).permutation(np.linspace(1200, 800, MODELS))
TARGET = int(np.argsort(-TRUTH)[10])  # the eleventh of twenty
HONEST = 2000
VOTES_EACH = 100
REPEATS = 10
ALPHA = 0.01
CAP = 20

type Test = Callable[[SimulatedVotes, np.random.Generator], VoterTest | FavourTest | VoterAudit]


@dataclass
class Tally:
    """How many were flagged out of how many."""

    flagged: int = 0
    tested: int = 0

    def add(self, flags: Flags) -> None:
        self.flagged += int(flags.sum())
        self.tested += len(flags)

    @property
    def share(self) -> float:
        """Per cent."""
        return 100 * self.flagged / self.tested

    def __str__(self) -> str:
        lower, upper = wilson_interval(self.flagged, self.tested)
        return f"{self.share:.2f} % ({100 * float(lower):.2f} to {100 * float(upper):.2f})"


def sequential(
    score: Score, ties: PTies, votes: SimulatedVotes, rng: np.random.Generator
) -> VoterTest:
    p = vote_p_values(votes.a, votes.b, votes.outcome, votes.voter, score=score, ties=ties, rng=rng)
    return voter_test(votes.voter, p, rng=rng, alpha=ALPHA)


def favour(models: Iterable[int], votes: SimulatedVotes, rng: np.random.Generator) -> FavourTest:
    return favour_test(votes.a, votes.b, votes.outcome, votes.voter, models, rng=rng, alpha=ALPHA)


def audit(votes: SimulatedVotes, rng: np.random.Generator) -> VoterAudit:
    return audit_voters(
        votes.a, votes.b, votes.outcome, votes.voter, models=range(MODELS), rng=rng, alpha=ALPHA
    )


TESTS: dict[str, Test] = {
    "as published": partial(sequential, "first", "conservative"),
    "randomized": partial(sequential, "first", "randomized"),
    "rarity": partial(sequential, "rarity", "randomized"),
    "commonness": partial(sequential, "commonness", "randomized"),
    "favour, any model": partial(favour, range(MODELS)),
    "favour, this model": partial(favour, [TARGET]),
    "audit": audit,
}


HONEST_CROWDS = {
    "all alike": Population(TRUTH, HONEST),
    "tastes differ by 100 points": Population(TRUTH, HONEST, taste=100),
    "tie habits differ (1 in log-odds)": Population(TRUTH, HONEST, tie_habit=1),
    "both, 100 votes each on average": Population(
        TRUTH, HONEST, mean_votes=100, taste=100, tie_habit=1
    ),
}
"""Of these, only the first is what the tests assume."""

CROWD = HONEST_CROWDS["all alike"]


def attacked(seed: int, riggers: int, strategy: Strategy) -> SimulatedVotes:
    rng = np.random.default_rng([seed, riggers, STRATEGIES.index(strategy)])
    return simulate(
        CROWD, rng, riggers=riggers, strategy=strategy, votes_each=VOTES_EACH, target=TARGET
    )


def recall(test: Test, strategy: Strategy, riggers: int) -> tuple[Tally, Tally]:
    """Riggers flagged, of all; and honest voters flagged beside them, of those tested."""
    found, accused = Tally(), Tally()
    for seed in range(REPEATS):
        votes = attacked(seed, riggers, strategy)
        result = test(votes, np.random.default_rng(seed))
        rigger = votes.rigger[result.voter]
        found.add(result.flagged[rigger])
        accused.add(result.flagged[result.tested & ~rigger])
    return found, accused


def false_positives(test: Test, crowd: Population) -> Tally:
    """Honest voters flagged, of those who reached a stop, where nobody rigs."""
    accused = Tally()
    for seed in range(REPEATS):
        votes = simulate(crowd, np.random.default_rng(seed))
        result = test(votes, np.random.default_rng(seed))
        accused.add(result.flagged[result.tested])
    return accused


def target_rating(votes: SimulatedVotes, kept: Flags) -> float:
    comparisons = Comparisons(
        models=tuple(f"model {i:02}" for i in range(MODELS)),
        a=votes.a[kept],
        b=votes.b[kept],
        outcome=votes.outcome[kept],
    )
    board = fit_bradley_terry(comparisons, interval=None)
    return float(board.rating[board.place(f"model {TARGET:02}")])


def first_votes(votes: SimulatedVotes, cap: int) -> Flags:
    """Which votes are among the first `cap` of their voter; voters stand in blocks."""
    _, start, count = np.unique(votes.voter, return_index=True, return_counts=True)
    return np.arange(len(votes.voter)) - np.repeat(start, count) < cap


def shifts(strategy: Strategy, riggers: int) -> list[Floats]:
    """Points by which the target rises, for each defence, shape (repeats,) each."""
    rows = []
    for seed in range(REPEATS):
        votes = attacked(seed, riggers, strategy)
        honest = target_rating(votes, ~votes.rigger[votes.voter])
        capped = first_votes(votes, CAP)
        result = audit(votes, np.random.default_rng(seed))
        flagged = np.zeros(len(votes.rigger), dtype=bool)
        flagged[result.voter[result.flagged]] = True
        unflagged = ~flagged[votes.voter]
        everything = np.ones_like(capped)
        rows.append(
            [
                target_rating(votes, kept) - honest
                for kept in (everything, unflagged, capped, unflagged & capped)
            ]
        )
    return list(np.array(rows).T)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


SAYS = {
    "random": "does not read, a coin decides",
    "target_only": "votes only for the target",
    "ranking": "for the target, else for the higher-rated model",
    "everywhere": "for the target, else against the next one to overtake",
}


def recall_table(riggers: int) -> str:
    rows = []
    worst = Tally(0, 1)
    for strategy in STRATEGIES:
        cells = []
        for name, test in TESTS.items():
            found, accused = recall(test, strategy, riggers)
            cells.append(f"{found.share:.0f}")
            if name == "audit" and accused.share > worst.share:
                worst = accused
        rows.append([f"`{strategy}`: {SAYS[strategy]}", *cells])
    return (
        table(["Strategy", *TESTS], rows)
        + f"\n\nHonest voters flagged by the audit beside them, at worst: {worst}."
    )


def false_positive_table() -> str:
    return table(
        ["Honest voters", *TESTS],
        [
            [name, *(f"{false_positives(test, crowd).share:.2f}" for test in TESTS.values())]
            for name, crowd in HONEST_CROWDS.items()
        ],
    )


def shift_table(riggers: int) -> str:
    return table(
        ["Strategy", "no defence", "audit", f"cap of {CAP} votes", "audit and cap"],
        [
            [f"`{strategy}`", *(f"{rise.mean():+.1f}" for rise in shifts(strategy, riggers))]
            for strategy in STRATEGIES
        ],
    )


def page() -> str:
    return TEXT.format(
        honest=HONEST,
        models=MODELS,
        spread=int(np.ptp(TRUTH)),
        votes_each=VOTES_EACH,
        repeats=REPEATS,
        alpha=f"{100 * ALPHA:g} %",
        cap=CAP,
        few=FEW,
        many=MANY,
        share_few=_share(FEW),
        share_many=_share(MANY),
        recall_few=recall_table(FEW),
        recall_many=recall_table(MANY),
        false_positives=false_positive_table(),
        shift_few=shift_table(FEW),
        shift_many=shift_table(MANY),
    )


def _share(riggers: int) -> str:
    rigged = riggers * VOTES_EACH
    return f"{100 * rigged / (rigged + HONEST * CROWD.mean_votes):.1f} %"


FEW, MANY = 5, 40

TEXT = """\
# Anomalous voters: what the tests find, and whom they accuse

<!-- Written by `python -m tests.bench.anomaly`. Change the script, not this page. -->

An arena's votes can be rigged by someone who sees through the blindness. `ratings.anomaly` holds
each vote against what *other* voters said about the same two models, and looks at each voter at
five random moments of the first hundred votes. The measure of such a test is not only how many
riggers it finds but how many honest voters it accuses, and how far the riggers get all the same.

## The tests

| Name here | Call | Finds |
|---|---|---|
| as published | `vote_p_values(score="first")`, `voter_test` | what the Chatbot Arena paper has |
| randomized | the same with `ties="randomized"` | the same, with p-values that are not too large |
| rarity | `score="rarity"`, randomized | votes that others seldom cast |
| commonness | `score="commonness"`, randomized | votes that copy the ranking |
| favour, any model | `favour_test` on all models | votes for one model, whichever it is |
| favour, this model | `favour_test` on one suspect | votes for a model that is suspected |
| audit | `audit_voters` | rarity, commonness and favour of any model, a third of alpha each |

All at alpha {alpha}: of honest voters who are alike, at most that share may ever be flagged.

## The simulation

{models} models over {spread} points; {honest} honest voters with 30 votes on average (geometric),
a quarter of them ties; riggers with {votes_each} votes each, who know which models they judge and
lift the eleventh of twenty. {repeats} arenas for each figure, every one replayable from its seed.

## Riggers found, per cent

{few} riggers, {share_few} of all votes:

{recall_few}

{many} riggers, {share_many} of all votes:

{recall_many}

- **As published, the test finds nobody.** A vote has three outcomes, so its p-value is coarse: a
  win of an even pair has p near 0.4 at best, which adds less to Fisher's sum than chance alone
  would with evenly spread p-values. Randomizing within the step repairs that.
- **Which model is put first decides what "as published" can see.** Rarity and commonness do not
  depend on it.
- **Many riggers hide each other.** Their votes are part of the history the others are held
  against: on the target's pairs they become the norm, and then rarity and favour lose sight of
  them.
- **A voter who does not read is the hardest to tell from one who disagrees**, and moves the board
  least.

## Honest voters accused, per cent

Of those who cast enough votes to reach a stop, where nobody rigs:

{false_positives}

The tests assume that honest voters are exchangeable; people are not. A voter who never calls a
tie looks a little like one who copies the ranking. So a flag is a reason to look, and excluding
a voter's votes is a rule of its own, with its count published.

## How far the target rises, points

Against the board of the honest votes alone; mean over the arenas. The audit drops all votes of
flagged voters; the cap counts the first {cap} votes of each voter.

{few} riggers:

{shift_few}

{many} riggers:

{shift_many}

A cap bounds what one identity can do whether it is found or not, but it also drops honest votes
(a figure of a few points either way is that noise). Neither helps against many identities with
few votes each: fewer votes than a stop needs are never tested. That is left to the limits on new
identities.
"""

if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
