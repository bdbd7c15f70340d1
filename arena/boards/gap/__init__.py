"""How far open models stand behind closed ones: a board's figures, and the public record.

`series` works figures out with `ratings` and gives plain JSON; `record` reads published facts.
It must not import views, charts or snapshots.
"""

from arena.boards.gap.series import gap_series

__all__ = ["gap_series"]
