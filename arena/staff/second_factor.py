"""Which sessions have shown a second factor, and what ends when an account gets its first one."""

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone


def has_second_factor(request: HttpRequest) -> bool:
    """Return whether this session has shown one, or the deployment asks for none."""
    if not settings.STAFF_SECOND_FACTOR:
        return True
    return is_mfa_enabled(request.user) and _has_shown_it(request)


def is_left_behind(request: HttpRequest) -> bool:
    """Return whether the account has a second factor that this session has never shown.

    It was opened by password alone before there was one: what it may do is log in again.
    """
    return is_mfa_enabled(request.user) and not has_second_factor(request)


def keep_enrolling_session(request: HttpRequest) -> None:
    """Note that this session set up the account's first factor; end the account's others."""
    end_other_sessions(request)
    record_authentication(request, request.user, "mfa")
    request.session.cycle_key()


def end_other_sessions(request: HttpRequest) -> None:
    """End every session of the account but this one. All but staff's end soon, so they are few."""
    others = Session.objects.filter(expire_date__gt=timezone.now())
    account = request.session[SESSION_KEY]
    for session in others.exclude(session_key=request.session.session_key):
        if session.get_decoded().get(SESSION_KEY) == account:
            session.delete()


def _has_shown_it(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "mfa" for record in records)
