"""Voters in the admin: that they exist, and nothing of who they are."""

from collections.abc import Sequence
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from arena.read_only import ReadOnlyAdmin
from arena.voters.models import Voter

# django-allauth's own: a voter's address is for codes alone, and nobody reads it.
admin.site.unregister(EmailAddress)


class SourceFilter(admin.SimpleListFilter):
    """Live, imported or simulated; without reading the whole table for the choices."""

    title = "source"
    parameter_name = "from"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Return the kinds of source."""
        return (("live", "live"), ("import:", "imported"), ("simulated", "simulated"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen kind."""
        return queryset.filter(source__startswith=self.value()) if self.value() else queryset


@admin.register(Voter)
class VoterAdmin(ReadOnlyAdmin):
    """Neither the account nor an imported pseudonym is shown."""

    list_display = ("id", "source", "created_at")
    list_filter = (SourceFilter,)
    search_fields = ("id__exact",)
    search_help_text = "A voter's whole id."
    fields: ClassVar = ("id", "source", "created_at")

    # The text of a voter is the pseudonym, which the title of the page would show.
    def get_object(self, *args: Any, **kwargs: Any) -> Voter | None:
        """Return the voter without what says who it is."""
        voter: Voter | None = super().get_object(*args, **kwargs)
        if voter is not None:
            voter.pseudonym = ""
        return voter
