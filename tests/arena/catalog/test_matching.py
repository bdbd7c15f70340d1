"""The model that a server's name means: found where there is one, never guessed where not."""

import pytest

from arena.catalog.catalogue.loading import load
from arena.catalog.catalogue.tables import read
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.matching import known_model, known_models
from arena.catalog.models import Alias, LanguageModel

pytestmark = pytest.mark.django_db
URL = "https://api.example.com/v1"


def new_model(slug: str, name: str, *aliases: str, hugging_face: str = "") -> LanguageModel:
    model = LanguageModel.objects.create(slug=slug, name=name, hugging_face=hugging_face)
    Alias.objects.bulk_create(Alias(language_model=model, name=alias) for alias in aliases)
    return model


def test_the_shipped_catalogue_knows_what_servers_say_and_does_not_guess() -> None:
    load(read())
    meant = {
        "meta-llama/Llama-3.1-8B-Instruct": "llama-3-1-8b-instruct",
        "meta-llama/llama-3.1-8b-instruct": "llama-3-1-8b-instruct",
        "meta-llama/Meta-Llama-3.1-8B-Instruct": "llama-3-1-8b-instruct",
        "Llama-3.1-8B-Instruct": "llama-3-1-8b-instruct",
        "llama3.1:8b": "llama-3-1-8b-instruct",
        "gpt-4o": "gpt-4o",
        "GPT-4.1": "gpt-4-1",
        "openai/gpt-4.1-mini": "gpt-4-1-mini",
        "claude-3-7-sonnet-20250219": "claude-3-7-sonnet",
        "claude-3.7-sonnet": "claude-3-7-sonnet",
        "deepseek-ai/DeepSeek-R1": "deepseek-r1",
        "Qwen/Qwen3-8B": "qwen3-8b",
        "qwen3:8b": "qwen3-8b",
    }
    nobody = [
        "llama3.1",  # which size it is today is Ollama's affair
        "llama3.1:8b-instruct-q4_K_M",  # a quantisation may be a contestant of its own
        "deepseek-chat",  # another model every few months
        *("gpt-4o-audio-preview", "Llama", "", "*"),
    ]
    found = known_models([*meant, *nobody])
    assert {name: model.slug for name, model in found.items()} == meant


def test_a_name_of_two_models_is_nobody_s() -> None:
    new_model("alder-7b", "Alder 7B", "alder:latest", hugging_face="grove/Alder")
    new_model("alder-70b", "Alder 70B", "ALDER:latest", hugging_face="mirror/alder")
    assert known_model("alder:latest") is None
    assert known_model("Alder") is None, "the last part of two repositories"
    found = known_model("mirror/ALDER")
    assert found is not None
    assert found.slug == "alder-70b"


def test_an_exact_name_goes_before_an_alias() -> None:
    named = new_model("alder", "alder:7b")
    new_model("other", "Other", "alder:7b")
    assert known_model("alder:7b") == named


def test_fictional_models_are_nobody() -> None:
    LanguageModel.objects.create(slug="oak", name="Oak", simulated=True)
    assert known_model("Oak") is None


def test_thousands_of_names_cost_three_queries(
    django_assert_num_queries: pytest.FixtureRequest,
) -> None:
    new_model("alder-7b", "Alder 7B", "alder:7b")
    names = [f"maker/model-{number}" for number in range(5000)]
    with django_assert_num_queries(3):  # type: ignore[operator]  # the plugin's own type
        assert list(known_models([*names, "Alder:7B"])) == ["Alder:7B"]


def test_an_endpoint_of_a_known_model_has_its_facts() -> None:
    load(read())
    assert not LanguageModel.objects.entered().exists()
    models = LanguageModel.objects.count()
    endpoint = enrol(Enrolment(base_url=URL, model_name="llama3.1:8b")).endpoint
    model = endpoint.language_model
    assert (model.name, endpoint.model_name) == ("Llama 3.1 8B Instruct", "llama3.1:8b")
    assert (model.organisation, model.licence_class()) == ("Meta", "weights_restricted")
    assert LanguageModel.objects.count() == models
    assert LanguageModel.objects.entered().get() == model
    unknown = enrol(Enrolment(base_url=URL, model_name="llama3.1:8b-q4")).endpoint
    assert unknown.language_model.name == "llama3.1:8b-q4"
    assert LanguageModel.objects.entered().count() == 2


def test_a_name_that_an_administrator_gives_is_taken_at_its_word() -> None:
    load(read())
    wanted = Enrolment(base_url=URL, model_name="llama3.1:8b", name="Llama 3.1 8B (4 bit)")
    assert enrol(wanted).endpoint.language_model.name == "Llama 3.1 8B (4 bit)"
