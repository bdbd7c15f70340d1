"""Boards say who decided which prompts are of their kind: rules, or the labelling endpoint."""

import pytest
from django.test import Client
from pytest_django import Settings

from arena.battles.models import Vote
from arena.boards.labelling import labels_sentence
from arena.boards.models import Board
from arena.boards.publication import publish_boards
from arena.boards.refresh import refresh_boards
from arena.catalog.models import Endpoint
from arena.integrity.fact_rows import count_decisions
from arena.integrity.models import Labeller, VoteFacts
from tests.arena.boards.votes import NOW, cast, new_model
from tests.arena.rows import add_model

URL = "http://127.0.0.1:9/v1"
MODEL, RULES = "was decided by a language model.", "was decided by rules"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        *((0.0, RULES), (1.0, MODEL), (0.0001, "about 1% of"), (0.9999, "about 99% of")),
        (0.404, "about 40% of the votes, and by rules for the others."),
    ],
)
def test_the_share_is_never_rounded_to_all_or_none(share: float, said: str) -> None:
    assert said in labels_sentence(Board(source="live", label_share=share))


def test_nothing_is_said_where_no_prompt_was_labelled() -> None:
    assert labels_sentence(Board(source="live")) == ""
    assert labels_sentence(Board(source="simulated", label_share=0.0)) == ""


def label(vote: Vote, **changes: object) -> None:
    revision = count_decisions("live", 1)
    VoteFacts.objects.filter(pk=vote.pk).update(hard=True, revision=revision, **changes)


@pytest.mark.django_db
def test_a_publication_keeps_the_share_of_each_board_that_labels_make(
    client: Client, settings: Settings
) -> None:
    settings.MIN_VOTES_FOR_BOARD = 3
    alder, birch = new_model("Alder"), new_model("Birch")
    votes = [
        cast(alder, birch, "ab"[number % 2], prompt="Write a haiku about rain")
        for number in range(8)
    ]
    refresh_boards(NOW)
    # A label of no use says whether the prompt is hard all the same.
    for vote, use in zip(votes, ("creative_writing", "creative_writing", "", ""), strict=False):
        label(vote, category=use, category_by="endpoint" if use else "", label_version=1)
    label(votes[7])
    publish_boards(NOW)
    boards = Board.objects.filter(style_controlled=False, days=None, method="bradley_terry")
    shares = dict(boards.values_list("slug", "label_share"))
    assert shares["creative-writing"] == pytest.approx(2 / 6)
    assert shares["hard"] == pytest.approx(4 / 5)
    assert shares["overall"] is shares["language-en"] is None
    for address in ("/leaderboard/", "/leaderboard/table/"):
        text = client.get(f"{address}?category=creative_writing").content.decode()
        assert "about 33% of the votes" in text
        assert "/method/#labels" in text
        assert "Which prompts" not in client.get(address).content.decode()


@pytest.mark.django_db
def test_the_method_page_says_who_labels_here(client: Client) -> None:
    assert "No language model is set to be asked" in client.get("/method/").content.decode()
    endpoint: Endpoint = add_model("Judge", base_url=URL)
    Labeller.objects.create(endpoint=endpoint)
    text = client.get("/method/").content.decode()
    assert 'id="labels"' in text
    assert "A language model is asked the same about live votes" in text
    assert "No language model is set" not in text
