"""The pages of a whole simulated source: gap, comparison, transparency, "which model?", charts."""

import datetime as dt
import json
import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from arena.boards.ledger import write_ledgers
from arena.boards.models import Ledger
from arena.boards.publication import publish_boards
from arena.catalog.models import LanguageModel, Price
from tests.arena.boards.votes import NOW, new_model

SIMULATED = "source=simulated"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated")]


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture(scope="module")
def simulated(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Publish one full set for all tests of this module: each test is a savepoint within."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("simulate_votes", votes=15_000, voters=200, verbosity=0)
        publish_boards(NOW)
        write_ledgers(NOW)
        yield
        transaction.set_rollback(True)


def test_the_gap_page_answers_every_choice(client: Client) -> None:
    whole = page(client, f"/gap/?{SIMULATED}")
    for name in ("gap", "gap-over-time", "lag", "catch-up", "licence-ladder", "practical-gap"):
        assert f'id="{name}"' in whole, name
    assert 'id="public-record"' in whole
    assert "Places in counted votes" in whole
    stricter = page(client, f"/gap/?{SIMULATED}&cut=fully_open")
    assert "Open here means" in stricter
    published = page(client, f"/gap/?{SIMULATED}&view=published")
    assert 'id="gap-as-published"' in published
    assert 'id="lag"' not in published, "the two views are never mixed"
    styled = page(client, f"/gap/?{SIMULATED}&style=on")
    assert "<h1" in styled
    for wrong in (
        "cut=shut",
        "view=x",
        "source=import:none",
        "category=none",
        "days=soon",
        "style=no",
    ):
        page(client, f"/gap/?{SIMULATED}&{wrong}", 404)


def test_charts_are_sent_as_files(client: Client) -> None:
    csv = client.get(f"/charts/gap-over-time.csv?{SIMULATED}")
    assert csv.status_code == 200
    assert csv["Content-Type"].startswith("text/csv")
    assert len(csv.content.splitlines()) > 2
    picture = client.get(f"/charts/ratings.png?{SIMULATED}&size=preview")
    assert picture.content.startswith(b"\x89PNG")
    again = client.get(
        f"/charts/ratings.png?{SIMULATED}&size=preview", headers={"If-None-Match": picture["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    drawing = client.get(f"/zh-hant/charts/gap.svg?{SIMULATED}&theme=dark")
    assert drawing.content.startswith(b"<svg")
    figures = client.get(f"/charts/gap-over-time.json?{SIMULATED}")
    assert figures["Content-Type"] == "application/json"
    document = figures.json()
    assert len(document["board"]) == 64
    assert {len(row) for row in document["rows"]} == {len(document["columns"])}
    assert len(document["rows"]) == len(csv.content.splitlines()) - 1
    kept = {"If-None-Match": figures["ETag"]}
    again = client.get(f"/charts/gap-over-time.json?{SIMULATED}", headers=kept)
    assert (again.status_code, again.content) == (304, b"")
    for wrong in ("nothing.png", "gap.exe", "gap.png", "gap.json"):
        assert client.get(f"/charts/{wrong}").status_code == 404


def test_every_file_that_the_leaderboard_names_is_sent(client: Client) -> None:
    text = page(client, f"/leaderboard/?{SIMULATED}&licence=open&sort=votes")
    frame = text[text.index('id="files"') :].partition("</p>")[0]
    files = [address.replace("&amp;", "&") for address in re.findall(r'href="([^"]+)"', frame)]
    assert [re.sub(r"[?].*", "", address) for address in files] == [
        "/api/v1/boards/overall/table.csv",
        "/api/v1/boards/overall",
        "/charts/ratings.png",
        "/charts/ratings.svg",
    ]
    answers = [client.get(address) for address in files]
    assert [answer.status_code for answer in answers] == [200] * 4
    rated = [row["model"] for row in answers[1].json()["rows"]]
    assert b"".join(answers[0]).count(b"\n") == len(rated) + 1


def test_a_board_of_no_vote_has_no_files(client: Client) -> None:
    assert 'id="files"' not in page(client, "/leaderboard/")


def test_link_previews_name_a_picture_that_exists(client: Client) -> None:
    for address in (
        f"/gap/?{SIMULATED}",
        f"/leaderboard/?{SIMULATED}",
        "/models/simulated-basalt-4/",
    ):
        found = re.search(r'og:image" content="http://testserver([^"]+)"', page(client, address))
        assert found, address
        assert client.get(found[1].replace("&amp;", "&")).status_code == 200


def test_two_models_are_compared(client: Client) -> None:
    text = page(client, "/compare/simulated-basalt-4/simulated-aster-7b/")
    assert "Basalt 4 would be preferred to Aster 7B" in text
    assert "They are told apart already." in text
    assert "By category and language" in text
    turned = page(client, "/compare/simulated-aster-7b/simulated-basalt-4/")
    assert "Basalt 4 would be preferred to Aster 7B" in turned
    new_model("Alder")
    assert "too few votes" in page(client, "/compare/alder/simulated-basalt-4/")
    page(client, "/compare/alder/alder/", 404)
    page(client, "/compare/alder/nobody/", 404)


def test_the_account_of_a_source_adds_up(client: Client) -> None:
    content = Ledger.objects.get(source="simulated").content
    assert content["battles"] == content["counted"] == 15_000
    assert sum(row["battles"] for row in content["models"]) == 30_000
    assert sum(row["places"] for row in content["classes"].values()) == 30_000
    assert 0 < content["influence"]["votes"] < 15_000
    spread = {(row["ties"], row["both_bad"]): row["spread"] for row in content["policies"]}
    assert spread["half", "half"] < spread["half", "drop"] < spread["drop", "drop"]
    text = page(client, f"/transparency/?{SIMULATED}")
    assert f"Without {content['influence']['votes']} votes" in text
    assert text.count("an answer gave a model") == 1
    assert "in use" in page(client, f"/method/?{SIMULATED}")


def test_which_model_excludes_with_a_reason_and_names_no_winner_among_equals(
    client: Client,
) -> None:
    Price.objects.create(
        language_model=LanguageModel.objects.get(slug="simulated-basalt-4"),
        input_usd=10,
        output_usd=30,
        since=dt.date(2020, 1, 1),
    )
    address = f"/which/?{SIMULATED}&gpus=1&gb=24&commercial=on&format=json"
    found = json.loads(page(client, address))
    reasons = {each["model"]: " ".join(each["reasons"]) for each in found["excluded"]}
    assert "cannot be downloaded" in reasons["simulated-basalt-4"]
    assert "four bits" in reasons["simulated-aster-4-200b"]
    assert "forbids commercial use" in reasons["simulated-aster-7b"]
    fitting = [each["model"] for each in (*found["best"], *found["others"])]
    assert fitting
    assert not set(fitting) & set(reasons)
    bar = found["best"][0]["lower"]
    assert all(each["upper"] >= bar for each in found["best"])
    assert all(each["upper"] < bar for each in found["others"])
    dear = json.loads(page(client, f"/which/?{SIMULATED}&tokens=1000&budget=5&format=json"))
    assert any("$20,000" in " ".join(each["reasons"]) for each in dear["excluded"])
    both = json.loads(page(client, f"/which/?{SIMULATED}&category=coding&language=en&format=json"))
    assert len(both["boards"]) == 3
    text = page(client, f"/which/?{SIMULATED}&category=coding&language=en")
    assert "May be the best" in text
    assert "category=coding&amp;language=en&amp;format=json" in text
    for wrong in ("gb=-1", "gb=nan", "context=many", "budget=1e99"):
        page(client, f"/which/?{wrong}", 404)
