"""What the admin's pages of discovery and testing tell their scripts."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse

from arena.catalog.addresses import endpoint_clients, preset_for
from arena.catalog.admissions import PUT_OFF
from arena.catalog.crowding import Crowding
from arena.catalog.enrol import find_provider
from arena.catalog.keys import KeyUnreadableError
from arena.catalog.matching import known_models
from arena.catalog.models import Admission, Endpoint, Provider, RunState
from arena.catalog.validation import clean_api_key, clean_base_url
from arena.catalog.wording import (
    TITLES,
    sentence_of,
    sentence_of_crowding,
    sentence_of_error,
    title_of,
)
from workers.endpoints import (
    AddressRefused,
    EndpointError,
    ListedModel,
    Preset,
    Step,
    list_models,
    presets,
)

_MOST_SHOWN = 50


def known_presets() -> dict[str, dict[str, Any]]:
    """Return what the form fills in and says for each kind of server."""
    return {
        preset.slug: {"base_url": preset.base_url, "notes": list(preset.notes), "key": preset.key}
        for preset in presets().values()
    }


def discovered(request: HttpRequest) -> JsonResponse:
    """Return the models of the server that the form names, with those that are stored marked.

    The form's key is used, or the stored one of the provider with this base URL.
    """
    try:
        provider, base_url, key = _server_of(request)
        chosen = provider.preset if provider else request.POST.get("preset", "")
        preset = preset_for(base_url, chosen)
        listed = asyncio.run(_list(base_url, key, preset))
    except ValidationError as error:
        return JsonResponse({"problem": " ".join(error.messages)}, status=400)
    except EndpointError as error:
        allowance = error.allowance if isinstance(error, AddressRefused) else ""
        problem = sentence_of_error(error.code, {"allowance": allowance})
        if error.code in {"not_found", "malformed"}:
            problem = "This server lists no models: enter the name by hand."
        return JsonResponse({"problem": problem}, status=400)
    there = set(
        Endpoint.objects.filter(provider=provider).values_list("model_name", flat=True)
        if provider
        else ()
    )
    known = known_models(model.name for model in listed)
    models = [
        {
            "name": model.name,
            "context": model.context_tokens,
            "added": model.name in there,
            "known": str(known.get(model.name, "")),
        }
        for model in listed
    ]
    notes = list(preset.notes) if preset else []
    return JsonResponse({"models": models, "notes": notes})


def _server_of(request: HttpRequest) -> tuple[Provider | None, str, str]:
    chosen = request.POST.get("provider", "")
    base_url = request.POST.get("base_url", "")
    provider = Provider.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
    if provider is None:
        base_url = clean_base_url(base_url)
        provider = find_provider(base_url)
    key = clean_api_key(request.POST.get("api_key", ""))
    try:
        stored = provider.read_api_key() if provider and not key else ""
    except KeyUnreadableError as error:
        raise ValidationError(str(error)) from None
    return provider, provider.base_url if provider else base_url, key or stored


async def _list(base_url: str, key: str, preset: Preset | None) -> list[ListedModel]:
    async with endpoint_clients() as clients:
        return await list_models(clients, base_url, key, preset=preset)


def state(request: HttpRequest) -> JsonResponse:
    """Return where the tests of the chosen endpoints stand."""
    return JsonResponse({"tests": tests_of(request)})


def tests_of(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the last test of each endpoint that the address names, in its order."""
    named = request.GET.get("endpoints", "").split(",")[:_MOST_SHOWN]
    wanted = [int(number) for number in named if number.isdecimal() and len(number) < 19]
    found = (
        Admission.objects.filter(endpoint__in=wanted)
        .select_related("endpoint__language_model", "endpoint__provider")
        .order_by("endpoint_id", "-created_at", "-id")
        .distinct("endpoint_id")
    )
    by_endpoint = {admission.endpoint_id: told(admission) for admission in found}
    return [by_endpoint[pk] for pk in dict.fromkeys(wanted) if pk in by_endpoint]


def told(admission: Admission) -> dict[str, Any]:
    """Return a test in words: what it found so far, what it does now, what is still to come."""
    endpoint = admission.endpoint
    steps = [_told_step(step) for step in admission.steps]
    done = {step["name"] for step in admission.steps}
    left = itertools.filterfalse(done.__contains__, TITLES)
    crowding = Crowding.of(endpoint.findings)
    open_now = admission.state in {RunState.WAITING, RunState.RUNNING}
    if open_now:
        steps += [
            {"title": TITLES[name], "outcome": "now" if name == admission.doing else "next"}
            for name in left
        ]
    elif crowding:
        said = sentence_of_crowding(crowding)
        steps.append({"title": "Calls at once, again", "outcome": "unknown", "sentence": said})
    return {
        "endpoint": endpoint.pk,
        "model": str(endpoint.language_model),
        "provider": str(endpoint.provider),
        "state": admission.state,
        "open": open_now,
        "verdict": _verdict(admission),
        "steps": steps,
    }


def _told_step(stored: Mapping[str, Any]) -> dict[str, Any]:
    step = Step(**stored)
    return {
        "title": title_of(step.name),
        "outcome": step.outcome,
        "sentence": sentence_of(step),
        "detail": step.detail[:300] if step.outcome == "failed" else "",
    }


def _verdict(admission: Admission) -> str:
    if admission.state == RunState.PASSED:
        in_battles = admission.endpoint.enabled
        return "Passed: it is in battles." if in_battles else "Passed. It is off: enable it."
    if admission.state == RunState.FAILED:
        if not admission.steps or admission.steps[-1]["outcome"] != "failed":
            return sentence_of_error("interrupted")
        if admission.steps[-1]["code"] in PUT_OFF:
            return "Put off: it stays as it was, and is tested again later."
        return "Failed: it stays out of battles until a test passes."
    return "Waiting" if admission.state == RunState.WAITING else "Testing"
