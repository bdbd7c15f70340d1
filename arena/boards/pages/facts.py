"""The facts of a model as its page shows them: numbered sources, and who says otherwise."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from arena.boards.lists import listed
from arena.catalog.facts import Statement, source_name, statements_of
from arena.catalog.modalities import Modality
from arena.catalog.models import Claim, Fact, LanguageModel

_HUBS = {
    Fact.HUGGING_FACE: "https://huggingface.co/%s",
    Fact.MODELSCOPE: "https://modelscope.cn/models/%s",
}


@dataclass
class Sources:
    """The sources of a page, numbered as they come up."""

    seen: dict[str, dict[str, Any]] = field(default_factory=dict)

    def number(self, claim: Claim) -> int:
        """Return the number of a claim's source; the newest day it was looked up is shown."""
        read = f"{claim.read_on or ''}"
        is_address = claim.source.startswith(("http://", "https://"))
        entry = self.seen.setdefault(
            claim.source,
            {
                "number": len(self.seen) + 1,
                "name": source_name(claim.source),
                "address": claim.source if is_address else "",
                "read": read,
            },
        )
        entry["read"] = max(entry["read"], read)
        return int(entry["number"])

    def lines(self) -> list[dict[str, Any]]:
        """Return what to show of each, in order."""
        return list(self.seen.values())


def facts_of(model: LanguageModel) -> dict[str, Any]:
    """Return a line for each fact that is known or spoken of, and the sources they name."""
    sources = Sources()
    spoken = {
        statement.fact: statement
        for statement in statements_of(model)
        if statement.value or statement.others
    }
    lines = {fact: _line(statement, sources) for fact, statement in spoken.items()}
    if Fact.PARAMS_TOTAL_B in lines and Fact.PARAMS_ACTIVE_B in lines:
        _join_sizes(model, lines)
    return {"known": list(lines.values()), "sources": sources.lines()}


def _line(statement: Statement, sources: Sources) -> dict[str, Any]:
    hub = _HUBS.get(statement.fact)
    return {
        "label": statement.fact.label,
        "value": readable(statement.fact, statement.value),
        "link": hub % statement.value if hub and statement.value else "",
        "numbers": [sources.number(claim) for claim in statement.sources],
        "others": _others(statement, sources),
    }


def _join_sizes(model: LanguageModel, lines: dict[Fact, dict[str, Any]]) -> None:
    """Say both sizes in one sentence where both are known."""
    if not (model.params_total_b and model.params_active_b):
        return
    active = lines.pop(Fact.PARAMS_ACTIVE_B)
    total = lines[Fact.PARAMS_TOTAL_B]
    words = {"total": _digits(model.params_total_b), "active": _digits(model.params_active_b)}
    total["value"] = _("%(total)s billion, %(active)s billion active") % words
    total["numbers"] = sorted({*total["numbers"], *active["numbers"]})
    total["others"] += active["others"]


def _digits(billions: float) -> str:
    """Return three digits: more would be false ones."""
    return f"{billions:,.0f}" if billions >= 100 else f"{billions:.3g}"


def _others(statement: Statement, sources: Sources) -> list[dict[str, Any]]:
    """Return the other values, each once with all who say it."""
    said: dict[str, list[int]] = {}
    for claim in statement.others:
        said.setdefault(claim.value, []).append(sources.number(claim))
    return [
        {"value": readable(statement.fact, value), "numbers": numbers}
        for value, numbers in said.items()
    ]


def readable(fact: Fact, text: str) -> str:
    """Return a value as a reader wants it: thousands marked, kinds of input in words."""
    if not text:
        return ""
    match fact:
        case Fact.CONTEXT_TOKENS:
            return _("%(tokens)s tokens") % {"tokens": f"{int(text):,}"}
        case Fact.MODALITIES:
            return _inputs(text.split("+"))
        case Fact.PARAMS_TOTAL_B | Fact.PARAMS_ACTIVE_B:
            return _("%(total)s billion") % {"total": _digits(float(text))}
        case _:
            return text


def _inputs(kinds: Iterable[str]) -> str:
    return listed(Modality(kind).label for kind in kinds if kind in Modality)
