"""What a reader has chosen, as it stands in the page's address."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.http import Http404, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.boards.catalogue import Facts
from arena.boards.models import Method
from arena.boards.newest import rated_sources
from arena.catalog.licences import LicenceClass

SIMULATED = "simulated"
SORTS: dict[str, str | Promise] = {
    "rating": gettext_lazy("Rating"),
    "votes": gettext_lazy("Votes"),
    "name": gettext_lazy("Model"),
    "released": gettext_lazy("Released"),
}
# Everything, then the two sides of the cut; `unknown` is on neither.
LICENCES: dict[str, tuple[str | Promise, Callable[[Facts], bool]]] = {
    "all": (gettext_lazy("All licences"), lambda facts: True),
    "open": (gettext_lazy("Open weights"), lambda facts: facts.is_open),
    "closed": (gettext_lazy("Closed"), lambda facts: facts.licence_class == LicenceClass.CLOSED),
}


@dataclass(frozen=True)
class Option:
    """One of the things that could be chosen instead, as a link."""

    label: str
    address: str
    current: bool


@dataclass(frozen=True)
class Choice:
    """The state of a page. Defaults are left out of the address."""

    source: str = "live"
    method: str = Method.BRADLEY_TERRY.value
    licence: str = "all"
    sort: str = "rating"

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the state; parameters that aren't ours are passed over.

        Raises
        ------
        Http404
            For a source, method, licence or order that does not exist.
        """
        default = cls()
        chosen = cls(
            source=query.get("source", default.source),
            method=query.get("method", default.method),
            licence=query.get("licence", default.licence),
            sort=query.get("sort", default.sort),
        )
        for value, known in (
            (chosen.source, sources()),
            (chosen.method, Method.values),
            (chosen.licence, LICENCES),
            (chosen.sort, SORTS),
        ):
            if value not in known:
                raise Http404("no such choice")
        return chosen

    def address(self, **changes: str) -> str:
        """Return the query string after some changes; "?" for the defaults."""
        wanted, default = replace(self, **changes), type(self)()
        parts = {
            name: getattr(wanted, name)
            for name in ("source", "method", "licence", "sort")
            if getattr(wanted, name) != getattr(default, name)
        }
        return f"?{urlencode(parts)}"

    def options(self, name: str, labels: dict[str, str]) -> list[Option]:
        """Return the values one part of the state could take."""
        return [
            Option(label, self.address(**{name: value}), getattr(self, name) == value)
            for value, label in labels.items()
        ]

    def sources(self) -> list[Option]:
        """Return the switch of sources; empty when there is nothing to choose."""
        found = sources()
        return self.options("source", {name: source_label(name) for name in found})

    def methods(self) -> list[Option]:
        """Return the switch of methods."""
        return self.options("method", {value: str(label) for value, label in Method.choices})

    def licences(self) -> list[Option]:
        """Return the licence filter."""
        return self.options("licence", {name: str(label) for name, (label, _) in LICENCES.items()})

    def includes(self, facts: Facts) -> bool:
        """Return whether the licence filter lets a model through."""
        return LICENCES[self.licence][1](facts)


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
