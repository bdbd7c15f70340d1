"""Who said what the prompts of a board are for: rules, or the labelling endpoint; in which shares.

A vote is of a use, or hard, by a rule until the endpoint of the admin's choice was asked about it
(`arena.integrity.labels`). Only live votes are; simulated ones have no prompts.
"""

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from arena.boards.columns import Bit, VoteColumns
from arena.boards.models import Board
from arena.integrity.categories import USES

LABELLED = frozenset({*USES, "hard"})


def note_labels(board: Board, columns: VoteColumns, members: NDArray[np.bool_]) -> None:
    """Keep which share of a board's votes the endpoint labelled, where labels make the board."""
    if board.category not in LABELLED or not members.any():
        return
    labelled = columns.has(Bit.LABELLED) & members
    board.label_share = float(labelled.sum() / members.sum())
    board.save(update_fields=["label_share"])


def labels_sentence(board: Board) -> str:
    """Return who labelled the prompts of a board; empty where labels don't make it."""
    share = board.label_share
    if share is None or board.source == "simulated":
        return ""
    if share == 0:
        return _("Which prompts are of this kind was decided by rules, not by a language model.")
    if share == 1:
        return _("Which prompts are of this kind was decided by a language model.")
    # Neither none nor all, however it is rounded.
    percent = min(max(round(100 * share), 1), 99)
    return _(
        "Which prompts are of this kind was decided by a language model for about %(percent)d%% of "
        "the votes, and by rules for the others."
    ) % {"percent": percent}
