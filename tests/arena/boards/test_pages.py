"""The public pages: what they show, of which votes, and a way on from where there is nothing."""

import datetime as dt
import html
import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from arena.boards.leaderboard import ago_text
from arena.boards.models import Snapshot
from arena.boards.refresh import refresh_boards
from arena.catalog.models import LanguageModel
from tests.arena.boards.votes import NOW, cast, cast_many, new_model
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db
SIMULATED = "Simulated."


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_live_board_says_that_there_is_no_vote_yet(client: Client) -> None:
    add_model("Alder", base_url="http://127.0.0.1:1")
    text = page(client, "/leaderboard/")
    assert "No vote has been counted yet." in text
    assert re.search(r'data-model="alder".*?votes">0<', text, re.DOTALL)
    assert SIMULATED not in text


def test_a_vote_shows_as_counts_before_it_shows_as_ratings(client: Client) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    refresh_boards(NOW)
    text = page(client, "/leaderboard/")
    assert "1 counted vote" in text
    assert "1 voter" in text
    assert text.count("too few votes") == 2
    assert "±" not in text


def test_rated_models_show_their_interval_rank_and_licence(client: Client) -> None:
    alder = new_model("Alder", "closed", organisation="Wood & Co")
    birch = new_model("Birch", "weights_permissive", weights_released_on=dt.date(2026, 1, 2))
    cast_many(alder, birch, wins=22, losses=12)
    refresh_boards(NOW)
    text = page(client, "/leaderboard/")
    assert "Wood &amp; Co" in text
    assert 'data-class="weights_permissive"' in text
    assert "2026-01" in text
    assert text.count('class="reach"') == 2
    assert "style=" not in text
    assert text.index("Alder") < text.index("Birch")
    assert "Birch" not in page(client, "/leaderboard/table/?licence=closed")
    assert "Alder" not in page(client, "/leaderboard/table/?licence=open")
    by_date = page(client, "/leaderboard/table/?sort=released")
    assert by_date.index("Birch") < by_date.index("Alder")


def test_the_board_can_be_kept_to_models_that_take_an_input(client: Client) -> None:
    alder = new_model("Alder", modalities=["text", "image"])
    birch = new_model("Birch", modalities=["text"])
    cedar = new_model("Cedar")
    for one, other in ((alder, birch), (birch, cedar), (cedar, alder)):
        cast_many(one, other, wins=22, losses=12)
    refresh_boards(NOW)
    text = page(client, "/leaderboard/")
    offered = re.search(r'<select name="modality">(.*?)</select>', text)
    assert offered
    assert re.findall(r'value="(\w*)"', offered[1]) == ["", "text", "image", "unknown"]
    shown = {
        value: [
            name
            for name in ("Alder", "Birch", "Cedar")
            if name in page(client, f"/leaderboard/table/?modality={value}")
        ]
        for value in ("text", "image", "audio", "unknown")
    }
    assert shown == {
        "text": ["Alder", "Birch"],
        "image": ["Alder"],
        "audio": [],
        "unknown": ["Cedar"],
    }
    assert "Show all models" in page(client, "/leaderboard/table/?modality=audio")
    assert 'value="image" selected' in page(client, "/leaderboard/?modality=image")
    page(client, "/leaderboard/?modality=smell", status=404)
    assert "text and image" in page(client, "/models/alder/")


def test_where_all_models_take_the_same_there_is_nothing_to_choose(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=22, losses=12)
    refresh_boards(NOW)
    assert 'name="modality"' not in page(client, "/leaderboard/")


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (dt.timedelta(seconds=-5), "0 s ago"),
        (dt.timedelta(seconds=59), "59 s ago"),
        (dt.timedelta(seconds=119), "1 min ago"),
        (dt.timedelta(hours=23), "23 h ago"),
        (dt.timedelta(days=400), "400 d ago"),
    ],
)
def test_an_age_is_said_in_the_largest_unit_that_fits(age: dt.timedelta, words: str) -> None:
    assert ago_text(NOW - age, NOW) == words


@pytest.mark.parametrize(
    ("language", "words"), [("en", "1 h ago"), ("zh-hans", "1 小时前"), ("zh-hant", "1 小時前")]
)
def test_the_script_says_the_age_of_a_board_in_the_page_s_words(
    client: Client, language: str, words: str
) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    refresh_boards(NOW)
    Snapshot.objects.update(created_at=timezone.now() - dt.timedelta(hours=1))
    found = re.search(
        r'data-ago="([^"]*)">(.*?)</time>', page(client, f"/{language}/leaderboard/table/")
    )
    assert found
    units = dict(json.loads(html.unescape(found[1])))
    assert found[2] == words == units[3600].replace("{number}", "1")


def test_elo_has_ratings_without_intervals(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=22, losses=12)
    refresh_boards(NOW)
    text = page(client, "/leaderboard/?method=elo")
    assert 'class="reach"' in text
    assert "±" not in text


def test_every_page_that_shows_simulated_votes_says_so(client: Client) -> None:
    call_command("simulate_votes", votes=6000, voters=60, verbosity=0)
    slug = LanguageModel.objects.filter(simulated=True).values_list("slug", flat=True)[0]
    for address in (
        "/leaderboard/?source=simulated",
        "/leaderboard/?source=simulated&method=elo&sort=votes",
        "/gap/?source=simulated",
        f"/models/{slug}/",
    ):
        assert SIMULATED in page(client, address), address
    for address in ("/leaderboard/", "/gap/"):
        text = page(client, address)
        assert SIMULATED not in text
        assert '<option value="simulated">' in text  # the switch


def test_the_gap_page_draws_the_simulated_frontiers(client: Client) -> None:
    call_command("simulate_votes", votes=12000, voters=200, verbosity=0)
    text = page(client, "/gap/?source=simulated")
    assert 'id="gap-chart" type="application/json"' in text
    assert text.count("<td>closed</td>") > 1
    assert text.count("<td>open</td>") > 1
    assert re.search(r"<h1[^>]*>The best open model|<h1[^>]*>Too close to call", text)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant"])
def test_chinese_sentences_follow_each_other_without_a_space(client: Client, language: str) -> None:
    call_command("simulate_votes", votes=6000, voters=60, verbosity=0)
    add_model("Alder", base_url="http://127.0.0.1:1")
    addresses = (
        *("", "leaderboard/", "gap/", "gap/?source=simulated", "models/alder/"),
        *("method/?source=simulated", "transparency/?source=simulated"),
    )
    for address in addresses:
        text = re.sub(r"<[^>]*>", "", page(client, f"/{language}/{address}"))
        assert re.search("[。？]", text), address
        assert not re.findall(r".{,20}[。？！；，：] +\S.{,20}", text), address


def test_the_gap_page_without_votes_says_why(client: Client) -> None:
    text = page(client, "/gap/")
    assert "Too few eligible models" in text
    assert "gap-chart" not in text


def test_a_model_page_shows_facts_and_standing(client: Client) -> None:
    alder = new_model("Alder", "closed", api_released_on=dt.date(2026, 1, 2), context_tokens=8192)
    cast_many(alder, new_model("Birch"), wins=22, losses=12)
    refresh_boards(NOW)
    text = page(client, "/models/alder/")
    for words in ("2026-01-02", "8,192 tokens", "Live votes", "since 2020-01-01"):
        assert words in text
    assert "No counted votes yet." in page(client, f"/models/{new_model('Cedar').slug}/")


@pytest.mark.parametrize(
    ("prefix", "active", "words"),
    [
        ("", 37, "<dd>671 billion, 37 billion active</dd>"),
        ("", None, "<dd>671 billion</dd>"),
        ("/zh-hans", 37, "<dd>671B，激活 37B</dd>"),
        ("/zh-hant", 37, "<dd>671B，啟用 37B</dd>"),
    ],
)
def test_a_model_page_shows_its_size(
    client: Client, prefix: str, active: float | None, words: str
) -> None:
    new_model("Mixed", params_total_b=671, params_active_b=active)
    assert words in page(client, f"{prefix}/models/mixed/")


def test_a_name_outside_ascii_has_a_page(client: Client) -> None:
    LanguageModel.objects.create(slug="通义-7b", name="通义 7B")
    assert "通义 7B" in page(client, "/models/通义-7b/")


@pytest.mark.parametrize(
    "address",
    [
        "/leaderboard/?source=import:none",
        "/leaderboard/?source=" + "x" * 5000,
        "/leaderboard/?method=glicko",
        "/leaderboard/?licence=free",
        "/leaderboard/table/?sort=luck",
        "/gap/?source=%00",
        "/models/nobody/",
        "/models/%00/",
    ],
)
def test_what_does_not_exist_is_answered_with_a_way_on(client: Client, address: str) -> None:
    assert 'class="button" href="/' in page(client, address, 404)


def test_the_table_is_sent_again_only_when_it_changed(client: Client) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch)
    refresh_boards(NOW)
    etag = client.get("/leaderboard/table/").headers["ETag"]
    again = client.get("/leaderboard/table/", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    cast(alder, birch)
    refresh_boards(NOW)
    assert client.get("/leaderboard/table/", headers={"If-None-Match": etag}).status_code == 200


def test_pages_allow_nothing_inline(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=22, losses=12)
    refresh_boards(NOW)
    for address in ("/leaderboard/", "/gap/", "/models/alder/"):
        response = client.get(address)
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert not re.search(r"\sstyle=|\son\w+=|<style", response.content.decode())
