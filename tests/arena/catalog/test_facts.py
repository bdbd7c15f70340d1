"""Facts and who states them: what agrees, what does not, and how both are shown."""

import datetime as dt

import pytest
from django.contrib.auth.models import User
from django.test import Client

from arena.catalog.facts import agrees, source_name, statements_of
from arena.catalog.models import Claim, Fact, LanguageModel, Licence, Licensing
from arena.staff.models import Change

CARD = "https://huggingface.co/grove/Alder-7B"
LIST = "https://example.org/models"


@pytest.fixture
def alder(db: None) -> LanguageModel:
    """Return a model with facts, sources that agree and one that does not."""
    model = LanguageModel.objects.create(
        slug="alder-7b",
        name="Alder 7B",
        params_total_b=7.24,
        context_tokens=131072,
        weights_released_on=dt.date(2025, 3, 1),
        modalities=["text", "image"],
        hugging_face="grove/Alder-7B",
    )
    for fact, value, source in (
        ("weights_released_on", "2025-03-01", CARD),
        ("weights_released_on", "2025-03", LIST),
        ("context_tokens", "131072", CARD),
        ("context_tokens", "40960", LIST),
        ("api_released_on", "2024-12", "a talk"),
        ("modalities", "text+image", CARD),
    ):
        Claim.objects.create(
            language_model=model,
            fact=fact,
            value=value,
            source=source,
            read_on=dt.date(2026, 11, 21) if source == CARD else None,
        )
    licence = Licence.objects.create(
        identifier="Grove-1",
        name="Grove License",
        licence_class="weights_restricted",
        commercial_use="limited",
        derivatives="yes",
        conditions="Plant a tree.",
    )
    Licensing.objects.create(
        language_model=model,
        licence=licence,
        licence_class="weights_restricted",
        since=dt.date(2025, 3, 1),
        evidence=CARD,
    )
    return model


@pytest.mark.parametrize(
    ("fact", "value", "claimed", "agreeing"),
    [
        ("weights_released_on", "2025-03-01", "2025-03", True),
        ("weights_released_on", "2025-03-01", "2025", True),
        ("weights_released_on", "2025-03-01", "2025-04", False),
        ("weights_released_on", "2025-10-01", "2025-1", False),
        ("params_total_b", "8.03", "8", True),
        ("params_total_b", "8.03", "8.0", True),
        ("params_total_b", "8.03", "8.1", False),
        ("params_total_b", "671", "685", False),
        ("params_total_b", "671", "many", False),
        ("context_tokens", "131072", "128000", True),
        ("context_tokens", "1000000", "1048576", True),
        ("context_tokens", "128000", "131072", True),
        ("context_tokens", "131072", "131000", False),
        ("context_tokens", "131072", "128K", False),
        ("organisation", "Meta", "Meta AI", False),
        ("organisation", "", "", False),
    ],
)
def test_a_claim_agrees_as_exactly_as_it_is(
    fact: str, value: str, claimed: str, *, agreeing: bool
) -> None:
    assert agrees(Fact(fact), value, claimed) is agreeing


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("https://huggingface.co/grove/Alder-7B/blob/main/README.md", "grove/Alder-7B"),
        ("https://www.example.org/a/b", "example.org"),
        ("https://github.com", "github.com"),
        ("the identifier gpt-4-1106-preview", "the identifier gpt-4-1106-preview"),
    ],
)
def test_a_source_has_a_short_name(source: str, name: str) -> None:
    assert source_name(source) == name


def test_sources_are_told_from_those_who_say_otherwise(alder: LanguageModel) -> None:
    stated = {statement.fact: statement for statement in statements_of(alder)}
    context = stated[Fact.CONTEXT_TOKENS]
    assert [claim.source for claim in context.sources] == [CARD]
    assert [claim.value for claim in context.others] == ["40960"]
    assert context.value
    assert len(stated[Fact.WEIGHTS_RELEASED_ON].sources) == 2, "a month is no other day"
    assert not stated[Fact.API_RELEASED_ON].value, "nothing is settled that could be"


def test_the_model_page_shows_facts_sources_and_disagreement(
    client: Client, alder: LanguageModel
) -> None:
    text = client.get(f"/models/{alder.slug}/").content.decode()
    for words in (
        *("131,072 tokens", "40,960 tokens", "Others say", "2024-12", "a talk"),
        *("text and image", f'href="{CARD}"', "looked up on 2026-11-21", 'id="source-2"'),
        *("Grove License", "Commercial use: with limits", "Plant a tree."),
        'href="https://huggingface.co/grove/Alder-7B"',
    ):
        assert words in text, words


def test_hostile_claims_are_words(client: Client, alder: LanguageModel) -> None:
    Claim.objects.create(
        language_model=alder,
        fact="context_tokens",
        value="4096",
        source='javascript:alert(1)//"><script>alert(2)</script>',
    )
    text = client.get(f"/models/{alder.slug}/").content.decode()
    assert 'href="javascript' not in text
    assert "<script>alert(2)" not in text


def test_the_admin_says_where_sources_disagree(client: Client, alder: LanguageModel) -> None:
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get(f"/admin/catalog/languagemodel/{alder.pk}/change/").content.decode()
    assert "131072; others say 40960 (example.org)" in page
    assert "not settled; others say 2024-12 (a talk)" in page
    for address in ("licence/", "licence/add/", "organisation/", "organisation/add/"):
        assert client.get(f"/admin/catalog/{address}").status_code == 200
    found = client.get("/admin/catalog/licence/", {"q": "Grove"}).content.decode()
    assert "Grove-1" in found


def test_a_class_that_is_not_the_licence_s_is_refused(client: Client, alder: LanguageModel) -> None:
    record = alder.licensings.get()
    record.licence_class = "closed"
    with pytest.raises(Exception, match="or fully open"):
        record.full_clean()
    record.licence_class = "fully_open"
    record.full_clean()


def test_the_api_gives_claims_and_licences(client: Client, alder: LanguageModel) -> None:
    Licensing.objects.create(
        language_model=alder, licence_class="unknown", since=dt.date(2024, 1, 1)
    )
    answer = client.get(f"/api/v1/models/{alder.slug}").json()
    assert {"fact": "context_tokens", "value": "40960", "source": LIST, "read_on": None} in answer[
        "claims"
    ]
    assert [record["licence"] for record in answer["licences"]] == ["", "Grove-1"]


def test_changes_of_facts_are_logged(alder: LanguageModel) -> None:
    Claim.objects.filter(value="40960").update(value="65536")
    change = Change.objects.filter(table="catalog_claim", action="update").get()
    assert (change.before, change.after) == ({"value": "40960"}, {"value": "65536"})
    assert Change.objects.filter(table="catalog_licence", action="insert").exists()
