"""Signing in and out: which voter a browser is, and what an account adopts.

A browser that signs in becomes its account's voter, who adopts the one it was before: the history
grows together, each battle keeps its voter, and no board changes. The cookie from before is
nobody's then, so that a copy of it that somebody kept opens no account. Signing out makes the
browser a new voter.
"""

import datetime as dt
import uuid

from django.contrib.auth.models import User

from arena.voters.accounts.account import own_change
from arena.voters.models import Voter


def sign_in(browser: uuid.UUID | None, user: User, *, at: dt.datetime) -> uuid.UUID:
    """Return the voter that a browser is after it signed in; what it was before is adopted."""
    with own_change():
        # Two browsers at once: the second waits, and finds the voter that the first made.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        own, _ = Voter.objects.get_or_create(user=user, defaults={"created_at": at})
        User.objects.filter(pk=user.pk).update(last_login=at)
        if browser not in {None, own.pk}:
            # A page of the earlier voter may be open: with a row it is told what happened.
            Voter.objects.bulk_create([Voter(pk=browser, created_at=at)], ignore_conflicts=True)
            Voter.objects.filter(
                pk=browser, source="live", user=None, adopted_by=None, erased_at=None
            ).update(adopted_by=own)
    return own.pk


def sign_out_everywhere(user: User, *, at: dt.datetime) -> uuid.UUID:
    """Give an account a new voter, who adopts all before; return it. Other browsers are out."""
    with own_change():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        before = Voter.objects.select_for_update(no_key=True).get(user=user)
        Voter.objects.filter(pk=before.pk).update(user=None)
        own = Voter.objects.create(user=user, created_at=at)
        Voter.objects.filter(adopted_by=before).update(adopted_by=own)
        Voter.objects.filter(pk=before.pk).update(adopted_by=own)
    return own.pk
