"""The gap page: how far the best open model stands behind the best closed one."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.choices import SIMULATED, Choice
from arena.boards.figures import gap as charts
from arena.boards.figures.reading import GapReading
from arena.boards.figures.record import public_record
from arena.boards.figures.scores import score_charts
from arena.boards.gap.rules import DEFAULT_CUT
from arena.boards.pages.answer import answer
from arena.boards.pages.drawn import drawn, preview
from arena.boards.sentences import (
    gap_sentence,
    lag_sentence,
    mix_hidden_sentence,
    mix_sentence,
    preference_sentence,
    rule_sentence,
)
from arena.catalog.licences import LicenceClass


@require_safe
def gap(request: HttpRequest) -> HttpResponseBase:
    """Show the gap under the reader's cut, today's or as it was published."""
    choice = Choice.nearest(request.GET)
    snapshot = choice.snapshot()
    key = (choice, snapshot and (snapshot.pk, snapshot.created_at, snapshot.published_for))
    return answer(request, "boards/gap.html", key, lambda: gather(choice))


def gather(choice: Choice) -> dict[str, Any]:
    """Return all that the page shows."""
    reading = GapReading.of(choice)
    sentence = gap_sentence(dict(reading.figures))
    published = choice.view == "published"
    builders = charts.AS_PUBLISHED if published else charts.RETROSPECTIVE
    scores = [] if published else score_charts(choice)
    figures = drawn([*(build(reading) for build in builders), *scores], choice.address())
    return {
        "title": _("The gap between open and closed models"),
        "description": reading.titled(sentence),
        "picture": preview("gap", choice.address()) if figures else "",
        "charts": True,
        "choice": choice,
        "sources": choice.sources(),
        "categories": choice.categories(),
        "languages": choice.languages(),
        "windows": choice.windows(),
        "styles": choice.styles(),
        "cuts": choice.cuts(),
        "views": choice.views(),
        "simulated": choice.source == SIMULATED,
        "published": published,
        "snapshot": reading.snapshot,
        "sentence": sentence,
        "preference": preference_sentence(dict(reading.figures)),
        "lag": lag_sentence(dict(reading.figures)),
        "rule": rule_sentence(dict(reading.figures)),
        "lowered": reading.lowered,
        "strict_sentence": gap_sentence(dict(reading.strict)) if reading.lowered else "",
        "figures": figures[:1],
        "more": figures[1:],
        "record": drawn([public_record()], "?"),
        "shares": charts.class_shares(reading),
        "mix": mix_sentence(),
        "mix_hidden": mix_hidden_sentence(reading.mix),
        "undated": reading.figures.get("undated", 0),
        "cut_label": "" if choice.cut == DEFAULT_CUT else str(LicenceClass(choice.cut).label),
        "board_address": Choice(source=choice.source, style=choice.style).address(),
    }
