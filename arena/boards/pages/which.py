"""Which model? A reader's needs in, the models that may be the best for them out."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from arena.boards.catalogue import licences_on, read_facts
from arena.boards.choices import SIMULATED, Choice
from arena.boards.for_programs import finished
from arena.boards.hardware import memory
from arena.boards.leaderboard import about
from arena.boards.measurements import economies
from arena.boards.models import Snapshot, SnapshotRow
from arena.boards.pages.answer import answer
from arena.boards.slice_names import slice_name
from arena.boards.suitability import (
    Candidate,
    Estimate,
    Wishes,
    as_json,
    exclusions,
    monthly_cost,
    shrink,
    tied_set,
    unjudged,
)
from arena.catalog.licences import Permission
from arena.catalog.models import LanguageModel, PublishedScore

_LARGEST = 1e9
# What the page is asked for; each is cut to the length that `Choice` reads.
_ASKED = (
    *("source", "category", "language", "licence", "commercial", "context", "gpus", "gb"),
    *("bandwidth", "first", "speed", "tokens", "budget"),
)
_LONGEST = 120
# Of the answer for programs; a name that goes or changes its meaning raises it.
_VERSION = 1


@require_safe
def which(request: HttpRequest) -> HttpResponseBase:
    """Show the models that fit; ``format=json`` for programs. The address is the question."""
    query = _known(request.GET)
    asked, wishes = Question.of(query), wishes_of(query)
    if request.GET.get("format") == "json":
        return finished(request, JsonResponse(as_document(gather(asked, wishes))))
    seen = tuple((each.pk, each.created_at) for each in asked.snapshots())
    key = (asked, query.urlencode(), seen)

    def content() -> dict[str, Any]:
        return {**gather(asked, wishes), "query": query}

    return answer(request, "boards/which.html", key, content)


def _known(query: QueryDict) -> QueryDict:
    """Return what of an address the answer depends on: the page is kept by it and made from it."""
    known = QueryDict(mutable=True)
    for name in _ASKED:
        if value := query.get(name, "").replace("\0", "")[:_LONGEST]:
            known[name] = value
    return known


@dataclass(frozen=True)
class Question:
    """The votes that are asked: a task's and a language's, each with a board of its own."""

    task: Choice
    language: Choice

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        """Read the two parts.

        Raises
        ------
        Http404
            There is no such source, task, language or licence.
        """
        parts = (_without(query, *names) for names in (_NOT_TASK, _NOT_LANGUAGE))
        return cls(*(Choice.nearest(part) for part in parts))

    def overall(self) -> Snapshot | None:
        """Return the board of all votes of the source."""
        return Choice(source=self.task.source).snapshot()

    def parts(self) -> list[Snapshot]:
        """Return the boards of what is asked for; none where all votes are."""
        chosen = (each for each in (self.task, self.language) if not each.is_overall)
        return [found for each in chosen if (found := each.snapshot())]

    def missing(self) -> list[str]:
        """Return that a task or language was not judged, where it has no board."""
        asked = (each.instead_of for each in (self.task, self.language) if each.instead_of)
        return [
            _("%(slice)s was not judged: it has no board of its own.")
            % {"slice": slice_name(each.category, each.language)}
            for each in asked
        ]

    def snapshots(self) -> list[Snapshot]:
        """Return all boards that the answer is made of."""
        overall = self.overall()
        return [*([overall] if overall else []), *self.parts()]


# A board of the last days or with style control answers no question of this page.
_NOT_TASK = ("language", "days", "style", "method")
_NOT_LANGUAGE = ("category", "days", "style", "method")


def _without(query: QueryDict, *names: str) -> QueryDict:
    rest = query.copy()
    for name in names:
        rest.pop(name, None)
    return rest


def wishes_of(query: QueryDict) -> Wishes:
    """Read what is wished for.

    Raises
    ------
    Http404
        A number that is none, is negative or beyond all measure.
    """
    cards, memory_gb = _number(query, "gpus") or 1, _number(query, "gb")
    bandwidth, context = _number(query, "bandwidth"), _number(query, "context")
    return Wishes(
        context=None if context is None else int(context),
        cards=_number(query, "gpus"),
        gpu_gb=None if memory_gb is None else cards * memory_gb,
        bandwidth=None if bandwidth is None else cards * bandwidth,
        licence=query.get("licence") or "all",
        commercial=query.get("commercial") == "on",
        first_token_seconds=_number(query, "first"),
        tokens_per_second=_number(query, "speed"),
        tokens_a_month=_number(query, "tokens"),
        budget=_number(query, "budget"),
    )


def gather(asked: Question, wishes: Wishes) -> dict[str, Any]:
    """Return all that the page shows."""
    choice, overall, parts = asked.task, asked.overall(), asked.parts()
    candidates = _candidates(choice.source, overall, parts)
    reasons = {each.facts.pk: exclusions(each, wishes) for each in candidates}
    fitting = [each for each in candidates if not reasons[each.facts.pk]]
    best, others = tied_set(fitting)
    benchmark, unrated = by_published_scores([each for each in fitting if each.rating is None])
    sentence = finding(best, fitting)
    return {
        "title": _("Which model?"),
        "description": sentence,
        "sentence": sentence,
        "choice": choice,
        "wishes": wishes,
        "boards": [each.replay_id for each in asked.snapshots()],
        "sources": choice.sources(),
        "categories": choice.categories(),
        "languages": asked.language.languages(),
        "licences": choice.licences(),
        "simulated": choice.source == SIMULATED,
        "best": [_shown(each, wishes) for each in best],
        "others": [_shown(each, wishes) for each in others],
        "has_estimates": wishes.gpu_gb is None
        and any(each.economy.is_estimated for each in (*best, *others)),
        "unrated": unrated,
        "benchmark": benchmark,
        "excluded": [
            {"facts": each.facts, "reasons": reasons[each.facts.pk]}
            for each in sorted(candidates, key=lambda each: each.facts.name)
            if reasons[each.facts.pk]
        ],
        "few": bool(best and parts) and all(each.shrunk for each in best),
        "unjudged": [*asked.missing(), *unjudged(wishes)],
    }


def as_document(content: dict[str, Any]) -> dict[str, Any]:
    """Return the page's answer for programs."""
    wishes = content["wishes"]
    return {
        "version": _VERSION,
        "finding": content["sentence"],
        "source": content["choice"].source,
        "boards": content["boards"],
        "wishes": asdict(wishes),
        "unjudged": content["unjudged"],
        "best": [as_json(each["candidate"], wishes) for each in content["best"]],
        "others": [as_json(each["candidate"], wishes) for each in content["others"]],
        "too_few_votes": [
            {
                **as_json(each["candidate"], wishes),
                "published_scores": [
                    {
                        name: getattr(score, name)
                        for name in ("benchmark", "value", "shots", "harness", "source")
                    }
                    | {"date": score.published_on}
                    for score in each["scores"]
                ],
            }
            for each in content["unrated"]
        ],
        "ordered_by_published": content["benchmark"],
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


def _candidates(
    source: str, overall: Snapshot | None, parts: Sequence[Snapshot]
) -> list[Candidate]:
    """Return the models of a source's board; of live votes also those that wait for their first."""
    rows = _by_model(overall) if overall else {}
    now = timezone.now()
    models = list(rows)
    if source == "live":
        drawable = LanguageModel.objects.drawable(at=now).exclude(pk__in=models)
        models += drawable.values_list("pk", flat=True)
    facts, economy = read_facts(now.date(), of=models), economies(now.date(), of=models)
    licences = licences_on(now.date(), of=models)
    estimates = shrink([_by_model(part) for part in parts], rows)
    return [
        _with_rating(
            Candidate(
                facts[pk],
                economy[pk],
                votes=rows[pk].votes if pk in rows else 0,
                licence=licences.get(pk),
            ),
            estimates.get(pk),
            sliced=bool(parts),
        )
        for pk in models
    ]


def _with_rating(candidate: Candidate, estimate: Estimate | None, *, sliced: bool) -> Candidate:
    if estimate is None:
        return candidate
    return replace(
        candidate,
        rating=estimate.rating,
        lower=estimate.rating - estimate.half,
        upper=estimate.rating + estimate.half,
        votes=estimate.votes if sliced else candidate.votes,
        shrunk=sliced and estimate.shrunk,
    )


def _by_model(snapshot: Snapshot) -> dict[int, SnapshotRow]:
    return {row.language_model_id: row for row in snapshot.rows.all()}


def _shown(each: Candidate, wishes: Wishes) -> dict[str, Any]:
    """Return a candidate in the page's words."""
    needs = ""
    if wishes.gpu_gb is not None and each.size:
        needed = memory(each.size, wishes.context)
        needs = _("%(low)s to %(high)s GB at 4 bit, %(whole)s GB at 16 bit") % {
            "low": f"{needed.least:.0f}",
            "high": f"{needed.usual:.0f}",
            "whole": f"{needed.whole:.0f}",
        }
    cost = monthly_cost(each.economy, wishes)
    return {
        "candidate": each,
        "facts": each.facts,
        "rating": f"{each.rating:.0f}",
        "interval": _("%(lower)s to %(upper)s")
        % {"lower": f"{each.lower:.0f}", "upper": f"{each.upper:.0f}"},
        "votes": f"{each.votes:,}",
        "needs": needs,
        "speed": _speed_text(each, wishes),
        "cost": "" if cost is None else f"${cost:,.0f}",
        "commercial_use": each.commercial_use.label,
        "conditions": each.licence.conditions
        if each.licence and each.commercial_use == Permission.LIMITED
        else "",
    }


def _speed_text(each: Candidate, wishes: Wishes) -> str:
    """Return how fast a model writes: as measured, or what the reader's own cards may reach."""
    if wishes.gpu_gb is None:
        speed = each.economy.tokens_per_second
        return "" if speed is None else about(f"{speed:.0f}", each.economy)
    most = each.own_speed(wishes)
    if most is not None:
        return _("at most %(speed)s") % {"speed": f"{most:.0f}"}
    if each.size is None:
        return ""
    return _("%(billions)s billion") % {"billions": f"{each.size.active:.3g}"}


def by_published_scores(unrated: Sequence[Candidate]) -> tuple[str, list[dict[str, Any]]]:
    """Return models without a rating by what others published of them, and by which benchmark.

    That is the benchmark that most of them have a score of; models without one come last.
    """
    scores: dict[int, list[PublishedScore]] = {}
    for score in PublishedScore.objects.filter(
        language_model__in=[each.facts.pk for each in unrated]
    ):
        scores.setdefault(score.language_model_id, []).append(score)
    number = Counter(name for own in scores.values() for name in {each.benchmark for each in own})
    benchmark = min(number, key=lambda name: (-number[name], name), default="")
    rows = [
        {
            "candidate": each,
            "facts": each.facts,
            "votes": each.votes,
            "scores": scores.get(each.facts.pk, []),
        }
        for each in unrated
    ]

    def place(row: dict[str, Any]) -> tuple[float, str]:
        own = [score.value for score in row["scores"] if score.benchmark == benchmark]
        return -own[0] if own else math.inf, row["facts"].name

    return benchmark, sorted(rows, key=place)


def finding(best: list[Candidate], fitting: list[Candidate]) -> str:
    """Return the finding: one model only where no other's interval reaches it."""
    if not fitting:
        return _("No model of this arena fits.")
    if not best:
        return _("The models that fit have too few votes to be ranked.")
    names = [each.facts.name for each in best]
    if len(names) == 1:
        return _one(fitting) % {"model": names[0]}
    return _("%(number)d models that fit may be the best: their intervals overlap.") % {
        "number": len(names)
    }


def _one(fitting: Sequence[Candidate]) -> str:
    """Return what may be said of a single best, which others without a rating don't contest."""
    if len(fitting) == 1:
        return _("%(model)s is the only model that fits.")
    rated = [each for each in fitting if each.rating is not None]
    if len(rated) == 1:
        return _("%(model)s is the only model that fits and has enough votes for a rating.")
    if len(rated) < len(fitting):
        return _(
            "%(model)s is the best of the rated models that fit: no other's interval reaches its "
            "own. Others have too few votes."
        )
    return _("%(model)s is the best that fits: no other's interval reaches its own.")
