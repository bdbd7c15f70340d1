"""How ratings are made, with today's parameters."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.choices import SIMULATED, Choice
from arena.boards.gap.rules import BUDGETS, CUTS, MIN_BATTLES, STANDARD
from arena.boards.lists import listed
from arena.boards.models import Ledger
from arena.boards.pages.answer import answer
from arena.boards.sentences import mix_sentence
from arena.boards.slice_names import STYLE_FEATURES
from arena.catalog.licences import LicenceClass
from arena.integrity.models import Labeller


@require_safe
def method(request: HttpRequest) -> HttpResponseBase:
    """Show how ratings are made."""
    choice = Choice.of(request.GET)
    snapshot = choice.snapshot()
    ledger = Ledger.objects.filter(source=choice.source).first()
    labelled = Labeller.current() is not None
    key = (choice, snapshot and snapshot.parameters, ledger and ledger.made_at, labelled)
    return answer(
        request, "boards/method.html", key, lambda: gather(choice, ledger, labelled=labelled)
    )


def gather(choice: Choice, ledger: Ledger | None, *, labelled: bool) -> dict[str, Any]:
    """Return all that the page shows."""
    snapshot = choice.snapshot()
    kept = {"half": _("half a win each"), "drop": _("left out")}
    policies = ledger.content.get("policies", []) if ledger else []
    return {
        "title": _("How ratings are made"),
        "description": _("The model, its parameters today, and what each policy does."),
        "choice": choice,
        "sources": choice.sources(),
        "simulated": choice.source == SIMULATED,
        "snapshot": snapshot,
        "style": [
            {**found, "name": STYLE_FEATURES.get(found["feature"], found["feature"])}
            for found in (snapshot.style if snapshot else [])
        ],
        "parameters": sorted((snapshot.parameters if snapshot else {}).items()),
        "policies": [
            {
                **policy,
                "ties": kept[policy["ties"]],
                "both_bad": kept[policy["both_bad"]],
                "now": (policy["ties"], policy["both_bad"]) == ("half", "half"),
            }
            for policy in policies
        ],
        "prediction": _prediction((ledger.content if ledger else {}).get("prediction")),
        "settings": {
            "min_votes": settings.MIN_VOTES_FOR_RATING,
            "min_votes_board": settings.MIN_VOTES_FOR_BOARD,
            "undo": settings.UNDO_SECONDS,
            "minutes": round(settings.PUBLISH_SECONDS / 60),
        },
        "battle": _battle(),
        "preliminary": PRELIMINARY_VOTES,
        "labelled": labelled,
        "rule": STANDARD,
        "half_width": f"{STANDARD.max_half_width:g}",
        "mix": mix_sentence(),
        "battles": f"{MIN_BATTLES:,}",
        "budgets": listed(f"{budget:g}" for budget in BUDGETS),
        "cuts": listed(LicenceClass(name).label for name in CUTS),
    }


def _battle() -> dict[str, Any]:
    """Return the rules that a voter meets."""
    return {
        "adaptive": settings.PAIRING == "adaptive",
        "itself": f"{100 * settings.SAME_MODEL_SHARE:g}" if settings.SAME_MODEL_SHARE else "",
        "paced": settings.PACING == "paced",
        "turns": settings.MAX_TURNS,
        "characters": f"{settings.MAX_PROMPT_CHARACTERS:,}",
        "at_once": settings.MAX_STREAMING_BATTLES,
        "prompts": settings.PROMPTS_PER_MINUTE,
        "chosen": settings.CHOSEN_MODELS,
        "pictures": settings.IMAGES,
    }


def _prediction(checked: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return how last week's board did on this week's votes, in the page's words."""
    if not checked:
        return None
    labels = {"board": "Bradley-Terry", "elo": "Elo", "constant": _("A coin: one half each")}
    over_coin = checked["advantages"]["constant"]
    return {
        "finding": prediction_finding(over_coin["lower"], over_coin["upper"]),
        "board": checked["board"],
        "number": checked["votes"],
        "unpredicted": checked["unpredicted"],
        "votes": f"{checked['votes']:,}",
        "left": f"{checked['unpredicted']:,}",
        **{name: checked[name][:10] for name in ("published", "since", "until")},
        "forecasts": [
            {
                "label": label,
                **{
                    part: f"{checked['forecasts'][name][part]:.4f}"
                    for part in ("log_loss", "brier")
                },
                "error": f"{100 * checked['forecasts'][name]['error']:.1f}",
                "advantage": _advantage(checked["advantages"].get(name)),
            }
            for name, label in labels.items()
            if name in checked["forecasts"]
        ],
        "calibration": [
            {part: f"{100 * row[part]:.0f}" for part in ("predicted", "observed", "lower", "upper")}
            | {"votes": f"{row['votes']:,}"}
            for row in checked["calibration"]
        ],
    }


def prediction_finding(lower: float | None, upper: float | None) -> str:
    """Say what the interval of the board's advantage over a coin, in nats a vote, tells."""
    if lower is not None and lower > 0:
        return _("Last week's board predicted this week's votes better than a coin.")
    if upper is not None and upper < 0:
        return _("Last week's board predicted this week's votes worse than a coin.")
    return _("On this week's votes last week's board cannot be told from a coin.")


def _advantage(found: dict[str, float | None] | None) -> str:
    if found is None:
        return ""
    if found["lower"] is None or found["upper"] is None:
        return _signed(found["log_loss"])
    return _("%(point)s (%(lower)s to %(upper)s)") % {
        "point": _signed(found["log_loss"]),
        "lower": _signed(found["lower"]),
        "upper": _signed(found["upper"]),
    }


def _signed(nats: float | None) -> str:
    return f"{nats or 0:+.4f}".replace("-", "\N{MINUS SIGN}")


PRELIMINARY_VOTES = STANDARD.min_votes
