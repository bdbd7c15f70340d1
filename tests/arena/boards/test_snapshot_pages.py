"""The pages of frozen boards and of data releases: every id leads to its figures."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from arena.boards.models import Snapshot
from arena.boards.newest import newest_snapshot
from arena.boards.pages.snapshot import movement, signed
from arena.boards.publication import publish_boards
from arena.catalog.models import LanguageModel
from arena.integrity.facts import decide_votes
from tests.arena.boards.test_publication import LATER
from tests.arena.boards.votes import NOW, cast_many, new_model


def overall() -> Snapshot:
    found = newest_snapshot("live", "bradley_terry")
    assert found is not None
    return found


@pytest.fixture
def published(db: None) -> tuple[Snapshot, Snapshot]:
    """Two publications of one board, with votes between them."""
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=40, losses=20, voters=6)
    decide_votes(NOW)
    publish_boards(NOW)
    first = overall()
    cast_many(birch, alder, wins=30, losses=0, voters=6)
    decide_votes(LATER)
    publish_boards(LATER)
    return first, overall()


def page(client: Client, snapshot: Snapshot) -> str:
    response = client.get(f"/snapshots/{snapshot.replay_id}/")
    assert response.status_code == 200
    return response.content.decode()


def test_a_frozen_board_says_why_it_moved_since_the_one_before(
    client: Client, published: tuple[Snapshot, Snapshot]
) -> None:
    first, second = published
    text = page(client, second)
    assert "30 new votes, 0 votes gone: " in text
    assert "New votes</th>" in text
    assert "Exclusions</th>" not in text, "a part that moved nothing has no column"
    assert f"/snapshots/{first.replay_id}/" in text
    assert f"manage.py replay {second.replay_id}" in text
    row = second.rows.get(language_model__slug="alder")
    assert f"{row.rating:.2f}" in text


def test_boards_of_the_same_votes_share_an_id_and_each_has_its_own_page(
    client: Client, db: None
) -> None:
    cast_many(new_model("Alder"), new_model("Birch"), wins=70, losses=50)
    decide_votes(NOW)
    publish_boards(NOW)
    recent = Snapshot.objects.get(board__slug="overall-90-days")
    address = recent.get_absolute_url()
    assert address == f"/snapshots/{recent.replay_id}/?board=overall-90-days"
    text = client.get(address).content.decode()
    assert '<p class="lead">Live votes · All votes · Last 90 days' in text
    assert f'<a href="/snapshots/{recent.replay_id}/">' in text
    assert f'<a href="/snapshots/{recent.replay_id}/?board=starter-excluded">' in text
    assert client.get(f"/snapshots/{recent.replay_id}/?board=coding").status_code == 404
    assert client.get(f"/snapshots/{recent.replay_id}/?board=%00").status_code == 404
    assert f"/api/v1/snapshots/{recent.replay_id}?board=overall-90-days&amp;source=live" in text
    leaderboard = client.get("/leaderboard/", {"days": "90"}).content.decode()
    assert f'href="{address}"' in leaderboard


def test_the_first_board_of_its_kind_has_nothing_to_compare_with(
    client: Client, published: tuple[Snapshot, Snapshot]
) -> None:
    assert "the first published board of its kind" in page(client, published[0])


def test_two_boards_any_time_apart_are_told_apart_by_the_parts_between(
    client: Client, published: tuple[Snapshot, Snapshot]
) -> None:
    first, second = published
    alder, birch = LanguageModel.objects.order_by("slug")
    cast_many(alder, birch, wins=25, losses=5, voters=6)
    last_day = LATER + (LATER - NOW)
    decide_votes(last_day)
    publish_boards(last_day)
    third = overall()
    text = page(client, third)
    address = f"/snapshots/{third.replay_id}/?since={first.replay_id}"
    assert f'<a href="{address}">since then</a>' in text
    between = client.get(address).content.decode()
    assert "60 new votes, 0 votes gone: " in between
    assert "The parts of 2 publications are added." in between
    told = client.get(
        f"/api/v1/snapshots/{third.replay_id}/movement", {"since": first.replay_id}
    ).json()["movement"]
    assert (told["publications"], told["new_votes"], told["votes_gone"]) == (2, 60, 0)
    for row in first.rows.select_related("language_model"):
        moved = told["models"][row.language_model.slug]
        now = third.rows.get(language_model=row.language_model).rating
        assert (moved["before"], moved["after"]) == (row.rating, now)
        assert now is not None
        assert row.rating is not None
        assert sum(moved["parts"].values()) == pytest.approx(now - row.rating, abs=0.001)
    for wrong in (third.replay_id, "0" * 64, "x", "%00"):
        assert client.get(f"/snapshots/{third.replay_id}/?since={wrong}").status_code == 404
    assert client.get(f"/snapshots/{first.replay_id}/?since={second.replay_id}").status_code == 404


def test_every_id_on_a_page_is_a_link_to_its_board(
    client: Client, published: tuple[Snapshot, Snapshot]
) -> None:
    for address in ("/leaderboard/", "/method/"):
        assert (
            f'href="/snapshots/{published[1].replay_id}/"' in client.get(address).content.decode()
        )


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", ["0" * 64, "0" * 63, "g" * 64])
def test_an_id_that_no_board_has_is_not_found(client: Client, wrong: str) -> None:
    assert client.get(f"/snapshots/{wrong}/").status_code == 404


def moved(before: float, after: float) -> dict[str, Any]:
    parts = dict.fromkeys(("method", "window", "exclusions", "rules", "new_opponents"), 0.0)
    return {"before": before, "after": after, "parts": {**parts, "new_votes": after - before}}


def test_who_moved_most_comes_first_and_who_did_not_is_left_out() -> None:
    models = {"a": moved(1000, 1001), "b": moved(1000, 992.5), "c": moved(1000, 1000)}
    votes = {"new": 1, "gone": 2}
    stored = {"from": "0" * 64, "at": "2026-11-01T12:00:00+00:00", "votes": votes, "models": models}
    shown = movement(stored, {"a": "Alder", "b": "Birch", "c": "Cedar"})
    assert shown is not None
    assert [row["name"] for row in shown["rows"]] == ["Birch", "Alder"]
    assert shown["parts"] == ["New votes"]
    assert shown["finding"] == "1 new vote, 2 votes gone: Birch moved most, by −7.50 points"
    still = movement({**stored, "models": {"c": models["c"]}}, {})
    assert still is not None
    assert still["finding"] == "1 new vote, 2 votes gone: no rating moved"


def test_a_change_of_less_than_a_hundredth_has_no_sign() -> None:
    assert [signed(points) for points in (0.004, -0.004, 1.5, -1.5)] == ["0", "0", "+1.50", "−1.50"]


def test_releases_are_listed_with_their_files(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "RELEASES_DIR", tmp_path)
    assert "Nothing has been released yet" in client.get("/data/").content.decode()
    for name in ("2026-10", "2026-11"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "votes.parquet").write_bytes(b"0" * 2048)
        (tmp_path / name / "SHA256SUMS").touch()
    (tmp_path / "2026-11" / ".incomplete").touch()
    text = client.get("/data/").content.decode()
    assert "/api/v1/releases/2026-10/votes.parquet" in text
    assert "2.0\xa0KB" in text
    assert "2026-11" not in text.replace("2026-11-", "")
