"""Rows that many tests need, made with as little as the database accepts."""

from typing import Any

from django.utils import timezone

from arena.catalog.models import AdmissionState, Endpoint, LanguageModel, Provider


def add_model(
    name: str, *, base_url: str, model_name: str | None = None, **fields: Any
) -> Endpoint:
    """Make a model with one endpoint and return the endpoint.

    ``model_name`` is what the server calls it, by default the name itself; the other fields are
    the endpoint's, which has passed its admission test.
    """
    admitted = {"admission": AdmissionState.PASSED, "admitted_at": timezone.now()}
    provider, _ = Provider.objects.get_or_create(name=base_url, defaults={"base_url": base_url})
    model = LanguageModel.objects.create(
        slug=name.lower().replace(" ", "-").replace(":", "-"), name=name
    )
    return Endpoint.objects.create(
        provider=provider,
        language_model=model,
        model_name=model_name or name,
        **{**admitted, **fields},
    )
