"""The public account of a source: which votes are left out and why, and who was drawn."""

from typing import Any

from django.utils import translation

from arena.boards.api.reading import sampling_event
from arena.boards.models import Ledger
from arena.boards.sampling_record import sampling_record
from arena.catalog.models import LanguageModel
from arena.integrity.models import NotCounted
from arena.integrity.rule_changes import CHANGES


def account_of(ledger: Ledger) -> dict[str, Any]:
    """Return what was counted of a source, with every rule and every change of the rules."""
    content = ledger.content
    return {
        "source": ledger.source,
        "made_at": ledger.made_at,
        "battles": content["battles"],
        "counted": content["counted"],
        "models": content["models"],
        "rules": [
            {"rule": rule, "votes": content["rules"].get(rule, 0)} for rule in NotCounted.values
        ],
        "changes": _changes(content.get("moved", [])),
        "classes": [
            {"licence_class": name, **{part: own.get(part, 0) for part in _COUNTS}}
            for name, own in content["classes"].items()
        ],
        "pairs_id": content.get("pairs") or None,
        "influence": content.get("influence"),
        "policies": content.get("policies", []),
        "sampling": _sampling(ledger.source),
    }


_COUNTS = ("places", "counted", "excluded")


def _changes(moved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every version of the rules with the votes it moved; in English for every reader."""
    by_version = {(row["part"], row["version"]): row for row in moved}
    with translation.override("en"):
        return [
            {
                "part": change.part,
                "version": change.version,
                "on": change.on,
                "text": str(change.text),
                **{
                    name: by_version.get((change.part, change.version), {}).get(name, 0)
                    for name in ("votes", "left_out", "counted")
                },
            }
            for change in CHANGES
        ]


def _sampling(source: str) -> list[dict[str, Any]]:
    """Return what happened in the draw, oldest first; only live votes come from it."""
    if source != "live":
        return []
    slugs = dict(LanguageModel.objects.filter(simulated=False).values_list("pk", "slug"))
    return [
        {"model": slugs[event.model], **sampling_event(event)} for event in sampling_record(slugs)
    ]
