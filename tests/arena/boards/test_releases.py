"""A release: complete, without personal data, and every board comes out of it again."""

import json
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError, call_command

from arena.battles.mine.erasure import erase_voter
from arena.battles.mine.reasons import Reasons, give_reasons
from arena.battles.models import Reason, Side
from arena.boards.gap import series
from arena.boards.gap.rules import Rule
from arena.boards.models import Snapshot
from arena.boards.publication import publish_boards
from arena.boards.releases import export, export_release
from arena.boards.simulation import SOURCE, simulate
from arena.catalog.models import LanguageModel, Licensing
from arena.integrity.facts import decide_votes
from arena.integrity.models import NotCounted, VoteFacts
from arena.voters.models import Voter
from ratings.__main__ import main
from tests.arena.boards.test_publication import LATER
from tests.arena.boards.votes import NOW, cast, cast_many, exclude_votes, new_model

pytestmark = pytest.mark.django_db


def lines(path: Path) -> Iterator[dict[str, object]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def test_every_board_comes_out_of_the_release_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(votes=900, voters=80, seed=4, until=NOW)
    votes = VoteFacts.objects.order_by("pk").values_list("pk", flat=True)[::9]
    exclude_votes(list(votes), NotCounted.SAME_MODEL, now=NOW)
    publish_boards(NOW)
    folder = tmp_path / "release"
    release = export_release(SOURCE, folder)
    assert (release.votes, release.boards) == (900, Snapshot.objects.count())
    exclude_votes(
        list(VoteFacts.objects.values_list("pk", flat=True)), NotCounted.SAME_MODEL, now=NOW
    )
    boards = json.loads((folder / "boards.json").read_text(encoding="utf-8"))["boards"]
    assert len(boards) > 10
    monkeypatch.chdir(folder)
    few = []
    for board in boards:
        _python, _m, _ratings, file, *arguments = board["command"]
        for votes_file in (folder / file, folder / "votes.jsonl"):
            output = tmp_path / "board.json"
            assert main([str(votes_file), *arguments, "--quiet", "--output", str(output)]) == 0
            found = next(iter(json.loads(output.read_text(encoding="utf-8"))["boards"].values()))
            assert found["id"] == board["id"], board["board"]
            assert found["figures_hash"] == board["figures_hash"], board["board"]
            voted = [row for row in found["rows"] if row["votes"]]
            # All that stands on the page; of models in the fit without a rating the order is free.
            given = {row["model"]: {name: row[name] for name in board["rows"][0]} for row in voted}
            assert given == {row["model"]: row for row in board["rows"]}, board["board"]
            few += [row for row in voted if "fewer than 30 votes" in (row["unrated"] or "")]
    assert few, "no board had a model whose rating is withheld"


def test_the_board_of_votes_with_a_picture_comes_out_of_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    for number in range(110):
        cast(alder, birch, "ab"[number % 2], prompt="What is this?", picture=True)
    cast_many(alder, birch, wins=3, losses=2)
    decide_votes(NOW)
    publish_boards(NOW)
    release = export_release("live", tmp_path / "release")
    rows = list(lines(release.folder / "votes.jsonl"))
    assert [row["with_picture"] for row in rows] == [True] * 110 + [False] * 5
    assert "with_picture" in (release.folder / "DATA.md").read_text(encoding="utf-8")
    written = json.loads((release.folder / "boards.json").read_text(encoding="utf-8"))
    board = next(each for each in written["boards"] if each["board"] == "with-picture")
    monkeypatch.chdir(release.folder)
    found = rated_again(release.folder, board, tmp_path / "board.json")
    assert next(iter(found["boards"].values()))["id"] == board["id"]
    assert board["votes"] == 110


def rated_again(folder: Path, board: dict[str, Any], output: Path) -> dict[str, Any]:
    """Run a released board's command; return what it wrote."""
    _python, _m, _ratings, file, *arguments = board["command"]
    assert main([str(folder / file), *arguments, "--quiet", "--output", str(output)]) == 0
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


def test_a_board_without_news_is_released_with_the_votes_of_a_later_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=70, losses=50)
    decide_votes(NOW)
    publish_boards(NOW)
    first = set(Snapshot.objects.values_list("board__slug", "replay_id"))
    assert len(first) > 2
    cast(birch, alder, prompt="Are you Alder?", answers=("Yes.", "No."))
    decide_votes(LATER)
    assert publish_boards(LATER) == {"live": 0}, "the vote names a model: it is not counted"
    release = export_release("live", tmp_path / "release")
    written = json.loads((release.folder / "boards.json").read_text(encoding="utf-8"))
    assert {(board["board"], board["id"]) for board in written["boards"]} == first
    assert (release.votes, written["left_out"]) == (121, [])
    monkeypatch.chdir(release.folder)
    for board in written["boards"]:
        found = rated_again(release.folder, board, tmp_path / "board.json")
        assert next(iter(found["boards"].values()))["id"] == board["id"]


def test_the_gap_comes_out_of_the_release_with_the_facts_of_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A rule that so few votes can meet.
    monkeypatch.setattr(series, "STANDARD", Rule(min_votes=20, max_half_width=400.0))
    simulate(votes=900, voters=80, seed=4, until=NOW)
    publish_boards(NOW)
    Licensing.objects.update(licence_class="unknown")
    LanguageModel.objects.update(weights_released_on=None, api_released_on=None)
    folder = export_release(SOURCE, tmp_path / "release").folder
    boards = json.loads((folder / "boards.json").read_text(encoding="utf-8"))["boards"]
    monkeypatch.chdir(folder)
    with_gap = [board for board in boards if board["gap"]]
    assert {"overall", "overall-style", "coding"} <= {board["board"] for board in with_gap}
    assert not any(board["gap"] for board in boards if board["parameters"]["method"] == "elo")
    for board in with_gap:
        found = rated_again(folder, board, tmp_path / "board.json")
        gap = next(iter(found["boards"].values()))["gap"]
        assert gap["id"] == board["gap"]["id"], board["board"]
        for cut, own in board["gap"]["cuts"].items():
            assert {name: gap["cuts"][cut][name] for name in own} == own, board["board"]
    overall = next(board for board in with_gap if board["board"] == "overall")
    widest = overall["gap"]["cuts"]["weights_noncommercial"]
    assert widest["latest"]
    assert len(widest["series"]) > 5


def test_a_board_that_the_released_votes_do_not_give_is_left_out_and_named(tmp_path: Path) -> None:
    alder, birch = new_model("Alder"), new_model("Birch")
    cast_many(alder, birch, wins=70, losses=50)
    decide_votes(NOW)
    publish_boards(NOW)
    recent = Snapshot.objects.get(board__slug="overall-90-days")
    # As of a board that had too few votes to be published again, or of other numerics.
    Snapshot.objects.filter(pk=recent.pk).update(replay_id="0" * 64)
    folder = export_release("live", tmp_path / "release").folder
    written = json.loads((folder / "boards.json").read_text(encoding="utf-8"))
    listed = {board["board"] for board in written["boards"]}
    assert "overall" in listed
    assert "overall-90-days" not in listed
    (left_out,) = written["left_out"]
    assert left_out["board"] == "overall-90-days"
    assert "other votes" in left_out["because"]


def release_of_two(folder: Path) -> Path:
    """Release two votes of one voter, one of them not counted."""
    alder, birch = new_model("Alder"), new_model("Birch")
    voter = Voter.objects.create()
    vote = cast(alder, birch, voter=voter, prompt="Write to jo@example.org or +49 30 901820 soon")
    give_reasons(
        vote.battle,
        Reasons(
            {Side.A: [Reason.USEFUL, Reason.CLEAR], Side.B: [Reason.WRONG_LANGUAGE]},
            "Ask me: jo@example.org",
        ),
    )
    cast(birch, alder, "tie", voter=voter, prompt="Are you Alder?", answers=("Yes.", "No."))
    decide_votes(NOW)
    publish_boards(NOW)
    call_command("export_release", str(folder), stdout=StringIO())
    return folder


def test_texts_come_without_personal_data_and_votes_with_reasons(tmp_path: Path) -> None:
    folder = release_of_two(tmp_path / "release")
    counted, uncounted = lines(folder / "votes.jsonl")
    assert (counted["counted"], uncounted["counted"]) == (True, False)
    assert uncounted["not_counted_because"] == "identity_in_prompt"
    assert counted["voter"] == uncounted["voter"]
    assert str(Voter.objects.get().pk) not in (folder / "votes.jsonl").read_text(encoding="utf-8")
    (part,) = (folder / "turns").glob("*.jsonl")
    first, second = lines(part)
    assert first["prompt"] == "Write to [EMAIL] or [PHONE] soon"
    assert (first["number"], second["number"]) == (1, 2)
    assert second["answer_a"] == "Yes."
    assert pq.read_table(part.with_suffix(".parquet")).num_rows == 2
    assert not (folder / ".incomplete").exists()


def test_what_voters_said_of_the_answers_is_released(tmp_path: Path) -> None:
    folder = release_of_two(tmp_path / "release")
    said, silent = lines(folder / "votes.jsonl")
    assert (said["reasons_a"], said["reasons_b"]) == (["clear", "useful"], ["wrong_language"])
    assert said["comment"] == "Ask me: [EMAIL]"
    assert (silent["reasons_a"], silent["reasons_b"], silent["comment"]) == ([], [], "")
    assert pq.read_table(folder / "votes.parquet").to_pylist()[0]["reasons_a"] == said["reasons_a"]
    # Erased before the next release: neither the words nor the reasons are in it.
    erase_voter(Voter.objects.get().pk, at=NOW)
    export_release("live", tmp_path / "next")
    assert "jo@" not in (tmp_path / "next" / "votes.jsonl").read_text(encoding="utf-8")
    assert [row["reasons_a"] for row in lines(tmp_path / "next" / "votes.jsonl")] == [[], []]


def test_it_describes_every_column_and_its_sums_are_right(tmp_path: Path) -> None:
    folder = release_of_two(tmp_path / "release")
    described = (folder / "DATA.md").read_text(encoding="utf-8")
    for name in pq.read_schema(folder / "votes.parquet").names:
        stem = name.rpartition("_")[0] if name.endswith(("_a", "_b")) else name
        assert name in described or f"{stem}_*" in described
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    assert checked.stdout.count(b": OK") == 7


def test_one_that_broke_off_goes_on_with_the_same_pseudonyms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(votes=60, voters=5, seed=4, until=NOW)
    publish_boards(NOW)
    folder = tmp_path / "release"

    def killed(*_arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "write_boards", killed)
    with pytest.raises(KeyboardInterrupt):
        export_release(SOURCE, folder)
    before = (folder / "votes.parquet").read_bytes()
    monkeypatch.undo()
    with pytest.raises(CommandError, match="broke off"):
        call_command("export_release", str(folder))
    assert export_release(SOURCE, folder).votes == 60
    assert (folder / "votes.parquet").read_bytes() == before
    with pytest.raises(CommandError, match="not empty"):
        call_command("export_release", str(folder), source=SOURCE)


def test_there_is_nothing_to_release_before_the_first_publication(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nothing to release"):
        call_command("export_release", str(tmp_path / "release"))
