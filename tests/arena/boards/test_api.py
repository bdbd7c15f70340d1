"""The public API: stable names, ETags, any origin, and no way to break it."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from arena.boards.ledger import write_ledgers
from arena.boards.models import Board, Snapshot
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.boards.simulation import SOURCE, simulate
from arena.catalog.models import Licence, Provider
from arena.integrity.facts import decide_votes
from arena.integrity.models import NotCounted
from arena.integrity.rule_changes import CHANGES
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


@pytest.mark.usefixtures("published")
def test_rows_and_tables_say_which_board_they_are_of(client: Client) -> None:
    board = get(client, "/boards/coding")
    response = client.get(f"{V1}/boards/coding/table.csv", {"source": SOURCE})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert rows
    assert {(row["board"], row["source"], row["id"]) for row in rows} == {
        ("coding", SOURCE, board["id"])
    }
    assert [row["modalities"].split() for row in rows] == [
        row["modalities"] for row in board["rows"]
    ]


@pytest.mark.usefixtures("published")
def test_the_gap_as_published_is_there_by_day_with_the_id_of_each_board(client: Client) -> None:
    snapshot = Snapshot.objects.get(board__slug="overall")
    sides = {"closed": {"model": "c", "name": "Cedar"}, "open": {"model": "o", "name": "Oak"}}
    latest = {"on": "2026-06-01", "gap": 12.5, "lower": 1.0, "upper": 20.0, **sides}
    eligible = {"closed": 3, "open": 3}
    cut = {"latest": {**latest, "gap": 40.0}, "eligible": eligible}
    snapshot.gap |= {"latest": latest, "eligible": eligible, "cuts": {"fully_open": cut}}
    snapshot.save()
    (day,) = get(client, "/gap/published")["gaps"]
    assert (day["on"], day["gap"], day["open"], day["closed"]) == (
        *("2026-06-01", 12.5, "Oak", "Cedar"),
    )
    assert (day["id"], day["scale"]) == (snapshot.replay_id, 0)
    (of_cut,) = get(client, "/boards/overall/gap/published", cut="fully_open")["gaps"]
    assert of_cut["gap"] == 40.0
    assert client.get(f"{V1}/gap/published", {"cut": "all"}).status_code == 422
    days = get(client, "/gap/record")["days"]
    assert days[0]["gap"] == round(days[0]["closed_rating"] - days[0]["open_rating"], 2)


@pytest.mark.usefixtures("published")
def test_two_models_are_compared_on_every_board_with_the_expected_win_rate(client: Client) -> None:
    rows = [row for row in get(client, "/boards/overall")["rows"] if row["rating"] is not None]
    first, second = rows[0]["model"], rows[-1]["model"]
    compared = get(client, f"/compare/{first}/{second}")
    overall = compared["boards"][0]
    assert (overall["board"], overall["id"]) == ("overall", get(client, "/boards/overall")["id"])
    assert overall["difference"] == round(rows[0]["rating"] - rows[-1]["rating"], 2)
    assert 0.5 < overall["win_probability"] < 1
    assert overall["win_lower"] < overall["win_probability"] < overall["win_upper"]
    assert "coding" in {board["board"] for board in compared["boards"]}
    (back, *_others) = get(client, f"/compare/{second}/{first}")["boards"]
    assert back["difference"] == -overall["difference"]
    assert back["win_probability"] == pytest.approx(1 - overall["win_probability"], abs=1e-4)
    assert client.get(f"{V1}/compare/{first}/{first}").status_code == 404


def test_the_public_account_has_every_rule_and_every_change_of_the_rules(client: Client) -> None:
    alder, birch = new_model("Alder", "closed"), new_model("Birch", "fully_open")
    cast_many(alder, birch, wins=4, losses=2)
    cast(alder, birch, prompt="Are you Alder?", answers=("Yes.", "No."))
    decide_votes(NOW)
    publish_boards(NOW)
    assert client.get(f"{V1}/transparency").status_code == 404, "nothing was counted yet"
    write_ledgers(NOW)
    told = get(client, "/transparency", source="live")
    assert (told["battles"], told["counted"]) == (7, 6)
    rules = {row["rule"]: row["votes"] for row in told["rules"]}
    assert rules["identity_in_prompt"] == 1
    assert set(rules) == set(NotCounted.values), "rules that left out none are told as well"
    assert {row["model"]: row["counted"] for row in told["models"]} == {"alder": 6, "birch": 6}
    assert len(told["changes"]) == len(CHANGES)
    assert {row["licence_class"] for row in told["classes"]} == {"closed", "fully_open"}
    chinese = client.get(f"{V1}/transparency", headers={"Accept-Language": "zh-hans"}).json()
    assert chinese == told


def test_a_model_has_what_its_page_has(client: Client) -> None:
    alder = new_model("Alder", modalities=["text", "image"])
    licence = Licence.objects.create(
        identifier="Own-1.0",
        name="Own licence",
        licence_class="weights_restricted",
        commercial_use="limited",
        conditions="Under 700 million users.",
        source="https://example.org/licence",
    )
    alder.licensings.create(licence=licence, licence_class="weights_restricted", since="2024-01-01")
    provider = Provider.objects.create(name="Ours", base_url="https://example.org/v1")
    endpoint = provider.endpoints.create(
        language_model=alder, model_name="alder", engine="vllm", quantisation="fp8"
    )
    alder.prices.create(input_usd=1, output_usd=2, since="2024-01-01")
    alder.prices.create(input_usd=3, output_usd=4, since="2024-01-02", endpoint=endpoint)
    alder.published_scores.create(benchmark="MMLU", value=70.5, shots=5, source="a paper")
    cast(alder, new_model("Birch"), prompt="Hello")
    told = get(client, "/models/alder")
    assert told["modalities"] == ["text", "image"]
    (terms,) = told["licences"]
    assert (terms["commercial_use"], terms["conditions"], terms["text"]) == (
        *("limited", "Under 700 million users.", "https://example.org/licence"),
    )
    assert [price["of_endpoint"] for price in told["prices"]] == [False, True]
    assert told["served"] == [{"engine": "vllm", "quantisation": "fp8", "endpoints": 1}]
    assert told["reliability"] == {"replies": 1, "complete": 1}
    assert (told["scores"][0]["benchmark"], told["scores"][0]["value"]) == ("MMLU", 70.5)
    assert "https://example.org/v1" not in str(told), "never where it is served"


def test_the_document_says_what_the_gap_is_made_of(client: Client) -> None:
    schemas = client.get(f"{V1}/openapi.json").json()["components"]["schemas"]
    latest = schemas["LatestGap"]["properties"]
    assert {"gap", "lower", "upper", "win_probability", "open", "closed"} <= set(latest)
    assert "$ref" in str(schemas["GapAnswer"]["properties"]["gap"])


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


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's connection over requests of the server's own, as Django's client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def operations() -> list[Any]:
    """Every operation of the API's own document, asked of the server in this process."""
    document = schemathesis.openapi.from_wsgi(f"{V1}/openapi.json", WSGIHandler())
    found = list(document.get_all_operations())
    assert not [each for each in found if not isinstance(each, Ok)]
    return [each.ok() for each in found if isinstance(each, Ok)]


@pytest.mark.usefixtures("published", "one_connection")
def test_schemathesis_finds_nothing(operations: list[Any]) -> None:
    assert len(operations) == 18
    tried = 0
    for operation in operations:
        for mode in GenerationMode:

            @settings(max_examples=6, deadline=None, database=None, suppress_health_check=_SLOW)
            @given(case=operation.as_strategy(generation_mode=mode))
            def holds(case: Any) -> None:
                nonlocal tried
                tried += 1
                case.call_and_validate()

            with suppress(Unsatisfiable):  # nothing to get wrong where nothing is asked for
                holds()
    assert tried > 80


@pytest.mark.usefixtures("published", "one_connection")
def test_what_there_is_has_the_documented_shape(operations: list[Any]) -> None:
    """Names that schemathesis draws are of nothing; these are of what the boards hold."""
    write_ledgers(NOW)
    board = Snapshot.objects.filter(board__slug="overall").latest("pk")
    first, second = board.rows.values_list("language_model__slug", flat=True)[:2]
    names = {"board": "overall", "id": board.replay_id}
    names |= {"model": first, "first": first, "second": second}
    answered = 0
    for operation in operations:
        wanted = [each.name for each in operation.path_parameters]
        if set(wanted) <= set(names) and "movement" not in operation.path:
            asked = [each.name for each in operation.query]
            query = {"source": SOURCE} if "source" in asked else {}
            case = operation.Case(
                path_parameters={name: names[name] for name in wanted}, query=query
            )
            response = case.call_and_validate()
            assert response.status_code == 200, operation.path
            answered += 1
    assert answered == 16


def test_the_document_names_every_question_and_what_need_not_be_asked(client: Client) -> None:
    document = client.get(f"{V1}/openapi.json").json()
    asked = {
        (path, each["name"]): each["required"]
        for path, methods in document["paths"].items()
        for each in methods["get"].get("parameters", ())
        if each["in"] == "query"
    }
    assert {name for _path, name in asked} == {
        *("source", "after", "before", "limit", "cut", "board", "since"),
    }
    assert [name for (_path, name), required in asked.items() if required] == ["since"]
