"""Who meets whom: by weight, on random sides, only those that can be called."""

import datetime as dt
import json
import random
from collections import Counter

import pytest
from django.utils import timezone
from pytest_django import Settings

from arena.battles.errors import Unavailable
from arena.battles.models import Side
from arena.battles.pairing import battle_shares, draw_pair, endpoint_of_model
from arena.catalog.models import Endpoint, LanguageModel, Standing
from tests.arena.rows import add_model

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:9/v1"


@pytest.fixture
def three() -> list[Endpoint]:
    return [add_model(name, base_url=URL) for name in ("one", "two", "three")]


def draws(count: int, seed: int = 1, **options: object) -> list[tuple[str, str]]:
    rng = random.Random(seed)
    drawn = []
    for _ in range(count):
        pair = draw_pair(at=timezone.now(), rng=rng, **options)  # type: ignore[arg-type]
        drawn.append(tuple(pair.endpoints[side].language_model.name for side in Side))
    return drawn  # type: ignore[return-value]


def test_it_never_draws_a_model_against_itself(three: list[Endpoint]) -> None:
    assert all(a != b for a, b in draws(100))


def test_sides_are_random(three: list[Endpoint]) -> None:
    sides = Counter(a for pair in draws(300) for a in pair[:1])
    assert all(60 < count < 140 for count in sides.values())
    assert len(sides) == 3


def test_weights_decide_how_often(three: list[Endpoint]) -> None:
    LanguageModel.objects.filter(name="three").update(sampling_weight=0.1)
    seen = Counter(name for pair in draws(300) for name in pair)
    # In a sixth of the battles: 0.1 and 0.1 of 1, 0.1 and 0.1.
    assert 25 < seen["three"] < 80 < seen["one"]


def test_it_stores_why(three: list[Endpoint]) -> None:
    pair = draw_pair(at=timezone.now())
    assert pair.reason == {
        "rule": "adaptive",
        "version": 1,
        "snapshot": None,
        "models": 3,
        "probability": pytest.approx(1 / 3, rel=1e-5),
        "by_weight": pytest.approx(1 / 3, rel=1e-5),
        "weights": [1.0, 1.0],
        "ratings": [None, None],
        "half_widths": [None, None],
        "votes": [0, 0],
        "avoided": [],
    }


def stand(endpoint: Endpoint, *, days_ago: float = 0.0, **figures: float | None) -> None:
    """Give a model a standing on the live board."""
    Standing.objects.create(
        language_model=endpoint.language_model,
        snapshot=41,
        updated_at=timezone.now() - dt.timedelta(days=days_ago),
        **{"rating": 1000.0, "lower": 980.0, "upper": 1020.0, "votes": 400, **figures},
    )


def test_it_stores_the_figures_and_the_snapshot_they_are_of(three: list[Endpoint]) -> None:
    stand(three[0], rating=1040.0, lower=1010.0, upper=1070.0)
    stand(three[1])
    pair = draw_pair(at=timezone.now(), avoid=[three[2].language_model_id])
    by_name = {pair.endpoints[side].language_model.name: place for place, side in enumerate(Side)}
    one, two = by_name["one"], by_name["two"]
    assert pair.reason["snapshot"] == 41
    assert (pair.reason["ratings"][one], pair.reason["ratings"][two]) == (1040.0, 1000.0)
    assert (pair.reason["half_widths"][one], pair.reason["half_widths"][two]) == (30.0, 20.0)
    assert pair.reason["votes"] == [400, 400]
    assert pair.reason["avoided"] == [three[2].language_model_id]
    assert pair.reason["probability"] == 1.0


def test_the_unsure_are_drawn_more(three: list[Endpoint]) -> None:
    four = add_model("four", base_url=URL)
    for endpoint in (three[0], three[1], four):
        stand(endpoint)
    shares = battle_shares(at=timezone.now())
    new = three[2].language_model_id
    assert sum(shares.values()) == pytest.approx(2)
    assert shares[new] > 0.7
    seen = Counter(name for pair in draws(200) for name in pair)
    assert seen["three"] == pytest.approx(200 * shares[new], abs=40)


@pytest.mark.parametrize("reason", ["old", "unset", "nan", "by weights"])
def test_without_figures_it_goes_by_weight(
    three: list[Endpoint], settings: Settings, reason: str
) -> None:
    kinds: dict[str, dict[str, float | None]] = {
        "old": {"days_ago": 8.0},
        "unset": {"rating": None, "lower": None, "upper": None, "votes": 0},
        "nan": {"lower": float("nan"), "votes": 0},
        "by weights": {},
    }
    stand(three[0], **kinds[reason])  # type: ignore[arg-type]
    if reason == "by weights":
        settings.PAIRING = "weights"
    shares = battle_shares(at=timezone.now())
    assert list(shares.values()) == pytest.approx([2 / 3] * 3)
    stored = draw_pair(at=timezone.now()).reason
    assert stored["rule"] == ("weights" if reason == "by weights" else "adaptive")
    assert stored["ratings"] == stored["half_widths"] == [None, None]
    assert stored["snapshot"] == (41 if reason in {"unset", "nan"} else None)


def test_what_it_stores_can_be_stored(three: list[Endpoint]) -> None:
    stand(three[0], rating=float("nan"), lower=float("-inf"), upper=float("inf"))
    for _ in range(10):
        reason = draw_pair(at=timezone.now()).reason
        assert json.loads(json.dumps(reason, allow_nan=False)) == reason


def test_it_leaves_out_what_may_not_be_drawn(three: list[Endpoint]) -> None:
    now = timezone.now()
    retired = add_model("retired", base_url=URL)
    LanguageModel.objects.filter(pk=retired.language_model_id).update(retired_at=now)
    fictional = add_model("simulated", base_url=URL)
    LanguageModel.objects.filter(pk=fictional.language_model_id).update(simulated=True)
    unweighted = add_model("weightless", base_url=URL)
    LanguageModel.objects.filter(pk=unweighted.language_model_id).update(sampling_weight=0)
    add_model("disabled", base_url=URL, enabled=False)
    add_model("suspended", base_url=URL, suspended_until=now + dt.timedelta(minutes=1))
    add_model("back again", base_url=URL, suspended_until=now - dt.timedelta(minutes=1))
    names = {name for pair in draws(200) for name in pair}
    assert names == {"one", "two", "three", "back again"}


def test_it_avoids_models_while_others_are_there(three: list[Endpoint]) -> None:
    avoid = {three[0].language_model_id}
    assert all("one" not in pair for pair in draws(50, avoid=avoid))
    two_left = {three[0].language_model_id, three[1].language_model_id}
    assert draws(1, avoid=two_left)


def test_it_says_when_there_are_fewer_than_two() -> None:
    add_model("alone", base_url=URL)
    with pytest.raises(Unavailable) as caught:
        draw_pair(at=timezone.now())
    assert caught.value.code == "no_models"
    assert "two models" in caught.value.sentence


def test_a_model_goes_on_by_another_of_its_endpoints(three: list[Endpoint]) -> None:
    first = three[0]
    other = another(first, "one-b")
    now, model = timezone.now(), first.language_model_id
    assert endpoint_of_model(model, at=now, preferred=first.pk) == first
    Endpoint.objects.filter(pk=first.pk).update(enabled=False)
    assert endpoint_of_model(model, at=now, preferred=first.pk) == other
    other.delete()
    assert endpoint_of_model(model, at=now, preferred=first.pk) is None


def another(endpoint: Endpoint, name: str, **fields: object) -> Endpoint:
    """Give a model one more endpoint."""
    return Endpoint.objects.create(
        provider=endpoint.provider,
        language_model=endpoint.language_model,
        model_name=name,
        admission="passed",
        admitted_at=timezone.now(),
        **fields,
    )


def served(count: int, seed: int = 1) -> Counter[str]:
    rng = random.Random(seed)
    pairs = (draw_pair(at=timezone.now(), rng=rng) for _ in range(count))
    return Counter(endpoint.model_name for pair in pairs for endpoint in pair.endpoints.values())


def test_a_model_s_endpoints_share_its_battles_by_weight(three: list[Endpoint]) -> None:
    Endpoint.objects.filter(pk=three[0].pk).update(weight=3)
    another(three[0], "one-b", weight=1)
    another(three[0], "one in reserve", weight=0)
    seen = served(300)
    assert seen["one"] + seen["one-b"] == pytest.approx(200, abs=40), "the model's chance is one"
    assert seen["one"] == pytest.approx(3 * seen["one-b"], rel=0.4)
    assert not seen["one in reserve"]
    Endpoint.objects.filter(model_name__in=["one", "one-b"]).update(enabled=False)
    assert served(30)["one in reserve"]


def test_an_untested_endpoint_is_never_drawn(three: list[Endpoint]) -> None:
    Endpoint.objects.filter(pk=three[0].pk).update(admission="untested")
    Endpoint.objects.filter(pk=three[1].pk).update(admission="failed")
    with pytest.raises(Unavailable):
        draw_pair(at=timezone.now())


def test_what_shares_a_gpu_is_never_drawn_together(three: list[Endpoint]) -> None:
    Endpoint.objects.filter(pk__in=[three[0].pk, three[1].pk]).update(gpu_group="box 1")
    pairs = Counter(frozenset(pair) for pair in draws(200))
    assert set(pairs) == {frozenset({"one", "three"}), frozenset({"two", "three"})}
    Endpoint.objects.update(gpu_group="box 1")
    with pytest.raises(Unavailable):
        draw_pair(at=timezone.now())
    another(three[0], "one elsewhere")
    names = {
        endpoint.model_name
        for _ in range(20)
        for endpoint in draw_pair(at=timezone.now()).endpoints.values()
    }
    assert "one elsewhere" in names
    assert "one" not in names


def test_the_stored_probability_is_the_chance_of_the_pair(three: list[Endpoint]) -> None:
    four = add_model("four", base_url=URL)
    LanguageModel.objects.filter(name="two").update(sampling_weight=2)
    Endpoint.objects.filter(pk__in=[three[0].pk, three[1].pk]).update(gpu_group="box 1")
    another(three[0], "one elsewhere", weight=0.5)
    another(four, "four-b", gpu_group="box 1")
    chances: dict[frozenset[str], float] = {}
    counts: Counter[frozenset[str]] = Counter()
    rng = random.Random(7)
    for _ in range(600):
        pair = draw_pair(at=timezone.now(), rng=rng)
        models = frozenset(e.language_model.name for e in pair.endpoints.values())
        chances[models] = pair.reason["probability"]
        counts[models] += 1
    assert sum(chances.values()) == pytest.approx(1, rel=1e-5)
    for models, chance in chances.items():
        assert counts[models] / 600 == pytest.approx(chance, abs=0.07)


def test_a_share_of_battles_is_a_model_against_itself(
    three: list[Endpoint], settings: Settings
) -> None:
    settings.SAME_MODEL_SHARE = 0.25
    drawn = draws(200)
    same = [pair for pair in drawn if pair[0] == pair[1]]
    assert 30 < len(same) < 75
    assert len(set(same)) == 3
    settings.SAME_MODEL_SHARE = 1.0
    assert draw_pair(at=timezone.now()).reason["rule"] == "same_model"


def test_it_stores_the_chance_of_a_model_against_itself(
    three: list[Endpoint], settings: Settings
) -> None:
    settings.SAME_MODEL_SHARE = 1.0
    LanguageModel.objects.filter(name="three").update(sampling_weight=2)
    Endpoint.objects.filter(pk=three[0].pk).update(max_concurrent=1)  # never against itself
    pair = draw_pair(at=timezone.now(), avoid=[three[1].language_model_id])
    assert {endpoint.language_model.name for endpoint in pair.endpoints.values()} == {"three"}
    assert pair.reason["probability"] == 1.0
    drawn = Counter[str]()
    rng = random.Random(3)
    for _ in range(60):
        pair = draw_pair(at=timezone.now(), rng=rng)
        name = pair.endpoints[Side.A].language_model.name
        drawn[name] += 1
        assert pair.reason["probability"] == pytest.approx(
            {"two": 1 / 3, "three": 2 / 3}[name], rel=1e-5
        )
    assert drawn["three"] > drawn["two"] > 5


def test_a_model_that_may_have_one_request_at_once_never_meets_itself(
    three: list[Endpoint], settings: Settings
) -> None:
    settings.SAME_MODEL_SHARE = 1.0
    Endpoint.objects.update(max_concurrent=1)
    assert all(first != second for first, second in draws(20))
