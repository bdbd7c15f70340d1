"""The picture of a shared battle, for whoever posts its link; as dead as the link when it ends."""

import hashlib
import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from arena.battles.errors import NotFound
from arena.battles.mine.sharing import shared_battle, verdict_on
from arena.battles.models import Side
from arena.boards.charts.battle_card import battle_card
from arena.boards.drawing import NotDrawnError, font_of, picture
from arena.boards.pages.answer import not_drawn


@require_safe
@cache_control(private=True, no_cache=True)
def picture_of_battle(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the picture as PNG. 503 with Retry-After while others are being drawn."""
    try:
        found = shared_battle(token)
    except NotFound as error:
        raise Http404 from error
    outcome = found.vote.outcome
    spec = battle_card(
        prompt=found.turns[0].prompt if found.turns else "",
        names=[found.battle.model(side).name for side in Side],
        chosen=list(Side).index(Side(outcome)) if outcome in Side.values else None,
        verdict=verdict_on(found),
        site=settings.SITE_NAME,
        font=font_of(get_language() or ""),
    )
    etag = f'"{hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()[:32]}"'
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None:
        try:
            response = HttpResponse(picture(spec, "png"), content_type="image/png")
        except NotDrawnError:
            return not_drawn()
    response["ETag"] = etag
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
