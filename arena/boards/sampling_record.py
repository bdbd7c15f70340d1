"""When each model came into the draw and left it, how heavily it was drawn, and why.

Read from the log that the database keeps of every change (`arena.staff.models.Change`), so that no
way of changing a model goes around it: the log is played from its beginning, and each change that
moves a model into the draw, out of it or within it is an event. Of the log, nothing but what is
named here becomes public.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.catalog.models import AdmissionState
from arena.catalog.sampling import SamplingReason
from arena.staff.models import Change

# An endpoint that is switched off and on within it, or tested again, has not left.
_PAUSE = dt.timedelta(hours=1)
_MODELS, _ENDPOINTS = "catalog_languagemodel", "catalog_endpoint"
_WATCHED = {
    _MODELS: ("retired_at", "sampling_weight", "sampling_reason", "sampling_note"),
    _ENDPOINTS: ("language_model_id", "enabled", "admission"),
}


class Move(StrEnum):
    """What happened to a model in the draw."""

    ENTERED = "entered"
    LEFT = "left"
    RETURNED = "returned"
    WEIGHT = "weight"


_MOVES = {
    Move.ENTERED: gettext_lazy("came in"),
    Move.LEFT: gettext_lazy("left"),
    Move.RETURNED: gettext_lazy("came back"),
    Move.WEIGHT: gettext_lazy("weight changed"),
}
# Reasons that no person gave.
_SERVED, _UNSERVED = "served", "unserved"
_REASONS = {
    **{reason.value: reason.label for reason in SamplingReason},
    _SERVED: gettext_lazy("an endpoint that passed its admission test serves it"),
    _UNSERVED: gettext_lazy("no endpoint that passed its admission test serves it"),
}


@dataclass(frozen=True)
class SamplingEvent:
    """One change of how a model is drawn.

    Attributes
    ----------
    weight : float
        From then on; 0 when it left.
    reason : str
        Of `SamplingReason`, or ``served`` or ``unserved``; empty where none was given.
    """

    model: int
    at: dt.datetime
    move: Move
    weight: float
    reason: str
    note: str

    @property
    def move_text(self) -> str:
        """Return what happened in the reader's words."""
        return str(_MOVES[self.move])

    @property
    def reason_text(self) -> str:
        """Return why in the reader's words, with what was added to it."""
        reason = str(_REASONS.get(self.reason) or (_("no reason given") if not self.note else ""))
        if not reason or not self.note:
            return reason or self.note
        return _("%(reason)s: %(note)s") % {"reason": reason, "note": self.note}


def sampling_record(models: Collection[int]) -> list[SamplingEvent]:
    """Return what happened to some models in the draw, oldest first.

    Parameters
    ----------
    models : collection of int
        Primary keys. Fictional models are never drawn, so nothing happens to them.
    """
    if not models:
        return []
    log = _Log()
    for change in _changes(models):
        log.take(change)
    wanted = [event for model in models for event in log.events.get(model, ())]
    return sorted(wanted, key=lambda event: event.at)


def _changes(models: Collection[int]) -> Iterator[Change]:
    """Return what the log says of the models, and of all endpoints: they may have changed hands."""
    of_models = Q(table=_MODELS, row__in=[str(pk) for pk in models]) & _names(_MODELS)
    of_endpoints = Q(table=_ENDPOINTS) & _names(_ENDPOINTS)
    return Change.objects.filter(of_models | of_endpoints).order_by("id").iterator()


def _names(table: str) -> Q:
    columns = list(_WATCHED[table])
    return Q(after__has_any_keys=columns) | Q(before__has_any_keys=columns)


class _State(StrEnum):
    DRAWN = "drawn"
    # It would be drawn if an endpoint served it.
    UNSERVED = "unserved"
    TAKEN_OUT = "taken out"


type _Standing = tuple[_State, float]
_NOWHERE: _Standing = (_State.TAKEN_OUT, 0.0)


@dataclass
class _Log:
    """The log, played up to some change.

    Attributes
    ----------
    events : dict by model
        Oldest first.
    """

    events: dict[int, list[SamplingEvent]] = field(default_factory=dict)
    _models: dict[int, dict[str, Any]] = field(default_factory=dict)
    _endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    _standings: dict[int, _Standing] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        """Follow one change."""
        for model in self._apply(change) & self._models.keys():
            before = self._standings.get(model, _NOWHERE)
            now = self._standings[model] = self._standing(model)
            if move := self._move(model, before, now):
                self._add(self._event(model, move, change))

    def _apply(self, change: Change) -> set[int]:
        """Take over what changed; return the models whose standing that may move."""
        if change.table == _MODELS:
            model = int(change.row)
            self._models[model] = {**self._models.get(model, {}), **(change.after or {})}
            return {model}
        old = self._endpoints.pop(change.row, {})
        if change.action == "delete":
            return {old["language_model_id"]} if old else set()
        new = self._endpoints[change.row] = {**old, **(change.after or {})}
        return {each["language_model_id"] for each in (old, new) if each}

    def _standing(self, model: int) -> _Standing:
        facts = self._models[model]
        weight = float(facts.get("sampling_weight") or 0)
        if facts.get("retired_at") or not weight or facts.get("simulated"):
            return _NOWHERE
        served = any(
            endpoint["language_model_id"] == model
            and endpoint["enabled"]
            and endpoint["admission"] == AdmissionState.PASSED
            for endpoint in self._endpoints.values()
        )
        return (_State.DRAWN if served else _State.UNSERVED), weight

    def _move(self, model: int, before: _Standing, now: _Standing) -> Move | None:
        """Return what a change of standing is called; None for what nobody could notice."""
        known = model in self.events
        if now[0] == _State.DRAWN:
            if before[0] == _State.DRAWN:
                return Move.WEIGHT if before[1] != now[1] else None
            return Move.RETURNED if known else Move.ENTERED
        if before[0] == now[0] or not known:
            return None
        gone = now[0] == _State.TAKEN_OUT or before[0] == _State.DRAWN
        return Move.LEFT if gone else None

    def _event(self, model: int, move: Move, change: Change) -> SamplingEvent:
        state, weight = self._standings[model]
        facts, reason, note = self._models[model], "", ""
        if change.table == _ENDPOINTS:
            reason = _SERVED if state == _State.DRAWN else _UNSERVED
        elif (
            move == Move.LEFT or {"sampling_reason", "sampling_note"} & (change.after or {}).keys()
        ):
            reason, note = facts.get("sampling_reason", ""), facts.get("sampling_note", "")
        left = move == Move.LEFT
        return SamplingEvent(model, change.at, move, 0.0 if left else weight, reason, note)

    def _add(self, event: SamplingEvent) -> None:
        past = self.events.setdefault(event.model, [])
        if (
            len(past) > 1
            and (past[-1].reason, event.reason) == (_UNSERVED, _SERVED)
            and event.at - past[-1].at < _PAUSE
            and past[-2].weight == event.weight
        ):
            past.pop()
        else:
            past.append(event)
