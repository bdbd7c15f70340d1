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
        "settings": {
            "min_votes": settings.MIN_VOTES_FOR_RATING,
            "min_votes_board": settings.MIN_VOTES_FOR_BOARD,
            "undo": settings.UNDO_SECONDS,
            "turns": settings.MAX_TURNS,
            "characters": f"{settings.MAX_PROMPT_CHARACTERS:,}",
            "minutes": round(settings.PUBLISH_SECONDS / 60),
        },
        "preliminary": PRELIMINARY_VOTES,
        "labelled": labelled,
        "rule": STANDARD,
        "half_width": f"{STANDARD.max_half_width:g}",
        "mix": mix_sentence(),
        "battles": f"{MIN_BATTLES:,}",
        "budgets": listed(f"{budget:g}" for budget in BUDGETS),
        "cuts": listed(LicenceClass(name).label for name in CUTS),
    }


PRELIMINARY_VOTES = STANDARD.min_votes
