"""The pages and requests of a voter's account: parse, call one function, reply."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from arena.bodies import BodyRefusedError, read_json
from arena.voters.accounts import codes, passkeys
from arena.voters.accounts.account import (
    AccountClosed,
    account_of,
    account_with,
    address_of,
    passkeys_of,
)
from arena.voters.accounts.signing import sign_in, sign_out_everywhere
from arena.voters.addresses import network_hash_of
from arena.voters.identity import become, counted_as_of, remember, voter_of

# Of a passkey, with what its maker says of it.
_MAX_BODY = 65_536


def _signed_in(view: Callable[[HttpRequest, User], HttpResponse]) -> Callable[..., Any]:
    """Give a view the account; whoever is signed in no more is led to where one signs in."""

    @require_POST
    @never_cache
    @functools.wraps(view)
    def wrapped(request: HttpRequest) -> HttpResponse:
        user = account_of(voter_of(request))
        if user is not None:
            return view(request, user)
        if request.accepts("text/html"):
            return redirect("account:mine")
        return _told(_("You are signed out: reload the page."), HTTPStatus.FORBIDDEN)

    return wrapped


@require_GET
@never_cache
@ensure_csrf_cookie
def account(request: HttpRequest) -> HttpResponse:
    """Show the visitor's account, or how to get one."""
    user = account_of(voter_of(request))
    if user is None:
        return _sign_in_page(request)
    context = {"address": address_of(user), "passkeys": passkeys_of(user)}
    return render(request, "voters/account.html", context)


@require_POST
@never_cache
def send_code(request: HttpRequest) -> HttpResponse:
    """Send a code to an address, whatever the address."""
    browser, counted_as, now = voter_of(request), counted_as_of(request), timezone.now()
    typed = request.POST.get("address", "")
    if not settings.SENDS_EMAIL:
        return _sign_in_page(request, status=HTTPStatus.NOT_FOUND)
    if browser is None or counted_as is None:  # the form was open since before cookies were deleted
        return redirect("account:mine")
    try:
        asker = codes.Asker(browser, counted_as, network_hash_of(request, day=now.date()))
        codes.send_code(asker, codes.address_in(typed), at=now)
    except ValidationError:
        problem, status = _("This is not an e-mail address."), HTTPStatus.BAD_REQUEST
    except codes.TooManyCodes:
        problem = _(
            "This address was sent several codes lately: use the last, sign in with a passkey or "
            "in a browser that was signed in before, or wait an hour."
        )
        status = HTTPStatus.TOO_MANY_REQUESTS
    except codes.NotSent:
        problem = _("The mail could not be sent. Nothing was lost: try again in a few minutes.")
        status = HTTPStatus.SERVICE_UNAVAILABLE
    else:
        return redirect("account:code")
    return _sign_in_page(request, problem=problem, typed=typed, status=status)


@require_http_methods(["GET", "POST"])
@never_cache
@ensure_csrf_cookie
def take_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code, and sign in whoever has it."""
    browser, now = voter_of(request), timezone.now()
    awaited = codes.awaited_address(browser, at=now)
    if request.method == "GET" and awaited is None:
        return redirect("account:mine")
    if request.method == "GET":
        return render(request, "voters/code.html", {"address": awaited, "minutes": codes.MINUTES})
    try:
        user = account_with(codes.take_code(browser, request.POST.get("code", ""), at=now))
    except codes.WrongCode as error:
        problem = _wrong(error.left)
        context = {"address": awaited, "minutes": codes.MINUTES, "problem": problem}
        return render(request, "voters/code.html", context, status=HTTPStatus.BAD_REQUEST)
    except codes.NoCode:
        problem = _("This code holds no more: ask for a new one.")
        return _sign_in_page(request, problem=problem, status=HTTPStatus.BAD_REQUEST)
    except AccountClosed:
        return _sign_in_page(request, problem=_closed(), status=HTTPStatus.FORBIDDEN)
    response = redirect("battles:mine")
    become(response, request, sign_in(browser, user, at=now))
    return response


def _answers_script(view: Callable[..., JsonResponse]) -> Callable[..., Any]:
    """Answer a script whose passkey is refused."""

    @require_POST
    @never_cache
    @functools.wraps(view)
    def wrapped(request: HttpRequest, *rest: User) -> JsonResponse:
        try:
            return view(request, *rest)
        except (passkeys.PasskeyRefused, BodyRefusedError):
            return _told(_("This passkey was not taken."), HTTPStatus.BAD_REQUEST)

    return wrapped


@_answers_script
def passkey_question(request: HttpRequest) -> JsonResponse:
    """Ask a browser to prove a passkey."""
    return JsonResponse(passkeys.authentication())


@_answers_script
def passkey_sign_in(request: HttpRequest) -> JsonResponse:
    """Sign in whoever has proved a passkey."""
    now = timezone.now()
    user = passkeys.owner_of(read_json(request, most=_MAX_BODY), at=now)
    response = JsonResponse({"done": True})
    become(response, request, sign_in(voter_of(request), user, at=now))
    return response


@_signed_in
@_answers_script
def passkey_offer(request: HttpRequest, user: User) -> JsonResponse:
    """Ask a browser to make a passkey."""
    return JsonResponse(passkeys.registration(user))


@_signed_in
@_answers_script
def add_passkey(request: HttpRequest, user: User) -> JsonResponse:
    """Keep the passkey that a browser has made."""
    passkeys.add_passkey(user, read_json(request, most=_MAX_BODY), at=timezone.now())
    return JsonResponse({"done": True})


@_signed_in
def remove_passkey(request: HttpRequest, user: User) -> HttpResponse:
    """Forget a passkey."""
    number = request.POST.get("passkey", "")
    if number.isascii() and number.isdecimal() and len(number) < 18:
        passkeys.remove_passkey(user, int(number))
    return redirect("account:mine")


@require_POST
@never_cache
def sign_out(request: HttpRequest) -> HttpResponse:
    """Make the browser a new visitor, who sees nothing of the account."""
    response = redirect("battles:mine")
    if account_of(voter_of(request)) is not None:
        become(response, request)
    return response


@_signed_in
def sign_out_others(request: HttpRequest, user: User) -> HttpResponse:
    """Sign out every browser but this one."""
    response = redirect("account:mine")
    become(response, request, sign_out_everywhere(user, at=timezone.now()))
    return response


def _sign_in_page(
    request: HttpRequest, *, problem: str = "", typed: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    awaited = codes.awaited_address(voter_of(request), at=timezone.now())
    context = {
        "sends_email": settings.SENDS_EMAIL,
        "awaited": awaited,
        "problem": problem,
        "typed": typed,
    }
    response = render(request, "voters/sign_in.html", context, status=status)
    remember(response, request)
    return response


def _told(sentence: str, status: int) -> JsonResponse:
    return JsonResponse({"message": sentence}, status=status)


def _closed() -> str:
    return _("This address cannot have an account here.")


def _wrong(left: int) -> str:
    if left == 0:
        return _("That was another code, once too often: ask for a new one.")
    return ngettext(
        "That is another code. You can try %(left)d more time.",
        "That is another code. You can try %(left)d more times.",
        left,
    ) % {"left": left}
