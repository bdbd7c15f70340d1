"""The contestants and where they are served: what an administrator sees and changes."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import PROTECT, Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from arena.catalog.check import check_endpoints
from arena.catalog.enrol import enrol, put_into_battles
from arena.catalog.forms import EndpointForm, NewEndpointForm, ProviderForm
from arena.catalog.models import Endpoint, LanguageModel, Licensing, Provider, PublishedScore

_MOST_CHECKED_AT_ONCE = 20
_keeps_keys_out_of_reports = method_decorator(sensitive_post_parameters("api_key"))


class LicensingInline(TabularInline):
    """A model's licences, each from a day on."""

    model = Licensing
    extra = 0


class PublishedScoreInline(TabularInline):
    """What others measured; `manage.py import_scores` reads a file of them."""

    model = PublishedScore
    extra = 0


@admin.register(LanguageModel)
class LanguageModelAdmin(ModelAdmin):
    """A contestant. One that met others is retired, never deleted: every model stays listed."""

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
    search_fields = ("name", "organisation")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    inlines = (LicensingInline, PublishedScoreInline)
    actions = ("retire", "bring_back")
    readonly_fields = ("simulated", "created_at")

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

    @admin.display(description="licence class")
    def licence(self, model: LanguageModel) -> str:
        """Return the class in force today."""
        return model.licence_class()

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
        """Take models out of the draw."""
        retired = queryset.filter(retired_at=None).update(retired_at=timezone.now())
        self.message_user(request, f"{retired} retired.", messages.SUCCESS)

    @admin.action(description="Bring back into the draw", permissions=["change"])
    def bring_back(self, request: HttpRequest, queryset: QuerySet[LanguageModel]) -> None:
        """Put retired models into the draw again."""
        back = queryset.exclude(retired_at=None).update(retired_at=None)
        self.message_user(request, f"{back} back in the draw.", messages.SUCCESS)


class EndpointInline(TabularInline):
    """The endpoints of a provider; they are added on their own page, which checks them."""

    model = Endpoint
    fields = ("model_name", "language_model", "enabled", "suspended_until", "last_failure_code")
    readonly_fields = ("model_name", "language_model", "suspended_until", "last_failure_code")
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
    fields = ("name", "base_url", "key_stored", "api_key", "remove_key")
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

    @admin.display(description="a key is stored", boolean=True)
    def key_stored(self, provider: Provider) -> bool:
        """Return whether there is a key, and nothing more of it."""
        return bool(provider.api_key_encrypted)

    @admin.display(description="endpoints", ordering="endpoint_count")
    def endpoint_count(self, provider: Any) -> int:
        """Return how many models it serves here."""
        return int(provider.endpoint_count)


@admin.register(Endpoint)
class EndpointAdmin(ModelAdmin):
    """One address that serves one model. Base URL, key and model name are enough to add one."""

    form = EndpointForm
    list_display = ("model_name", "language_model", "provider", "state", "last_failure_code")
    list_filter = ("enabled", "provider")
    list_select_related = ("language_model", "provider")
    search_fields = ("model_name", "language_model__name", "provider__name")
    autocomplete_fields = ("provider", "language_model")
    readonly_fields = (
        *("state", "failures_in_a_row", "suspended_until", "last_failure_code"),
        *("last_failed_at", "created_at"),
    )
    fieldsets = (
        (None, {"fields": ("language_model", "provider", "model_name", "enabled", "state")}),
        ("Request", {"fields": ("parameters", "system_prompt", "quirks", "max_concurrent")}),
        ("Serving", {"fields": ("engine", "quantisation")}),
        (
            "Failures",
            {
                "fields": (
                    *("failures_in_a_row", "suspended_until"),
                    *("last_failure_code", "last_failed_at", "created_at"),
                )
            },
        ),
    )
    add_fieldsets = (
        (None, {"fields": ("base_url", "api_key", "model_name", "enabled")}),
        (
            "Only when it belongs to something that is stored already",
            {"fields": ("provider", "language_model")},
        ),
        ("Request", {"fields": ("parameters",)}),
    )
    actions = ("check_now",)
    actions_submit_line = ("save_and_check",)

    @_keeps_keys_out_of_reports
    def changeform_view(self, *positional: Any, **named: Any) -> Any:
        """Show and take the form; the key is masked in error reports."""
        return super().changeform_view(*positional, **named)

    def get_form(
        self, request: HttpRequest, obj: Endpoint | None = None, change: bool = False, **named: Any
    ) -> Any:
        """Return the short form for a new endpoint."""
        if obj is None:
            named["form"] = NewEndpointForm
        return super().get_form(request, obj, change, **named)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Endpoint:
        """Store a new endpoint, not yet in battles, and check it once it is committed."""
        if change:
            endpoint: Endpoint = super().save_form(request, form, change)
            return endpoint
        form.save_m2m = lambda: None  # there is nothing to save after `enrol`
        endpoint = form.instance = enrol(form.enrolment()).endpoint
        wanted = form.cleaned_data["enabled"]
        transaction.on_commit(lambda: self._check(request, [endpoint], enable=wanted))
        return endpoint

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        """Save a changed endpoint; a new one is stored by `save_form`."""
        if change:
            super().save_model(request, obj, form, change)

    @display(  # type: ignore[untyped-decorator]  # the theme's, for its coloured labels
        description="state",
        label={"in battles": "success", "off": "info", "paused": "danger", "retired": "info"},
    )
    def state(self, endpoint: Endpoint) -> str:
        """Return whether the endpoint can be drawn now."""
        if endpoint.pk is None or not endpoint.enabled:
            return "off"
        if endpoint.language_model.retired_at:
            return "retired"
        suspended = endpoint.suspended_until and endpoint.suspended_until > timezone.now()
        return "paused" if suspended else "in battles"

    @admin.action(description="Check now: one small call to each", permissions=["change"])
    def check_now(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Call the chosen endpoints and tell what came."""
        chosen = list(queryset.select_related("provider", "language_model"))
        if len(chosen) > _MOST_CHECKED_AT_ONCE:
            self.message_user(
                request, f"Choose at most {_MOST_CHECKED_AT_ONCE} at once.", messages.WARNING
            )
            return
        self._check(request, chosen)

    @admin.action(description="Save and check now", permissions=["change"])
    def save_and_check(self, request: HttpRequest, endpoint: Endpoint) -> None:
        """Call the endpoint as it was saved."""
        transaction.on_commit(lambda: self._check(request, [endpoint]))

    def _check(
        self, request: HttpRequest, endpoints: Iterable[Endpoint], *, enable: bool = False
    ) -> None:
        for endpoint, verdict in check_endpoints(endpoints):
            said = f"{endpoint}: {verdict.sentence}"
            if verdict.ok:
                if enable:
                    put_into_battles(endpoint)
                    said += " It is in battles now."
                self.message_user(request, said, messages.SUCCESS)
                continue
            if enable:
                said += " It was added and is off: correct it, save and check, then enable it."
            if verdict.detail:
                said += f" In detail: {verdict.detail[:300]}"
            self.message_user(request, said, messages.ERROR)
