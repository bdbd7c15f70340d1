"""The public API: stable names, ETags, any origin, and no way to break it."""

import csv
import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from arena.boards.models import Board
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.boards.releases import export_release
from arena.boards.simulation import SOURCE, simulate
from arena.integrity.facts import decide_votes
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
_SLOW = list(HealthCheck)


@pytest.fixture
def published() -> None:
    """Boards of seven hundred simulated votes."""
    simulate(votes=700, voters=40, seed=2, until=NOW)
    publish_boards(NOW)


def get(client: Client, path: str, **query: Any) -> Any:
    response = client.get(f"{V1}{path}", {"source": SOURCE, **query})
    assert response.status_code == 200, response.content
    assert response["Access-Control-Allow-Origin"] == "*"
    return response.json()


@pytest.mark.usefixtures("published")
def test_a_board_has_its_rows_under_the_names_that_were_promised(client: Client) -> None:
    board = get(client, "/boards/overall")
    assert board["board"] == "overall"
    assert len(board["id"]) == 64
    assert board["votes"] == 700
    assert {
        *("model", "rating", "lower", "upper", "rank_best", "rank_worst", "votes"),
        *("organisation", "licence_class"),
    } <= set(board["rows"][0])
    ratings = [row["rating"] for row in board["rows"] if row["rating"] is not None]
    assert ratings == sorted(ratings, reverse=True)
    assert 10 < len(ratings) <= 20
    assert get(client, f"/snapshots/{board['id']}")["rows"] == board["rows"]


def test_of_boards_with_one_id_the_published_one_is_shown_or_the_one_asked_for(
    client: Client,
) -> None:
    models = new_model("Alder"), new_model("Birch")
    cast_many(*models, wins=70, losses=50, source=SOURCE)
    decide_votes(NOW)
    refresh_boards(NOW)
    publish_boards(NOW)
    board = get(client, "/boards/overall")
    shared = get(client, f"/snapshots/{board['id']}")
    assert (shared["board"], shared["source"]) == ("overall", SOURCE)
    assert shared["published_for"], "not the live one, which was stored before"
    names = {other["board"] for other in shared["same_votes"]}
    assert {"overall-90-days", "refusal-excluded", "starter-excluded"} <= names
    recent = get(client, f"/snapshots/{board['id']}", board="overall-90-days")
    assert recent["days"] == 90
    assert {other["board"] for other in recent["same_votes"]} >= {"overall", "starter-excluded"}
    unknown = client.get(f"{V1}/snapshots/{board['id']}", {"board": "coding"})
    assert unknown.status_code == 404


@pytest.mark.usefixtures("published")
def test_a_client_that_has_it_already_gets_nothing(client: Client) -> None:
    first = client.get(f"{V1}/boards/overall", {"source": SOURCE})
    again = client.get(
        f"{V1}/boards/overall", {"source": SOURCE}, headers={"If-None-Match": first["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "public, max-age=5"


@pytest.mark.usefixtures("published")
def test_csv_has_the_same_rows(client: Client) -> None:
    response = client.get(f"{V1}/boards/coding/table.csv", {"source": SOURCE})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    board = get(client, "/boards/coding")
    assert [row["model"] for row in rows] == [row["model"] for row in board["rows"]]
    assert [float(row["rating"]) for row in rows if row["rating"]] == [
        row["rating"] for row in board["rows"] if row["rating"] is not None
    ]


@pytest.mark.usefixtures("published")
def test_lists_are_turned_by_key(client: Client) -> None:
    slugs: list[str] = []
    after: int | None = 0
    while after is not None:
        page = get(client, "/boards", limit=3, after=after)
        slugs += [board["board"] for board in page["boards"]]
        after = page["next"]
    assert len(slugs) == len(set(slugs)) == Board.objects.count()
    models = get(client, "/models", limit=3)
    rest = get(client, "/models", limit=200, after=models["next"])
    assert len(models["models"]) + len(rest["models"]) == 20


@pytest.mark.usefixtures("published")
def test_gap_pairs_snapshots_and_models(client: Client) -> None:
    assert get(client, "/gap")["gap"]["models"]
    pairs = get(client, "/boards/overall/pairs")
    total = (
        sum(map(sum, pairs["won"]))
        + (sum(map(sum, pairs["tied"])) + sum(map(sum, pairs["both_bad"]))) / 2
    )
    assert total == 700
    assert len(get(client, "/boards/overall/snapshots")["snapshots"]) == 1
    model = get(client, f"/models/{pairs['models'][0]}")
    assert model["licences"]
    assert {place["board"] for place in model["boards"]} >= {"overall", "coding", "overall-style"}


def test_a_release_can_be_downloaded(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(django_settings, "RELEASES_DIR", tmp_path)
    cast(new_model("Alder"), new_model("Birch"), source=SOURCE)
    decide_votes(NOW)
    publish_boards(NOW)
    export_release(SOURCE, tmp_path / "2026-06")
    (release,) = get(client, "/releases")["releases"]
    address = next(file["address"] for file in release["files"] if file["name"] == "votes.parquet")
    response = client.get(address)
    assert b"".join(response) == (tmp_path / "2026-06" / "votes.parquet").read_bytes()
    for outside in ("../secret_key", "..%2f..%2fsecret_key", ".incomplete", "turns"):
        assert client.get(f"{V1}/releases/2026-06/{outside}").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("/boards/nothing", 404), ("/models/nothing", 404)),
        *(("/snapshots/" + "0" * 64, 404), ("/snapshots/x", 422), ("/boards?limit=0", 422)),
        *(("/boards?after=99999999999999999999999", 422), ("/boards/a%00b", 422)),
        ("/gap?source=%00", 422),
    ],
)
def test_what_there_is_not_is_said_in_json(client: Client, path: str, status: int) -> None:
    response = client.get(f"{V1}{path}")
    assert response.status_code == status
    assert "detail" in response.json()


@pytest.mark.usefixtures("published")
def test_schemathesis_finds_nothing(client: Client) -> None:
    document = client.get(f"{V1}/openapi.json").json()
    assert len(document["paths"]) == 12
    tried = 0
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        for mode in GenerationMode:

            @settings(max_examples=6, deadline=None, database=None, suppress_health_check=_SLOW)
            @given(case=operation.as_strategy(generation_mode=mode))
            def holds(case: Any) -> None:
                nonlocal tried
                tried += 1
                query = dict(case.query or {})
                response = client.generic(
                    case.method, case.formatted_path, query_params=query, headers=case.headers
                )
                assert response.status_code in {200, 404, 405, 422}, (case.formatted_path, query)

            with suppress(Unsatisfiable):  # nothing to get wrong where nothing is asked for
                holds()
    assert tried > 80
