"""Who was drawn, which votes are left out and why, and what would change the first place."""

from collections.abc import Collection, Iterable
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.battles.chances import FLOOR, MOST
from arena.battles.pairing import battle_shares
from arena.boards.catalogue import describe
from arena.boards.choices import SIMULATED, Choice
from arena.boards.lists import listed
from arena.boards.models import Ledger
from arena.boards.pages.answer import answer
from arena.boards.position import PositionBias
from arena.boards.sampling_record import SamplingEvent, sampling_record
from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.catalog.models import LanguageModel
from arena.integrity.models import NotCounted
from arena.integrity.rule_changes import CHANGES


@require_safe
def transparency(request: HttpRequest) -> HttpResponseBase:
    """Show the account of a source."""
    choice = Choice.of(request.GET)
    ledger = Ledger.objects.filter(source=choice.source).first()
    key = (choice, ledger and ledger.made_at)
    return answer(request, "boards/transparency.html", key, lambda: gather(choice, ledger))


def gather(choice: Choice, ledger: Ledger | None) -> dict[str, Any]:
    """Return all that the page shows."""
    content = ledger.content if ledger else {}
    record = _record(choice.source)
    models = _models(choice.source, content.get("models", []), {event.model for event in record})
    chances = {
        side: sum(line["chance"] for line in models if line["side"] == side)
        for side in ("open", "closed", "unknown")
    }
    return {
        "title": _("Transparency"),
        "description": _(
            "Every model ever drawn, how often, and every vote that is left out, by rule."
        ),
        "choice": choice,
        "sources": choice.sources(),
        "simulated": choice.source == SIMULATED,
        "ledger": ledger,
        "battles": f"{content.get('battles', 0):,}",
        "counted": f"{content.get('counted', 0):,}",
        "models": models,
        "sampling": _sampling(record, models),
        "rules": _rules(content.get("rules", {}), content.get("classes", {})),
        "left_out": _left_out(models),
        "changes": _changes(content.get("moved", [])),
        "classes": _classes(content.get("classes", {})),
        "shares": _shares(chances),
        "drawn_by": {
            "rule": settings.PAIRING if choice.source == "live" else "",
            "floor": f"{100 * FLOOR:g}",
            "most": f"{MOST:g}",
        },
        **_position(content),
        "influence": content.get("influence"),
        "influence_share": f"{100 * content['influence']['share']:.2g}"
        if content.get("influence")
        else "",
    }


def _models(
    source: str, counted: Iterable[dict[str, Any]], once: Collection[int]
) -> list[dict[str, Any]]:
    """Return every model that is, was or may once have been drawn, most battles first."""
    now = timezone.now()
    lines = {line["model"]: line for line in counted}
    drawable = (
        set(LanguageModel.objects.drawable(at=now).values_list("slug", flat=True))
        if source == "live"
        else set()
    )
    chances = battle_shares(at=now) if drawable else {}
    found = LanguageModel.objects.filter(Q(slug__in=[*lines, *drawable]) | Q(pk__in=once))
    rows = []
    for model in found.prefetch_related("licensings"):
        facts, line = describe(model, now.date()), lines.get(model.slug, {})
        side = "open" if facts.licence_class in OPEN_CLASSES else facts.licence_class
        rows.append(
            {
                "facts": facts,
                "side": side,
                "weight": model.sampling_weight,
                "chance": chances.get(model.pk, 0.0),
                "chance_words": f"{100 * chances[model.pk]:.1f}" if model.pk in chances else "",
                "battles": line.get("battles", 0),
                "counted": line.get("counted", 0),
                "excluded": sum(line.get("excluded", {}).values()),
                "by_rule": line.get("excluded", {}),
                "first": line.get("first", ""),
                "last": line.get("last", ""),
                "drawn": _drawn(model, drawable=model.slug in drawable),
            }
        )
    rows.sort(key=lambda row: (-row["battles"], row["facts"].name))
    numbers = ("battles", "counted", "excluded")
    return [row | {part: f"{row[part]:,}" for part in numbers} for row in rows]


def _drawn(model: LanguageModel, *, drawable: bool) -> str:
    """Return whether a model is in the draw of live battles, and if not, why."""
    if drawable:
        return _("yes")
    if model.retired_at:
        return _("retired on %(day)s") % {"day": model.retired_at.date().isoformat()}
    if not model.sampling_weight:
        return _("no: its weight is 0")
    return _("no: no endpoint is up")


def _record(source: str) -> list[SamplingEvent]:
    """Return what happened in the draw, newest first; only live votes come from it."""
    if source != "live":
        return []
    real = LanguageModel.objects.filter(simulated=False).values_list("pk", flat=True)
    return sampling_record(list(real))[::-1]


def _sampling(
    record: Iterable[SamplingEvent], models: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return each event with its model."""
    facts = {line["facts"].pk: line["facts"] for line in models}
    return [{"event": event, "facts": facts[event.model]} for event in record]


def _position(content: dict[str, Any]) -> dict[str, Any]:
    """Return what votes on a model against itself say of the position; nothing where none does."""
    bias = PositionBias.kept(content)
    if bias is None:
        return {"position": None}
    return {
        "position": bias,
        "position_figures": bias.in_percent(),
        "position_votes": f"{bias.votes:,}",
        "position_even": f"{bias.even:,}",
    }


def _rules(votes: dict[str, int], classes: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every rule, those without a vote as well, with the votes of each licence class."""
    return [
        {
            "label": str(NotCounted(rule).label),
            "votes": f"{votes.get(rule, 0):,}",
            "classes": [
                {
                    "label": str(LicenceClass(name).label),
                    "votes": f"{classes[name]['by_rule'].get(rule, 0):,}",
                }
                for name in LicenceClass.values
                # An account from before they were counted has none until the next one.
                if "by_rule" in classes.get(name, {})
            ],
        }
        for rule in NotCounted.values
    ]


def _left_out(models: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return a line for each model that has votes left out, and a column for each rule of them."""
    lines = [line for line in models if line["by_rule"]]
    rules = [rule for rule in NotCounted.values if any(rule in line["by_rule"] for line in lines)]
    return {
        "rules": [str(NotCounted(rule).label) for rule in rules],
        "lines": [
            {
                "facts": line["facts"],
                "votes": [f"{line['by_rule'].get(rule, 0):,}" for rule in rules],
            }
            for line in lines
        ],
    }


def _changes(moved: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return every version of the rules with what it did to the votes of the source."""
    by_version = {(row["part"], row["version"]): row for row in moved}
    parts = {"rules": _("Rules"), "labels": _("Labelling question")}
    none = {"votes": 0, "left_out": 0, "counted": 0}
    return [
        {
            "on": change.on.isoformat(),
            "part": parts[change.part],
            "version": change.version,
            "text": change.text,
            **{
                name: f"{by_version.get((change.part, change.version), none)[name]:,}"
                for name in none
            },
        }
        for change in CHANGES
    ]


def _classes(classes: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    places = sum(row["places"] for row in classes.values()) or 1
    return [
        {
            "class": name,
            "label": str(LicenceClass(name).label),
            "share": f"{100 * classes[name]['places'] / places:.1f}",
            **{part: f"{classes[name][part]:,}" for part in ("places", "counted", "excluded")},
        }
        for name in LicenceClass.values
        if name in classes
    ]


def _shares(weights: dict[str, float]) -> str:
    """Return which side has which part of the weight in the draw; empty where nothing is drawn."""
    total = sum(weights.values())
    labels = {"open": _("open weights"), "closed": _("closed"), "unknown": _("unknown")}
    return listed(
        _("%(side)s %(share)s%%") % {"side": labels[side], "share": f"{100 * weight / total:.0f}"}
        for side, weight in weights.items()
        if total and weight
    )
