"""Adding, checking and changing endpoints in the admin; where a key may be seen: nowhere."""

import json
import sys
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from arena.catalog.models import Endpoint, LanguageModel, Provider
from arena.staff.models import Change
from tests.arena.scripted_thread import serving
from workers.demo.fiction import FICTIONAL_MODELS

ADD = "/admin/catalog/endpoint/add/"
KEY = "sk-planted-7f3a"
NAME = FICTIONAL_MODELS[0].name
URL = "https://api.example.com/v1"

# The test after a save runs when the transaction is committed: where its words matter, it must be.
committed = pytest.mark.django_db(transaction=True)


def add(client: Client, **fields: str | list[str]) -> str:
    """Fill in the form, press Save and return the page that follows, its tests run to their end."""
    form = {"base_url": "", "api_key": "", "model_name": NAME, "parameters": "{}", "enabled": "on"}
    response = client.post(ADD, form | fields)
    page = response.content.decode()
    if response.status_code == 302:
        wait_for_tests()
        page = client.get(response["Location"]).content.decode()
    return page


def wait_for_tests() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("admission"):
            thread.join(30)
            assert not thread.is_alive()


def told_on(page: str) -> list[dict[str, Any]]:
    """Return the tests that a page tells its script."""
    told = page.partition('id="tests-now" type="application/json">')[2].partition("<")[0]
    found: list[dict[str, Any]] = json.loads(told)
    return found


@committed
def test_base_url_key_and_name_are_enough(client: Client) -> None:
    with serving(require_key=KEY) as server:
        page = add(
            client,
            base_url=f" {server.base_url} ",
            api_key=f" {KEY}\n",
        )
    [test] = told_on(page)
    assert test["verdict"] == "Passed: it is in battles."
    assert len(test["steps"]) == 12
    endpoint = Endpoint.objects.get()
    assert endpoint.enabled
    assert endpoint.provider.read_api_key() == KEY
    assert endpoint.language_model in LanguageModel.objects.drawable(at=timezone.now())


@committed
def test_an_endpoint_that_does_not_answer_stays_out_of_battles(client: Client) -> None:
    with serving(require_key="sk-other") as server:
        page = add(client, base_url=server.base_url, api_key=KEY)
        [test] = told_on(page)
        assert test["verdict"].startswith("Failed: it stays out of battles")
        assert "refused the key" in test["steps"][-1]["sentence"]
        assert KEY not in page
        assert not LanguageModel.objects.drawable(at=timezone.now()).exists()


@committed
def test_a_name_that_the_server_does_not_know_is_told_with_those_it_does(client: Client) -> None:
    wrong = 'no/such "model" <b>模型</b>'
    with serving() as server:
        page = add(
            client,
            base_url=server.base_url,
            model_name=wrong,
        )
    [test] = told_on(page)
    assert f"It offers {NAME}" in test["steps"][-1]["sentence"]
    assert "<b>模型" not in page
    assert test["model"] == wrong


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({}, "Enter a base URL or choose a provider."),
        ({"base_url": "api.example.com"}, "must begin with https://"),
        ({"base_url": "https://me:secret@api.example.com"}, "Take the user name and password"),
        ({"base_url": URL, "api_key": "sk planted"}, "The key has a space"),
        ({"base_url": URL, "model_name": ""}, "Enter the model"),
        ({"base_url": "http://169.254.169.254/v1"}, "is never called"),
        ({"base_url": URL, "preset": "nonsense"}, "Select a valid choice"),
        ({"base_url": URL, "chosen": ["a", "there"]}, "serves there already"),
        ({"base_url": URL, "chosen": ["a\nb"]}, "control character"),
        ({"base_url": URL, "model_name": "a\nb"}, "control character"),
        ({"base_url": URL, "parameters": '{"stream": true}'}, "cannot be set"),
        ({"base_url": URL, "parameters": "[1]"}, "JSON object"),
        ({"base_url": URL, "parameters": "{"}, "valid JSON"),
        ({"base_url": URL, "model_name": "there"}, "serves there already"),
        ({"base_url": URL, "api_key": "sk-second"}, "has another key"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_stored(
    client: Client, fields: dict[str, str | list[str]], word: str
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
    assert told_on(page)[0]["state"] == "passed"
    endpoint = Endpoint.objects.get()
    assert (endpoint.provider, endpoint.language_model) == (provider, model)


@committed
def test_several_models_are_chosen_from_what_the_server_offers(client: Client) -> None:
    with serving(require_key=KEY) as server:
        form = {"base_url": server.base_url, "api_key": KEY}
        found = client.post("/admin/catalog/endpoint/discover/", form).json()
        names = [model["name"] for model in found["models"]]
        assert names == [model.name for model in FICTIONAL_MODELS]
        assert not any(model["added"] for model in found["models"])
        page = add(client, **form, model_name="", chosen=names[:3])
        again = client.post("/admin/catalog/endpoint/discover/", {**form, "api_key": ""}).json()
    assert [test["model"] for test in told_on(page)] == names[:3]
    assert {test["state"] for test in told_on(page)} == {"passed"}
    assert [m["name"] for m in again["models"] if m["added"]] == names[:3], "with the stored key"
    assert Provider.objects.count() == 1


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ({"base_url": "nonsense"}, "must begin with https://"),
        ({"base_url": "http://169.254.169.254/v1"}, "is never called"),
        ({"base_url": "http://[::ffff:169.254.169.254]/v1"}, "is never called"),
        ({"base_url": "https://x.example", "api_key": "a b"}, "has a space"),
        ({"base_url": "http://127.0.0.1:9"}, "Nothing answers"),
        ({"provider": "99999"}, "must begin with https://"),
        ({}, "must begin with https://"),
    ],
)
def test_discovery_says_what_is_wrong(client: Client, form: dict[str, str], word: str) -> None:
    response = client.post("/admin/catalog/endpoint/discover/", form)
    assert response.status_code == 400
    assert word in response.json()["problem"]


def test_a_server_without_a_list_asks_for_the_name(client: Client) -> None:
    with serving() as server:
        form = {"base_url": server.base_url.removesuffix("/v1")}
        response = client.post("/admin/catalog/endpoint/discover/", form)
    assert "enter the name by hand" in response.json()["problem"]


@committed
def test_test_now_shows_each_chosen_endpoint(client: Client) -> None:
    names = (NAME, "fault:json-200", "fault:empty")
    with serving() as server:
        provider = Provider.objects.create(name="p", base_url=server.base_url)
        for name in names:
            model = LanguageModel.objects.create(name=name, slug=name.replace(":", "-"))
            Endpoint.objects.create(provider=provider, language_model=model, model_name=name)
        chosen = list(Endpoint.objects.order_by("pk").values_list("pk", flat=True))
        form = {"action": "test_now", "_selected_action": chosen}
        response = client.post("/admin/catalog/endpoint/", form)
        wait_for_tests()
        page = client.get(response["Location"]).content.decode()
        state = client.get(response["Location"].replace("/tests/", "/tests/state/")).json()
    tests = told_on(page)
    assert state["tests"] == tests
    assert {test["model"]: test["state"] for test in tests} == dict(
        zip(names, ("passed", "failed", "failed"), strict=True)
    )
    said = " ".join(test["steps"][-1].get("sentence", "") for test in tests)
    assert "does not stream" in said
    assert "without a word" in said


def test_a_test_page_takes_any_address(client: Client) -> None:
    for query in ("", "?endpoints=", "?endpoints=a,1,99999999999999999999999,-1", "?x=1"):
        assert client.get(f"/admin/catalog/endpoint/tests/{query}").status_code == 200
        assert client.get(f"/admin/catalog/endpoint/tests/state/{query}").json() == {"tests": []}


@committed
def test_save_and_test_calls_what_was_saved(client: Client) -> None:
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
        form |= {
            "parameters": "{}",
            "quirks": "[]",
            "max_concurrent": 8,
            "token_limit": 4096,
            "enabled": "on",
        }
        form |= {"weight": "1", "gpu_group": ""}
        form |= {"catalog_endpoint_save_and_test": "1"}
        response = client.post(address, form)
        wait_for_tests()
        page = client.get(response["Location"]).content.decode()
    assert told_on(page)[0]["state"] == "passed"
    assert Endpoint.objects.get().model_name == NAME
    assert "It answers and streams" in client.get(address).content.decode()


@committed
def test_what_is_moved_leaves_battles_until_it_passes_again(client: Client) -> None:
    with serving() as server:
        add(client, base_url=server.base_url)
        endpoint = Endpoint.objects.get()
        assert endpoint.admission == "passed"
        provider = endpoint.provider
        page = f"/admin/catalog/provider/{provider.pk}/change/"
        inline = {"endpoints-TOTAL_FORMS": "0", "endpoints-INITIAL_FORMS": "0"}
        client.post(page, {"name": "p", "base_url": server.base_url + "/gone", **inline})
        wait_for_tests()
        assert not LanguageModel.objects.drawable(at=timezone.now()).exists()
        client.post(page, {"name": "p", "base_url": server.base_url, **inline})
        wait_for_tests()
        assert LanguageModel.objects.drawable(at=timezone.now()).exists()
    assert endpoint.admissions.count() == 3


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


@pytest.mark.parametrize(
    "moved",
    [
        "http://api.example.com/v1",
        "https://api.example.net/v1",
        "https://api.example.com.net/v1",
        "https://api.example.com:8443/v1",
    ],
)
def test_a_stored_key_never_goes_to_another_server(client: Client, moved: str) -> None:
    client.post("/admin/catalog/provider/add/", provider_form(api_key=KEY))
    provider = Provider.objects.get()
    address = f"/admin/catalog/provider/{provider.pk}/change/"
    refused = client.post(address, provider_form(base_url=moved))
    assert "never sent to another server" in refused.content.decode()
    provider.refresh_from_db()
    assert (provider.base_url, provider.read_api_key()) == (URL, KEY)
    assert client.post(address, provider_form(base_url=moved, remove_key="on")).status_code == 302
    provider.refresh_from_db()
    assert (provider.base_url, provider.read_api_key()) == (moved, "")
    # Without a stored key there is nothing to guard; with one, typing it again is enough.
    assert client.post(address, provider_form(base_url=URL)).status_code == 302
    assert client.post(address, provider_form(base_url=URL, api_key=KEY)).status_code == 302
    form = provider_form(base_url=moved, api_key="sk-new")
    assert client.post(address, form).status_code == 302
    provider.refresh_from_db()
    assert (provider.base_url, provider.read_api_key()) == (moved, "sk-new")


def test_a_key_stays_while_the_server_does(client: Client) -> None:
    client.post("/admin/catalog/provider/add/", provider_form(api_key=KEY))
    provider = Provider.objects.get()
    address = f"/admin/catalog/provider/{provider.pk}/change/"
    for same in ("https://api.example.com/v2", "https://API.example.com:443/v1"):
        assert client.post(address, provider_form(base_url=same)).status_code == 302
        provider.refresh_from_db()
        assert (provider.base_url, provider.read_api_key()) == (same, KEY)


def test_no_other_way_leads_a_stored_key_to_another_server(
    client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    client.post("/admin/catalog/provider/add/", provider_form(api_key=KEY))
    provider = Provider.objects.get()
    elsewhere = "https://api.example.net/v1"
    page = add(client, provider=str(provider.pk), base_url=elsewhere)
    assert "has another base URL" in page
    with pytest.raises(CommandError, match="has the base URL"):
        call_command(
            "add_endpoint", "--provider=p", f"--base-url={elsewhere}", "--model=m", "--no-check"
        )
    provider.refresh_from_db()
    assert (provider.base_url, provider.read_api_key()) == (URL, KEY)


@committed
def test_a_planted_key_is_found_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dump of the database, every log line, every page of the admin, and an error's trace."""
    caplog.set_level("DEBUG")
    seen = []
    with serving(require_key="sk-other") as server:
        url = server.base_url
        seen.append(add(client, base_url=url, api_key=KEY))
        form = {"base_url": url, "api_key": KEY}
        seen.append(client.post("/admin/catalog/endpoint/discover/", form).content.decode())
    provider, endpoint = Provider.objects.get(), Endpoint.objects.get()
    page = f"/admin/catalog/provider/{provider.pk}/change/"
    form = provider_form(name=provider.name, base_url=url, api_key=KEY + "-2")
    seen.append(client.post(page, form, follow=True).content.decode())
    seen.append(client.post(page, form | {"name": ""}).content.decode())
    provider.refresh_from_db()
    assert provider.read_api_key() == KEY + "-2"
    stored = provider.api_key_encrypted
    dumps = [dump_of_the_database(), trace_of_a_failure(client, monkeypatch, url), caplog.text]
    seen += every_page(client, provider, endpoint)
    assert provider.name in dumps[0]
    assert stored in dumps[0], "it stands there encrypted, and nowhere else"
    assert len(seen) > 15
    for text in [*seen, *dumps]:
        assert KEY not in text
        assert stored not in text or text == dumps[0]


def dump_of_the_database() -> str:
    """Return every row of every table, whether a model knows it or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')  # noqa: S608
            rows += [row for (row,) in cursor.fetchall()]
    assert len(tables) > 20
    return "\n".join(rows)


def every_page(client: Client, provider: Provider, endpoint: Endpoint) -> list[str]:
    """Return what the admin shows of them, and its lists."""
    pages = [
        *(f"catalog/provider/{provider.pk}/{page}/" for page in ("change", "history", "delete")),
        *(f"catalog/endpoint/{endpoint.pk}/{page}/" for page in ("change", "history", "delete")),
        *("catalog/provider/", "catalog/endpoint/", "catalog/admission/", "staff/change/", ""),
        *(f"staff/change/{pk}/change/" for pk in Change.objects.values_list("pk", flat=True)),
        f"catalog/endpoint/tests/?endpoints={endpoint.pk}",
        f"catalog/endpoint/tests/state/?endpoints={endpoint.pk}",
    ]
    return [client.get(f"/admin/{page}").content.decode() for page in pages]


def trace_of_a_failure(client: Client, monkeypatch: pytest.MonkeyPatch, url: str) -> str:
    """Return the report that Django makes of an error while a key is being stored."""

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    reports: list[str] = []

    def report(**error: Any) -> None:
        found = sys.exc_info()
        reporter = ExceptionReporter(error["request"], *found)
        reports.extend([reporter.get_traceback_text(), reporter.get_traceback_html()])

    got_request_exception.connect(report)
    monkeypatch.setattr(Provider, "save", fail)
    client.raise_request_exception = False
    form = provider_form(name="another", base_url=url, api_key=KEY + "-3")
    assert client.post("/admin/catalog/provider/add/", form).status_code == 500
    monkeypatch.undo()
    got_request_exception.disconnect(report)
    assert "the disk is full" in reports[0]
    return "\n".join(reports)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("parameters", '{"temperature": NaN}', "cannot: write numbers"),
        ("parameters", r'{"a": "\u0000"}', "NUL"),
    ],
)
def test_what_cannot_be_kept_is_explained_and_nothing_is_lost(
    client: Client, field: str, value: str, word: str
) -> None:
    page = add(client, base_url=URL, **{field: value})
    assert word in page
    assert f'value="{URL}"' in page
    assert not Endpoint.objects.exists()
