"""A model whose endpoint fails goes on by another one, as long as nothing was shown."""

from typing import Any

import pytest
from django.utils import timezone

from arena.battles.generation import in_database
from arena.battles.models import Battle, Reply, Turn
from arena.catalog.models import Endpoint
from tests.arena.battles.conftest import AddModels
from tests.arena.battles.visitor import Visitor
from workers.demo.fiction import FICTIONAL_MODELS

SOUND = FICTIONAL_MODELS[3].name


@pytest.fixture
async def failing(add_models: AddModels, settings: Any) -> tuple[Endpoint, Endpoint]:
    """Return a model's failing endpoint, which is always chosen, and the one in reserve."""
    settings.PACING = "paced"
    bad, _ = await add_models("fault:http-500", "juniper-8b")

    def add() -> Endpoint:
        return Endpoint.objects.create(
            provider=bad.provider,
            language_model=bad.language_model,
            model_name="halcyon-3-mini",
            weight=0,
            admission="passed",
            admitted_at=timezone.now(),
        )

    return bad, await in_database(add)


async def replies() -> list[tuple[str, int | None]]:
    found = Reply.objects.order_by("turn__number", "turn__attempt", "side")
    return await in_database(
        lambda: list(found.filter(endpoint__isnull=False).values_list("state", "endpoint_id"))
    )


async def test_the_pair_stays_and_the_other_endpoint_answers(
    failing: tuple[Endpoint, Endpoint],
) -> None:
    bad, reserve = failing
    turn = await Visitor().battle("Hello")
    assert turn.end["votable"] is True
    battle = await in_database(Battle.objects.get)
    assert bad.language_model_id in {battle.model_a_id, battle.model_b_id}
    assert reserve.pk in {battle.endpoint_a_id, battle.endpoint_b_id}
    assert "replaced" not in battle.pairing
    found = await replies()
    assert ("failed", bad.pk) in found
    assert ("complete", reserve.pk) in found
    states = await in_database(lambda: list(Turn.objects.values_list("attempt", "state")))
    assert states == [(1, "failed"), (2, "complete")]


async def test_a_later_turn_goes_on_by_the_other_endpoint_too(
    failing: tuple[Endpoint, Endpoint], settings: Any
) -> None:
    bad, reserve = failing
    settings.BREAKER_FAILURES = 100
    await in_database(Endpoint.objects.filter(pk=bad.pk).update, model_name=SOUND)
    visitor = Visitor()
    first = await visitor.battle("Hello")
    await in_database(Endpoint.objects.filter(pk=bad.pk).update, model_name="fault:http-500")
    turn = await visitor.follow_up(first.battle, "And then?")
    assert turn.end["state"] == "complete"
    found = await replies()
    assert ("failed", bad.pk) in found
    assert found[-1][0] == found[-2][0] == "complete"
    assert reserve.pk in {pk for _, pk in found[-2:]}


async def test_what_cannot_be_loaded_beside_the_other_side_does_not_take_over(
    failing: tuple[Endpoint, Endpoint],
) -> None:
    _, reserve = failing

    def share_a_gpu() -> None:
        other = Endpoint.objects.exclude(language_model=reserve.language_model).get()
        Endpoint.objects.filter(pk__in=[other.pk, reserve.pk]).update(gpu_group="box 1")

    await in_database(share_a_gpu)
    turn = await Visitor().battle("Hello")
    assert turn.end["state"] == "failed"
    assert turn.end["void"] == "no_answer"
