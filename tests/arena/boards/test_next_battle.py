"""The transparency page says how pairs are drawn, and how likely each model is in the next one."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from arena.catalog.models import LanguageModel, Licensing, Standing
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def models() -> None:
    for name, half_width, licence in (
        *(("Alder", 15.0, "closed"), ("Birch", 15.0, "closed")),
        *(("Cedar", None, "weights_permissive"), ("Dogwood", 15.0, "closed")),
    ):
        model = add_model(name, base_url=URL).language_model
        Licensing.objects.create(
            language_model=model, licence_class=licence, since=dt.date(2025, 1, 1)
        )
        if half_width:
            Standing.objects.create(
                language_model=model,
                rating=1000.0,
                lower=1000.0 - half_width,
                upper=1000.0 + half_width,
                votes=900,
                snapshot=1,
                updated_at=timezone.now(),
            )


def page(client: Client) -> str:
    return client.get("/transparency/").content.decode()


def test_it_says_how_likely_each_model_is_in_the_next_battle(client: Client) -> None:
    text = page(client)
    assert "20% of battles go by weight alone" in text
    assert "no model is drawn more than 5 times as often" in text
    rows = {name: text.split(f">{name}</a>")[1].split("</tr>")[0] for name in ("Alder", "Cedar")}
    assert "36.7%" in rows["Alder"]
    assert "90.0%" in rows["Cedar"]
    assert "open weights 45% and closed 55%" in text


def test_it_says_when_weights_alone_decide(client: Client, settings: Settings) -> None:
    settings.PAIRING = "weights"
    LanguageModel.objects.filter(name="Cedar").update(sampling_weight=2)
    text = page(client)
    assert "Pairs are drawn by weight alone." in text
    # Three pairs with weight 2, three with weight 1: Cedar is in 6 of 9, Alder in 4 of 9.
    assert "66.7%" in text.split(">Cedar</a>")[1].split("</tr>")[0]
    assert "44.4%" in text.split(">Alder</a>")[1].split("</tr>")[0]
