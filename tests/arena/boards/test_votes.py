"""Votes read as columns are the votes that were stored."""

import datetime as dt

import numpy as np
import pytest

from arena.boards.votes import read_votes
from arena.integrity.facts import decide_votes
from arena.integrity.models import VoteFacts
from arena.voters.models import Voter
from tests.arena.boards.votes import NOW, cast, new_model

pytestmark = pytest.mark.django_db


def test_it_reads_counted_votes_in_the_order_of_their_ids() -> None:
    zinnia, alder, birch = new_model("Zinnia"), new_model("Alder"), new_model("Birch")
    first, second = Voter.objects.create(), Voter.objects.create()
    cast(zinnia, alder, "a", voter=second)
    cast(alder, birch, "b", voter=first)
    cast(birch, zinnia, "tie", voter=second)
    last = cast(alder, zinnia, "both_bad", voter=first)
    uncounted = cast(alder, zinnia, "a", voter=first)
    decide_votes(NOW)
    VoteFacts.objects.filter(vote=uncounted).update(counted=False, not_counted_because="same_model")

    votes = read_votes("live")

    assert votes.comparisons.models == ("alder", "birch", "zinnia")
    assert votes.model_ids == (alder.pk, birch.pk, zinnia.pk)
    assert votes.comparisons.a.tolist() == [2, 0, 1, 0]
    assert votes.comparisons.b.tolist() == [0, 1, 2, 2]
    assert votes.comparisons.outcome.tolist() == [0, 1, 2, 3]
    assert np.asarray(votes.comparisons.voter).tolist() == [0, 1, 0, 1]
    assert (votes.voters, votes.last_vote_id) == (2, last.pk)


def test_it_reads_one_source_only() -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models, source="import:old")
    cast(*models, source="simulated")
    decide_votes(NOW)
    assert len(read_votes("import:old").comparisons) == 1


def test_it_reads_no_votes() -> None:
    votes = read_votes("live")
    assert len(votes.comparisons) == 0
    assert (votes.comparisons.models, votes.voters, votes.last_vote_id) == ((), 0, 0)


def test_an_undecided_vote_is_not_counted() -> None:
    cast(new_model("Alder"), new_model("Birch"), final_at=NOW + dt.timedelta(hours=1))
    decide_votes(NOW)
    assert len(read_votes("live").comparisons) == 0
