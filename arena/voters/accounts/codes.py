"""Codes by e-mail. Whoever types one in the browser that asked for it has the address.

The same happens for every address, known or not: nobody learns here who has an account. A code is
kept as a hash, holds for `MINUTES`, is used once, and ends after `ATTEMPTS` wrong ones.

How many an address is sent in an hour is limited, or it could be flooded. A stranger who asks for
somebody else's address uses up what its network may ask for, at worst what all strangers may; a
browser that signed in with the address before has codes of its own, which nobody can use up.
"""

import datetime as dt
import smtplib
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import EmailValidator
from django.db import transaction
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from arena.locks import wait_in_line
from arena.voters.accounts.account import was_signed_in
from arena.voters.models import SignInCode

MINUTES = 15
ATTEMPTS = 5
# Codes that one address is sent in an hour: for each browser that signed in with it before, for
# each network of others, and for all others together.
FOR_FAMILIAR, FOR_NETWORK, FOR_STRANGERS = 5, 3, 12
_HOUR = dt.timedelta(hours=1)
_MOST_CHARACTERS = 254
# A mail server that hangs may hold so many of the process's places for requests, and no more.
_letters = threading.BoundedSemaphore(4)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a code.

    Attributes
    ----------
    voter : UUID
        Whom the browser's cookie names, and who may type the code.
    counted_as : UUID
        As whom its limits count it: the same before and after it signs in and out.
    network : str
        The hash of the network that it is in; empty when nobody can say.
    """

    voter: uuid.UUID
    counted_as: uuid.UUID
    network: str


class CodeError(Exception):
    """A code was not sent or not taken; the class says why.

    ::

        CodeError
        ├── TooManyCodes   the address was sent enough of them lately
        ├── NotSent        the mail server did not take it
        ├── NoCode         there is none: expired, used, used up, or asked for elsewhere
        └── WrongCode      another was typed; `left` more may be
    """


class TooManyCodes(CodeError):  # noqa: N818  reads as `raise TooManyCodes`
    """The address was sent enough of them lately."""


class NotSent(CodeError):  # noqa: N818
    """The mail server did not take it."""


class NoCode(CodeError):  # noqa: N818
    """There is none that could be typed."""


class WrongCode(CodeError):  # noqa: N818
    """Another was typed."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


def address_in(text: str) -> str:
    """Return an e-mail address as it is kept.

    Raises
    ------
    django.core.exceptions.ValidationError
        When it is none.
    """
    address = text.strip().lower()[: _MOST_CHARACTERS + 1]
    EmailValidator()(address)
    box, _at, domain = address.rpartition("@")
    try:
        # One spelling: mail for a domain in wide letters goes to the same box.
        address = f"{box}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValidationError("a domain that no mail goes to") from error
    if '"' in box or not box.isprintable() or len(address) > _MOST_CHARACTERS:
        raise ValidationError("an address that nobody has")
    return address


def send_code(asker: Asker, address: str, *, at: dt.datetime) -> None:
    """Send an address a new code for a browser; once it is sent, earlier ones hold no more.

    Raises
    ------
    TooManyCodes, NotSent
        The browser's earlier code holds as before.
    """
    code = get_adapter().generate_login_code()
    with transaction.atomic():
        wait_in_line(f"codes:{address}")
        made = SignInCode.objects.create(
            browser=asker.voter,
            address=address,
            **_allotment(asker, address, at),
            code_hash=_hash(asker.voter, code),
            made_at=at,
            attempts_left=ATTEMPTS,
        )
    try:
        _send(_letter(address, code))
    except NotSent:
        made.delete()
        raise
    earlier = SignInCode.objects.filter(browser=asker.voter, ended_at=None, pk__lt=made.pk)
    earlier.update(ended_at=at)


def _allotment(asker: Asker, address: str, at: dt.datetime) -> dict[str, Any]:
    """Return from whose codes one more is taken.

    Raises
    ------
    TooManyCodes
        When none is left there.
    """
    lately = SignInCode.objects.filter(address=address, made_at__gt=at - _HOUR)
    if was_signed_in(asker.counted_as, address):
        own = {"asked_from": f"browser:{asker.counted_as.hex}", "familiar": True}
        limits = [(own, FOR_FAMILIAR)]
    else:
        own = {"asked_from": f"network:{asker.network}", "familiar": False}
        limits = [(own, FOR_NETWORK), ({"familiar": False}, FOR_STRANGERS)]
    if any(lately.filter(**which).count() >= most for which, most in limits):
        raise TooManyCodes
    return own


def _send(letter: EmailMessage) -> None:
    if not _letters.acquire(blocking=False):
        raise NotSent
    try:
        letter.send()
    except (OSError, ValueError, smtplib.SMTPException) as error:  # refused, away, or not believed
        raise NotSent from error
    finally:
        _letters.release()


def take_code(browser: uuid.UUID | None, typed: str, *, at: dt.datetime) -> str:
    """Use the code that a browser was sent; return the address that it proves.

    Raises
    ------
    NoCode, WrongCode
    """
    if browser is None:
        raise NoCode
    with transaction.atomic():
        code = _open_codes(browser, at).select_for_update().first()
        if code is None:
            raise NoCode
        is_right = constant_time_compare(code.code_hash, _hash(browser, typed))
        code.attempts_left -= not is_right
        if is_right or code.attempts_left == 0:
            code.ended_at = at
        code.save(update_fields=["attempts_left", "ended_at"])
    if not is_right:  # outside, so that it was counted
        raise WrongCode(code.attempts_left)
    return code.address


def awaited_address(browser: uuid.UUID | None, *, at: dt.datetime) -> str | None:
    """Return where the code was sent that a browser may type now."""
    if browser is None:
        return None
    return _open_codes(browser, at).values_list("address", flat=True).first()


def forget_old_codes(*, at: dt.datetime) -> int:
    """Delete the codes that count for nothing any more, with their addresses; return how many."""
    return SignInCode.objects.filter(made_at__lte=at - _HOUR).delete()[0]


def _open_codes(browser: uuid.UUID, at: dt.datetime) -> QuerySet[SignInCode, SignInCode]:
    """Return what a browser may type, the newest first."""
    since = at - dt.timedelta(minutes=MINUTES)
    codes = SignInCode.objects.filter(browser=browser, ended_at=None, made_at__gt=since)
    return codes.order_by("-made_at")


def _hash(browser: uuid.UUID, code: str) -> str:
    letters = "".join(filter(str.isalnum, code)).upper()
    return salted_hmac("parity.sign-in", f"{browser}:{letters}", algorithm="sha256").hexdigest()


def _letter(address: str, code: str) -> EmailMessage:
    words = {"code": code, "minutes": MINUTES, "name": settings.SITE_NAME}
    return EmailMessage(
        subject=_("%(code)s is your code for %(name)s") % words,
        body=render_to_string("voters/code_letter.txt", words),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
        headers={"Auto-Submitted": "auto-generated"},
    )
