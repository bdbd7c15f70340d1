"""From new votes to new boards: once, in whatever order things happen."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from arena.battles.models import Retraction
from arena.boards import rating, refresh
from arena.boards.models import BoardFailure, Snapshot, SnapshotRow
from arena.boards.newest import newest_snapshot, rated_sources
from arena.boards.publication import publish_boards
from arena.boards.rating import SourceRatings
from arena.boards.refresh import REFRESH, refresh_boards
from arena.catalog.models import LanguageModel, Standing
from arena.integrity.models import NotCounted
from arena.locks import only_one
from ratings.errors import NotConverged
from tests.arena.boards.votes import NOW, cast, cast_many, exclude_votes, new_model

LATER = NOW + dt.timedelta(minutes=1)


def counts(source: str = "live") -> dict[str, int]:
    snapshot = newest_snapshot(source, "bradley_terry")
    assert snapshot is not None
    return dict(snapshot.rows.values_list("language_model__name", "votes"))


@pytest.mark.django_db
def test_both_counts_rise_by_one_with_a_vote() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch)
    assert refresh_boards(NOW) == ["live"]
    assert counts() == {"Alder": 1, "Birch": 1}
    cast(birch, alder)
    assert refresh_boards(NOW) == ["live"]
    assert counts() == {"Alder": 2, "Birch": 2}


@pytest.mark.django_db
def test_nothing_new_makes_no_snapshot() -> None:
    cast(new_model("Alder"), new_model("Birch"))
    refresh_boards(NOW)
    before = Snapshot.objects.count()
    assert refresh_boards(LATER) == []
    assert Snapshot.objects.count() == before == 2


@pytest.mark.django_db
def test_a_vote_that_becomes_final_after_a_higher_id_is_seen() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch, final_at=LATER)
    cast(alder, birch, final_at=NOW)
    refresh_boards(NOW)
    assert counts() == {"Alder": 1, "Birch": 1}
    assert refresh_boards(LATER) == ["live"]
    assert counts() == {"Alder": 2, "Birch": 2}


@pytest.mark.django_db
def test_a_vote_taken_back_changes_nothing() -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models)
    refresh_boards(NOW)
    Retraction.objects.create(vote=cast(*models))
    assert refresh_boards(LATER) == []
    assert counts() == {"Alder": 1, "Birch": 1}


@pytest.mark.django_db
def test_a_verdict_that_changes_changes_the_board() -> None:
    models = new_model("Alder"), new_model("Birch")
    vote = cast(*models)
    cast(*models)
    refresh_boards(NOW)
    exclude_votes([vote.pk], NotCounted.SAME_MODEL, now=NOW)
    assert refresh_boards(LATER) == ["live"]
    assert counts() == {"Alder": 1, "Birch": 1}


@pytest.mark.django_db
def test_a_new_release_date_makes_the_gap_anew() -> None:
    alder = new_model("Alder")
    cast(alder, new_model("Birch"))
    refresh_boards(NOW)
    LanguageModel.objects.filter(pk=alder.pk).update(api_released_on=NOW.date())
    assert refresh_boards(LATER) == ["live"]


@pytest.mark.django_db
def test_sources_are_never_mixed() -> None:
    alder, birch, cedar = new_model("Alder"), new_model("Birch"), new_model("Cedar")
    cast(alder, birch)
    cast(birch, cedar, source="import:old")
    cast(alder, cedar, source="simulated")
    assert refresh_boards(NOW) == ["live", "import:old", "simulated"]
    assert rated_sources() == ["live", "import:old", "simulated"]
    assert counts() == {"Alder": 1, "Birch": 1}
    assert counts("import:old") == {"Birch": 1, "Cedar": 1}
    assert counts("simulated") == {"Alder": 1, "Cedar": 1}
    assert set(Standing.objects.values_list("language_model", flat=True)) == {alder.pk, birch.pk}


@pytest.mark.django_db
def test_standings_follow_the_live_board() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=20, losses=12)
    refresh_boards(NOW)
    row = SnapshotRow.objects.get(
        snapshot=newest_snapshot("live", "bradley_terry"), language_model=alder
    )
    standing = alder.standing
    assert standing.votes == 32
    assert standing.rating is not None
    assert (standing.rating, standing.lower, standing.upper) == (row.rating, row.lower, row.upper)
    assert (standing.rank_best, standing.rank_worst) == (row.rank_best, row.rank_worst)


@pytest.mark.django_db
def test_old_snapshots_are_pruned_and_published_ones_kept() -> None:
    models = new_model("Alder"), new_model("Birch")
    for number in range(6):
        cast(*models)
        refresh_boards(NOW)
        if number == 0:
            publish_boards(NOW)
    newest = newest_snapshot("live", "bradley_terry")
    assert newest is not None
    kept = newest.board.snapshots.order_by("id")
    assert [snapshot.votes for snapshot in kept] == [1, 4, 5, 6]
    assert [snapshot.published_for is not None for snapshot in kept] == [True, False, False, False]


@pytest.mark.django_db
def test_a_source_that_fails_is_seen_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast(alder, birch)
    cast(alder, birch, source="import:old")
    rate = rating.rate_source

    def fail_for_live(source: str, *, min_votes: int) -> SourceRatings:
        if source == "live":
            raise NotConverged("the gradient stayed above 1e-9")
        return rate(source, min_votes=min_votes)

    monkeypatch.setattr(refresh, "rate_source", fail_for_live)
    with pytest.raises(ExceptionGroup) as raised:
        refresh_boards(NOW)
    assert raised.group_contains(NotConverged)
    assert rated_sources() == ["live", "import:old"][1:]
    failure = BoardFailure.objects.get()
    assert (failure.source, failure.error) == (
        "live",
        "NotConverged: the gradient stayed above 1e-9",
    )
    assert refresh_boards(NOW) == [], "it waits a minute"

    monkeypatch.undo()
    assert refresh_boards(LATER) == ["live"]
    assert not BoardFailure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_second_refresh_returns_while_one_runs() -> None:
    cast(new_model("Alder"), new_model("Birch"))

    def run() -> list[str]:
        try:
            return refresh_boards(NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with only_one(REFRESH) as mine:
            assert mine
            assert pool.submit(run).result() == []
        assert pool.submit(run).result() == ["live"]
