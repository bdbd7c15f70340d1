"""The transparency page: which models are drawn and why not, and which votes are left out."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client

from arena.boards.ledger import write_ledgers
from arena.boards.models import Ledger
from arena.boards.refresh import refresh_boards
from arena.catalog.models import LanguageModel
from tests.arena.boards.votes import NOW, cast, cast_many, new_model
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/v1"


def page(client: Client, source: str = "live") -> str:
    refresh_boards(NOW)
    write_ledgers(NOW)
    response = client.get("/transparency/", {"source": source})
    assert response.status_code == 200
    return response.content.decode()


def test_of_a_model_that_is_not_drawn_it_says_why(client: Client) -> None:
    changes: dict[str, dict[str, Any]] = {
        "Alder": {},
        "Birch": {},
        "Cedar": {"sampling_weight": 0},
        "Dogwood": {"retired_at": NOW},
    }
    for name, change in changes.items():
        model = add_model(name, base_url=URL).language_model
        LanguageModel.objects.filter(pk=model.pk).update(**change)
    elder = add_model("Elder", base_url=URL)
    type(elder).objects.filter(pk=elder.pk).update(enabled=False)
    table = page(client).partition("<h2>Every model ever drawn")[2].partition("</table>")[0]
    told = {
        re.findall(r">(\w+)</a></th>", line)[0]: re.findall(
            r'<td [^>]*class="words"[^>]*>([^<]*)', line
        )[0]
        for line in table.split("</tr>")[1:-1]
    }
    assert told == {
        "Alder": "yes",
        "Birch": "yes",
        "Cedar": "no: its weight is 0",
        "Dogwood": "retired on 2026-06-01",
        "Elder": "no: no endpoint is up",
    }


def test_of_imported_votes_nothing_is_said_about_the_draw_of_live_battles(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=3, losses=2, source="import:x")
    text = page(client, "import:x")
    assert "Every model of these battles" in text
    assert "Alder" in text
    assert "endpoint is up" not in text
    assert "Drawn now" not in text


def test_left_out_votes_are_counted_by_rule_model_and_licence_class(client: Client) -> None:
    alder, birch = new_model("Alder", "closed"), new_model("Birch", "fully_open")
    cast(alder, birch)
    cast(alder, alder)
    text = page(client)
    content = Ledger.objects.get(source="live").content
    assert content["rules"] == {"same_model": 1}
    by_model = {row["model"]: (row["battles"], row["excluded"]) for row in content["models"]}
    assert by_model == {"alder": (2, {"same_model": 1}), "birch": (1, {})}
    assert (content["battles"], content["counted"]) == (2, 1)
    closed: dict[str, int] = {"same_model": 1}
    assert content["classes"] == {
        "closed": {"places": 3, "counted": 1, "excluded": 1, "by_rule": closed},
        "fully_open": {"places": 1, "counted": 1, "excluded": 0, "by_rule": {}},
    }
    row = text.partition("both answers came from the same model</th>")[2].partition("</tr>")[0]
    assert re.findall(r">(\d+)<", row) == ["1", "1", "0"]
    table = text.partition("By model and rule")[2].partition("</table>")[0]
    assert "Alder" in table
    assert "Birch" not in table


def test_an_account_of_before_the_columns_by_class_is_still_shown(client: Client) -> None:
    cast(new_model("Alder", "closed"), new_model("Birch", "closed"))
    page(client)
    ledger = Ledger.objects.get(source="live")
    del ledger.content["classes"]["closed"]["by_rule"]
    ledger.made_at += dt.timedelta(seconds=1)
    ledger.save()
    assert "By licence class" in client.get("/transparency/").content.decode()
