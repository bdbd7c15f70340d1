"""Which model: what fits one's own cards, how fast it would be, and what is said without votes."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from arena.boards.catalogue import Facts
from arena.boards.hardware import Size, memory, most_tokens_per_second
from arena.boards.measurements import Economy
from arena.boards.models import SnapshotRow
from arena.boards.pages.which import finding, wishes_of
from arena.boards.refresh import refresh_boards
from arena.boards.suitability import (
    SHRINK,
    Candidate,
    Wishes,
    monthly_cost,
    shrink,
    tied_set,
    unjudged,
)
from arena.catalog.licences import Permission
from arena.catalog.models import (
    Endpoint,
    LanguageModel,
    Licence,
    Licensing,
    Provider,
    PublishedScore,
)
from tests.arena.boards.votes import NOW, cast_many, new_model


def find(client: Client, **query: Any) -> dict[str, Any]:
    response = client.get("/which/", {**query, "format": "json"})
    assert response.status_code == 200
    return json.loads(response.content)  # type: ignore[no-any-return]


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {each["model"]: " ".join(each["reasons"]) for each in found["excluded"]}


def row(rating: float | None, votes: int) -> SnapshotRow:
    if rating is None:
        return SnapshotRow(votes=votes)
    return SnapshotRow(rating=rating, lower=rating - 10, upper=rating + 10, votes=votes)


def test_memory_is_of_all_parameters_and_grows_with_the_context() -> None:
    size = Size(total=8, active=8)
    short, long = memory(size, 1), memory(size, 131_072)
    assert short.least == pytest.approx(8 * 0.5 * 1.1, abs=0.01)
    assert short.whole == pytest.approx(8 * 2 * 1.1, abs=0.01)
    # 128 kB a token, as a model of 8 billion with eight key-value heads in 32 layers has it.
    assert long.least - short.least == pytest.approx(16.7, abs=0.1)
    mixture = Size(total=47, active=13)
    assert memory(mixture).least > memory(Size(total=13, active=13)).least + 10


def test_speed_is_of_the_active_parameters() -> None:
    dense, mixture = Size.of(70, None), Size.of(47, 13)
    assert dense
    assert mixture
    assert Size.of(None, 13) is None
    assert most_tokens_per_second(dense, 1000) == pytest.approx(1000 / 35)
    assert most_tokens_per_second(mixture, 1000) == pytest.approx(1000 / 6.5)


def test_a_task_and_a_language_are_both_heard() -> None:
    overall = {1: row(1000, 9000), 2: row(1000, 9000), 3: row(1000, 9000), 4: row(None, 2)}
    task = {1: row(1050, SHRINK), 2: row(950, SHRINK), 3: row(None, 3)}
    language = {1: row(1050, 2 * SHRINK), 2: row(950, 2 * SHRINK)}
    found = shrink([task, language], overall)
    assert set(found) == {1, 2, 3}
    # Two thirds of the weight are the slices', and each of them says 50 points more.
    assert found[1].rating == pytest.approx(1000 + 50 * 2 / 3)
    assert (found[1].votes, found[1].shrunk) == (2 * SHRINK, False)
    assert (found[3].rating, found[3].votes, found[3].shrunk) == (1000, 0, True)
    assert shrink([], overall)[1].half == 10


@pytest.mark.parametrize("slices", [1, 2])
def test_the_same_votes_asked_again_as_a_slice_make_no_interval_narrower(slices: int) -> None:
    """A slice is a part of the overall board: its error is no second, independent one."""
    board = {
        1: SnapshotRow(rating=1020, lower=1000, upper=1040, votes=SHRINK),
        2: SnapshotRow(rating=980, lower=958, upper=1002, votes=SHRINK),
    }
    found = shrink([board] * slices, board)
    for model, half in ((1, 20), (2, 22)):
        assert found[model].rating == pytest.approx(board[model].rating)
        assert found[model].half == pytest.approx(half)
        assert found[model].votes == SHRINK


def test_a_rating_without_an_interval_is_no_certainty() -> None:
    rated = {1: row(1020, 300), 2: SnapshotRow(rating=980, votes=300)}
    assert set(shrink([], rated)) == {1}
    assert shrink([{1: SnapshotRow(rating=1100, votes=900)}], rated)[1].rating == 1020


def candidate(pk: int, rating: float | None = None) -> Candidate:
    facts = Facts(pk, f"m{pk}", f"M{pk}", "", "closed", None, simulated=False)
    if rating is None:
        return Candidate(facts, Economy())
    return Candidate(facts, Economy(), rating, rating - 10, rating + 10, votes=300)


@pytest.mark.parametrize(
    ("ratings", "said"),
    [
        ([], "No model of this arena fits."),
        ([None, None], "The models that fit have too few votes to be ranked."),
        ([1000], "M0 is the only model that fits."),
        ([1000, None], "M0 is the only model that fits and has enough votes for a rating."),
        ([1100, 1000], "M0 is the best that fits: no other's interval reaches its own."),
        ([1100, 1000, None], "M0 is the best of the rated models that fit: no other's interval"),
        ([1100, 1080, None], "2 models that fit may be the best: their intervals overlap."),
    ],
)
def test_one_model_is_called_the_best_only_of_those_it_was_compared_with(
    ratings: list[float | None], said: str
) -> None:
    fitting = [candidate(pk, rating) for pk, rating in enumerate(ratings)]
    assert finding(tied_set(fitting)[0], fitting).startswith(said)


@pytest.mark.django_db
def test_own_cards_are_judged_by_an_estimate_and_never_by_what_battles_measured(
    client: Client,
) -> None:
    dense = new_model("Alder", "weights_permissive", params_total_b=30.0)
    mixture = new_model("Birch", "weights_permissive", params_total_b=30.0, params_active_b=3.0)
    cast_many(dense, mixture, wins=60, losses=60, voters=40)
    refresh_boards(NOW)
    cards = {"gpus": 2, "gb": 24}
    found = find(client, **cards, bandwidth=300, speed=100)
    assert "at most about 40 tokens a second" in reasons(found)["alder"]
    assert [each["model"] for each in found["best"]] == ["birch"]
    assert found["best"][0]["most_tokens_per_second_estimate"] == 400
    text = client.get("/which/", {**cards, "speed": 100, "first": 1}).content.decode()
    assert "needs your cards&#x27; bandwidth" in text
    assert "first word was not judged" in text
    assert "3 billion" in text
    assert "30 billion" in text
    assert not find(client, **cards, speed=100, first=1)["excluded"]


@pytest.mark.django_db
def test_a_task_without_a_board_is_named_and_not_an_error(client: Client) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=60, losses=40)
    refresh_boards(NOW)
    found = find(client, category="coding", language="ja")
    assert found["unjudged"] == [
        "Coding was not judged: it has no board of its own.",
        "Japanese was not judged: it has no board of its own.",
    ]
    assert len(found["boards"]) == 1
    assert client.get("/which/", {"category": "nothing"}).status_code == 404


@pytest.mark.django_db
def test_the_licence_can_be_chosen(client: Client) -> None:
    cast_many(
        new_model("Alder", "closed"), new_model("Birch", "weights_restricted"), wins=60, losses=40
    )
    refresh_boards(NOW)
    assert reasons(find(client, licence="open")) == {"alder": "Its licence: closed."}
    assert set(reasons(find(client, licence="fully_open"))) == {"alder", "birch"}
    assert find(client)["excluded"] == []
    assert client.get("/which/", {"licence": "good"}).status_code == 404


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("budget=5", ["The budget was not judged: that needs the tokens of a month."]),
        ("budget=5&tokens=1", []),
        ("gpus=2", ["Your own GPUs were not judged: that needs the gigabytes of each."]),
        ("bandwidth=300", ["The bandwidth was not judged: that needs the gigabytes of each GPU."]),
        ("gpus=2&gb=24", []),
        ("gb=24&budget=5", ["Prices were not judged: they are those of APIs, not of your own"]),
        ("gb=24&tokens=5", ["Prices were not judged: they are those of APIs, not of your own"]),
        ("gb=24&speed=9", ["Tokens a second were not judged: that needs your cards' bandwidth."]),
        ("first=1&speed=9&context=9", []),
    ],
)
def test_a_wish_that_cannot_be_judged_is_named(query: str, said: list[str]) -> None:
    found = unjudged(wishes_of(QueryDict(query)))
    assert len(found) == len(said)
    assert all(sentence.startswith(start) for sentence, start in zip(found, said, strict=True))


def test_own_cards_are_not_priced_like_an_api() -> None:
    economy = Economy(input_usd=Decimal(1), output_usd=Decimal(3))
    assert monthly_cost(economy, Wishes(tokens_a_month=10)) == 20
    assert monthly_cost(economy, Wishes(tokens_a_month=10, gpu_gb=24)) is None
    assert monthly_cost(economy, Wishes()) is None


@pytest.mark.parametrize(
    ("licence_class", "permission", "expected"),
    [
        ("weights_restricted", Permission.NO, Permission.NO),
        ("weights_restricted", Permission.YES, Permission.YES),
        ("weights_restricted", Permission.UNKNOWN, Permission.LIMITED),
        ("weights_noncommercial", Permission.LIMITED, Permission.LIMITED),
        *(("weights_noncommercial", None, Permission.NO), ("closed", None, Permission.LIMITED)),
        *(("fully_open", None, Permission.YES), ("unknown", None, Permission.UNKNOWN)),
    ],
)
def test_commercial_use_goes_by_the_licence_and_by_its_class_only_where_that_is_not_known(
    licence_class: str, permission: Permission | None, expected: Permission
) -> None:
    facts = Facts(1, "m", "M", "", licence_class, None, simulated=False)
    licence = None if permission is None else Licence(commercial_use=permission)
    assert Candidate(facts, Economy(), licence=licence).commercial_use == expected


@pytest.mark.django_db
def test_the_limits_of_a_licence_stand_beside_the_model(client: Client) -> None:
    alder, birch = new_model("Alder"), new_model("Birch", "weights_permissive")
    for day, use, limits in (
        ("2020-01-01", "limited", "Above 700 million monthly users a licence is needed."),
        ("2030-01-01", "no", "Nothing."),
    ):
        licence = Licence.objects.create(
            identifier=use,
            name=use,
            licence_class="weights_restricted",
            commercial_use=use,
            conditions=limits,
        )
        Licensing.objects.create(
            language_model=alder,
            licence=licence,
            licence_class="weights_restricted",
            since=dt.date.fromisoformat(day),
        )
    cast_many(alder, birch, wins=60, losses=60, voters=40)
    refresh_boards(NOW)
    text = client.get("/which/?commercial=on").content.decode()
    assert "Above 700 million monthly users" in text
    assert "Above 700 million" not in client.get("/which/").content.decode()
    found = {each["model"]: each for each in find(client, commercial="on")["best"]}
    assert found["alder"]["commercial_use"] == "limited"
    assert found["birch"]["commercial_use"] == "yes"
    assert find(client, budget=5)["unjudged"]
    Licence.objects.filter(identifier="limited").update(commercial_use="no")
    assert reasons(find(client, commercial="on")) == {
        "alder": "Its licence forbids commercial use."
    }


@pytest.mark.django_db
def test_before_any_vote_the_models_stand_by_what_others_published(client: Client) -> None:
    provider = Provider.objects.create(name="Lab", base_url="https://lab.invalid/v1")
    for name, value in (("Alder", 61.5), ("Birch", 70.25), ("Cedar", None)):
        model = new_model(name, "weights_permissive")
        Endpoint.objects.create(
            provider=provider,
            language_model=model,
            model_name=name,
            admission="passed",
            admitted_at=NOW,
        )
        if value is not None:
            PublishedScore.objects.create(
                language_model=model, benchmark="MMLU", value=value, source="a paper"
            )
    assert LanguageModel.objects.drawable(at=NOW).count() == 3
    found = find(client)
    assert [each["model"] for each in found["too_few_votes"]] == ["birch", "alder", "cedar"]
    assert found["too_few_votes"][0]["published_scores"][0]["source"] == "a paper"
    assert found["ordered_by_published"] == "MMLU"
    text = client.get("/which/").content.decode()
    assert "too few votes to be ranked" in text
    assert "By MMLU as others published it; not measured by this arena" in text
    assert text.index("Birch") < text.index("Alder") < text.index("nothing published")


@pytest.mark.django_db
def test_programs_get_an_etag_any_origin_and_the_version(client: Client) -> None:
    first = client.get("/which/", {"format": "json"})
    assert first.json()["version"] == 1
    again = client.get("/which/", {"format": "json"}, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for answer in (first, again):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cache-Control"] == "public, max-age=5"
        assert {"Accept-Language", "Accept-Encoding"} <= set(answer["Vary"].split(", "))


@pytest.mark.django_db
def test_a_long_address_gets_no_other_reader_s_answer(client: Client) -> None:
    filler = "a" * 3000
    first = client.get(f"/which/?x={filler}&budget=5").content.decode()
    second = client.get(f"/which/?x={filler}&budget=77").content.decode()
    assert 'name="budget" min="0.01" step="any" value="5"' in first
    assert 'name="budget" min="0.01" step="any" value="77"' in second
    assert 'href="?budget=77"' in second, "the link to the answer keeps what was judged alone"
