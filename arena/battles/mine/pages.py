"""The pages and requests of what is the voter's own: parse, call one function, reply."""

import re
import uuid
from http import HTTPStatus
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from arena.battles.errors import BattleError, NotFound
from arena.battles.markdown import render_markdown
from arena.battles.mine.erasure import erase_voter
from arena.battles.mine.export import everything_of
from arena.battles.mine.history import Search, history_page, own_battles
from arena.battles.mine.reasons import Reasons, give_reasons
from arena.battles.mine.sharing import (
    Shared,
    end_sharing,
    share_battle,
    shared_battle,
    verdict_on,
)
from arena.battles.models import Outcome, Side
from arena.battles.turns import own_battle
from arena.battles.views import answers_json
from arena.bodies import read_json
from arena.voters.accounts.account import address_of_voter
from arena.voters.identity import remember_anew, voter_of

# A comment of 1,000 characters takes at most 12,000 bytes as JSON.
_MAX_BODY = 16_384
_DRAWN_IN_BROWSER = re.compile(r"```|~~~|\$|\\[(\[]")


@require_GET
@never_cache
@ensure_csrf_cookie
def history(request: HttpRequest) -> HttpResponse:
    """Show the visitor's battles."""
    voter_id, now = voter_of(request), timezone.now()
    search = Search.of(request.GET)
    page, entries = history_page(voter_id, search, number=request.GET.get("page", ""), at=now)
    context = {
        "search": search,
        "outcomes": [(outcome.value, outcome.label) for outcome in Outcome],
        "page": page,
        "entries": entries,
        "has_battles": bool(entries) or own_battles(voter_id, Search(), at=now).exists(),
        "was_erased": "erased" in request.GET,
        "account": address_of_voter(voter_id),
        "query": _query_without_page(request),
    }
    return render(request, "battles/mine/history.html", context)


@require_POST
@answers_json
def reasons(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Store why the visitor chose so, in the place of what was said before."""
    battle = own_battle(voter_of(request), battle_id)
    stored = give_reasons(battle, Reasons.read(read_json(request, most=_MAX_BODY)))
    return JsonResponse(stored.as_json())


@require_POST
@answers_json
def share(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Make a link to a battle, or return the one it has."""
    token = share_battle(voter_of(request), battle_id, at=timezone.now())
    return JsonResponse({"path": reverse("battles:shared", args=[token])})


@require_POST
@answers_json
def unshare(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Make the link of a battle dead."""
    end_sharing(voter_of(request), battle_id)
    return JsonResponse({"path": None})


@require_GET
@never_cache
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """Show a battle to whoever has its link."""
    try:
        found = shared_battle(token)
    except NotFound as error:
        raise Http404 from error
    context = {**_shared_context(found), "token": token}
    context["has_sources"] = any(
        answer["source"] for turn in context["turns"] for answer in turn["answers"]
    )
    response = render(request, "battles/mine/shared.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_GET
@never_cache
def export(request: HttpRequest) -> HttpResponseBase:
    """Send everything of the visitor as a file."""
    voter_id, now = voter_of(request), timezone.now()
    if voter_id is None:
        return redirect("battles:mine")
    response = StreamingHttpResponse(
        everything_of(voter_id, at=now), content_type="application/json"
    )
    name = f"battles-{now:%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "POST"])
@never_cache
def erase(request: HttpRequest) -> HttpResponse:
    """Ask, then erase everything of the visitor, who goes on as a new one."""
    voter_id = voter_of(request)
    if request.method == "GET" or "sure" not in request.POST or voter_id is None:
        count = own_battles(voter_id, Search(), at=timezone.now()).count()
        context = {
            "count": count,
            "account": address_of_voter(voter_id),
            "unsure": request.method == "POST",
        }
        return render(request, "battles/mine/erase.html", context)
    try:
        erase_voter(voter_id, at=timezone.now())
    except BattleError as error:
        context = {"count": 1, "problem": error.sentence}
        return render(request, "battles/mine/erase.html", context, status=error.status)
    response = redirect(f"{reverse('battles:mine')}?erased", status=HTTPStatus.SEE_OTHER)
    remember_anew(response)
    return response


def _query_without_page(request: HttpRequest) -> str:
    query = request.GET.copy()
    for name in ("page", "erased"):
        query.pop(name, None)
    return query.urlencode()


def _source_to_draw(answer: str) -> str:
    """Return an answer that has code or formulas, which the browser draws; else nothing."""
    return answer if _DRAWN_IN_BROWSER.search(answer) else ""


def _shared_context(found: Shared) -> dict[str, Any]:
    models = [found.battle.model(side) for side in Side]
    names = {"a": models[0].name, "b": models[1].name}
    return {
        "title": _("%(a)s against %(b)s") % names,
        "verdict": verdict_on(found),
        "first_prompt": found.turns[0].prompt if found.turns else "",
        "sides": [
            {"letter": side.label, "model": model, "chosen": found.vote.outcome == side}
            for side, model in zip(Side, models, strict=True)
        ],
        "turns": [
            {
                "prompt": turn.prompt,
                "number": turn.number,
                "picture": turn.picture,
                "answers": [
                    {
                        "letter": side.label,
                        "name": found.battle.model(side).name,
                        "html": render_markdown(turn.answers.get(side, "")),
                        "source": _source_to_draw(turn.answers.get(side, "")),
                    }
                    for side in Side
                ],
            }
            for turn in found.turns
        ],
        "cast_at": found.vote.cast_at,
    }
