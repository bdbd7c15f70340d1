"""The pages of a model and of two compared: which votes they are about, as the address says."""

import re

import pytest
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

pytestmark = pytest.mark.django_db


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def imported_and_one_live() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=90, losses=20, voters=40, source="import:x")
    cast(alder, birch)
    refresh_boards(NOW)
    publish_boards(NOW)


@pytest.mark.usefixtures("imported_and_one_live")
def test_one_stray_live_vote_does_not_hide_what_imported_votes_say(client: Client) -> None:
    text = page(client, "/compare/alder/birch/")
    assert "Alder would be preferred to Birch" in text
    assert "110 counted votes" in text
    assert 'href="/models/alder/?source=import%3Ax"' in text
    assert 'href="/compare/alder/birch/?source=import%3Ax"' in page(client, "/models/alder/")


@pytest.mark.usefixtures("imported_and_one_live")
def test_the_source_stands_in_the_address_and_can_be_chosen(client: Client) -> None:
    live = page(client, "/compare/alder/birch/?source=live")
    assert "too few votes to compare" in live
    assert "1 counted vote," in live
    assert 'href="/models/alder/?source=live"' in live
    for address in ("/compare/alder/birch/", "/models/alder/"):
        imported = page(client, f"{address}?source=import:x")
        assert '<option value="import:x" selected>' in imported
        assert '<option value="live">' in imported
        assert '<option value="live" selected>' in page(client, f"{address}?source=live")
        page(client, f"{address}?source=nothing", 404)
    assert "90" in page(client, "/models/alder/?source=import:x").partition("Against others")[2]
    write_ledgers(NOW)
    for address in ("/transparency/", "/which/", "/leaderboard/"):
        assert "/models/alder/?source=import%3Ax" in page(client, f"{address}?source=import:x")


@pytest.mark.usefixtures("imported_and_one_live")
def test_a_source_on_which_they_do_not_stand_says_so(client: Client) -> None:
    cast_many(new_model("Cedar"), new_model("Dogwood"), wins=9, losses=9, source="import:y")
    refresh_boards(NOW)
    assert "too few votes to compare" in page(client, "/compare/alder/birch/?source=import:y")
    assert "Against others" not in page(client, "/models/alder/?source=import:y")


@pytest.mark.usefixtures("imported_and_one_live")
def test_two_models_are_chosen_and_compared(client: Client) -> None:
    text = page(client, "/compare/")
    assert '<option value="alder">' in text
    chosen = client.get("/compare/?first=birch&second=alder&source=import:x")
    assert chosen.headers["Location"] == "/compare/birch/alder/?source=import%3Ax"
    assert client.get("/compare/?first=birch&second=alder").headers["Location"] == (
        "/compare/birch/alder/"
    )
    assert "Choose two different models." in page(client, "/compare/?first=alder&second=alder")
    assert "Choose two" not in page(client, "/compare/?first=alder&second=nobody%00")
    page(client, "/compare/?first=alder&second=birch&source=nothing", 404)
    compared = page(client, "/compare/birch/alder/?source=import:x")
    assert '<option value="birch" selected>' in compared
    assert '<input type="hidden" name="source" value="import:x">' in compared


def test_before_any_vote_there_is_nothing_to_choose(client: Client) -> None:
    assert "No model has been voted on yet." in page(client, "/compare/")
    new_model("Alder")
    alone = page(client, "/compare/?first=alder")
    assert alone.count('<option value="alder"') == 2
    assert "No model has been voted on yet." in page(client, "/compare/")


@pytest.mark.usefixtures("imported_and_one_live")
def test_each_slice_says_how_often_the_first_would_be_preferred(client: Client) -> None:
    """With its interval, from the covariance of that slice's own fit."""
    for first, second in (("alder", "birch"), ("birch", "alder")):
        text = page(client, f"/compare/{first}/{second}/")
        row = text.partition('<th scope="row">All votes</th>')[2].partition("</tr>")[0]
        found = re.search(r'>(\d+) <span class="bounds">\((\d+) to (\d+)\)<', row)
        assert found
        point, low, high = map(int, found.groups())
        assert low < point < high
        assert (low > 50) == (first == "alder")
        said = text.partition("<h1")[2].partition("</h1>")[0]
        assert f"{point if first == 'alder' else 100 - point} times in 100" in said


@pytest.mark.usefixtures("imported_and_one_live")
def test_a_comparison_is_a_picture_and_figures_to_keep(client: Client) -> None:
    text = page(client, "/compare/alder/birch/")
    named = "source=import%3Ax&amp;first=alder&amp;second=birch"
    for form in ("png", "svg", "csv", "json"):
        assert f"/charts/comparison.{form}?{named}" in text
    assert f'property="og:image" content="http://testserver/charts/comparison.png?{named}' in text
    address = "/charts/comparison.{}?source=import:x&first={}&second={}"
    lines = page(client, address.format("csv", "alder", "birch")).splitlines()
    assert lines[0].endswith(
        'Slice,Difference in points,Lower,Upper,"Alder preferred, times in 100",Lower,Upper'
    )
    name, apart, low, high, times, *_ = lines[1].split(",")
    assert name == "All votes"
    assert 0 < float(low) < float(apart) < float(high)
    assert 50 < float(times) < 100
    other = page(client, address.format("csv", "birch", "alder")).splitlines()[1].split(",")
    assert float(other[1]) == -float(apart)
    for first, second in (("alder", "nobody"), ("alder", "alder"), ("", "birch")):
        page(client, address.format("csv", first, second), 404)


def test_before_the_first_full_publication_nothing_is_said_of_too_few_votes(client: Client) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=90, losses=20, voters=40)
    refresh_boards(NOW)
    awaited = page(client, "/compare/alder/birch/")
    assert "The next full publication of the boards compares Alder and Birch." in awaited
    assert "too few votes to compare" not in awaited
    assert "have not met" not in awaited
    publish_boards(NOW)
    assert "Alder would be preferred to Birch" in page(client, "/compare/alder/birch/")
