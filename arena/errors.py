"""Error pages: what happened, whether anything was lost, what to do.

The page for an error of our own (500) asks nothing of the database, the session or the context
processors: any of them may be what failed.
"""

import logging
from collections.abc import Callable, Mapping

from django import db
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from arena.battles.errors import Unavailable
from arena.battles.views import refusal
from arena.context import describe_site

logger = logging.getLogger(__name__)

_SECONDS_TO_COME_BACK = 5

type ErrorView = Callable[[HttpRequest, Exception], HttpResponse]


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _page(
        request,
        400,
        _("This request could not be read"),
        _("Something in it was malformed, so nothing was done. Go back and try once more."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(
        request,
        403,
        _("This page is not open to you"),
        _("It belongs to someone else, or it asks you to sign in first."),
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404. Another visitor's battle is answered like one that does not exist."""
    return _page(
        request,
        404,
        _("There is nothing at this address"),
        _(
            "The link may be old or mistyped. "
            "A battle can be opened only by the visitor it belongs to."
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form or a script without a valid token, mostly for want of a cookie."""
    advice = _(
        "The page was open for too long, or cookies are blocked. "
        "Reload it and try once more; nothing was lost."
    )
    if not request.accepts("text/html"):
        return JsonResponse({"code": "no_token", "message": advice}, status=403)
    return _page(request, 403, _("This form could not be accepted"), advice)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without the database, the session or context processors."""
    text = {
        "site": describe_site(request),
        "code": 500,
        "heading": _("Something failed on our side"),
        "advice": _("Votes that were confirmed are safe. Please try again in a minute."),
    }
    return HttpResponse(render_to_string("errors/error.html", text), status=500)


def page_without_request(status: int, code: str) -> str:
    """Return the page of a refusal that no view made, in the active language."""
    somewhere = HttpRequest()
    somewhere.path = "/"
    text = {"site": describe_site(somewhere), "code": status, **_refusals()[code]}
    return render_to_string("errors/error.html", text)


class DatabaseAway:
    """Middleware: a view that Postgres left without an answer says 503, and when to come again."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; what a view raises comes to `process_exception`."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a database that is away; leave every other error alone."""
        if not isinstance(error, db.OperationalError | db.InterfaceError):
            return None
        logger.warning("A request without the database: %s", type(error).__name__)
        away = Unavailable("storage_away", retry_after=_SECONDS_TO_COME_BACK)
        if not request.accepts("text/html"):
            return refusal(away)
        return HttpResponse(
            page_without_request(away.status, away.code),
            status=away.status,
            headers={"Retry-After": str(away.retry_after), "Cache-Control": "no-store"},
        )


def _refusals() -> Mapping[str, Mapping[str, str]]:
    return {
        "storage_away": {
            "heading": _("One moment: our database does not answer"),
            "advice": _("Votes that were confirmed are safe. Please try again in a few seconds."),
        },
        "restarting": {
            "heading": _("The site is restarting"),
            "advice": _("Nothing was lost. Please try again in a few seconds."),
        },
        "too_many_requests": {
            "heading": _("That was very much in a short time"),
            "advice": _("Nothing was lost. Please wait a minute, then go on."),
        },
        "too_slow": {
            "heading": _("This took too long to arrive"),
            "advice": _("Your connection may be slow. Please go back and send it again."),
        },
        "too_large": {
            "heading": _("This is too large to be sent"),
            "advice": _("Please go back and send less; a picture may have at most 10 MB."),
        },
        "too_busy": {
            "heading": _("Very many people are here right now"),
            "advice": _("Nothing was lost. Please try again in a few seconds."),
        },
    }


def _page(request: HttpRequest, status: int, heading: str, advice: str) -> HttpResponse:
    text = {"code": status, "heading": heading, "advice": advice}
    return render(request, "errors/error.html", text, status=status)
