"""What came of an import: how many votes, and which rows were left out and why."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from arena.battles.imports.rows import RowSkippedError, SkipReason

_ROWS_NAMED = 20


@dataclass
class ImportReport:
    """Counts of one import. `named` has the first rows of each reason, with what was wrong."""

    format: str = ""
    row_word: str = "row"
    rows: int = 0
    imported: int = 0
    already_there: int = 0
    turns: int = 0
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    named: dict[SkipReason, list[tuple[int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def skip(self, number: int, error: RowSkippedError) -> None:
        """Count a row that is left out."""
        self.skipped[error.reason] += 1
        if len(self.named[error.reason]) < _ROWS_NAMED:
            self.named[error.reason].append((number, error.detail))

    def skip_lines(self) -> Iterator[str]:
        """Yield a line for each reason, with the first rows it met."""
        for reason, count in self.skipped.most_common():
            rows = ", ".join(
                f"{number} ({detail})" if detail else str(number)
                for number, detail in self.named[reason]
            )
            more = ", ..." if count > len(self.named[reason]) else ""
            yield f"skipped {count}: {reason.value}; {self.row_word} {rows}{more}"
