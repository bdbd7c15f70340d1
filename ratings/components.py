"""Which models can be put on one scale at all.

A maximum of the Bradley-Terry likelihood exists exactly when every model can be reached from
every other along "took at least half a point from" (Ford 1957). Where that fails there are
islands, which never met the rest, and models that only won or only lost, whose likelihood has no
maximum. Neither gets a number.
"""

from dataclasses import dataclass

import numpy as np

from ratings.arrays import Flags, Floats, Integers

ISLAND = "never compared, directly or through others, with the main group of models"
NO_VOTES = "no counted votes"
ONLY_WON = "gave no point to the main group, so its rating has no upper end"
ONLY_LOST = "took no point from the main group, so its rating has no lower end"
ONLY_LINKED = "linked to the main group only through models that have no rating themselves"


@dataclass(frozen=True, eq=False)
class Components:
    """A partition of m models; 0 is the main component, the one that is rated.

    The main component is the one with the most models; of equals, the one with more votes.
    """

    label: Integers
    main: Integers
    unrated: dict[int, str]


def find_components(points: Floats, *, finite_prior: bool = False) -> Components:
    """Partition models by who took points from whom.

    Parameters
    ----------
    points : (m, m) float64
        ``points[i, j]`` is what i took from j: wins, and one half for a tie.
    finite_prior : bool
        With a prior a model that only won has a finite rating, so only islands are left out.
    """
    took = points > 0
    met = took | took.T
    label = _by_size(_partition(met if finite_prior else took), points + points.T)
    main = np.flatnonzero(label == 0)
    return Components(label, main, _reasons(label, main, took, met))


def _partition(edge: Flags) -> Integers:
    """Strong components of a directed graph, shape (m,); weak ones when it is symmetric."""
    m = len(edge)
    label = np.full(m, -1, dtype=np.int64)
    backward = np.ascontiguousarray(edge.T)
    for start in range(m):
        if label[start] < 0:
            mutual = _reach(edge, start) & _reach(backward, start)
            label[mutual] = start
    return label


def _reach(edge: Flags, start: int) -> Flags:
    seen = np.zeros(len(edge), dtype=bool)
    seen[start] = True
    front = seen
    while front.any():
        front = edge[front].any(axis=0) & ~seen
        seen = seen | front
    return seen


def _by_size(label: Integers, meetings: Floats) -> Integers:
    votes = meetings.sum(axis=1)
    names = np.unique(label)
    order = sorted(
        names.tolist(), key=lambda name: (-np.sum(label == name), -votes[label == name].sum(), name)
    )
    rank = {name: position for position, name in enumerate(order)}
    return np.array([rank[name] for name in label.tolist()], dtype=np.int64)


def _reasons(label: Integers, main: Integers, took: Flags, met: Flags) -> dict[int, str]:
    reached = np.zeros(len(label), dtype=bool)
    below, above = reached.copy(), reached.copy()
    if main.size:
        reached, below = _reach(met, int(main[0])), _reach(took, int(main[0]))
        above = _reach(np.ascontiguousarray(took.T), int(main[0]))
    reasons = {}
    for model in np.flatnonzero(label != 0).tolist():
        if not met[model].any():
            reasons[model] = NO_VOTES
        elif above[model]:
            reasons[model] = ONLY_WON
        elif below[model]:
            reasons[model] = ONLY_LOST
        else:
            reasons[model] = ISLAND if not reached[model] else ONLY_LINKED
    return reasons
