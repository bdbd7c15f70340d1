"""From stored rows to the shapes of the API."""

import datetime as dt
from dataclasses import asdict
from typing import Any

from django.utils import timezone

from arena.boards.catalogue import read_facts
from arena.boards.choices import Choice
from arena.boards.figures.reading import GapReading
from arena.boards.frozen import frozen_board
from arena.boards.gap.record import published_record
from arena.boards.measurements import economies
from arena.boards.models import Board, Snapshot, SnapshotRow
from arena.boards.newest import newest_mix, newest_snapshots
from arena.boards.reliability import engines, reliability
from arena.boards.sampling_record import SamplingEvent, sampling_record
from arena.catalog.models import LanguageModel, Licensing

_PRICE = ("input_usd", "output_usd", "since", "evidence")
_ECONOMY = (
    *("first_token_seconds", "tokens_per_second", "cost_of_thousand"),
    *("input_usd", "output_usd"),
)


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


def moved(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what `arena.boards.between.moved_between` adds up."""
    return {
        "since": stored["from"],
        "at": stored["at"],
        "publications": stored["publications"],
        "new_votes": stored["votes"]["new"],
        "votes_gone": stored["votes"]["gone"],
        "models": stored["models"],
    }


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


def published_gaps(board: Board, cut: str) -> dict[str, Any]:
    """Return the gap as it was published, a day at a time, with what can be joined numbered."""
    choice = Choice(
        source=board.source,
        category=board.category,
        language=board.language,
        days=str(board.days or ""),
        style="on" if board.style_controlled else "",
        cut=cut,
    )
    rows = GapReading.of(choice).published()
    scales = {rules: number for number, rules in enumerate(dict.fromkeys(_rules(rows)))}
    return {
        "board": board.slug,
        "source": board.source,
        "cut": cut,
        "gaps": [
            {**row, "scale": scales[rules]} for row, rules in zip(rows, _rules(rows), strict=True)
        ],
    }


def _rules(rows: list[dict[str, Any]]) -> list[str]:
    return [repr(row["rules"]) for row in rows]


def recorded_days() -> list[dict[str, Any]]:
    """Return the public record of Chatbot Arena, a day at a time."""
    return [
        {**asdict(day), "gap": round(day.gap, 2), "copy_of": day.copy} for day in published_record()
    ]


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
            "context_tokens": facts[line.language_model_id].context_tokens,
            "params_total_b": facts[line.language_model_id].params_total_b,
            "params_active_b": facts[line.language_model_id].params_active_b,
            "modalities": list(facts[line.language_model_id].modalities),
            "retired": facts[line.language_model_id].retired,
            **{name: getattr(economy[line.language_model_id], name) for name in _ECONOMY},
        }
        for line in lines
    ]


def table_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Return the lines as cells of a table on its own: each names its board and the board's id."""
    of = {"board": snapshot.board.slug, "source": snapshot.board.source, "id": snapshot.replay_id}
    return [{**row, "modalities": " ".join(row["modalities"]), **of} for row in rows_of(snapshot)]


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
        *("params_active_b", "context_tokens", "modalities", "link", "hugging_face"),
        *("modelscope", "simulated", "created_at", "retired_at"),
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
        "licences": [_licence(record) for record in model.licensings.select_related("licence")],
        "claims": list(model.claims.values("fact", "value", "source", "read_on")),
        "prices": [
            {
                **{name: getattr(price, name) for name in _PRICE},
                "of_endpoint": price.endpoint_id is not None,
            }
            for price in model.prices.order_by("since", "pk")
        ],
        "scores": list(
            model.published_scores.values(
                "benchmark", "value", "shots", "harness", "source", "published_on"
            )
        ),
        "served": [
            {
                "engine": row["engine"],
                "quantisation": row["quantisation"],
                "endpoints": row["number"],
            }
            for row in engines(model)
        ],
        "reliability": reliability(model),
        "sampling": [sampling_event(event) for event in sampling_record([model.pk])],
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


def sampling_event(event: SamplingEvent) -> dict[str, Any]:
    """Return a change of how a model is drawn."""
    return {name: getattr(event, name) for name in ("at", "move", "weight", "reason", "note")}


def _licence(record: Licensing) -> dict[str, Any]:
    """Return a licence from a day on, with its terms where it is a known one."""
    own = record.licence
    return {
        "licence": record.licence_id or "",
        "licence_class": record.licence_class,
        "since": record.since,
        "evidence": record.evidence,
        "name": own.name if own else "",
        "commercial_use": own.commercial_use if own else "unknown",
        "derivatives": own.derivatives if own else "unknown",
        "conditions": own.conditions if own else "",
        "text": own.source if own else "",
    }
