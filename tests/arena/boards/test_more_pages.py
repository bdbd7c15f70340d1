"""Gap under every choice, comparison, method, transparency, "which model?", charts as files."""

import datetime as dt
import json
import re

import pytest
from django.core.management import call_command
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.models import Ledger
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.catalog.models import LanguageModel, Price, PublishedScore
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

pytestmark = pytest.mark.django_db
SIMULATED = "source=simulated"


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


@pytest.fixture
def simulated() -> None:
    call_command("simulate_votes", votes=15_000, voters=200, verbosity=0)
    publish_boards(NOW)
    write_ledgers(NOW)


@pytest.mark.usefixtures("simulated")
def test_the_gap_page_answers_every_choice(client: Client) -> None:
    whole = page(client, f"/gap/?{SIMULATED}")
    for name in ("gap", "gap-over-time", "lag", "catch-up", "licence-ladder", "practical-gap"):
        assert f'id="{name}"' in whole, name
    assert 'id="public-record"' in whole
    assert "Share of battles" in whole
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
        "days=5",
        "style=no",
    ):
        page(client, f"/gap/?{SIMULATED}&{wrong}", 404)


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


@pytest.mark.usefixtures("simulated")
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
    for wrong in ("nothing.png", "gap.exe", "gap.png"):
        assert client.get(f"/charts/{wrong}").status_code == 404


@pytest.mark.usefixtures("simulated")
def test_link_previews_name_a_picture_that_exists(client: Client) -> None:
    for address in (
        f"/gap/?{SIMULATED}",
        f"/leaderboard/?{SIMULATED}",
        "/models/simulated-basalt-4/",
    ):
        found = re.search(r'og:image" content="http://testserver([^"]+)"', page(client, address))
        assert found, address
        assert client.get(found[1].replace("&amp;", "&")).status_code == 200


@pytest.mark.usefixtures("simulated")
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


@pytest.mark.usefixtures("simulated")
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


def test_left_out_votes_are_counted_by_rule_and_model(client: Client) -> None:
    alder, birch = new_model("Alder", "closed"), new_model("Birch", "fully_open")
    cast(alder, birch)
    cast(alder, alder)
    refresh_boards(NOW)
    write_ledgers(NOW)
    content = Ledger.objects.get(source="live").content
    assert content["rules"] == {"same_model": 1}
    by_model = {row["model"]: row["excluded"] for row in content["models"]}
    assert by_model == {"alder": {"same_model": 2}, "birch": {}}
    assert "Birch" in page(client, "/transparency/")


@pytest.mark.usefixtures("simulated")
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
    assert "May be the best" in page(client, f"/which/?{SIMULATED}")
    for wrong in ("gb=-1", "gb=nan", "context=many", "budget=1e99"):
        page(client, f"/which/?{wrong}", 404)


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
    page(client, f"{table}?q={'x' * 5000}%00")


@pytest.mark.parametrize(
    "address", ["/gap/", "/method/", "/transparency/", "/which/", "/leaderboard/"]
)
def test_a_page_is_sent_again_only_when_it_changed(client: Client, address: str) -> None:
    first = client.get(address)
    etag = first["ETag"]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    chinese = client.get(f"/zh-hans{address}", headers={"If-None-Match": etag})
    assert chinese.status_code == 200
    assert "Accept-Language" in first["Vary"]
