"""The admin of what is known of models: makers, licences, and what sources say of each fact."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.admin import ModelAdmin, TabularInline

from arena.catalog.facts import Statement, source_name, statements_of
from arena.catalog.models import Alias, Claim, LanguageModel, Licence, Licensing, Organisation


class LicensingInline(TabularInline):
    """A model's licences, each from a day on."""

    model = Licensing
    autocomplete_fields = ("licence",)  # a list of all licences would cost a query for each
    extra = 0


class ClaimInline(TabularInline):
    """What each source says of the model's facts; the fields above are what the arena goes by."""

    model = Claim
    fields = ("fact", "value", "source", "read_on")
    extra = 0


class AliasInline(TabularInline):
    """What servers call the model: an endpoint that is added by such a name is this model's."""

    model = Alias
    extra = 0


class LicenceAdmin(ModelAdmin):
    """The licences that models come under."""

    list_display = (
        *("name", "identifier", "licence_class", "commercial_use", "derivatives"),
        *("since", "model_count"),
    )
    list_filter = ("licence_class", "commercial_use")
    search_fields = ("name", "identifier")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Licence]:
        """Return licences with the number of models that are or were under them."""
        queryset: QuerySet[Licence] = super().get_queryset(request)
        return queryset.annotate(model_count=Count("licensings__language_model", distinct=True))

    @admin.display(description="models", ordering="model_count")
    def model_count(self, licence: Any) -> int:
        """Return how many models are or were under it."""
        return int(licence.model_count)


class OrganisationAdmin(ModelAdmin):
    """The makers; a model's maker is the one with the name that stands on it."""

    list_display = ("name", "country", "site")
    search_fields = ("name",)


def disputes_of(model: LanguageModel) -> str:
    """Return in words where sources disagree with what the arena goes by."""
    disputed = [statement for statement in statements_of(model) if statement.others]
    if not disputed:
        return "All sources say the same."
    return format_html_join("", "<p>{}</p>", ((_dispute(statement),) for statement in disputed))


def _dispute(statement: Statement) -> str:
    others = (f"{claim.value} ({source_name(claim.source)})" for claim in statement.others)
    return format_html(
        "<strong>{}</strong> {}; others say {}",
        statement.fact.label,
        statement.value or "not settled",
        ", ".join(others),
    )


for model, page in ((Licence, LicenceAdmin), (Organisation, OrganisationAdmin)):
    admin.site.register(model, page)
