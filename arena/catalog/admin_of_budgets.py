"""The admin of budgets: the site's caps, and what every endpoint and every day cost."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from arena.catalog import budget
from arena.catalog.budget import spend_in
from arena.catalog.budget_form import CAPS, BudgetCapsForm
from arena.catalog.models import Budget, DailySpend
from arena.catalog.wording import sentence_of_spend
from arena.only_one import OnlyOneAdmin
from arena.read_only import ReadOnlyAdmin


class BudgetAdmin(OnlyOneAdmin):
    """The caps of the whole site, and those of the endpoints, which their own pages set as well.

    Under a cap of the site only endpoints with a price of their own (which may be 0) are called.
    """

    form = BudgetCapsForm
    list_display = ("whose", "spent")
    list_select_related = ("endpoint__language_model", "endpoint__provider")
    ordering: ClassVar = [F("endpoint").asc(nulls_first=True)]
    fields = ("whose", *CAPS, "spent")
    readonly_fields = ("whose", "spent")

    def the_one(self) -> QuerySet[Budget]:
        """Return the site's. An endpoint's comes from its own page."""
        return Budget.objects.filter(endpoint=None)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: it knows what was spent. A cap is taken away by emptying its field."""
        return False

    def save_model(self, request: HttpRequest, obj: Budget, form: Any, change: bool) -> None:
        """Save the caps, and say which endpoints leave battles because of the site's."""
        super().save_model(request, obj, form, change)
        if obj.endpoint_id is None and (names := budget.unpriced(at=timezone.now())):
            told = (
                f"These have no price of their own and are not called under this cap: {names}. "
                "Enter what they cost (0 for a server of your own), or choose them in the list of "
                "endpoints and confirm their list prices."
            )
            self.message_user(request, told, messages.WARNING)

    @admin.display(description="budget of")
    def whose(self, held: Budget) -> str:
        """Return the endpoint, or the whole site."""
        return str(held)

    @admin.display(description="spent")
    def spent(self, held: Budget) -> str:
        """Return what was spent and held, in a line."""
        return sentence_of_spend(spend_in(held, timezone.now().date()))


class DailySpendAdmin(ReadOnlyAdmin):
    """What each day (UTC) cost: of every endpoint, and of the whole site."""

    list_display = ("day", "whose", "calls", "spent", "estimated")
    list_select_related = ("endpoint__language_model", "endpoint__provider")
    date_hierarchy = "day"
    ordering: ClassVar = ["-day", F("endpoint").asc(nulls_first=True)]

    @admin.display(description="of")
    def whose(self, day: DailySpend) -> str:
        """Return the endpoint, or the whole site."""
        return str(day.endpoint or "the whole site")
