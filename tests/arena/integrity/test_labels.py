"""Labels by a language model: typed, once, never in the way of a vote, and seen when they fail."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest

from arena.integrity.facts import decide_votes
from arena.integrity.labels import Label, UnusableAnswerError, label_prompts, parse_label
from arena.integrity.models import FailedLabel, Labeller, PastVoteFacts, VoteFacts
from tests.arena.boards.votes import NOW, cast, label_counts, new_model
from tests.arena.rows import add_model
from tests.arena.scripted_thread import playing
from workers.demo.http import Exchange
from workers.demo.model_server import ModelServer
from workers.demo.performance import Performance

LATER = NOW + dt.timedelta(minutes=1)
POEM = '{"use": "creative_writing", "hard": false}'


class LabellingServer(ModelServer):
    """Says the same to every prompt, and remembers what it was asked."""

    def __init__(self, answer: str = POEM) -> None:
        super().__init__({"labeller": "Nobody"}, host="127.0.0.1", port=0)
        self.answer = answer
        self.asked: list[str] = []

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        """Answer at once."""
        self.asked.append(body["messages"][0]["content"])
        performance = Performance(exchange, body, speed=float("inf"))
        await performance.begin()
        await performance.say(self.answer)
        await performance.finish("stop")


def choose(server: ModelServer) -> None:
    """Make a server the labeller."""
    Labeller.objects.create(endpoint=add_model("labeller", base_url=server.base_url))


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ('{"use": "coding", "hard": true}', Label("coding", True)),
        ('Sure!\n```json\n{"use": "other", "hard": false}\n```', Label("", False)),
    ],
)
def test_it_reads_the_label_in_an_answer(answer: str, label: Label) -> None:
    assert parse_label(answer) == label


@pytest.mark.parametrize(
    "answer",
    [
        *("", "coding", "[]", "}{", '{"use": "coding"}', '{"use": "spam", "hard": true}'),
        *('{"use": "coding", "hard": "yes"}', '{"use": [], "hard": true}'),
    ],
)
def test_it_refuses_what_is_not_of_the_form(answer: str) -> None:
    with pytest.raises(UnusableAnswerError):
        parse_label(answer)


@pytest.mark.django_db
def test_without_a_labeller_the_rule_stands_and_says_so() -> None:
    vote = cast(new_model("Alder"), new_model("Birch"), prompt="Write a Python function")
    decide_votes(NOW)
    assert label_prompts(NOW) == 0
    assert (vote.facts.category, vote.facts.category_by) == ("coding", "rule")
    assert label_counts() == {"labelled": 0, "by_rule": 1, "unverified": 0}


@pytest.mark.django_db(transaction=True)
def test_a_label_replaces_the_rule_s_once_and_outlasts_it() -> None:
    with playing(LabellingServer()) as server:
        choose(server)
        vote = cast(new_model("Alder"), new_model("Birch"), prompt="Write a Python function")
        decide_votes(NOW)
        assert label_prompts(NOW) == 1
        assert label_prompts(LATER) == 0
    assert len(server.asked) == 1
    assert "Write a Python function" in server.asked[0]
    facts = VoteFacts.objects.get(vote=vote)
    assert (facts.category, facts.category_by) == ("creative_writing", "endpoint")
    assert facts.revision == 2
    assert PastVoteFacts.objects.get().category == "coding"
    VoteFacts.objects.update(rule_version=0)
    decide_votes(LATER)
    assert VoteFacts.objects.get().category == "creative_writing"
    assert label_counts() == {"labelled": 1, "by_rule": 0, "unverified": 0}


@pytest.mark.django_db(transaction=True)
def test_a_labeller_that_is_down_leaves_prompts_unverified_until_it_is_up() -> None:
    with playing(LabellingServer("I would rather not.")) as server:
        choose(server)
        cast(new_model("Alder"), new_model("Birch"), prompt="Write a Python function")
        decide_votes(NOW)
        assert label_prompts(NOW) == 0
        failed = FailedLabel.objects.get()
        assert (failed.attempts, failed.error_code) == (1, "unusable_answer")
        assert label_counts() == {"labelled": 0, "by_rule": 1, "unverified": 1}
        assert VoteFacts.objects.get().counted, "a vote never waits for its label"
        assert label_prompts(NOW) == 0
        assert len(server.asked) == 1, "it pauses"
        server.answer = POEM
        assert label_prompts(LATER) == 1
    assert label_counts() == {"labelled": 1, "by_rule": 0, "unverified": 0}
    cast(new_model("Cedar"), new_model("Dogwood"), prompt="Write a Python function")
    decide_votes(LATER)
    assert label_prompts(LATER) == 0, "the server is gone"
    assert FailedLabel.objects.get().error_code == "unreachable"


@pytest.mark.django_db(transaction=True)
def test_a_new_version_of_the_question_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(LabellingServer()) as server:
        choose(server)
        cast(new_model("Alder"), new_model("Birch"), prompt="Write a Python function")
        decide_votes(NOW)
        label_prompts(NOW)
        monkeypatch.setattr("arena.integrity.labels.LABEL_VERSION", 2)
        server.answer = json.dumps({"use": "coding", "hard": True})
        assert label_prompts(LATER) == 1
    facts = VoteFacts.objects.get()
    assert (facts.category, facts.hard, facts.label_version) == ("coding", True, 2)
