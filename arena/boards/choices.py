"""What a reader has chosen, as it stands in the page's address."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.boards.catalogue import Facts
from arena.boards.gap.rules import CUTS, DEFAULT_CUT
from arena.boards.models import Board, Method, Snapshot
from arena.boards.newest import newest_snapshot, rated_sources
from arena.boards.slice_names import CATEGORIES, category_name, language_name, slice_name
from arena.catalog.licences import LicenceClass
from arena.catalog.modalities import Modality

SIMULATED = "simulated"
SORTS: dict[str, str | Promise] = {
    "rating": gettext_lazy("Rating"),
    "votes": gettext_lazy("Votes"),
    "name": gettext_lazy("Model"),
    "released": gettext_lazy("Released"),
    "price": gettext_lazy("Price"),
    "first": gettext_lazy("First word"),
    "speed": gettext_lazy("Tokens/s"),
    "context": gettext_lazy("Context"),
}


def _of_class(name: str) -> Callable[[Facts], bool]:
    return lambda facts: facts.licence_class == name


# Everything, then the two sides of the cut, then each class; `unknown` is on neither side.
LICENCES: dict[str, tuple[str | Promise, Callable[[Facts], bool]]] = {
    "all": (gettext_lazy("All licences"), lambda facts: True),
    "open": (gettext_lazy("Open weights"), lambda facts: facts.is_open),
    "closed": (gettext_lazy("Closed"), _of_class(LicenceClass.CLOSED)),
    **{
        licence.value: (licence.label, _of_class(licence.value))
        for licence in LicenceClass
        if licence != LicenceClass.CLOSED
    },
}
# Models of which nothing is known are a choice of their own, and in none of the others.
UNKNOWN_MODALITY = "unknown"
MODALITIES: dict[str, str | Promise] = {
    **{modality.value: modality.label for modality in Modality},
    UNKNOWN_MODALITY: gettext_lazy("not known"),
}
VIEWS: dict[str, str | Promise] = {
    "retrospective": gettext_lazy("Today's ratings, by release date"),
    "published": gettext_lazy("As published"),
}
# Absurdly long words in an address are not looked up.
_LONGEST = 120
# What makes a board of a source, in the order of `Choice._slices`.
_BOARD = ("method", "category", "language", "days", "style")


@dataclass(frozen=True)
class Option:
    """One of the things that could be chosen instead, as a link."""

    label: str
    address: str
    current: bool
    value: str = ""


@dataclass(frozen=True)
class Choice:
    """The state of a page. Defaults are left out of the address."""

    source: str = "live"
    method: str = Method.BRADLEY_TERRY.value
    category: str = ""
    language: str = ""
    days: str = ""
    style: str = ""
    licence: str = "all"
    organisation: str = ""
    modality: str = ""
    q: str = ""
    preliminary: str = "shown"
    sort: str = "rating"
    cut: str = DEFAULT_CUT
    view: str = "retrospective"
    # What was asked for, where no board has all of it: the rest is of the nearest one then.
    instead_of: "Choice | None" = None

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the state; parameters that aren't ours are passed over.

        Raises
        ------
        Http404
            For a source, slice, method, licence, modality, cut or order that does not exist.
        """
        chosen = cls._read(query)
        if not chosen.is_overall and not chosen.board_exists:
            raise Http404("no such board")
        return chosen

    @classmethod
    def nearest(cls, query: QueryDict) -> Self:
        """Read the state; where no board has all that is asked for, the nearest one stands in.

        It keeps as much as a board has: the use before the language, the span of time, the style
        and the method.

        Raises
        ------
        Http404
            For what `of` does not know, and for a slice that no board could be of.
        """
        chosen = cls._read(query)
        if chosen.is_overall or chosen.board_exists:
            return chosen
        if not chosen.is_possible:
            raise Http404("no such board")
        return replace(chosen, **chosen._nearest_board(), instead_of=chosen)

    @classmethod
    def _read(cls, query: QueryDict) -> Self:
        parts: dict[str, Any] = {
            name: query.get(name, default)[:_LONGEST].replace("\0", "")
            for name, default in _parts(cls).items()
        }
        chosen = cls(**parts)
        for value, known in (
            (chosen.source, sources()),
            (chosen.method, Method.values),
            (chosen.licence, LICENCES),
            (chosen.modality, ("", *MODALITIES)),
            (chosen.sort, SORTS),
            (chosen.cut, CUTS),
            (chosen.view, VIEWS),
            (chosen.style, ("", "on")),
            (chosen.preliminary, ("shown", "hidden")),
        ):
            if value not in known:
                raise Http404("no such choice")
        return chosen

    def address(self, **changes: str) -> str:
        """Return the query string after some changes; "?" for the defaults."""
        parts = {
            name: value
            for name, default in _parts(type(self)).items()
            if (value := changes.get(name, getattr(self, name))) != default
        }
        return f"?{urlencode(parts)}"

    @property
    def is_overall(self) -> bool:
        """Return whether this is the board of all votes of a source."""
        return not (self.category or self.language or self.days or self.style)

    @property
    def board_exists(self) -> bool:
        """Return whether such a board was ever made."""
        return self._has_board()

    @property
    def is_possible(self) -> bool:
        """Return whether its words are ones that a board could have."""
        return (
            self.category in {"", *CATEGORIES}
            and (not self.language or language_name(self.language) != self.language)
            and (not self.days or self.days.isdecimal())
        )

    @property
    def substitution(self) -> str:
        """Return that the board is not the one that was asked for; empty where it is."""
        if self.instead_of is None:
            return ""
        return _("No board has all of these choices. The nearest is shown: %(board)s.") % {
            "board": self.board_name
        }

    @property
    def board_name(self) -> str:
        """Return the board in the reader's words."""
        parts = (
            slice_name(self.category, self.language),
            _("Last %(days)s days") % {"days": self.days} if self.days else "",
            _("Style controlled") if self.style else "",
            "" if self.method == Method.BRADLEY_TERRY else Method(self.method).label,
        )
        return " · ".join(filter(None, parts))

    def _nearest_board(self) -> dict[str, Any]:
        """Return the parts of the board that has most of what is asked for, and nothing else."""
        default, order = _parts(type(self)), ("category", "language", "days", "style", "method")
        boards: list[dict[str, Any]] = [
            dict(zip(_BOARD, board, strict=True)) for board in self._slices
        ]
        near = [
            board
            for board in (*boards, {name: default[name] for name in _BOARD})
            if all(board[name] in {getattr(self, name), default[name]} for name in _BOARD)
        ]
        return min(near, key=lambda board: [board[name] != getattr(self, name) for name in order])

    def _has_board(self, **changes: str) -> bool:
        """Return whether the source has such a board, after some changes."""
        return tuple(changes.get(name, getattr(self, name)) for name in _BOARD) in self._slices

    def snapshot(self) -> Snapshot | None:
        """Return the newest snapshot of the chosen board; asked for once a request."""
        return self._newest

    def options(self, name: str, labels: Mapping[str, str]) -> list[Option]:
        """Return the values one part of the state could take."""
        return [
            Option(label, self.address(**{name: value}), getattr(self, name) == value, value)
            for value, label in labels.items()
        ]

    def sources(self) -> list[Option]:
        """Return the switch of sources, each at its board of all votes."""
        bare = type(self)(cut=self.cut, view=self.view, sort=self.sort, licence=self.licence)
        return [
            Option(source_label(name), bare.address(source=name), self.source == name, name)
            for name in sources()
        ]

    def methods(self) -> list[Option]:
        """Return the switch of methods; slices have one method."""
        if not self.is_overall:
            return []
        return self.options("method", {value: str(label) for value, label in Method.choices})

    def licences(self) -> list[Option]:
        """Return the licence filter."""
        return self.options("licence", {name: str(label) for name, (label, _) in LICENCES.items()})

    def modalities(self, found: Iterable[Facts]) -> list[Option]:
        """Return the filter by input: what the models at hand take; none where nothing differs."""
        sets = {facts.modalities for facts in found}
        if len(sets) < 2:
            return []
        taken = {modality for modalities in sets for modality in modalities}
        if () in sets:
            taken.add(UNKNOWN_MODALITY)
        labels = {value: str(label) for value, label in MODALITIES.items() if value in taken}
        return self.options("modality", labels)

    def cuts(self) -> list[Option]:
        """Return where the reader may put the cut between open and closed."""
        labels = {name: str(LicenceClass(name).label) for name in CUTS}
        labels[DEFAULT_CUT] = _("any open weights")
        return self.options("cut", labels)

    def views(self) -> list[Option]:
        """Return the two views of the gap, which are never mixed."""
        return self.options("view", {name: str(label) for name, label in VIEWS.items()})

    def categories(self) -> list[Option]:
        """Return the slices by use and kind of prompt that have a board."""
        return self._slice_options("category", category_name)

    def languages(self) -> list[Option]:
        """Return the slices by prompt language that have a board."""
        return self._slice_options("language", language_name)

    def windows(self) -> list[Option]:
        """Return the spans of time; none where there is one board alone."""
        found = sorted({days for *_, days, _style in self._slices if days}, key=int)
        labels = {"": _("All time")} | {
            days: _("Last %(days)s days") % {"days": days} for days in found
        }
        options = [
            option for option in self.options("days", labels) if self._has_board(days=option.value)
        ]
        return options if len(options) > 1 else []

    def styles(self) -> list[Option]:
        """Return style control off and on; none where there is one board alone."""
        options = self.options("style", {"": _("As voted"), "on": _("Style controlled")})
        options = [option for option in options if self._has_board(style=option.value)]
        return options if len(options) > 1 else []

    def includes(self, facts: Facts) -> bool:
        """Return whether the filters let a model through."""
        found = self.q.casefold()
        return (
            LICENCES[self.licence][1](facts)
            and self.organisation in {"", facts.organisation}
            and self.modality in {"", *(facts.modalities or (UNKNOWN_MODALITY,))}
            and (not found or found in f"{facts.name} {facts.organisation}".casefold())
        )

    @cached_property
    def _newest(self) -> Snapshot | None:
        return newest_snapshot(
            self.source,
            self.method,
            category=self.category,
            language=self.language,
            days=int(self.days) if self.days else None,
            style_controlled=bool(self.style),
        )

    @cached_property
    def _slices(self) -> set[tuple[str, ...]]:
        """Return the boards of the source: method, category, language, days, style."""
        rows = Board.objects.filter(source=self.source).values_list(
            "method", "category", "language", "days", "style_controlled"
        )
        return {
            (method, category, language, str(days or ""), "on" if style else "")
            for method, category, language, days, style in rows.order_by()
        }

    def _slice_options(self, name: str, label: Callable[[str], str]) -> list[Option]:
        """Return one kind of slice; what the others hold is kept where such a board exists."""
        place = {"category": 1, "language": 2}[name]
        values = sorted({board[place] for board in self._slices if board[place]}, key=label)
        options = []
        for value in values:
            part: dict[str, Any] = {"category": "", "language": "", name: value}
            wanted = replace(self, **part, method=Method.BRADLEY_TERRY.value)
            slice_ = {"category": wanted.category, "language": wanted.language}
            if not self._has_board(**slice_, method=wanted.method):
                wanted = replace(wanted, days="", style="")
            current = getattr(self, name) == value
            options.append(Option(label(value), wanted.address(), current, value))
        return options


def _parts(state: type[Choice]) -> dict[str, str]:
    """Return what stands in an address, by name, with its default."""
    return {part.name: part.default for part in fields(state) if isinstance(part.default, str)}


def sources() -> list[str]:
    """Return the sources a reader can choose; live votes are there before the first one."""
    found = rated_sources()
    return found if "live" in found else ["live", *found]


def source_label(source: str) -> str:
    """Return a source in the reader's words."""
    kind, _colon, name = source.partition(":")
    if kind == "import":
        return _("Imported: %(name)s") % {"name": name}
    return _("Live votes") if kind == "live" else _("Simulated")
