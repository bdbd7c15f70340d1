"""The figures of the gap that a reader has chosen, read from the newest stored snapshot."""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.db.models.fields.json import KeyTransform
from django.utils.translation import gettext as _

from arena.boards.choices import Choice
from arena.boards.gap.rules import DEFAULT_CUT, MIN_BATTLES, MIN_MODELS
from arena.boards.models import Method, Snapshot
from arena.boards.newest import newest_mix, newest_snapshots
from arena.boards.published_days import KEPT_NUMERICS, published_days
from arena.boards.slice_names import category_name, language_name

# Published boards are shown by day; more days than this are more than a screen has pixels.
_MOST_DAYS = 1500


@dataclass(frozen=True, eq=False)
class GapReading:
    """A snapshot's gap under the reader's cut.

    Attributes
    ----------
    content : dict
        All that is stored; empty before any board.
    figures : dict
        Of the cut; those of the lowered rule where the standard one leaves too few models.
    lowered : bool
        Whether they are of the lowered rule, which the page must say.
    """

    choice: Choice
    snapshot: Snapshot | None
    content: Mapping[str, Any]
    figures: Mapping[str, Any]
    lowered: bool

    @classmethod
    def of(cls, choice: Choice) -> Self:
        """Read the newest snapshot that has all figures."""
        snapshot = _newest_with_detail(choice)
        content = snapshot.gap if snapshot else {}
        figures = _standard(content, choice.cut)
        lowered = bool(
            choice.cut == DEFAULT_CUT
            and figures.get("latest") is None
            and content.get("lowered", {}).get("latest")
        )
        return cls(choice, snapshot, content, content["lowered"] if lowered else figures, lowered)

    @property
    def strict(self) -> Mapping[str, Any]:
        """Return the figures of the standard rule."""
        return _standard(self.content, self.choice.cut)

    @property
    def ladder(self) -> Mapping[str, Any]:
        """Return the best of each licence class: every class, whatever the cut."""
        figures = self.figures if self.lowered else _standard(self.content, DEFAULT_CUT)
        return figures.get("ladder") or {}

    @property
    def budgets(self) -> Mapping[str, Any]:
        """Return the best model that may fit each memory budget, open under the reader's cut."""
        return self.figures.get("budgets") or {}

    def titled(self, finding: str) -> str:
        """Return a chart's finding, marked where it is of the lowered rule."""
        if not self.lowered:
            return finding
        votes = self.figures["rule"]["min_votes"]
        return _("Threshold lowered to %(votes)d votes: %(finding)s") % {
            "votes": votes,
            "finding": finding,
        }

    @cached_property
    def mix(self) -> dict[str, Any]:
        """Return the gap of the cut in the fixed mix of languages, as last published.

        Of `arena.boards.gap.mix`, with ``at``, when it was published; empty where there is none.
        """
        whole = newest_mix(self.snapshot.board) if self.snapshot else None
        if not whole:
            return {}
        if self.choice.cut == DEFAULT_CUT or "undefined" in whole:
            return whole
        return {**whole, **whole["cuts"][self.choice.cut]}

    @property
    def mix_row(self) -> dict[str, Any] | None:
        """Return the total of the fixed mix as a row beside the languages; None without one."""
        latest = self.mix.get("latest")
        if not latest:
            return None
        return _row(_("Fixed mix"), sum(self.mix["votes"].values()), latest)

    @property
    def until(self) -> dt.date:
        """Return the day of the snapshot."""
        return self.snapshot.created_at.date() if self.snapshot else dt.date.today()  # noqa: DTZ011

    def slices(self, kind: str) -> list[dict[str, Any]]:
        """Return the latest gap of each slice with enough battles.

        Parameters
        ----------
        kind : {"category", "language"}

        Returns
        -------
        list of dict
            ``label``, ``value``, ``lower``, ``upper`` in points, ``battles``, ``open`` and
            ``closed`` (the leaders' names); the widest gap first.
        """
        name: Callable[[str], str] = {"category": category_name, "language": language_name}[kind]
        rows = []
        for key, battles, latest in self._latest_by_slice(kind):
            if latest and battles >= MIN_BATTLES:
                rows.append(_row(name(key), battles, latest))
        return sorted(rows, key=lambda row: -row["value"])

    def thin(self, kind: str) -> list[str]:
        """Return the names of the slices that are hidden for want of battles or of models."""
        name: Callable[[str], str] = {"category": category_name, "language": language_name}[kind]
        return sorted(
            name(key)
            for key, battles, latest in self._latest_by_slice(kind)
            if not latest or battles < MIN_BATTLES
        )

    def published(self) -> list[dict[str, Any]]:
        """Return the gap of each day's last published board, oldest first.

        Each has ``on``, ``gap``, ``lower``, ``upper``, ``open``, ``closed``, ``id`` and ``rules``:
        what it was made with, from the parameters of the fit and the version of the numerics to
        who is eligible. Where rules differ the figures are not joined.
        """
        if self.snapshot is None:
            return []
        path = "gap" if self.choice.cut == DEFAULT_CUT else f"gap__cuts__{self.choice.cut}"
        days = published_days(self.snapshot.board, most=_MOST_DAYS)
        stored = (
            Snapshot.objects.filter(pk__in=days)
            .annotate(
                latest=_nested(path, "latest"),
                eligible=_nested(path, "eligible"),
                rule=_nested(path, "rule"),
                numerics=KEPT_NUMERICS,
            )
            .order_by("-published_for")
            .values_list("pk", "latest", "eligible", "replay_id", "parameters", "rule", "numerics")
        )
        rows = [
            {
                "on": days[pk].isoformat(),
                **{name: latest[name] for name in ("gap", "lower", "upper")},
                "open": latest["open"]["name"],
                "closed": latest["closed"]["name"],
                "id": replay_id,
                "rules": json.dumps(rules, sort_keys=True),
            }
            for pk, latest, eligible, replay_id, *rules in stored
            if latest and not _too_few(eligible)
        ]
        return rows[::-1]

    def _latest_by_slice(self, kind: str) -> list[tuple[str, int, dict[str, Any] | None]]:
        other = {"category": "language", "language": "category"}[kind]
        boards = newest_snapshots().filter(
            board__source=self.choice.source,
            board__method=Method.BRADLEY_TERRY,
            board__days=int(self.choice.days) if self.choice.days else None,
            board__style_controlled=bool(self.choice.style),
            **{f"board__{other}": ""},
        )
        path = "gap" if self.choice.cut == DEFAULT_CUT else f"gap__cuts__{self.choice.cut}"
        rows = (
            boards.exclude(**{f"board__{kind}": ""})
            .annotate(latest=_nested(path, "latest"), eligible=_nested(path, "eligible"))
            .values_list(f"board__{kind}", "votes", "latest", "eligible")
        )
        return [
            (key, battles, None if _too_few(eligible) else latest)
            for key, battles, latest, eligible in rows
        ]


def _row(label: str, battles: int, latest: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "label": label,
        "value": latest["gap"],
        "lower": latest["lower"],
        "upper": latest["upper"],
        "battles": battles,
        "open": latest["open"]["name"],
        "closed": latest["closed"]["name"],
    }


def _standard(content: Mapping[str, Any], cut: str) -> Mapping[str, Any]:
    """Return a cut's figures; of a side with too few models for a best one, their numbers alone."""
    figures = content if cut == DEFAULT_CUT else content.get("cuts", {}).get(cut) or {}
    if _too_few(figures.get("eligible")):
        return {name: figures[name] for name in ("rule", "eligible", "undated")}
    return figures


def _too_few(eligible: Mapping[str, int] | None) -> bool:
    """Return whether the best of one side would be its only one."""
    if not eligible:
        return False
    return 0 < min(eligible.values()) < MIN_MODELS


def _nested(path: str, name: str) -> KeyTransform:
    """Return one part of a stored JSON document, so that the rest stays in the database."""
    field, *keys = [*path.split("__"), name]
    found: Any = field
    for key in keys:
        found = KeyTransform(key, found)
    return found  # type: ignore[no-any-return]


def _newest_with_detail(choice: Choice) -> Snapshot | None:
    newest = choice.snapshot()
    if newest is None or "frontiers" in newest.gap:
        return newest
    full = newest.board.snapshots.filter(gap__has_key="frontiers").order_by("-id")
    return full.select_related("board").first() or newest
