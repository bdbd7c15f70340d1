"""The requests about pictures: keep one, show one to its voter or by a shared link."""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_GET, require_POST

from arena.battles.errors import NotFound, NotPossibleNow, NotYours, PromptRefused
from arena.battles.mine.sharing import shared_battle
from arena.battles.pictures.encoding import MAX_BYTES
from arena.battles.pictures.keeping import keep_picture, own_picture
from arena.battles.pictures.models import Picture
from arena.battles.views import answers_json
from arena.voters.identity import voter_of


@require_POST
@answers_json
def keep(request: HttpRequest) -> JsonResponse:
    """Keep the picture that is the request's body; say its id, address and size in pixels."""
    voter_id = voter_of(request)
    if not settings.IMAGES:
        raise NotPossibleNow("picture_not_taken")
    if voter_id is None:
        raise NotYours("no_cookie")
    kept = keep_picture(voter_id, _file(request), at=timezone.now())
    return JsonResponse(
        {
            "id": str(kept.pk),
            "address": reverse("battles:picture", args=[kept.pk]),
            "width": kept.width,
            "height": kept.height,
        }
    )


@require_GET
@cache_control(private=True, no_cache=True)
def show(request: HttpRequest, picture_id: uuid.UUID) -> HttpResponseBase:
    """Send a picture to its voter, as long as it was not erased."""
    try:
        return _sent(request, own_picture(voter_of(request), picture_id))
    except NotFound as error:
        raise Http404 from error


@require_GET
@never_cache
def shared(request: HttpRequest, token: str, number: int) -> HttpResponseBase:
    """Send the picture of a turn to whoever has the battle's link."""
    try:
        turns = shared_battle(token).turns
    except NotFound as error:
        raise Http404 from error
    picture = next((turn.picture for turn in turns if turn.number == number), None)
    if picture is None or picture.is_erased:
        raise Http404
    response = _sent(request, picture)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _file(request: HttpRequest) -> bytes:
    try:
        length = int(request.headers.get("Content-Length") or 0)
    except ValueError as error:
        raise PromptRefused("bad_request") from error
    if length > MAX_BYTES:
        raise PromptRefused("picture_too_large")
    return request.read(MAX_BYTES + 1)


def _sent(request: HttpRequest, picture: Picture) -> HttpResponseBase:
    etag = f'"{picture.sha256[:32]}"'
    known: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    response = known or HttpResponse(_content(picture), content_type="image/jpeg")
    response["ETag"] = etag
    return response


def _content(picture: Picture) -> bytes:
    content = Picture.objects.filter(pk=picture.pk).values_list("content", flat=True).first()
    if not content:  # erased a moment ago
        raise Http404
    return bytes(content)
