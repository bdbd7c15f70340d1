"""The contestants and where they are served: what an administrator sees and changes."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import PROTECT, Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin, TabularInline

from arena.catalog.admin_of_budgets import BudgetAdmin, DailySpendAdmin
from arena.catalog.admin_of_endpoints import EndpointAdmin
from arena.catalog.admin_of_facts import AliasInline, ClaimInline, LicensingInline, disputes_of
from arena.catalog.admin_of_moderation import ModerationAdmin
from arena.catalog.admissions import forget, test_again
from arena.catalog.forms import (
    LanguageModelForm,
    ProviderForm,
    SamplingActionForm,
    refuse_without_reason,
)
from arena.catalog.licences import LicenceClass
from arena.catalog.models import (
    Admission,
    Budget,
    DailySpend,
    Endpoint,
    LanguageModel,
    Moderation,
    Price,
    Provider,
    PublishedScore,
)
from arena.catalog.sampling import SamplingReason, bring_back, retire
from arena.catalog.wording import line_of
from arena.read_only import ReadOnlyAdmin
from workers.endpoints import Step

_keeps_keys_out_of_reports = method_decorator(sensitive_post_parameters("api_key"))


class PriceInline(TabularInline):
    """What its tokens cost, each from a day on."""

    model = Price
    fk_name = "language_model"
    raw_id_fields = ("endpoint",)  # a list of all endpoints would cost a query for each
    extra = 0


class PublishedScoreInline(TabularInline):
    """What others measured; `manage.py import_scores` reads a file of them."""

    model = PublishedScore
    extra = 0


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin):
    """A contestant. One that met others is retired, never deleted: every model stays listed."""

    form = LanguageModelForm
    list_display = (
        *("name", "organisation", "licence", "released", "endpoint_count", "sampling_weight"),
        *("rating", "retired_at"),
    )
    list_filter = (
        "simulated",
        ("retired_at", admin.EmptyFieldListFilter),
        "licensings__licence_class",
    )
    list_select_related = ("standing",)
    search_fields = ("name", "organisation", "aliases__name")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines = (LicensingInline, PriceInline, ClaimInline, AliasInline, PublishedScoreInline)
    actions = ("retire", "bring_back")
    action_form = SamplingActionForm
    readonly_fields = ("disagreement", "simulated", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        """Return models with what the list shows, in a fixed number of queries."""
        queryset: QuerySet[LanguageModel] = super().get_queryset(request)
        return queryset.prefetch_related("licensings").annotate(
            endpoint_count=Count("endpoints", distinct=True)
        )

    def has_delete_permission(self, request: HttpRequest, obj: LanguageModel | None = None) -> bool:
        """Return whether nothing refers to the model; several at once are never deleted."""
        if obj is None or not super().has_delete_permission(request, obj):
            return False
        return not any(
            relation.related_model._base_manager.filter(**{relation.field.name: obj}).exists()
            for relation in LanguageModel._meta.related_objects
            if relation.on_delete is PROTECT
        )

    @admin.display(description="where sources disagree")
    def disagreement(self, model: LanguageModel) -> str:
        """Return the facts that somebody states otherwise."""
        return disputes_of(model) if model.pk else "-"

    @admin.display(description="licence class")
    def licence(self, model: LanguageModel) -> str:
        """Return the class in force today, in words."""
        return str(LicenceClass(model.licence_class()).label)

    @admin.display(description="released")
    def released(self, model: LanguageModel) -> Any:
        """Return the day on the time axis."""
        return model.released_on()

    @admin.display(description="endpoints", ordering="endpoint_count")
    def endpoint_count(self, model: Any) -> int:
        """Return how many endpoints serve the model."""
        return int(model.endpoint_count)

    @admin.display(description="rating", ordering="standing__rating")
    def rating(self, model: LanguageModel) -> str:
        """Return the rating and its votes on the live board."""
        if not hasattr(model, "standing"):
            return "-"
        points = model.standing.rating
        return f"{'-' if points is None else round(points)} ({model.standing.votes} votes)"

    @admin.action(description="Retire: out of the draw, still listed", permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[LanguageModel]) -> None:
        """Take models out of the draw, for a reason."""
        reason, note = _reason_of(request)
        try:
            refuse_without_reason(reason, note)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return
        retired = retire(queryset, reason=reason, note=note, at=timezone.now())
        self.message_user(request, f"{retired} retired.", messages.SUCCESS)

    @admin.action(description="Bring back into the draw", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[LanguageModel]) -> None:
        """Put retired models into the draw again."""
        reason, note = _reason_of(request)
        back = bring_back(queryset, reason=reason, note=note)
        self.message_user(request, f"{back} back in the draw.", messages.SUCCESS)


def _reason_of(request: HttpRequest) -> tuple[str, str]:
    """Return the reason and the note that `SamplingActionForm` asks for."""
    reason = request.POST.get("sampling_reason", "")
    note = request.POST.get("sampling_note", "").strip()
    return reason if reason in SamplingReason.values else "", note[:200]


class EndpointInline(TabularInline):
    """The endpoints of a provider; they are added on their own page, which checks them."""

    model = Endpoint
    fields = ("model_name", "language_model", "enabled", "admission", "last_failure_code")
    readonly_fields = ("model_name", "language_model", "admission", "last_failure_code")
    extra = 0
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: see the class."""
        return False


@admin.register(Provider)
class ProviderAdmin(ModelAdmin):
    """An account or a server. The key is write-only."""

    form = ProviderForm
    list_display = ("name", "base_url", "key_stored", "endpoint_count")
    search_fields = ("name", "base_url")
    fields = ("name", "base_url", "preset", "key_stored", "api_key", "remove_key")
    readonly_fields = ("key_stored",)
    inlines = (EndpointInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        """Return providers with the number of their endpoints."""
        queryset: QuerySet[Provider] = super().get_queryset(request)
        return queryset.annotate(endpoint_count=Count("endpoints"))

    @_keeps_keys_out_of_reports
    def changeform_view(self, *positional: Any, **named: Any) -> Any:
        """Show and take the form; the key is masked in error reports."""
        return super().changeform_view(*positional, **named)

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        """Save the account; with another address or key its endpoints are tested again."""
        super().save_model(request, obj, form, change)
        if change and {"base_url", "api_key", "remove_key", "preset"} & set(form.changed_data):
            moved = "base_url" in form.changed_data
            if moved:
                forget(obj.endpoints.filter(enabled=False))
            test_again(obj.endpoints.filter(enabled=True), moved=moved)

    @admin.display(description="a key is stored", boolean=True)
    def key_stored(self, provider: Provider) -> bool:
        """Return whether there is a key, and nothing more of it."""
        return bool(provider.api_key_encrypted)

    @admin.display(description="endpoints", ordering="endpoint_count")
    def endpoint_count(self, provider: Any) -> int:
        """Return how many models it serves here."""
        return int(provider.endpoint_count)


admin.site.register(Endpoint, EndpointAdmin)
admin.site.register(Budget, BudgetAdmin)
admin.site.register(DailySpend, DailySpendAdmin)
admin.site.register(Moderation, ModerationAdmin)


@admin.register(Admission)
class AdmissionAdmin(ReadOnlyAdmin):
    """Every run of the admission test."""

    list_display = ("endpoint", "state", "reason", "created_at", "ended_at")
    list_filter = ("state", "reason")
    list_select_related = ("endpoint__language_model", "endpoint__provider")
    search_fields = ("endpoint__model_name", "endpoint__language_model__name")
    fields = ("endpoint", "reason", "state", "created_at", "ended_at", "what_was_found")
    readonly_fields = fields

    @admin.display(description="steps")
    def what_was_found(self, admission: Admission) -> str:
        """Return each step in a line."""
        steps = (line_of(Step(**step)) for step in admission.steps)
        return format_html_join("", "<p>{}</p>", ((line,) for line in steps))
