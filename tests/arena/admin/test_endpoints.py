"""Adding, checking and changing endpoints in the admin; where a key may be seen: nowhere."""

from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from pytest_django import Settings

from arena.catalog.models import Endpoint, LanguageModel, Provider
from tests.arena.scripted_thread import serving
from workers.demo.fiction import FICTIONAL_MODELS

ADD = "/admin/catalog/endpoint/add/"
KEY = "sk-planted-7f3a"
NAME = FICTIONAL_MODELS[0].name
URL = "https://api.example.com/v1"

# The check after a save runs when the transaction is committed: where its words matter, it must be.
committed = pytest.mark.django_db(transaction=True)


def add(client: Client, **fields: str) -> str:
    """Fill in the form, press Save and return the page that follows."""
    form = {"base_url": "", "api_key": "", "model_name": NAME, "parameters": "{}", "enabled": "on"}
    response = client.post(ADD, form | fields)
    page = response.content.decode()
    if response.status_code == 302:
        page = client.get(response["Location"]).content.decode()
    return page


@committed
def test_base_url_key_and_name_are_enough(client: Client) -> None:
    with serving(require_key=KEY) as server:
        page = add(
            client,
            base_url=f" {server.base_url} ",
            api_key=f" {KEY}\n",
        )
    assert "It answers and streams" in page
    assert "It is in battles now." in page
    endpoint = Endpoint.objects.get()
    assert endpoint.enabled
    assert endpoint.provider.read_api_key() == KEY
    assert endpoint.language_model in LanguageModel.objects.drawable(at=timezone.now())


@committed
def test_an_endpoint_that_does_not_answer_stays_out_of_battles(client: Client) -> None:
    with serving(require_key="sk-other") as server:
        page = add(client, base_url=server.base_url, api_key=KEY)
        assert "refused the key" in page
        assert "It was added and is off" in page
        assert KEY not in page
        assert not Endpoint.objects.get().enabled


@committed
def test_a_name_that_the_server_does_not_know_is_told_with_those_it_does(client: Client) -> None:
    wrong = 'no/such "model" <b>模型</b>'
    with serving() as server:
        page = add(
            client,
            base_url=server.base_url,
            model_name=wrong,
        )
    assert f"It offers {NAME}" in page
    assert "<b>模型" not in page
    assert escape(wrong) in page


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "Enter a base URL or choose a provider."),
        ({"base_url": "api.example.com"}, "must begin with https://"),
        ({"base_url": "https://me:secret@api.example.com"}, "Take the user name and password"),
        ({"base_url": URL, "api_key": "sk planted"}, "The key has a space"),
        ({"base_url": URL, "model_name": ""}, "required"),
        ({"base_url": URL, "model_name": "a\nb"}, "control character"),
        ({"base_url": URL, "parameters": '{"stream": true}'}, "cannot be set"),
        ({"base_url": URL, "parameters": "[1]"}, "JSON object"),
        ({"base_url": URL, "parameters": "{"}, "valid JSON"),
        ({"base_url": URL, "model_name": "there"}, "serves a model of this name already"),
        ({"base_url": URL, "api_key": "sk-second"}, "has another key"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    client: Client, fields: dict[str, str], word: str
) -> None:
    provider = Provider(name="stored", base_url=URL)
    provider.set_api_key(KEY)
    provider.save()
    model = LanguageModel.objects.create(name="there", slug="there")
    Endpoint.objects.create(provider=provider, language_model=model, model_name="there")
    page = add(client, **fields)
    assert word in page
    assert Endpoint.objects.count() == 1
    for secret in (KEY, "sk planted", "sk-second"):
        assert secret not in page


def test_a_fictional_model_of_the_sample_data_gets_no_endpoint(client: Client) -> None:
    model = LanguageModel.objects.create(name=NAME, slug="fictional", simulated=True)
    for fields in ({}, {"model_name": "another", "language_model": str(model.pk)}):
        assert "one of the fictional models" in add(client, base_url=URL, **fields)
    assert not Endpoint.objects.exists()


def test_a_stored_key_that_cannot_be_read_any_more_is_replaced_on_its_own_page(
    client: Client, settings: Settings
) -> None:
    provider = Provider(name="stored", base_url=URL)
    provider.set_api_key(KEY)
    provider.save()
    settings.ENCRYPTION_KEYS = ["another"]
    assert "has another key" in add(client, base_url=URL, api_key="sk-second")
    page = f"/admin/catalog/provider/{provider.pk}/change/"
    form = {"name": "stored", "base_url": URL, "api_key": "sk-second"}
    inlines = {"endpoints-TOTAL_FORMS": "0", "endpoints-INITIAL_FORMS": "0"}
    assert client.post(page, form | inlines).status_code == 302
    provider.refresh_from_db()
    assert provider.read_api_key() == "sk-second"


@committed
def test_a_stored_provider_and_contestant_can_be_chosen(client: Client) -> None:
    model = LanguageModel.objects.create(name="Contestant", slug="contestant")
    with serving(require_key=KEY) as server:
        provider = Provider(name="stored", base_url=server.base_url)
        provider.set_api_key(KEY)
        provider.save()
        page = add(
            client,
            provider=str(provider.pk),
            language_model=str(model.pk),
        )
    assert "It is in battles now." in page
    endpoint = Endpoint.objects.get()
    assert (endpoint.provider, endpoint.language_model) == (provider, model)


def test_check_now_tells_of_each_chosen_endpoint(client: Client) -> None:
    with serving() as server:
        provider = Provider.objects.create(name="p", base_url=server.base_url)
        for name in (NAME, "fault:json-200", "fault:empty"):
            model = LanguageModel.objects.create(name=name, slug=name.replace(":", "-"))
            Endpoint.objects.create(provider=provider, language_model=model, model_name=name)
        chosen = list(Endpoint.objects.values_list("pk", flat=True))
        form = {"action": "check_now", "_selected_action": chosen}
        page = client.post("/admin/catalog/endpoint/", form, follow=True).content.decode()
    assert "It answers and streams" in page
    assert "does not stream" in page
    assert "without a word" in page


@committed
def test_save_and_check_calls_what_was_saved(client: Client) -> None:
    with serving() as server:
        provider = Provider.objects.create(name="p", base_url=server.base_url)
        model = LanguageModel.objects.create(name="m", slug="m")
        endpoint = Endpoint.objects.create(
            provider=provider, language_model=model, model_name="wrong"
        )
        address = f"/admin/catalog/endpoint/{endpoint.pk}/change/"
        form: dict[str, object] = {
            "provider": provider.pk,
            "language_model": model.pk,
            "model_name": NAME,
        }
        form |= {"parameters": "{}", "quirks": "[]", "max_concurrent": 8, "enabled": "on"}
        form |= {"catalog_endpoint_save_and_check": "1"}
        response = client.post(address, form)
        page = client.get(response["Location"]).content.decode()
    assert "It answers and streams" in page
    assert Endpoint.objects.get().model_name == NAME


def provider_form(**fields: str) -> dict[str, str]:
    management = {"endpoints-TOTAL_FORMS": "0", "endpoints-INITIAL_FORMS": "0"}
    return {"name": "p", "base_url": URL, "api_key": ""} | management | fields


def test_a_key_is_kept_replaced_and_removed_on_the_provider_s_page(client: Client) -> None:
    client.post("/admin/catalog/provider/add/", provider_form(api_key=KEY))
    provider = Provider.objects.get()
    address = f"/admin/catalog/provider/{provider.pk}/change/"
    expected = [
        (provider_form(name="renamed"), KEY),
        (provider_form(api_key="sk-new"), "sk-new"),
        (provider_form(api_key="sk-other", remove_key="on"), "sk-new"),
        (provider_form(remove_key="on"), ""),
    ]
    for form, key in expected:
        assert client.post(address, form).status_code in {200, 302}
        provider.refresh_from_db()
        assert provider.read_api_key() == key


@committed
def test_a_planted_key_is_found_nowhere(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    seen = []
    with serving(require_key="sk-other") as server:
        seen.append(add(client, base_url=server.base_url, api_key=KEY))
    provider, endpoint = Provider.objects.get(), Endpoint.objects.get()
    replaced = client.post(
        f"/admin/catalog/provider/{provider.pk}/change/",
        provider_form(name=provider.name, api_key=KEY + "-2"),
        follow=True,
    )
    seen.append(replaced.content.decode())
    pages = (
        *("provider/", f"provider/{provider.pk}/change/", f"provider/{provider.pk}/history/"),
        *("endpoint/", f"endpoint/{endpoint.pk}/change/", f"endpoint/{endpoint.pk}/history/"),
    )
    seen += [client.get(f"/admin/catalog/{page}").content.decode() for page in pages]
    dump = StringIO()
    call_command("dumpdata", stdout=dump)
    seen += [dump.getvalue(), caplog.text, repr(list(LogEntry.objects.values()))]
    assert provider.name in dump.getvalue()
    assert LogEntry.objects.exists()
    provider.refresh_from_db()
    assert provider.read_api_key() == KEY + "-2"
    for text in seen:
        assert KEY not in text
        assert provider.api_key_encrypted not in text.replace(dump.getvalue(), "")
