import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from arena.catalog.enrol import Enrolment, enrol, find_or_create_models
from arena.catalog.models import Endpoint, LanguageModel, Provider

URL = "https://api.example.com/v1"
KEY = "sk-planted-7f3a"


@pytest.mark.django_db
def test_it_needs_only_base_url_key_and_model_name() -> None:
    enrolled = enrol(Enrolment(base_url=URL, api_key=f" {KEY}\n", model_name="org/x-1"))
    endpoint = enrolled.endpoint
    assert enrolled.created
    assert endpoint.provider.name == "api.example.com"
    assert endpoint.provider.base_url == URL
    assert endpoint.provider.read_api_key() == KEY
    assert endpoint.language_model.name == "org/x-1"
    assert endpoint.language_model.slug == "org-x-1"
    assert endpoint.enabled
    assert not LanguageModel.objects.drawable(at=timezone.now()).exists(), "it was never tested"
    enrol(Enrolment(base_url=URL, model_name="org/x-1", vouched=True))
    assert endpoint.language_model in LanguageModel.objects.drawable(at=timezone.now())


@pytest.mark.django_db
def test_it_brings_a_stored_endpoint_up_to_date() -> None:
    first = enrol(Enrolment(base_url=URL, api_key=KEY, model_name="x"))
    again = enrol(Enrolment(base_url=URL, model_name="x", parameters={"temperature": 0.5}))
    assert (again.created, again.endpoint.pk) == (False, first.endpoint.pk)
    assert again.endpoint.parameters == {"temperature": 0.5}
    assert Provider.objects.get().read_api_key() == KEY, "no key given keeps the stored one"
    replaced = enrol(Enrolment(base_url=URL, api_key="sk-new", model_name="x"))
    assert replaced.key_replaced
    assert Provider.objects.get().read_api_key() == "sk-new"
    assert replaced.endpoint.parameters == {"temperature": 0.5}
    assert Endpoint.objects.count() == LanguageModel.objects.count() == 1


@pytest.mark.django_db
def test_it_finds_a_contestant_that_was_renamed() -> None:
    model = enrol(Enrolment(base_url=URL, model_name="x")).endpoint.language_model
    LanguageModel.objects.filter(pk=model.pk).update(name="A nicer name")
    assert not enrol(Enrolment(base_url=URL, model_name="x")).created
    assert LanguageModel.objects.count() == 1


@pytest.mark.django_db
def test_two_servers_can_serve_one_contestant() -> None:
    for url in (URL, "https://other.example/v1"):
        enrol(Enrolment(base_url=url, model_name="x"))
    assert Endpoint.objects.count() == 2
    assert LanguageModel.objects.count() == 1


@pytest.mark.django_db
def test_it_dates_the_first_licence_by_the_release() -> None:
    day = dt.date(2025, 3, 1)
    wanted = Enrolment(
        base_url=URL, model_name="x", licence_class="weights_permissive", weights_released_on=day
    )
    model = enrol(wanted).endpoint.language_model
    enrol(wanted)
    assert [(row.licence_class, row.since) for row in model.licensings.all()] == [
        ("weights_permissive", day)
    ]
    enrol(Enrolment(base_url=URL, model_name="x", licence_class="closed"))
    model = LanguageModel.objects.get()
    assert (model.licence_class(day), model.licence_class()) == ("weights_permissive", "closed")


@pytest.mark.django_db
def test_it_gives_every_provider_a_name_of_its_own() -> None:
    urls = [URL, "https://api.example.com/v2", "http://api.example.com/v2", URL + "/"]
    names = [enrol(Enrolment(base_url=u, model_name="x")).endpoint.provider.name for u in urls]
    assert len(set(names)) == 4
    assert names[0] == "api.example.com"


@pytest.mark.django_db
def test_it_refuses_a_fictional_model() -> None:
    LanguageModel.objects.create(name="x", slug="x", simulated=True)
    with pytest.raises(ValidationError, match="fictional"):
        enrol(Enrolment(base_url=URL, model_name="x"))
    assert not Provider.objects.exists(), "nothing is stored of a refused enrolment"


@pytest.mark.django_db
def test_it_refuses_to_guess_between_two_accounts() -> None:
    for name in ("one", "two"):
        Provider.objects.create(name=name, base_url=URL)
    with pytest.raises(ValidationError, match="choose one"):
        enrol(Enrolment(base_url=URL, model_name="x"))
    chosen = Provider.objects.get(name="two")
    assert enrol(Enrolment(provider=chosen, model_name="x")).endpoint.provider == chosen


@pytest.mark.django_db
def test_it_names_every_wrong_field_at_once() -> None:
    with pytest.raises(ValidationError) as refusal:
        enrol(
            Enrolment(
                base_url="x",
                api_key="a b",
                model_name="",
                licence_class="free",
                parameters={"n": 2},
            )
        )
    assert set(refusal.value.message_dict) == {
        *("base_url", "api_key", "model_name", "licence_class", "parameters")
    }


@pytest.mark.django_db
def test_it_makes_a_slug_for_every_name() -> None:
    names = ["a/b", "a b", "A.B", "模型 1", "???", "!!!", "x" * 200, "x" * 199]
    models = find_or_create_models(names)
    assert len({model.slug for model in models.values()}) == len(names)
    assert models["模型 1"].slug == "模型-1"
    assert find_or_create_models(names) == models


@pytest.mark.django_db(transaction=True)
def test_two_at_once_store_one_endpoint() -> None:
    found: list[object] = []

    def store() -> None:
        try:
            found.append(enrol(Enrolment(base_url=URL, model_name="x")).endpoint.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(found)) == 1
    assert len(found) == 4
    assert (Provider.objects.count(), Endpoint.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_the_key_is_in_no_dump_and_no_repr(capsys: pytest.CaptureFixture[str]) -> None:
    wanted = Enrolment(base_url=URL, api_key=KEY, model_name="x")
    enrolled = enrol(wanted)
    call_command("dumpdata", "catalog")
    dumped = capsys.readouterr().out
    assert "api.example.com" in dumped
    for text in (dumped, repr(wanted), repr(enrolled), repr(enrolled.endpoint.provider.__dict__)):
        assert KEY not in text
