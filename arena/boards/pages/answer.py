"""How a page is answered: from what was made for the reader before, or made now; with an ETag.

A page's key names all that its content depends on: the snapshots, the language, the choice, and
the minute, so that facts an administrator changes show within one.
"""

import hashlib
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from arena.boards.kept import Kept

_pages = Kept[dict[str, str]](128)
_SECONDS = 60


def answer(
    request: HttpRequest, template: str, key: Hashable, gather: Callable[[], Mapping[str, Any]]
) -> HttpResponseBase:
    """Return a page.

    Parameters
    ----------
    template : str
        Of the page's content. The context names ``title`` and ``description``, and may name
        ``picture`` (the address of the link's preview), ``charts``, and ``query`` in place of the
        address's own.
    key : hashable
        What the content depends on, beside the language and the minute.
    gather : callable
        Returns the context; called only when the page is not kept.
    """
    whole = page_key(request, template, key)
    etag = f'"{whole}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    parts = _pages.get(whole, lambda: _make(request, template, gather()))
    page = {**parts, "content": mark_safe(parts["content"])}  # noqa: S308  our own template's
    response = render(request, "boards/page.html", {"page": page})
    response["ETag"] = etag
    patch_cache_control(response, no_cache=True)
    return response


def part(
    request: HttpRequest, template: str, key: Hashable, gather: Callable[[], Mapping[str, Any]]
) -> HttpResponseBase:
    """Return a part of a page by itself, kept as a page is.

    Pages that are open ask for it again and again: its ETag is the same in every minute.
    """
    etag = f'"{_digest(request, template, key)}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    made = _pages.get(
        page_key(request, template, key),
        lambda: {"content": render_to_string(template, gather(), request)},
    )
    return HttpResponse(made["content"], headers={"ETag": etag})


def not_drawn() -> HttpResponse:
    """Return that a picture cannot be drawn now, and when to ask again."""
    return HttpResponse(
        "The picture cannot be drawn now.", status=503, headers={"Retry-After": "10"}
    )


def page_key(request: HttpRequest, name: str, key: Hashable) -> str:
    """Return 32 hexadecimal digits that differ for pages that may differ."""
    return _digest(request, name, key, int(timezone.now().timestamp() // _SECONDS))


def _digest(request: HttpRequest, *parts: Hashable) -> str:
    prefix = request.path.removesuffix(request.path_info)
    whole = (*parts, get_language(), prefix, settings.SITE_NAME)
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:32]


def _make(request: HttpRequest, template: str, context: Mapping[str, Any]) -> dict[str, str]:
    return {
        "title": str(context["title"]),
        "description": str(context["description"]),
        "picture": str(context.get("picture", "")),
        "charts": "yes" if context.get("charts") else "",
        "live": "yes" if context.get("live") else "",
        "content": render_to_string(template, {"query": request.GET, **context}, request),
    }
