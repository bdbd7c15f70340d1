"""Tables as CSV: what is in a name stays a name, whoever made it up."""

import csv
import io

import pytest
from django.test import Client

from arena.boards.refresh import refresh_boards
from arena.boards.spreadsheets import csv_text
from tests.arena.boards.votes import NOW, cast_many, new_model


def test_texts_are_no_formulas_and_figures_stay_figures() -> None:
    text = csv_text(["=a", "b"], [("@x", -2.5), ("-1", None)])
    assert text == "'=a,b\r\n'@x,-2.5\r\n'-1,\r\n"


@pytest.mark.django_db
def test_the_api_s_tables_are_written_so(client: Client) -> None:
    model = new_model("Alder", organisation='=HYPERLINK("https://example.org")')
    cast_many(model, new_model("Birch"), wins=60, losses=40)
    refresh_boards(NOW)
    response = client.get("/api/v1/boards/overall/table.csv")
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    (makers,) = {row["organisation"] for row in rows if row["model"] == "alder"}
    assert makers == '\'=HYPERLINK("https://example.org")'
