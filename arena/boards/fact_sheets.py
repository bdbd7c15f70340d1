"""The facts of models that published boards were made with, kept so that a gap can be made again
after an administrator has changed a date or a licence.
"""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from arena.boards.catalogue import Facts, digest
from arena.boards.models import FactSheet, Snapshot
from ratings.gap_record import EligibilityRule, ModelFacts, gap_id


def keep_facts(facts: Collection[Facts]) -> None:
    """Keep the facts of all models, once for each state that they are in."""
    content = json.loads(json.dumps([asdict(fact) for fact in facts], default=str))
    FactSheet.objects.get_or_create(digest=digest(facts), defaults={"facts": content})


def kept_facts(snapshot: Snapshot) -> dict[int, Facts] | None:
    """Return the facts that a snapshot was made with, by primary key; None where none were kept."""
    sheet = FactSheet.objects.filter(digest=snapshot.catalogue).first()
    if sheet is None:
        return None
    return {stored["pk"]: _restored(stored) for stored in sheet.facts}


def gap_facts(facts: Iterable[Facts]) -> list[ModelFacts]:
    """Return what the gap asks of models."""
    return [
        ModelFacts(fact.slug, fact.licence_class, fact.released_on, fact.params_total_b)
        for fact in facts
    ]


def rule_of(stored: Mapping[str, Any], min_votes: int) -> EligibilityRule:
    """Return who may stand on a frontier; nobody does whose rating is not shown."""
    rule = EligibilityRule(**stored["rule"])
    return replace(rule, min_votes=max(rule.min_votes, min_votes))


def id_of_gap(replay_id: str, facts: Iterable[Facts], day: dt.date, rule: EligibilityRule) -> str:
    """Return the id of a board's gap, which `python -m ratings --gap` gives as well."""
    return gap_id(replay_id, gap_facts(facts), day, rule)


def _restored(stored: dict[str, Any]) -> Facts:
    known = {field.name for field in fields(Facts)}
    released_on = stored["released_on"]
    return Facts(
        **{
            **{name: value for name, value in stored.items() if name in known},
            "released_on": dt.date.fromisoformat(released_on) if released_on else None,
            "modalities": tuple(stored["modalities"]),
        }
    )
