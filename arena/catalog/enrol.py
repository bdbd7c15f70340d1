"""The writes of the catalogue: contestants by name, and endpoints by what an administrator knows.

The admin, `manage.py add_endpoint` and the import of votes all write through this module.
"""

import datetime as dt
import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.text import slugify

from arena.catalog import budget
from arena.catalog.addresses import preset_for, quirks_of, without_token_limits
from arena.catalog.keys import KeyUnreadableError
from arena.catalog.licences import LicenceClass
from arena.catalog.matching import known_model
from arena.catalog.models import AdmissionState, Endpoint, LanguageModel, Licensing, Provider
from arena.catalog.tariffs import Tariff, list_price, price_of, set_price
from arena.catalog.validation import (
    clean_api_key,
    clean_base_url,
    clean_model_name,
    clean_parameters,
    clean_words,
)
from arena.locks import wait_in_line
from workers.endpoints import EndpointAddress, presets

_SLUG_LENGTH = 120
_MOST_DOLLARS = 10**6
SERVING = (
    *("system_prompt", "engine", "quantisation", "weight", "gpu_group"),
    *("token_limit", "requests_per_minute"),
)
_WORDS: tuple[tuple[type[Model], str], ...] = (
    *((Endpoint, name) for name in ("system_prompt", "engine", "quantisation", "gpu_group")),
    (LanguageModel, "organisation"),
)
_MONEY = ("input_usd", "output_usd", "daily_cap", "total_cap")


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What is known of an endpoint to add. Base URL (or provider) and model name are enough.

    Fields left at None or empty change nothing of what is stored already; `api_key=None` keeps the
    provider's key, `api_key=""` removes it.
    """

    model_name: str
    base_url: str = ""
    api_key: str | None = field(default=None, repr=False)
    provider: Provider | None = None
    # What kind of server it is, where the base URL does not tell: a slug of the presets.
    preset: str = ""
    language_model: LanguageModel | None = None
    # The contestant's name, when it is not the server's name for it.
    name: str = ""
    organisation: str = ""
    licence_class: str = ""
    weights_released_on: dt.date | None = None
    api_released_on: dt.date | None = None
    parameters: Mapping[str, Any] | None = None
    system_prompt: str | None = None
    engine: str | None = None
    quantisation: str | None = None
    weight: float | None = None
    gpu_group: str | None = None
    token_limit: int | None = None
    requests_per_minute: int | None = None
    # US dollars: per million tokens from today on, and the most that may be spent.
    input_usd: Decimal | None = None
    output_usd: Decimal | None = None
    daily_cap: Decimal | None = None
    total_cap: Decimal | None = None
    enabled: bool | None = None
    # In battles without an admission test: the demo knows its own servers.
    vouched: bool = False

    def cleaned(self) -> Self:
        """Return a copy with every text checked.

        Raises
        ------
        ValidationError
            By field, each with a sentence that says what to do.
        """
        found: dict[str, Any] = {}
        wrong: dict[str, list[str]] = {}
        for name, clean, given in (
            ("base_url", clean_base_url, self.provider is None or bool(self.base_url)),
            ("api_key", clean_api_key, self.api_key is not None),
            ("model_name", clean_model_name, True),
            ("name", clean_model_name, bool(self.name)),
            ("parameters", clean_parameters, self.parameters is not None),
            *((name, _words(model, name), bool(getattr(self, name))) for model, name in _WORDS),
        ):
            if not given:
                continue
            try:
                found[name] = clean(getattr(self, name))
            except ValidationError as error:
                wrong[name] = error.messages
        if self.licence_class and self.licence_class not in LicenceClass.values:
            wrong["licence_class"] = [
                f"{self.licence_class!r} is no licence class: choose {', '.join(LicenceClass)}."
            ]
        if self.preset and self.preset not in presets():
            wrong["preset"] = [f"{self.preset!r} is none of {', '.join(presets())}."]
        wrong |= self._wrong_amounts()
        if wrong:
            raise ValidationError(wrong)
        return type(self)(**{**self.__dict__, **found})

    def _wrong_amounts(self) -> dict[str, list[str]]:
        """Return what is wrong with limits and money, by field."""
        given = {name: getattr(self, name) for name in _MONEY}
        wrong = {
            name: ["Write an amount in US dollars, 0 or more."]
            for name, amount in given.items()
            if amount is not None and not (amount.is_finite() and 0 <= amount < _MOST_DOLLARS)
        }
        if (self.input_usd is None) != (self.output_usd is None):
            missing = "output_usd" if self.output_usd is None else "input_usd"
            wrong[missing] = ["Give both prices, or neither."]
        for name in ("token_limit", "requests_per_minute"):
            limit = getattr(self, name)
            if limit is not None and not 1 <= limit < 2**31:
                wrong[name] = ["Write a whole number above 0."]
        if self.weight is not None and not 0 <= self.weight < math.inf:
            wrong["weight"] = ["Write a number, 0 or more."]
        return wrong

    @property
    def tariff(self) -> Tariff | None:
        """The price that is given."""
        if self.input_usd is None or self.output_usd is None:
            return None
        return Tariff(self.input_usd, self.output_usd)


def _words(model: type[Model], name: str) -> Callable[[str], str]:
    """Return the check of a text that the database keeps in a field."""
    longest = getattr(model._meta.get_field(name), "max_length", None)
    return lambda text: clean_words(text, longest)


@dataclass(frozen=True)
class Enrolled:
    """What `enrol` stored."""

    endpoint: Endpoint
    created: bool
    # A stored key was replaced by another one, for every endpoint of the provider.
    key_replaced: bool


@transaction.atomic
def enrol(enrolment: Enrolment) -> Enrolled:
    """Store an endpoint with its provider and contestant, or bring the stored one up to date.

    Raises
    ------
    ValidationError
        When a field is wrong, or the address or name belongs to something else.
    """
    wanted = enrolment.cleaned()
    # Enrolling is rare; one at a time keeps two from making the same provider.
    wait_in_line("enrol")
    provider, key_replaced = _store_provider(wanted)
    endpoint, created = Endpoint.objects.get_or_create(
        provider=provider,
        model_name=wanted.model_name,
        language_model=_store_language_model(wanted, provider),
        defaults={"parameters": wanted.parameters or {}, "enabled": wanted.enabled is not False},
    )
    if not created:
        if wanted.parameters is not None:
            endpoint.parameters = dict(wanted.parameters)
        if wanted.enabled is not None:
            endpoint.enabled = wanted.enabled
        endpoint.save(update_fields=["parameters", "enabled"])
    served = {name: value for name in SERVING if (value := getattr(wanted, name)) is not None}
    if served:
        for name, value in served.items():
            setattr(endpoint, name, value)
        endpoint.save(update_fields=list(served))
    _store_budget(wanted, endpoint)
    if wanted.vouched:
        endpoint.admission, endpoint.admitted_at = AdmissionState.PASSED, timezone.now()
        endpoint.save(update_fields=["admission", "admitted_at"])
    return Enrolled(endpoint, created, key_replaced)


def _store_budget(wanted: Enrolment, endpoint: Endpoint) -> None:
    today = timezone.now().date()
    if tariff := wanted.tariff:
        set_price(endpoint, tariff, since=today)
    given = {"daily_cap": wanted.daily_cap, "total_cap": wanted.total_cap}
    caps = {name: cap for name, cap in given.items() if cap is not None}
    if caps and not price_of(endpoint, on=today):
        listed = list_price(endpoint.language_model, on=today)
        raise ValidationError({next(iter(caps)): budget.cap_without_price(listed)})
    if caps:
        budget.set_caps(endpoint, **caps)


def stored_endpoint(enrolment: Enrolment) -> Endpoint | None:
    """Return the endpoint that an enrolment would bring up to date, if it is stored."""
    provider = enrolment.provider or find_provider(enrolment.base_url)
    if provider is None:
        return None
    return Endpoint.objects.filter(provider=provider, model_name=enrolment.model_name).first()


def stored_address(enrolment: Enrolment) -> EndpointAddress:
    """Return the address that an enrolment leads to, before it is stored: to check it.

    Raises
    ------
    ValidationError
        When the provider cannot be found without a doubt, or its key cannot be read.
    """
    wanted = enrolment.cleaned()
    provider = wanted.provider or find_provider(wanted.base_url)
    key, stored = wanted.api_key, stored_endpoint(wanted)
    if provider:
        key = _stored_key(provider) if key is None else key
    parameters = wanted.parameters
    if parameters is None:
        parameters = stored.parameters if stored else {}
    parameters = without_token_limits(parameters)
    base_url = provider.base_url if provider else wanted.base_url
    known = preset_for(base_url, provider.preset if provider else wanted.preset)
    quirks = known.quirks if known else frozenset()
    return EndpointAddress(
        base_url=base_url,
        model_name=wanted.model_name,
        api_key=key or "",
        parameters=parameters,
        quirks=quirks_of(stored) | quirks if stored else quirks,
        protocol=known.protocol if known else "openai",
    )


def _stored_key(provider: Provider) -> str:
    try:
        return provider.read_api_key()
    except KeyUnreadableError as error:
        raise ValidationError({"api_key": str(error)}) from None


def find_provider(base_url: str) -> Provider | None:
    """Return the provider with this base URL, if there is one.

    Raises
    ------
    ValidationError
        When several have it.
    """
    match list(Provider.objects.filter(base_url=base_url)[:2]):
        case []:
            return None
        case [provider]:
            return provider
    raise ValidationError(
        {"provider": f"Several providers have the base URL {base_url}: choose one of them."}
    )


def _store_provider(wanted: Enrolment) -> tuple[Provider, bool]:
    provider = wanted.provider or find_provider(wanted.base_url)
    if provider is None:
        provider = Provider(
            name=_provider_name(wanted.base_url), base_url=wanted.base_url, preset=wanted.preset
        )
    elif wanted.base_url and provider.base_url != wanted.base_url:
        raise ValidationError(
            {
                "base_url": f"The provider {provider.name} has the base URL {provider.base_url}. "
                "Leave this field empty to use it, or choose no provider to make a new one."
            }
        )
    had_key = bool(provider.api_key_encrypted)
    changes_key = wanted.api_key is not None and not provider.has_api_key(wanted.api_key)
    if changes_key:
        provider.set_api_key(wanted.api_key or "")
    if changes_key or provider.pk is None:
        provider.save()
    return provider, had_key and changes_key


def _provider_name(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = parts.netloc.lower()
    path = parts.path.strip("/")
    candidates = [host, f"{host}/{path}", f"{parts.scheme}://{host}/{path}"]
    candidates += [f"{host} ({number})" for number in range(2, 1000)]
    taken = set(Provider.objects.filter(name__in=candidates).values_list("name", flat=True))
    return next(name for name in candidates if len(name) <= 120 and name not in taken)


def _store_language_model(wanted: Enrolment, provider: Provider) -> LanguageModel:
    model = wanted.language_model or _contestant(wanted, provider)
    refuse_fictional(model)
    changes = {
        name: value
        for name in ("organisation", "weights_released_on", "api_released_on")
        if (value := getattr(wanted, name)) and value != getattr(model, name)
    }
    if changes:
        for name, value in changes.items():
            setattr(model, name, value)
        model.save(update_fields=list(changes))
    if wanted.licence_class and wanted.licence_class != model.licence_class():
        _store_licence_class(model, wanted.licence_class)
    return model


def refuse_fictional(model: LanguageModel) -> None:
    """Raise ValidationError for a model that does not exist: no endpoint can serve it."""
    if model.simulated:
        raise ValidationError(f"{model.name} is one of the fictional models of the sample data.")


def _contestant(wanted: Enrolment, provider: Provider) -> LanguageModel:
    """Return the model with the name given; without one, the model that this server's name serves
    already (it may have been renamed since), else the one that the catalogue knows by this name,
    or a new one that is called as the server calls it.
    """
    if not wanted.name:
        served = LanguageModel.objects.filter(
            endpoints__provider=provider, endpoints__model_name=wanted.model_name
        ).distinct()[:2]
        if len(served) == 1:
            return served[0]
        if known := known_model(wanted.model_name):
            return known
    name = wanted.name or wanted.model_name
    return find_or_create_models([name])[name]


def _store_licence_class(model: LanguageModel, licence_class: str) -> None:
    """Record a class: from the release on when it is the first record, else from today on."""
    first = not model.licensings.exists()
    Licensing.objects.update_or_create(
        language_model=model,
        since=(model.released_on() if first else None) or timezone.now().date(),
        defaults={"licence_class": licence_class},
    )


def find_or_create_models(names: Iterable[str]) -> dict[str, LanguageModel]:
    """Return the contestants with these names; those that are missing are made.

    Parameters
    ----------
    names : iterable of str
        Exact names, at most 200 characters each.
    """
    wanted = list(dict.fromkeys(names))
    found = {model.name: model for model in LanguageModel.objects.filter(name__in=wanted)}
    slugs = _free_slugs([name for name in wanted if name not in found])
    for name, slug in slugs.items():
        found[name], _ = LanguageModel.objects.get_or_create(name=name, defaults={"slug": slug})
    return found


def _free_slugs(names: list[str]) -> dict[str, str]:
    """Return an unused slug for each name."""
    chosen: dict[str, str] = {}
    for name in names:
        slug = _slug(name)
        taken = {
            *chosen.values(),
            *LanguageModel.objects.filter(slug__startswith=slug).values_list("slug", flat=True),
        }
        chosen[name] = (
            slug
            if slug not in taken
            else next(
                candidate
                for number in range(2, len(taken) + 3)
                if (candidate := f"{slug}-{number}") not in taken
            )
        )
    return chosen


def _slug(name: str) -> str:
    # What separates words in model names must not vanish: "o1/2.5" is not "o125".
    spaced = "".join(character if character.isalnum() else "-" for character in name)
    slug = slugify(spaced, allow_unicode=True)[: _SLUG_LENGTH - 5].strip("-")
    return slug or f"model-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
