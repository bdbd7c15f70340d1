"""The admin of endpoints: discover, add, watch the admission test, change, test again."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join
from django.views.decorators.debug import sensitive_post_parameters
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from arena.catalog import budget, endpoint_pages
from arena.catalog.admissions import test_again, test_in_background
from arena.catalog.enrol import enrol
from arena.catalog.forms import EndpointForm, NewEndpointForm
from arena.catalog.models import Admission, Endpoint
from arena.catalog.states import EndpointState, state_of
from arena.catalog.tariffs import confirm_list_prices
from arena.catalog.wording import sentence_of_spend

_MOST_TESTED_AT_ONCE = 20
_hides_the_key_in_reports = method_decorator(sensitive_post_parameters("api_key"))


class EndpointAdmin(ModelAdmin):
    """One address that serves one model. Base URL, key and model name are enough to add one."""

    form = EndpointForm
    list_display = ("model_name", "language_model", "provider", "state", "last_failure_code")
    list_filter = ("enabled", "admission", "provider")
    search_fields = ("model_name", "language_model__name", "provider__name")
    autocomplete_fields = ("provider", "language_model")
    readonly_fields = (
        *(
            "state",
            "spent",
            "findings_now",
            "failures_in_a_row",
            "suspended_until",
            "last_failure_code",
        ),
        *("last_failed_at", "admitted_at", "created_at"),
    )
    fieldsets = (
        (None, {"fields": ("language_model", "provider", "model_name", "enabled", "state")}),
        ("What its test found", {"fields": ("findings_now", "admitted_at")}),
        ("Request", {"fields": ("parameters", "system_prompt", "quirks")}),
        ("Limits", {"fields": (("max_concurrent", "requests_per_minute"), "token_limit")}),
        (
            "Price and budget",
            {"fields": (("input_usd", "output_usd"), ("daily_cap", "total_cap"), "spent")},
        ),
        ("Serving", {"fields": ("engine", "quantisation", "weight", "gpu_group")}),
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
        (None, {"fields": ("preset", "base_url", "api_key", "model_name", "chosen", "enabled")}),
        (
            "Only when it belongs to something that is stored already",
            {"fields": ("provider", "language_model")},
        ),
        ("Request", {"fields": ("parameters",)}),
        (
            "Price and budget",
            {"fields": (("input_usd", "output_usd"), ("daily_cap", "total_cap"))},
        ),
    )
    add_form_template = "admin/catalog/endpoint/add_form.html"
    actions = ("test_now", "confirm_list_prices")
    actions_list = ("health",)
    actions_submit_line = ("save_and_test",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """Read what names an endpoint with it, in the list as on its page."""
        found: QuerySet[Endpoint] = super().get_queryset(request)
        return found.select_related("language_model", "provider")

    def get_urls(self) -> list[URLPattern]:
        """Add the pages of discovery and of running tests."""
        view = self.admin_site.admin_view
        own = [
            path("discover/", view(self.discover), name="catalog_endpoint_discover"),
            path("tests/", view(self.tests), name="catalog_endpoint_tests"),
            path("tests/state/", view(self.tests_state), name="catalog_endpoint_tests_state"),
        ]
        return [*own, *super().get_urls()]

    @_hides_the_key_in_reports
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show and take the form; the key is masked in error reports."""
        known = {"presets": endpoint_pages.known_presets()}
        return super().changeform_view(request, object_id, form_url, known | (extra_context or {}))

    def get_form(
        self, request: HttpRequest, obj: Endpoint | None = None, change: bool = False, **named: Any
    ) -> Any:
        """Return the short form for a new endpoint."""
        if obj is None:
            named["form"] = NewEndpointForm
        return super().get_form(request, obj, change, **named)

    @transaction.atomic
    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Endpoint:
        """Store new endpoints and test them once they are committed."""
        if change:
            endpoint: Endpoint = super().save_form(request, form, change)
            return endpoint
        form.save_m2m = lambda: None  # there is nothing to save after `enrol`
        added = [enrol(enrolment).endpoint for enrolment in form.enrolments()]
        test_in_background(added, Admission.Reason.ADDED)
        first: Endpoint = added[0]
        form.instance = first
        request.__dict__["added_endpoints"] = added
        return first

    def save_model(self, request: HttpRequest, obj: Endpoint, form: Any, change: bool) -> None:
        """Save a changed endpoint; a new one is stored by `save_form`."""
        if change:
            super().save_model(request, obj, form, change)
            form.store_budget_of(obj)
            if {"provider", "model_name", "parameters"} & set(form.changed_data):
                moved = bool({"provider", "model_name"} & set(form.changed_data))
                test_again([obj], moved=moved)

    def response_add(
        self, request: HttpRequest, obj: Endpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the tests of what was added."""
        return self._show_tests(request.__dict__["added_endpoints"])

    def response_change(self, request: HttpRequest, obj: Endpoint) -> HttpResponse:
        """Show the test where one was asked for."""
        if "catalog_endpoint_save_and_test" in request.POST:
            return self._show_tests([obj])
        return super().response_change(request, obj)  # type: ignore[no-any-return]

    @display(  # type: ignore[untyped-decorator]  # the theme's, for its coloured labels
        description="state",
        label={
            EndpointState.IN_BATTLES: "success",
            **dict.fromkeys(
                (EndpointState.OFF, EndpointState.RETIRED, EndpointState.UNTESTED), "info"
            ),
            **dict.fromkeys(
                (EndpointState.PAUSED, EndpointState.FAILED, EndpointState.OVER_CAP), "danger"
            ),
        },
    )
    def state(self, endpoint: Endpoint) -> str:
        """Return whether the endpoint can be drawn now, its budget aside."""
        return state_of(endpoint, at=timezone.now()) if endpoint.pk else EndpointState.OFF

    @admin.display(description="spent")
    def spent(self, endpoint: Endpoint) -> str:
        """Return what it cost today and in total, and why it cannot pay where it cannot."""
        now = timezone.now()
        return sentence_of_spend(
            budget.spend_of([endpoint.pk], at=now)[endpoint.pk],
            budget.refusals([endpoint], at=now).get(endpoint.pk, ""),
        )

    @admin.display(description="last test")
    def findings_now(self, endpoint: Endpoint) -> str:
        """Return what the last test said, a line for each step, and the way to its page."""
        last = endpoint.admissions.first() if endpoint.pk else None
        if last is None:
            return "It was never tested."
        lines = (
            (step["title"], step.get("sentence", "to come"))
            for step in endpoint_pages.told(last)["steps"]
        )
        return format_html(
            '<div class="tests-summary">{}</div><a href="{}">Open its test</a>',
            format_html_join("", "<p><strong>{}</strong> {}</p>", lines),
            _tests_url([endpoint]),
        )

    @admin.action(description="Test now: some twenty short calls to each", permissions=["change"])
    def test_now(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> HttpResponse | None:
        """Test the chosen endpoints and show how it goes."""
        chosen = list(queryset.select_related("provider", "language_model"))
        if len(chosen) > _MOST_TESTED_AT_ONCE:
            self.message_user(
                request, f"Choose at most {_MOST_TESTED_AT_ONCE} at once.", messages.WARNING
            )
            return None
        test_in_background(chosen, Admission.Reason.ASKED)
        return self._show_tests(chosen)

    @admin.action(
        description="Confirm the list price of its model as its own", permissions=["change"]
    )
    def confirm_list_prices(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Let the chosen endpoints be called under a cap, by what their models' makers ask for."""
        left = confirm_list_prices(
            queryset.select_related("language_model"), on=timezone.now().date()
        )
        if left:
            names = ", ".join(endpoint.model_name for endpoint in left)
            told = f"Enter what these cost: there is no list price, or one of 0, of {names}."
            self.message_user(request, told, messages.WARNING)
        else:
            self.message_user(request, "Each has a price of its own now.", messages.SUCCESS)

    @admin.action(description="Save and test now", permissions=["change"])
    def save_and_test(self, request: HttpRequest, endpoint: Endpoint) -> None:
        """Test the endpoint as it was saved."""
        test_in_background([endpoint], Admission.Reason.ASKED)

    @action(description="Health of endpoints", permissions=["view"])  # type: ignore[untyped-decorator]
    def health(self, request: HttpRequest) -> HttpResponse:
        """Go to the page that shows how each endpoint answers."""
        return HttpResponseRedirect(reverse("admin:endpoints"))

    # -- pages of our own --------------------------------------------------------------------------

    @_hides_the_key_in_reports
    def discover(self, request: HttpRequest) -> HttpResponse:
        """Return the models that a server lists, as JSON."""
        if request.method != "POST" or not self.has_add_permission(request):
            return HttpResponse(status=403)
        return endpoint_pages.discovered(request)

    def tests(self, request: HttpRequest) -> HttpResponse:
        """Show tests as they run."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        context = {
            **self.admin_site.each_context(request),
            "title": "Admission test",
            "opts": self.model._meta,
            "tests": endpoint_pages.tests_of(request),
            "state_url": reverse("admin:catalog_endpoint_tests_state"),
            "can_test": self.has_change_permission(request),
        }
        return TemplateResponse(request, "admin/catalog/endpoint/tests.html", context)

    def tests_state(self, request: HttpRequest) -> HttpResponse:
        """Return the same as JSON."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        return endpoint_pages.state(request)

    @staticmethod
    def _show_tests(endpoints: Iterable[Endpoint]) -> HttpResponse:
        return HttpResponseRedirect(_tests_url(endpoints))


def _tests_url(endpoints: Iterable[Endpoint]) -> str:
    chosen = ",".join(str(endpoint.pk) for endpoint in endpoints)
    return f"{reverse('admin:catalog_endpoint_tests')}?endpoints={chosen}"
