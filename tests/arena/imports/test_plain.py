"""Plain tables of votes, good and bad."""

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from arena.battles.models import Battle, Reply, Turn, Vote
from arena.catalog.models import LanguageModel
from arena.voters.models import Voter
from tests.arena.imports.conftest import Import, Write

HEADER = "model_a,model_b,winner\n"
pytestmark = pytest.mark.django_db


def nothing_is_stored() -> bool:
    return not any(m.objects.exists() for m in (Vote, Battle, Voter, LanguageModel))


def outcomes() -> list[str]:
    return list(Vote.objects.values_list("outcome", flat=True))


def test_it_keeps_the_order_of_the_file(write: Write, import_votes: Import) -> None:
    rows = [("x", "y", word) for word in ("model_a", "model_b", "tie", "tie (bothbad)")] * 3
    said = import_votes(write(HEADER + "".join(f"{a},{b},{w}\n" for a, b, w in rows)))
    assert "12 votes imported as import:votes" in said
    assert outcomes() == ["a", "b", "tie", "both_bad"] * 3
    vote = Vote.objects.select_related("battle__model_a").first()
    assert vote
    assert (vote.source, vote.battle.model_a.name) == ("import:votes", "x")
    assert vote.cast_at == vote.final_at


def test_a_second_import_stores_nothing(write: Write, import_votes: Import) -> None:
    path = write(HEADER + "x,y,left\nx,y,left\ny,x,draw\n")
    import_votes(path)
    before = list(Vote.objects.values_list("pk", "external_id"))
    assert len(before) == 3, "two equal rows are two votes"
    said = import_votes(path)
    assert "0 votes imported" in said
    assert "3 were there already" in said
    assert list(Vote.objects.values_list("pk", "external_id")) == before
    import_votes(write(HEADER + "x,y,left\nx,y,left\ny,x,draw\nx,y,right\n"))
    assert outcomes() == ["a", "a", "tie", "b"], "a file that grew brings only what is new"


def test_columns_and_words_can_be_named(write: Write, import_votes: Import) -> None:
    path = write(
        "first;second;who;said;when;key\nx;y;ann;1;2024-05-01T10:00:00Z;r1\nx;y;bo;2;;r2\n"
    )
    options = ["--column", "model_a=first", "model_b=second", "voter=who", "outcome=said"]
    options += ["time=when", "id=key", "--outcome-values", "1=a", "2=b", "--source", "mine"]
    import_votes(path, *options)
    first, second = Vote.objects.select_related("battle__voter")
    assert (first.source, first.external_id, first.outcome) == ("import:mine", "r1", "a")
    assert first.cast_at == dt.datetime(2024, 5, 1, 10, tzinfo=dt.UTC)
    assert first.battle.created_at == first.cast_at
    assert (second.battle.voter.pseudonym, second.outcome) == ("bo", "b")


def test_the_winner_may_be_a_model_s_name_or_three_columns(
    write: Write, import_votes: Import
) -> None:
    import_votes(write("left,right,winner\nGPT,Claude,claude\nGPT,Claude,GPT\n", "names.csv"))
    columns = "model_a,model_b,winner_model_a,winner_model_b,winner_tie\n"
    import_votes(write(columns + "x,y,1,0,0\nx,y,0,1,0\nx,y,0,0,1\n", "hot.csv"))
    assert outcomes() == ["b", "a", "a", "b", "tie"]


def test_prompts_and_answers_become_a_turn(write: Write, import_votes: Import) -> None:
    import_votes(
        write('model_a,model_b,winner,prompt,answer_a,answer_b\nx,y,a,"Hi,\nyou",one,two\n')
    )
    turn = Turn.objects.get()
    assert (turn.prompt, turn.state) == ("Hi,\nyou", "complete")
    replies = Reply.objects.order_by("side").values_list("side", "text", "finish_reason")
    assert list(replies) == [("a", "one", "stop"), ("b", "two", "stop")]


def test_voters_are_known_again_and_nameless_votes_have_a_voter_each(
    write: Write, import_votes: Import
) -> None:
    import_votes(write("left,right,winner,worker\nx,y,tie,7\nx,y,left,7\nx,y,tie,\nx,y,left,\n"))
    assert Voter.objects.filter(pseudonym="7").count() == 1
    assert Voter.objects.count() == 3


@pytest.mark.parametrize("name", ["ann@example.org", "203.0.113.9", "2001:db8::9"])
def test_addresses_are_not_kept_as_pseudonyms(
    name: str, write: Write, import_votes: Import
) -> None:
    import_votes(write(f"left,right,winner,user\nx,y,tie,{name}\nx,z,tie,{name}\n"))
    voter = Voter.objects.get()
    assert name not in voter.pseudonym
    assert voter.pseudonym.startswith("hashed-")


def test_rows_that_cannot_be_used_are_told_with_their_lines(
    write: Write, import_votes: Import
) -> None:
    rows = ["x,y,a", "x,x,a", "x,y,maybe", ",y,a", "x,y", "x,y,", f"{'n' * 201},y,a", "x,y,b,more"]
    said = import_votes(write(HEADER + "\n".join(rows) + "\n"))
    assert "1 votes imported" in said
    assert "skipped 1: both models are the same; line 3 (x)" in said
    assert "skipped 1: the outcome is not one we know; line 4 (winner: maybe)" in said
    assert "skipped 2: a field is missing or empty; line 5 (model_a), 7 (winner)" in said
    assert "skipped 2: the row cannot be read; line 6" in said
    assert "longer than 200 characters; line 8" in said
    assert Vote.objects.count() == 1


def test_it_names_the_first_twenty_rows_of_a_reason(write: Write, import_votes: Import) -> None:
    said = import_votes(write(HEADER + "x,y,a\n" + "x,x,a\n" * 25))
    assert "skipped 25: both models are the same; line 3 (x), 4 (x)" in said
    assert "22 (x), ..." in said
    assert "23 (x)" not in said


@pytest.mark.parametrize("time", ["yesterday", "2999-01-01", "-5", "1e400", "99999999999999999999"])
def test_a_time_that_cannot_be_is_a_reason(time: str, write: Write, import_votes: Import) -> None:
    path = write(f"model_a,model_b,winner,timestamp\nx,y,a,{time}\nx,y,a,1700000000\n")
    assert "skipped 1: the time cannot be read, or is in the future; line 2" in import_votes(path)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "is empty"),
        (b" \n \n", "is empty"),
        (b"model_a,model_b,winner\n", "has no rows"),
        (b"model_a,model_b,winner\nx\xff,y,a\n", "not UTF-8"),
        ("model_a,model_b,winner\nx,y,a\n".encode("utf-16"), "not UTF-8"),
        (b"model_a,model_a,winner\nx,y,a\n", "twice"),
        (b"foo,bar\n1,2\n", "Which column is model_a and which is model_b and which is outcome"),
        (b"model_a,model_b,winner\nx,x,a\ny,y,b\n", "None of the 2 rows can be used"),
        (b"[{", "not JSON"),
        (b"[]", "has no rows"),
        (b"{not json\n{nor this\n", "Which column"),
        (b"PAR1 and then nothing of the kind", "not a Parquet file"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(
    content: bytes, word: str, write: Write, import_votes: Import
) -> None:
    with pytest.raises(CommandError, match=word) as refusal:
        import_votes(write(content))
    assert "Nothing was imported" in str(refusal.value)
    assert nothing_is_stored()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--source", "Has Spaces"], "cannot be the name of a source"),
        (["--source", "x" * 51], "cannot be the name of a source"),
        (["--column", "model_a"], "LEFT=RIGHT"),
        (["--column", "modela=x"], "choose one of model_a"),
        (["--column", "model_a=nope"], "has no column 'nope'"),
        (["--outcome-values", "1=win"], "choose one of a, b, tie, both_bad"),
        (["--format", "fastchat"], "A fastchat file has the columns"),
        (["--format", "lmarena-33k", "--column", "model_a=model_a"], "are for --format csv"),
    ],
)
def test_wrong_options_are_explained(
    options: list[str], word: str, write: Write, import_votes: Import
) -> None:
    with pytest.raises(CommandError, match=word):
        import_votes(write(HEADER + "x,y,a\n"), *options)
    assert nothing_is_stored()


def test_a_missing_file_and_a_folder_are_told(write: Write, import_votes: Import) -> None:
    path = write("x")
    for wrong in (path.parent / "none.csv", path.parent):
        with pytest.raises(CommandError, match="There is no file"):
            import_votes(wrong)


def test_nothing_is_written_when_the_end_of_the_file_is_broken(
    write: Write, import_votes: Import
) -> None:
    with pytest.raises(CommandError, match="not UTF-8, near line"):
        import_votes(write((HEADER + "x,y,a\n" * 5000).encode() + b"\xff\xfe,y,a\n"))
    assert nothing_is_stored()


def test_a_dry_run_reports_and_stores_nothing(write: Write, import_votes: Import) -> None:
    said = import_votes(write(HEADER + "x,y,a\nx,x,a\n"), "--dry-run")
    assert "1 votes would be imported" in said
    assert "skipped 1" in said
    assert nothing_is_stored()


def test_it_refuses_real_votes_on_a_fictional_model(write: Write, import_votes: Import) -> None:
    LanguageModel.objects.create(name="x", slug="x", simulated=True)
    with pytest.raises(CommandError, match="fictional"):
        import_votes(write(HEADER + "x,y,a\n"))
    assert not Vote.objects.exists()


def test_nul_and_a_byte_order_mark_are_safe(write: Write, import_votes: Import) -> None:
    import_votes(write("\ufeffmodel_a,model_b,winner\nx\x00,y,a\n"))
    assert LanguageModel.objects.filter(name="x\ufffd").exists()


def test_an_import_can_be_removed(write: Write, import_votes: Import) -> None:
    content = "model_a,model_b,winner,prompt,answer_a,answer_b\nx,y,a,p,q,r\nx,y,b,p,q,r\n"
    import_votes(write(content), "--source", "one")
    import_votes(write(content), "--source", "two")
    call_command("remove_import", "one")
    assert set(Vote.objects.values_list("source", flat=True)) == {"import:two"}
    assert (Battle.objects.count(), Turn.objects.count(), Reply.objects.count()) == (2, 2, 4)
    assert not Voter.objects.filter(source="import:one").exists()
    with pytest.raises(CommandError, match="Imports: import:two"):
        call_command("remove_import", "one")
