"""Accounts of voters, which nobody needs: a code by e-mail or a passkey, and a history adopted.

May be imported from by `arena.urls` and by what is above voters.
Imports `arena.voters` and django-allauth, which keeps addresses and passkeys; no other app.
"""
