"""Does a board predict the votes that come after it? Last week's board against this week's votes.

`ratings.prediction` states the measures. The board is the newest that was published before the
week began, exactly as it was published; a vote is scored when it rates both models.
"""

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arena.boards.models import Board, Method, Snapshot, SnapshotRow
from arena.boards.slices import EVERYTHING
from arena.boards.votes import read_counted
from ratings import PredictiveCheck, predictive_check
from ratings.errors import NotEnoughVotes

WEEK = dt.timedelta(days=7)
# With fewer votes nothing could be told.
LEAST = 100
_DIGITS = 4


def check_prediction(source: str, now: dt.datetime) -> dict[str, Any] | None:
    """Score the counted votes of the last seven days with the boards published before them.

    Returns
    -------
    dict or None
        ``board``: the Bradley-Terry board's `replay_id`, ``published``: when; ``since`` and
        ``until``; ``votes`` scored, and ``unpredicted``: those that not all forecasters could;
        ``forecasts``: by name (``board``, ``elo``, ``constant``) ``log_loss`` in nats, ``brier``
        and ``error`` of calibration; ``advantages``: of the board over the others, nats a vote
        with ``lower`` and ``upper``; ``calibration``: the board's, a row a bin. None without such
        a board, or with fewer than `LEAST` votes.
    """
    since = now - WEEK
    board, elo = (_published_before(source, method, since) for method in Method)
    if board is None:
        return None
    columns = read_counted(source).columns
    columns = columns.take(EVERYTHING.members(columns, since))
    models = np.unique(np.concatenate([columns.a, columns.b]))
    rivals = {"elo": _ratings(elo, models)} if elo else {}
    try:
        check = predictive_check(
            _ratings(board, models),
            np.searchsorted(models, columns.a),
            np.searchsorted(models, columns.b),
            columns.outcome,
            rivals=rivals,
            voter=columns.voter,
        )
    except NotEnoughVotes:
        return None
    if check.votes < LEAST:
        return None
    return {
        "board": board.replay_id,
        "published": board.created_at.isoformat(),
        "since": since.isoformat(),
        "until": now.isoformat(),
        **_figures(check),
    }


def _published_before(source: str, method: Method, moment: dt.datetime) -> Snapshot | None:
    return (
        Snapshot.objects.filter(
            board__in=Board.objects.of_all_votes(method).filter(source=source),
            published_for__isnull=False,
            created_at__lte=moment,
        )
        .order_by("-pk")
        .first()
    )


def _ratings(snapshot: Snapshot, models: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the published points of models by primary key; NaN without a rating."""
    rows = SnapshotRow.objects.filter(snapshot=snapshot, rating__isnull=False)
    known = dict(rows.values_list("language_model", "rating"))
    return np.array([known.get(model) for model in models.tolist()], dtype=np.float64)


def _figures(check: PredictiveCheck) -> dict[str, Any]:
    calibration = check.forecasts["board"].calibration
    columns = {
        "predicted": calibration.predicted,
        "observed": calibration.observed,
        "lower": calibration.lower,
        "upper": calibration.upper,
    }
    return {
        "votes": check.votes,
        "unpredicted": check.unpredicted,
        "forecasts": {
            name: {
                "log_loss": round(forecast.log_loss, _DIGITS),
                "brier": round(forecast.brier, _DIGITS),
                "error": round(forecast.calibration.error, _DIGITS),
            }
            for name, forecast in check.forecasts.items()
        },
        "advantages": {
            name: {
                part: None if value is None else round(value, _DIGITS)
                for part, value in (
                    ("log_loss", advantage.log_loss),
                    ("lower", advantage.lower),
                    ("upper", advantage.upper),
                )
            }
            for name, advantage in check.advantages.items()
        },
        "calibration": [
            {
                **{name: round(float(column[row]), _DIGITS) for name, column in columns.items()},
                "votes": int(calibration.votes[row]),
            }
            for row in range(len(calibration.votes))
        ],
    }
