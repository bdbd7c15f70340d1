"""Which model? A reader's needs in, the models that may be the best for them out."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.catalogue import read_facts
from arena.boards.choices import SIMULATED, Choice
from arena.boards.measurements import economies
from arena.boards.models import Snapshot, SnapshotRow
from arena.boards.pages.answer import answer
from arena.boards.suitability import (
    Candidate,
    Wishes,
    as_json,
    exclusions,
    memory,
    monthly_cost,
    shrink,
    tied_set,
)
from arena.catalog.models import PublishedScore

_LARGEST = 1e9
_LONGEST = 2000


@require_safe
def which(request: HttpRequest) -> HttpResponseBase:
    """Show the models that fit; ``format=json`` for programs. The address is the question."""
    choice, wishes = Choice.of(request.GET), wishes_of(request.GET)
    if request.GET.get("format") == "json":
        return JsonResponse(as_document(gather(choice, wishes)))
    snapshot = choice.snapshot()
    address = request.GET.urlencode()[:_LONGEST]
    key = (choice, address, snapshot and (snapshot.pk, snapshot.created_at))
    return answer(request, "boards/which.html", key, lambda: gather(choice, wishes))


def wishes_of(query: QueryDict) -> Wishes:
    """Read what is wished for.

    Raises
    ------
    Http404
        A number that is none, is negative or beyond all measure.
    """
    cards, memory_gb = _number(query, "gpus"), _number(query, "gb")
    context = _number(query, "context")
    return Wishes(
        context=None if context is None else int(context),
        gpu_gb=None if memory_gb is None else (cards or 1) * memory_gb,
        commercial=query.get("commercial") == "on",
        first_token_seconds=_number(query, "first"),
        tokens_per_second=_number(query, "speed"),
        tokens_a_month=_number(query, "tokens"),
        budget=_number(query, "budget"),
    )


def gather(choice: Choice, wishes: Wishes) -> dict[str, Any]:
    """Return all that the page shows."""
    overall = Choice(source=choice.source).snapshot()
    part = choice.snapshot() if not choice.is_overall else None
    candidates = _candidates(overall, part)
    reasons = {each.facts.pk: exclusions(each, wishes) for each in candidates}
    fitting = [each for each in candidates if not reasons[each.facts.pk]]
    best, others = tied_set(fitting)
    unrated = [each for each in fitting if each.rating is None]
    return {
        "title": _("Which model?"),
        "description": _sentence(best, fitting),
        "sentence": _sentence(best, fitting),
        "choice": choice,
        "wishes": wishes,
        "sources": choice.sources(),
        "categories": choice.categories(),
        "languages": choice.languages(),
        "simulated": choice.source == SIMULATED,
        "best": [_shown(each, wishes) for each in best],
        "others": [_shown(each, wishes) for each in others],
        "unrated": _with_scores(unrated),
        "excluded": [
            {"facts": each.facts, "reasons": reasons[each.facts.pk]}
            for each in sorted(candidates, key=lambda each: each.facts.name)
            if reasons[each.facts.pk]
        ],
        "few": bool(best) and not choice.is_overall and all(each.shrunk for each in best),
        "asked": any(getattr(wishes, part.name) for part in fields(wishes))
        or not choice.is_overall,
    }


def as_document(content: dict[str, Any]) -> dict[str, Any]:
    """Return the page's answer for programs."""
    return {
        "finding": content["sentence"],
        "best": [as_json(each["candidate"]) for each in content["best"]],
        "others": [as_json(each["candidate"]) for each in content["others"]],
        "excluded": [
            {"model": each["facts"].slug, "reasons": each["reasons"]}
            for each in content["excluded"]
        ],
    }


def _number(query: QueryDict, name: str) -> float | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise Http404("no such number") from error
    if not 0 < value <= _LARGEST:
        raise Http404("no such number")
    return value


def _candidates(overall: Snapshot | None, part: Snapshot | None) -> list[Candidate]:
    if overall is None:
        return []
    rows = _by_model(overall)
    today = timezone.now().date()
    facts, economy = read_facts(today, of=rows), economies(today, of=rows)
    ratings = shrink(_by_model(part) if part else {}, rows)
    candidates = []
    for model, row in rows.items():
        if model not in ratings:
            candidates.append(Candidate(facts[model], economy[model], votes=row.votes))
            continue
        rating, lower, upper, votes, shrunk = ratings[model]
        candidates.append(
            Candidate(
                facts[model],
                economy[model],
                rating,
                lower,
                upper,
                votes=votes if part else row.votes,
                shrunk=shrunk and part is not None,
            )
        )
    return candidates


def _by_model(snapshot: Snapshot) -> dict[int, SnapshotRow]:
    return {row.language_model_id: row for row in snapshot.rows.all()}


def _shown(each: Candidate, wishes: Wishes) -> dict[str, Any]:
    """Return a candidate in the page's words."""
    billions = each.facts.params_total_b
    needs = ""
    if wishes.gpu_gb is not None and billions:
        low, high, whole = memory(billions)
        needs = _("%(low)s to %(high)s GB at 4 bit, %(whole)s GB at 16 bit") % {
            "low": f"{low:.0f}",
            "high": f"{high:.0f}",
            "whole": f"{whole:.0f}",
        }
    cost = monthly_cost(each.economy, wishes.tokens_a_month) if wishes.tokens_a_month else None
    return {
        "candidate": each,
        "facts": each.facts,
        "rating": f"{each.rating:.0f}",
        "interval": _("%(lower)s to %(upper)s")
        % {"lower": f"{each.lower:.0f}", "upper": f"{each.upper:.0f}"},
        "votes": f"{each.votes:,}",
        "needs": needs,
        "cost": "" if cost is None else f"${cost:,.0f}",
        "shrunk": each.shrunk,
    }


def _with_scores(unrated: list[Candidate]) -> list[dict[str, Any]]:
    """Return models without a rating with what others published of them, marked as such."""
    scores: dict[int, list[PublishedScore]] = {}
    for score in PublishedScore.objects.filter(
        language_model__in=[each.facts.pk for each in unrated]
    ):
        scores.setdefault(score.language_model_id, []).append(score)
    return [
        {"facts": each.facts, "votes": each.votes, "scores": scores.get(each.facts.pk, [])}
        for each in unrated
    ]


def _sentence(best: list[Candidate], fitting: list[Candidate]) -> str:
    """Return the finding: one model only where no other's interval reaches it."""
    say: Callable[[str], str] = _
    if not fitting:
        return say("No model of this arena fits all of that.")
    if not best:
        return say("The models that fit have too few votes to be ranked.")
    names = [each.facts.name for each in best]
    if len(names) == 1:
        return _("%(model)s is the best that fits, beyond doubt.") % {"model": names[0]}
    return _("%(number)d models that fit may be the best: their intervals overlap.") % {
        "number": len(names)
    }
