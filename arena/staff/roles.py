"""Roles: groups with permissions. An operator runs the arena, a moderator reads and rules, an
analyst counts.

They are made once; what an administrator changes of them stays. `manage.py roles` sets them back.
"""

from collections.abc import Mapping

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q, QuerySet

_READ = "view"
_RULE = "rule"  # on texts that a check flagged; with it they are read
_EVERYTHING = ("add", "change", "delete", "view")
# Role, then app, then what it may do with every table of the app.
ROLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "operator": {
        "catalog": _EVERYTHING,
        **dict.fromkeys(("battles", "integrity", "boards", "operating", "staff"), (_READ,)),
    },
    "moderator": {
        "battles": (_READ, _RULE),
        **dict.fromkeys(("integrity", "voters"), (_READ,)),
    },
    "analyst": dict.fromkeys(("catalog", "integrity", "boards"), (_READ,)),
}


@transaction.atomic
def make_roles(*, reset: bool = False) -> list[str]:
    """Make the roles that are missing; with ``reset`` give all of them their permissions again.

    Returns
    -------
    list of str
        The roles whose permissions were set.
    """
    done = []
    for name in ROLES:
        group, created = Group.objects.get_or_create(name=name)
        if created or reset:
            group.permissions.set(permissions_of(name))
            done.append(name)
    return done


def permissions_of(role: str) -> QuerySet[Permission]:
    """Return the permissions of a role, as far as their tables exist."""
    wanted = Q(pk__in=[])
    for app, actions in ROLES[role].items():
        names = Q()
        for action in actions:
            names |= Q(codename__startswith=f"{action}_")
        wanted |= Q(content_type__app_label=app) & names
    return Permission.objects.filter(wanted)
