"""The voter's pages and the vote: parse, call one function, reply."""

import functools
import uuid
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from arena.battles import votes
from arena.battles.errors import BattleError, NotFound, NotYours, PromptRefused
from arena.battles.models import Battle, Outcome, Side
from arena.battles.reveal import NotFinalYet, reveal
from arena.battles.starter_prompts import starter_prompts
from arena.battles.turns import own_battle
from arena.bodies import BodyRefusedError, read_json
from arena.catalog.models import LanguageModel
from arena.voters.identity import remember, voter_of

_MAX_BODY = 1024
# By how many models the visitor chooses.
_MODES = ("blind", "chat", "side_by_side")
_ROUTES = ("new", "chat", "side_by_side")


@require_GET
@never_cache
@ensure_csrf_cookie
def battle_page(
    request: HttpRequest, battle_id: uuid.UUID | None = None, seats: int = 0
) -> HttpResponse:
    """Show the battle box, empty or with one of the visitor's own battles.

    With `seats` the visitor chooses the one or two models that answer.
    """
    if seats and not settings.CHOSEN_MODELS:
        raise Http404
    voter_id = voter_of(request)
    chosen = {side: request.GET.get(side, "") for side in tuple(Side)[:seats]}
    if battle_id is not None:
        try:
            battle = own_battle(voter_id, battle_id)
        except (NotFound, NotYours) as error:
            raise Http404 from error
        if not battle.blind:
            chosen = {side: battle.model(side).slug for side in battle.model_ids}
    context = {
        "battle_id": str(battle_id or ""),
        "mode": _MODES[len(chosen)],
        "start": reverse(f"battles:{_ROUTES[len(chosen)]}"),
        "seats": [{"side": side, "slug": slug} for side, slug in chosen.items()],
        "choices": _choices() if chosen else [],
        "takes_pictures": _takes_pictures(models=len(chosen) or 2),
        "may_choose": settings.CHOSEN_MODELS,
        "max_prompt_characters": settings.MAX_PROMPT_CHARACTERS,
        "undo_seconds": settings.UNDO_SECONDS,
        "starter_prompts": starter_prompts(get_language() or settings.LANGUAGE_CODE),
        "first_visit": voter_id is None or not Battle.objects.filter(voter=voter_id).exists(),
    }
    response = render(request, "battles/battle.html", context)
    remember(response, request)
    return response


def _choices() -> Iterable[LanguageModel]:
    """Return the models that can be chosen now, those of an organisation together."""
    return LanguageModel.objects.drawable(at=timezone.now()).order_by("organisation", "name")


def _takes_pictures(*, models: int) -> bool:
    """Return whether so many models could look at a picture now."""
    if not settings.IMAGES:
        return False
    return LanguageModel.objects.drawable(at=timezone.now(), seeing=True).count() >= models


def refusal(error: BattleError) -> JsonResponse:
    """Answer a script that its request was refused, and when it may come again."""
    wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return JsonResponse(error.as_json(), status=error.status, headers=wait)


def answers_json(view: Callable[..., JsonResponse]) -> Callable[..., HttpResponseBase]:
    """Answer what a view raises as ``{"code", "message"}`` with its status, and bad bodies."""

    @never_cache
    @functools.wraps(view)
    def wrapped(request: HttpRequest, **route: Any) -> JsonResponse:
        try:
            return view(request, **route)
        except BodyRefusedError:
            return refusal(PromptRefused("bad_request"))
        except BattleError as error:
            return refusal(error)

    return wrapped


@require_POST
@answers_json
def vote(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Store a vote, or return the one that stands."""
    outcome = _outcome(request)
    stored = votes.cast_vote(voter_of(request), battle_id, outcome, at=timezone.now())
    return JsonResponse(
        {
            "outcome": stored.outcome,
            "cast_at": stored.cast_at.isoformat(),
            "final_at": stored.final_at.isoformat(),
            "receipt": votes.receipt_code(stored),
        }
    )


@require_POST
@answers_json
def undo(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Take a vote back within its undo time."""
    votes.take_back(voter_of(request), battle_id)
    return JsonResponse({"undone": True})


@require_GET
@answers_json
def reveal_view(request: HttpRequest, battle_id: uuid.UUID) -> JsonResponse:
    """Say who answered, once the vote is final."""
    battle = own_battle(voter_of(request), battle_id)
    try:
        return JsonResponse(reveal(battle))
    except NotFinalYet as error:
        return JsonResponse(
            {
                "code": "not_final",
                "message": gettext("Your vote can still be taken back: one moment."),
                "final_at": error.final_at.isoformat(),
            },
            status=HTTPStatus.TOO_EARLY,
        )


def _outcome(request: HttpRequest) -> Outcome:
    body = read_json(request, most=_MAX_BODY)
    try:
        return Outcome(body["outcome"])
    except (ValueError, TypeError, KeyError) as error:
        raise PromptRefused("bad_request") from error
