"""Licence classes, and the cut that says which of them stand on the open side."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from ratings.errors import InvalidParameter

CLOSED: Final = "closed"
UNKNOWN: Final = "unknown"
LADDER: Final = (
    "weights_noncommercial",
    "weights_restricted",
    "weights_permissive",
    "fully_open",
)
LICENCE_CLASSES: Final = (CLOSED, *LADDER, UNKNOWN)


@dataclass(frozen=True)
class Cut:
    """Which licence classes form the open frontier and which the closed one.

    By default "open" means downloadable weights, whatever the licence. A class named on neither
    side is on neither frontier, so moving the open side up the ladder does not turn a model with
    a strict licence into a closed one. `unknown` can be on neither.
    """

    open: frozenset[str] = frozenset(LADDER)
    closed: frozenset[str] = frozenset({CLOSED})

    def __post_init__(self) -> None:
        for side, classes in (("open", self.open), ("closed", self.closed)):
            if stray := sorted(classes - {CLOSED, *LADDER}):
                raise InvalidParameter(f"the {side} side cannot hold the class {stray[0]!r}")
            if not classes:
                raise InvalidParameter(f"the {side} side of the cut has no licence class")
        if both := sorted(self.open & self.closed):
            raise InvalidParameter(f"the class {both[0]!r} cannot be both open and closed")

    @classmethod
    def at(cls, least_open: str) -> Self:
        """Count as open only `least_open` and the classes above it on the ladder."""
        if least_open not in LADDER:
            raise InvalidParameter(f"{least_open!r} is no rung of the ladder: {', '.join(LADDER)}")
        return cls(open=frozenset(LADDER[LADDER.index(least_open) :]))


DEFAULT_CUT: Final = Cut()


def check_licence_classes(licence_class: Iterable[str]) -> tuple[str, ...]:
    """Return the classes as a tuple, or say which model carries a name that is no class.

    Raises
    ------
    InvalidParameter
    """
    classes = tuple(str(name) for name in licence_class)
    for position, name in enumerate(classes):
        if name not in LICENCE_CLASSES:
            raise InvalidParameter(
                f"model {position} has the licence class {name!r}; "
                f"known are {', '.join(LICENCE_CLASSES)}"
            )
    return classes
