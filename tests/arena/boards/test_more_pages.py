"""What pages say of few votes, published scores, filters; and when they are sent again."""

import datetime as dt

import pytest
from django.http import QueryDict
from django.test import Client
from pytest_django import Settings

from arena.boards.choices import Choice
from arena.boards.ledger import write_ledgers
from arena.boards.models import Board, Ledger
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.catalog.models import PublishedScore
from tests.arena.boards.votes import NOW, cast_many, new_model

pytestmark = pytest.mark.django_db


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def test_too_few_eligible_models_are_said_before_a_lowered_view(client: Client) -> None:
    alder = new_model("Alder", "closed", api_released_on=dt.date(2025, 1, 1))
    birch = new_model("Birch", "fully_open", weights_released_on=dt.date(2025, 2, 1))
    cast_many(alder, birch, wins=70, losses=50, voters=40)
    refresh_boards(NOW)
    text = page(client, "/gap/")
    assert "Too few eligible models" in text
    assert "Lowered threshold." in text
    assert text.index("Too few eligible models") < text.index("Lowered threshold.")
    assert "at least 100 counted votes" in text


def test_an_account_made_before_the_first_publication_is_made_again_after_it() -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=70, losses=50, voters=40)
    refresh_boards(NOW)
    assert [write_ledgers(NOW), write_ledgers(NOW)] == [["live"], []]
    assert not Ledger.objects.get(source="live").content["policies"]
    publish_boards(NOW)
    assert [write_ledgers(NOW), write_ledgers(NOW)] == [["live"], []]
    assert Ledger.objects.get(source="live").content["policies"]


def test_published_scores_stand_on_the_model_s_page(client: Client) -> None:
    alder = new_model("Alder", "closed", params_total_b=46.7, params_active_b=12.9)
    PublishedScore.objects.create(
        language_model=alder, benchmark="MMLU", value=70.6, shots=5, source="model card"
    )
    text = page(client, "/models/alder/")
    assert "46.7 billion, 12.9 billion active" in text
    assert "MMLU" in text
    assert "70.6" in text


def test_filters_and_orders_leave_what_they_say(client: Client) -> None:
    cast_many(new_model("Alder", organisation="Wood"), new_model("Birch"), wins=22, losses=12)
    refresh_boards(NOW)
    table = "/leaderboard/table/"
    assert "Birch" not in page(client, f"{table}?organisation=Wood")
    assert "Alder" not in page(client, f"{table}?q=birc")
    assert "No rated model fits" in page(client, f"{table}?q=nobody")
    assert "No rated model fits" in page(client, f"{table}?preliminary=hidden")
    assert "preliminary" in page(client, table)
    for order in ("price", "first", "speed", "context", "released", "votes", "name"):
        assert "Alder" in page(client, f"{table}?sort={order}")


def test_a_search_that_finds_nothing_says_so_before_any_model_is_rated(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=2, losses=1)
    refresh_boards(NOW)
    table = "/leaderboard/table/"
    assert "Too few votes for a rating" in page(client, table)
    assert "No rated model fits" not in page(client, table)
    assert "No rated model fits" in page(client, f"{table}?q=nobody")
    page(client, f"{table}?q={'x' * 5000}%00")


@pytest.mark.parametrize(
    "address",
    ["/gap/", "/method/", "/transparency/", "/which/", "/leaderboard/", "/leaderboard/table/"],
)
def test_a_page_is_sent_again_only_when_it_changed(client: Client, address: str) -> None:
    first = client.get(address)
    etag = first["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    chinese = client.get(f"/zh-hans{address}", headers={"If-None-Match": etag})
    assert chinese.status_code == 200
    assert "Accept-Language" in first["Vary"]


def test_the_method_page_says_the_rules_that_are_set(client: Client, settings: Settings) -> None:
    settings.MAX_TURNS, settings.MAX_PROMPT_CHARACTERS = 7, 12_345
    settings.PROMPTS_PER_MINUTE, settings.MAX_STREAMING_BATTLES = 13, 11
    settings.SAME_MODEL_SHARE, settings.MIN_VOTES_FOR_BOARD = 0.025, 321
    text = page(client, "/method/")
    for said in (
        *("Turns in a battle: 7 at most", "Characters in a prompt: 12,345 at most"),
        *("answered at once: 11 at most", "Prompts in a minute: 13 at most"),
        *("In 2.5 of 100 battles a model meets itself", "a board of its own from 321 counted"),
        *("pairs whose next vote says most", "at one pace", "there is no vote"),
    ):
        assert said in text


def test_the_method_page_says_what_is_switched_off(client: Client, settings: Settings) -> None:
    settings.PAIRING, settings.PACING, settings.SAME_MODEL_SHARE = "weights", "live", 0.0
    settings.CHOSEN_MODELS = settings.IMAGES = False
    text = page(client, "/method/")
    for said in ("weights alone", "shown as they come", "Prompts are text alone"):
        assert said in text
    for unsaid in ("meets itself", "Where you choose who answers"):
        assert unsaid not in text


def boards_of(*slices: dict[str, object]) -> None:
    """Store empty boards beside the one of all votes."""
    for number, part in enumerate(({}, *slices)):
        Board.objects.create(slug=f"board-{number}", source="live", **_BRADLEY_TERRY | part)


_BRADLEY_TERRY: dict[str, object] = {"method": "bradley_terry"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("category=coding&language=en", "Coding"),
        ("category=maths-no-more&language=en", None),
        ("category=brainstorming&language=en", "English"),
        ("category=brainstorming", "All votes"),
        ("method=elo&category=coding", "Coding"),
        ("method=elo&language=en&days=90", "English · Last 90 days"),
        ("category=coding&days=90", "Coding"),
        ("category=coding&style=on", "Coding"),
        ("language=en&days=90&style=on", "English · Last 90 days"),
        ("days=30", "All votes"),
        ("days=soon", None),
        ("language=klingon", None),
    ],
)
@pytest.mark.parametrize("address", ["/leaderboard/", "/leaderboard/table/", "/gap/"])
def test_where_no_board_has_all_choices_the_nearest_is_shown_and_said(
    client: Client, address: str, query: str, shown: str | None
) -> None:
    boards_of({"category": "coding"}, {"language": "en"}, {"language": "en", "days": 90})
    text = page(client, f"{address}?{query}", 404 if shown is None else 200)
    if shown and "table" not in address:
        assert f"No board has all of these choices. The nearest is shown: {shown}." in text


def test_a_board_that_exists_stands_in_for_nothing(client: Client) -> None:
    boards_of({"category": "coding"})
    assert "The nearest is shown" not in page(client, "/leaderboard/?category=coding")
    assert "The nearest is shown" not in page(client, "/leaderboard/?method=elo")
    chosen = Choice.nearest(QueryDict("category=coding&language=en&licence=open"))
    assert chosen.address() == "?category=coding&licence=open"
