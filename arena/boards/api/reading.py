"""From stored rows to the shapes of the API."""

import datetime as dt
from typing import Any

from django.utils import timezone

from arena.boards.catalogue import read_facts
from arena.boards.frozen import frozen_board
from arena.boards.measurements import economies
from arena.boards.models import Snapshot, SnapshotRow
from arena.boards.newest import newest_mix, newest_snapshots
from arena.boards.sampling_record import sampling_record
from arena.catalog.models import LanguageModel


def summary(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot in short."""
    board = snapshot.board
    return {
        "board": board.slug,
        "source": board.source,
        "method": board.method,
        "category": board.category,
        "language": board.language,
        "days": board.days,
        "style_controlled": board.style_controlled,
        "id": snapshot.replay_id,
        "votes": snapshot.votes,
        "voters": snapshot.voters,
        "updated_at": snapshot.created_at,
    }


def whole(snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot with its rows."""
    return {
        **summary(snapshot),
        "figures_hash": snapshot.figures_hash,
        "same_votes": _same_votes(snapshot),
        "parameters": snapshot.parameters,
        "since": snapshot.since,
        "published_for": snapshot.published_for,
        "style": snapshot.style,
        "movement": snapshot.movement,
        "rows": rows_of(snapshot),
    }


def _same_votes(snapshot: Snapshot) -> list[dict[str, str]]:
    """Return the other boards that have a snapshot's id."""
    found = frozen_board(snapshot.replay_id)
    boards = (found.snapshot.board, *found.others) if found else ()
    return [
        {"board": board.slug, "source": board.source}
        for board in boards
        if board.pk != snapshot.board_id
    ]


def gap_of(snapshot: Snapshot) -> dict[str, Any]:
    """Return the open-versus-closed figures of a snapshot."""
    return {
        "board": snapshot.board.slug,
        "source": snapshot.board.source,
        "id": snapshot.replay_id,
        "updated_at": snapshot.created_at,
        "gap": {name: part for name, part in snapshot.gap.items() if name != "mix"},
        "mix": newest_mix(snapshot.board),
    }


def rows_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the lines of a snapshot, the best first, with the facts of today."""
    lines = list(snapshot.rows.select_related("language_model"))
    today = timezone.now().date()
    ids = [line.language_model_id for line in lines]
    facts, economy = read_facts(today, of=ids), economies(today, of=ids)
    return [
        {
            **place_of(line),
            "model": facts[line.language_model_id].slug,
            "name": facts[line.language_model_id].name,
            "organisation": facts[line.language_model_id].organisation,
            "licence_class": facts[line.language_model_id].licence_class,
            "released_on": facts[line.language_model_id].released_on,
            "context_tokens": line.language_model.context_tokens,
            "first_token_seconds": economy[line.language_model_id].first_token_seconds,
            "tokens_per_second": economy[line.language_model_id].tokens_per_second,
            "cost_of_thousand": economy[line.language_model_id].cost_of_thousand,
        }
        for line in lines
    ]


def place_of(line: SnapshotRow) -> dict[str, Any]:
    """Return the figures of one line."""
    return {
        "rating": line.rating,
        "lower": line.lower,
        "upper": line.upper,
        "rank_best": line.rank_best,
        "rank_worst": line.rank_worst,
        "votes": line.votes,
    }


def model_in_short(model: LanguageModel, on: dt.date) -> dict[str, Any]:
    """Return a contestant's facts."""
    names = (
        *("name", "organisation", "weights_released_on", "api_released_on", "params_total_b"),
        *("params_active_b", "context_tokens", "modalities", "link", "simulated", "created_at"),
        "retired_at",
    )
    return {
        "model": model.slug,
        "licence_class": model.licence_class(on),
        **{name: getattr(model, name) for name in names},
    }


def model_in_full(model: LanguageModel, on: dt.date) -> dict[str, Any]:
    """Return a contestant with licences, prices, speed and its place on every board."""
    economy = economies(on, of=[model.pk])[model.pk]
    lines = SnapshotRow.objects.filter(snapshot__in=newest_snapshots(), language_model=model)
    return {
        **model_in_short(model, on),
        "licences": [
            {
                "licence": record.licence_id or "",
                "licence_class": record.licence_class,
                "since": record.since,
                "evidence": record.evidence,
            }
            for record in model.licensings.all()
        ],
        "claims": list(model.claims.values("fact", "value", "source", "read_on")),
        "prices": list(
            model.prices.filter(endpoint=None).values(
                "input_usd", "output_usd", "since", "evidence"
            )
        ),
        "sampling": [
            {name: getattr(event, name) for name in ("at", "move", "weight", "reason", "note")}
            for event in sampling_record([model.pk])
        ],
        "replies": economy.replies,
        "first_token_seconds": economy.first_token_seconds,
        "tokens_per_second": economy.tokens_per_second,
        "cost_of_thousand": economy.cost_of_thousand,
        "boards": [
            {
                "board": line.snapshot.board.slug,
                "source": line.snapshot.board.source,
                "id": line.snapshot.replay_id,
                **place_of(line),
            }
            for line in lines.select_related("snapshot__board").order_by(
                "snapshot__board__source", "snapshot__board__slug"
            )
        ],
    }
