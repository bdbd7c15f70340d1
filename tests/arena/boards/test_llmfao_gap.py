"""The gap page made from 8,931 human votes on real models (LLMFAO, D. Ustalov, CC BY 4.0)."""

import csv

import pytest
from django.test import Client
from django.utils import timezone

from arena.boards.choices import Choice
from arena.boards.publication import publish_boards
from arena.catalog.licences import OPEN_CLASSES, LicenceClass
from arena.integrity.facts import decide_votes
from tests.arena.boards.llmfao import SOURCE, enter_facts, import_votes, known_models
from tests.ratings.examples import LLMFAO, need_llmfao


def test_each_of_the_59_models_has_facts_with_a_source() -> None:
    known = known_models()
    assert len({model.name for model in known}) == 59
    for model in known:
        assert model.evidence.startswith("https://"), model.name
        assert model.organisation, model.name
        # A licence class without the licence it comes from would be an opinion.
        assert bool(model.licence) == (model.licence_class != LicenceClass.UNKNOWN), model.name
    assert sum(model.licence_class in OPEN_CLASSES for model in known) == 37
    assert sum(model.licence_class == LicenceClass.CLOSED for model in known) == 21


@pytest.mark.shared
def test_the_facts_are_of_the_models_that_were_voted_on() -> None:
    need_llmfao()
    with (LLMFAO / "llmfao.csv").open(encoding="utf-8", newline="") as file:
        voted_on = {row[side] for row in csv.DictReader(file) for side in ("left", "right")}
    assert {model.name for model in known_models()} == voted_on


@pytest.mark.shared
@pytest.mark.django_db
def test_the_page_says_too_few_are_eligible_and_then_shows_the_lowered_view(
    client: Client,
) -> None:
    need_llmfao()
    import_votes()
    enter_facts()
    now = timezone.now()
    assert decide_votes(now) == 8931
    publish_boards(now)
    snapshot = Choice(source=SOURCE).snapshot()
    assert snapshot is not None
    assert snapshot.gap["eligible"] == {"closed": 1, "open": 1}
    text = client.get("/gap/", {"source": SOURCE}).content.decode()
    assert 'id="gap-by-category"' not in text, "a slice has one eligible model a side as well"
    published = client.get("/gap/", {"source": SOURCE, "view": "published"}).content.decode()
    assert "No published board had a gap yet" in published
    too_few, lowered = text.index("Too few eligible models"), text.index("Lowered threshold.")
    assert too_few < lowered < text.index('<h1 class="finding">')
    assert "from 100 counted votes on" in text
    assert 'content="Threshold lowered to 100 votes: ' in text, "the preview of a link"
    # Every finding that stands on the lowered rule says so, also where it is shown alone.
    assert text.count("Threshold lowered to 100 votes: ") >= 7
    for leader in ("GPT 4", "Platypus-2 Instruct (70B)", "Luminous Base"):
        assert leader in text, leader
