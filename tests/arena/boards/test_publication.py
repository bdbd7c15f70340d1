"""The full set of boards: each slice once a period, whoever publishes and however often."""

import datetime as dt
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from arena.battles.starter_prompts import starter_prompts
from arena.boards import publication, snapshots
from arena.boards.models import Board, PairTable, Publication, Snapshot
from arena.boards.newest import newest_snapshot
from arena.boards.pairs import difference_variances, read_pairs
from arena.boards.publication import period_of, publish_boards
from arena.boards.refresh import refresh_boards
from arena.boards.replay import replay
from arena.boards.simulation import SOURCE, simulate
from arena.integrity.fact_rows import begin_epochs
from arena.integrity.facts import decide_votes
from arena.integrity.models import VoteFacts
from tests.arena.boards.votes import NOW, cast, cast_many, new_model

LATER = NOW + dt.timedelta(seconds=settings.PUBLISH_SECONDS)


@pytest.mark.django_db
def test_every_slice_with_enough_votes_has_its_boards() -> None:
    simulate(votes=3000, voters=100, seed=1, until=NOW)
    assert publish_boards(NOW) == {SOURCE: Board.objects.count()}
    slugs = set(Board.objects.values_list("slug", flat=True))
    assert {
        *("overall", "overall-elo", "overall-style", "overall-90-days", "overall-90-days-style"),
        *("coding", "coding-style", "coding-90-days", "mathematical-reasoning", "hard", "longer"),
        *("multi-turn", "refusal-excluded", "language-en", "language-zh", "language-zh-hans"),
        "language-zh-hant-style",
    } <= slugs
    assert "classification" not in slugs, "60 votes of 3,000 are too few"
    assert not Snapshot.objects.filter(published_for=None).exists()


@pytest.mark.django_db
def test_a_slice_takes_its_own_votes_alone() -> None:
    simulate(votes=3000, voters=100, seed=1, until=NOW)
    publish_boards(NOW)
    whole = newest_snapshot(SOURCE, "bradley_terry")
    chinese, simplified, traditional = (
        newest_snapshot(SOURCE, "bradley_terry", language=tag)
        for tag in ("zh", "zh-Hans", "zh-Hant")
    )
    assert whole
    assert chinese
    assert simplified
    assert traditional
    assert whole.votes == 3000
    assert chinese.votes == simplified.votes + traditional.votes
    assert chinese.parameters["interval"] == "clustered"
    row = chinese.rows.exclude(rating=None)[0]
    assert (row.lower or 0) < (row.rating or 0) < (row.upper or 0)


@pytest.mark.django_db
def test_style_control_finds_what_length_gains() -> None:
    simulate(votes=12_000, voters=600, seed=1, until=NOW)
    publish_boards(NOW)
    styled = newest_snapshot(SOURCE, "bradley_terry", style_controlled=True)
    assert styled is not None
    length = next(line for line in styled.style if line["feature"] == "tokens")
    # 43 points a standard deviation, less the 23 % of votes that are ties whatever the style.
    assert length["lower"] < 0.77 * 43 * np.log(10) / 400 < length["upper"]


@pytest.mark.django_db
def test_recent_boards_leave_out_older_votes() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=60, losses=50)
    cast(alder, birch, final_at=NOW - dt.timedelta(days=200))
    publish_boards_after_deciding()
    recent = newest_snapshot("live", "bradley_terry", days=90)
    whole = newest_snapshot("live", "bradley_terry")
    assert recent
    assert whole
    assert (recent.votes, whole.votes) == (110, 111)
    assert recent.since == dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_it_is_published_once_a_period_and_only_when_new() -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models)
    assert publish_boards_after_deciding() == {"live": 2}
    assert publish_boards(NOW) == {}
    assert publish_boards(LATER) == {}
    cast(*models)
    decide_votes(LATER)
    assert publish_boards(LATER - dt.timedelta(seconds=1)) == {}
    assert publish_boards(LATER) == {"live": 2}
    newest = newest_snapshot("live", "bradley_terry")
    assert newest is not None
    assert newest.published_for == period_of(LATER)


@pytest.mark.django_db
def test_votes_on_the_sites_own_prompts_can_be_left_out() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=60, losses=50)
    for _ in range(7):
        cast(alder, birch, prompt=starter_prompts("zh-hans")[0]["text"])
    publish_boards_after_deciding()
    without = newest_snapshot("live", "bradley_terry", category="starter_excluded")
    whole = newest_snapshot("live", "bradley_terry")
    assert whole
    assert without
    assert (whole.votes, without.votes) == (117, 110)


@pytest.mark.django_db
def test_votes_with_a_picture_have_a_board_and_earlier_boards_replay(client: Client) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    votes = [cast(alder, birch, prompt="What is this?", picture=True) for _ in range(110)]
    cast_many(alder, birch, wins=4, losses=5)
    decide_votes(NOW)
    # As an older rule left them, which knew no pictures.
    VoteFacts.objects.update(with_picture=False, rule_version=3)
    begin_epochs()
    publish_boards(NOW)
    assert newest_snapshot("live", "bradley_terry", category="with_picture") is None
    earlier = list(Snapshot.objects.select_related("board"))
    decide_votes(LATER)
    publish_boards(LATER)
    board = newest_snapshot("live", "bradley_terry", category="with_picture")
    assert board
    assert (board.board.slug, board.votes) == ("with-picture", len(votes))
    assert replay(board).faithful
    assert len(earlier) > 2
    assert all(replay(snapshot).faithful for snapshot in earlier)
    rows = client.get("/api/v1/boards/with-picture").json()["rows"]
    assert {row["model"] for row in rows} == {"alder", "birch"}
    page = client.get("/leaderboard/", {"category": "with_picture"})
    assert "With a picture" in page.content.decode()


@pytest.mark.django_db
def test_votes_leave_the_recent_boards_with_the_days_though_no_vote_came() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=60, losses=50)
    for _ in range(20):
        cast(alder, birch, final_at=NOW - dt.timedelta(days=89))
    publish_boards_after_deciding()
    assert publish_boards(NOW + dt.timedelta(days=3)) == {"live": 3}, (
        "all votes, those without refusals, those without the site's own prompts"
    )
    recent = newest_snapshot("live", "bradley_terry", days=90)
    assert recent
    assert recent.votes == 110
    assert recent.movement["votes"] == {"new": 0, "gone": 20}
    assert recent.movement["models"]["alder"]["parts"]["window"] < 0


@pytest.mark.django_db
def test_a_publication_that_stopped_half_way_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    cast(new_model("Alder"), new_model("Birch"))
    decide_votes(NOW)
    store, stored = snapshots.store_snapshot, list[object]()

    def stop_after_one(*arguments: object, **options: object) -> object:
        if len(stored) == 1:
            raise KeyboardInterrupt
        stored.append(arguments)
        return store(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(publication, "store_snapshot", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        publish_boards(NOW)
    monkeypatch.undo()
    assert not Publication.objects.exists()
    assert publish_boards(NOW) == {"live": 1}
    published = Snapshot.objects.exclude(published_for=None)
    assert published.count() == published.values("board").distinct().count() == 2


@pytest.mark.django_db
def test_one_publication_is_of_one_state_of_the_votes_though_it_was_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    models = new_model("Alder"), new_model("Birch")
    cast(*models)
    decide_votes(NOW)
    store, stored = snapshots.store_snapshot, list[object]()

    def stop_after_one(*arguments: object, **options: object) -> object:
        if stored:
            raise KeyboardInterrupt
        stored.append(arguments)
        return store(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(publication, "store_snapshot", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        publish_boards(NOW)
    monkeypatch.undo()
    cast(*models)
    decide_votes(NOW)
    publish_boards(NOW)
    published = Snapshot.objects.exclude(published_for=None)
    assert published.count() == 2
    assert set(published.values_list("votes", "decisions")) == {(1, 1)}
    assert publish_boards(LATER) == {"live": 2}, "what came meanwhile is news of the next"


@pytest.mark.django_db(transaction=True)
def test_publishers_at_once_publish_each_board_once() -> None:
    cast(new_model("Alder"), new_model("Birch"))
    refresh_boards(NOW)

    def run(_number: int) -> int:
        try:
            return sum(publish_boards(NOW).values())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 2
    assert Snapshot.objects.exclude(published_for=None).count() == 2
    assert Publication.objects.count() == 1


@pytest.mark.django_db
def test_direct_votes_are_kept_beside_the_newest_board() -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=8, losses=4)
    cast(birch, alder, "tie")
    publish_boards_after_deciding()
    table = PairTable.objects.get(board__slug="overall")
    pairs = read_pairs(table.board)
    assert pairs is not None
    assert pairs.models == (alder.pk, birch.pk)
    assert pairs.won.tolist() == [[0, 8], [4, 0]]
    assert pairs.tied.tolist() == [[0, 1], [1, 0]]
    assert pairs.votes.tolist() == [[0, 13], [13, 0]]
    (variance,) = difference_variances([table.board], alder.pk, birch.pk).values()
    assert 0 < variance < math.inf
    assert difference_variances([table.board], alder.pk, 0) == {}


def publish_boards_after_deciding() -> dict[str, int]:
    """Decide what is final, then publish."""
    decide_votes(NOW)
    return publish_boards(NOW)
