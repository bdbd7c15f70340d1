"""A stored board comes out the same again, figure for figure, whatever was decided since."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from arena.boards.models import Snapshot, SnapshotRow
from arena.boards.publication import publish_boards
from arena.boards.replay import replay
from arena.boards.simulation import SOURCE, simulate
from arena.catalog.models import LanguageModel
from arena.integrity.models import NotCounted, VoteFacts
from tests.arena.boards.votes import NOW, exclude_votes

pytestmark = pytest.mark.django_db


@pytest.fixture
def published() -> list[Snapshot]:
    """Some boards of nine hundred votes."""
    simulate(votes=900, voters=80, seed=4, until=NOW)
    publish_boards(NOW)
    return list(Snapshot.objects.select_related("board").order_by("pk"))


def test_every_board_replays_bit_for_bit(published: list[Snapshot]) -> None:
    assert len(published) > 10
    assert all(replay(snapshot).faithful for snapshot in published)


def test_a_board_replays_after_votes_were_excluded(published: list[Snapshot]) -> None:
    votes = VoteFacts.objects.values_list("pk", flat=True)[:300]
    assert exclude_votes(list(votes), NotCounted.SAME_MODEL, now=NOW) == 300
    assert replay(published[0]).faithful


def test_a_changed_figure_is_found(published: list[Snapshot]) -> None:
    row = SnapshotRow.objects.filter(snapshot=published[0]).exclude(rating=None)[0]
    SnapshotRow.objects.filter(pk=row.pk).update(upper=F("upper") + 0.01)
    again = replay(published[0])
    assert again.same_input
    assert again.differing == (row.language_model.slug,)


def test_the_gap_replays_from_the_facts_of_then(published: list[Snapshot]) -> None:
    overall = next(each for each in published if each.board.slug == "overall")
    assert replay(overall).same_gap
    LanguageModel.objects.update(weights_released_on=None, api_released_on=None, name=F("slug"))
    assert replay(overall).same_gap, "what was changed since has no part in it"
    elo = next(each for each in published if each.board.method == "elo")
    assert replay(elo).same_gap is None


def test_gaps_of_the_same_votes_have_ids_of_their_own(published: list[Snapshot]) -> None:
    overall = next(each for each in published if each.board.slug == "overall")
    assert len(overall.gap["id"]) == 64
    LanguageModel.objects.update(params_total_b=1)
    publish_boards(NOW + dt.timedelta(days=1))
    again = Snapshot.objects.filter(board=overall.board).order_by("-pk")[0]
    assert again.pk != overall.pk
    assert again.replay_id == overall.replay_id
    assert again.gap["id"] != overall.gap["id"]
    assert replay(again).same_gap
    assert replay(overall).same_gap


def test_a_gap_from_before_it_had_an_id_tells_nothing_of_its_board(
    published: list[Snapshot],
) -> None:
    overall = next(each for each in published if each.board.slug == "overall")
    del overall.gap["id"], overall.gap["change"]
    overall.save()
    again = replay(overall)
    assert (again.same_gap, again.faithful) == (None, True)


def test_a_changed_figure_of_the_gap_is_found(published: list[Snapshot]) -> None:
    overall = next(each for each in published if each.board.slug == "overall")
    overall.gap["models"][0]["licence_class"] = "closed or so"
    overall.save()
    again = replay(overall)
    assert (again.same_figures, again.same_gap, again.faithful) == (True, False, False)
    with pytest.raises(CommandError, match="gap differ"):
        call_command("replay", overall.replay_id)


def test_the_command_says_that_every_figure_is_the_same(published: list[Snapshot]) -> None:
    out = StringIO()
    call_command("replay", published[0].replay_id[:12], stdout=out)
    assert "900 votes" in out.getvalue()
    assert published[0].figures_hash in out.getvalue()
    assert SOURCE in out.getvalue()


@pytest.mark.parametrize(
    ("prefix", "words"), [("zzz", "made of"), ("abc", "8 of them"), ("0" * 64, "No stored board")]
)
def test_the_command_says_what_is_wrong_with_an_id(prefix: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("replay", prefix)
