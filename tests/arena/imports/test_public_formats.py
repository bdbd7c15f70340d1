"""The public files of other arenas: each form, in JSON, JSON lines, CSV and Parquet."""

import csv
import datetime as dt
import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import CommandError
from django.utils import timezone

from arena.battles.models import Battle, Reply, Turn, Vote
from arena.integrity.facts import decide_votes
from arena.integrity.models import VoteFacts
from arena.voters.models import Voter
from tests.arena.imports.conftest import Import, Write

pytestmark = pytest.mark.django_db


def talk(*texts: Any) -> list[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[i % 2], "content": text} for i, text in enumerate(texts)]


FASTCHAT = {
    "model_a": "vicuna-13b",
    "model_b": "alpaca-13b",
    "winner": "tie (bothbad)",
    "judge": "arena_user_1",
    "turn": 1,
    "anony": True,
    "language": "English",
    "tstamp": 1682351591.1322,
}
ARENA_33K = {
    **FASTCHAT,
    "question_id": "58210e39b3fd4441a2bd4a518bb44c2d",
    "conversation_a": talk("Hi", "Hello", "And?", "So."),
    "conversation_b": talk("Hi", "Good day", "And?", "Well."),
}
ARENA_55K = {
    "id": 30192,
    "model_a": "gpt-4-1106-preview",
    "model_b": "gpt-4-0613",
    "prompt": '["Is it right?", "\\ud83d\\ude00 OK, is \\ud83d it?"]',
    "response_a": '["Maybe.", "No."]',
    "response_b": '["Yes.", null]',
    "winner_model_a": 1,
    "winner_model_b": 0,
    "winner_tie": 0,
}
PART = {"type": "text", "text": "Ciao", "image": None, "mimeType": None}
ARENA_140K = {
    "id": "0a1b",
    "model_a": "gemini-2.5-pro",
    "model_b": "claude-opus-4",
    "winner": "both_bad",
    "evaluation_session_id": "5e55",
    "evaluation_order": 1,
    "conversation_a": [
        {"role": "user", "content": [PART]},
        {"role": "assistant", "content": [{**PART, "text": "Salve"}]},
    ],
    "conversation_b": [
        {"role": "user", "content": [PART]},
        {"role": "assistant", "content": [{**PART, "text": "Buongiorno"}]},
    ],
    "full_conversation": [],
    "conv_metadata": {"turns": 1},
    "category_tag": {},
    "language": "it",
    "is_code": False,
    "timestamp": "2025-06-24T17:00:01.123456",
}
ROWS = {
    "fastchat": FASTCHAT,
    "lmarena-33k": ARENA_33K,
    "lmarena-55k": ARENA_55K,
    "lmarena-140k": ARENA_140K,
}


def as_csv(row: dict[str, Any]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, row)
    writer.writeheader()
    cells = {k: json.dumps(v) if isinstance(v, list | dict) else v for k, v in row.items()}
    writer.writerow(cells)
    return text.getvalue().encode()


def as_parquet(row: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    kept = {k: v for k, v in row.items() if v not in ({}, [])}
    pq.write_table(pa.Table.from_pylist([kept]), buffer)
    return buffer.getvalue()


CONTAINERS = {
    "json": lambda row: json.dumps([row], indent=1).encode(),
    "jsonl": lambda row: json.dumps(row).encode() + b"\n\n",
    "csv": as_csv,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("form", ROWS)
def test_it_recognises_each_form_whatever_the_file_s_name(
    form: str, container: str, write: Write, import_votes: Import
) -> None:
    said = import_votes(write(CONTAINERS[container](ROWS[form]), "file.dat"))
    assert f"1 votes imported as import:file ({form}," in said
    vote = Vote.objects.get()
    names = Vote.objects.values_list("battle__model_a__name", "battle__model_b__name").get()
    assert names == (ROWS[form]["model_a"], ROWS[form]["model_b"])
    assert vote.outcome == {"lmarena-55k": "a"}.get(form, "both_bad")
    turns = {"fastchat": 0, "lmarena-33k": 2, "lmarena-55k": 2, "lmarena-140k": 1}[form]
    assert Turn.objects.count() == turns
    assert Reply.objects.count() == 2 * turns


def test_33k_keeps_id_voter_time_and_conversation(write: Write, import_votes: Import) -> None:
    import_votes(write([ARENA_33K]))
    vote = Vote.objects.select_related("battle__voter").get()
    assert vote.external_id == ARENA_33K["question_id"]
    assert vote.battle.voter.pseudonym == "arena_user_1"
    assert vote.cast_at == dt.datetime.fromtimestamp(1682351591.1322, dt.UTC)
    texts = Reply.objects.order_by("turn__number", "side").values_list("turn__prompt", "text")
    assert list(texts) == [("Hi", "Hello"), ("Hi", "Good day"), ("And?", "So."), ("And?", "Well.")]
    assert set(Reply.objects.values_list("finish_reason", "state")) == {("stop", "complete")}


def test_55k_texts_with_surrogates_and_an_empty_answer_are_safe(
    write: Write, import_votes: Import
) -> None:
    import_votes(write([ARENA_55K]))
    first, second = Turn.objects.order_by("number")
    assert (first.state, second.state) == ("complete", "failed"), "an empty answer is no answer"
    assert second.prompt == "\U0001f600 OK, is \ufffd it?"
    empty = Reply.objects.get(turn=second, side="b")
    assert (empty.state, empty.error_code) == ("failed", "empty")
    assert Voter.objects.get().pseudonym == ""


def test_140k_takes_the_text_of_the_parts_and_the_session(
    write: Write, import_votes: Import
) -> None:
    import_votes(write([ARENA_140K]))
    assert list(Reply.objects.order_by("side").values_list("text", flat=True)) == [
        *("Salve", "Buongiorno")
    ]
    battle = Battle.objects.select_related("voter").get()
    assert battle.voter.pseudonym == "5e55"
    assert battle.created_at == dt.datetime(2025, 6, 24, 17, 0, 1, 123456, tzinfo=dt.UTC)


@pytest.mark.parametrize("form", ["lmarena-33k", "lmarena-55k"], ids=["timed", "untimed"])
def test_a_vote_s_texts_are_read_for_its_facts_whether_its_time_is_told_or_not(
    write: Write, import_votes: Import, form: str
) -> None:
    import_votes(write([ROWS[form]]))
    complete = Turn.objects.filter(state="complete")
    assert set(Turn.objects.voted_on(Vote.objects.all())) == set(complete)
    decide_votes(timezone.now())
    facts = VoteFacts.objects.get()
    assert facts.counted
    assert facts.multi_turn == (form == "lmarena-33k")
    assert facts.tokens_a


def test_votes_that_were_not_blind_are_left_out(write: Write, import_votes: Import) -> None:
    said = import_votes(write([FASTCHAT, {**FASTCHAT, "anony": False}]))
    assert "skipped 1: the voter knew the models' names; row 2" in said
    assert Vote.objects.count() == 1


def test_a_repeated_id_is_left_out(write: Write, import_votes: Import) -> None:
    said = import_votes(write([ARENA_33K, {**ARENA_33K, "winner": "model_a"}]))
    assert "an earlier row of the file has the same id; row 2" in said
    assert Vote.objects.get().outcome == "both_bad"


def test_bad_lines_of_json_are_told_with_their_numbers(write: Write, import_votes: Import) -> None:
    lines = ["{broken", json.dumps(FASTCHAT), "", "[1]", '"text"', "{" * 20_000]
    said = import_votes(write("\n".join(lines)))
    assert "1 votes imported" in said
    assert "skipped 4: the row cannot be read; line 1 (not JSON" in said
    assert ", 4 (a list, not an object), 5 (a str, not an object), 6 (not JSON" in said


@pytest.mark.parametrize(
    "conversation", ["not a list", 7, [1, 2], [{"role": "user", "content": 5}], {"role": "user"}]
)
def test_a_conversation_that_cannot_be_read_is_a_reason(
    conversation: Any, write: Write, import_votes: Import
) -> None:
    bad = {**ARENA_33K, "question_id": "bad", "conversation_b": conversation}
    said = import_votes(write([ARENA_33K, bad]))
    assert "skipped 1: the conversation cannot be read; row 2" in said


def test_a_row_without_a_conversation_is_still_a_vote(write: Write, import_votes: Import) -> None:
    import_votes(write([{**ARENA_33K, "conversation_a": None, "conversation_b": []}]))
    assert (Vote.objects.count(), Turn.objects.count()) == (1, 0)


def test_a_parquet_file_that_ends_early_is_refused(write: Write, import_votes: Import) -> None:
    whole = as_parquet(FASTCHAT)
    with pytest.raises(CommandError, match="not a Parquet file"):
        import_votes(write(whole[: len(whole) // 2]))
    assert not Vote.objects.exists()


def test_two_names_in_one_file_do_not_make_two_imports_clash(
    write: Write, import_votes: Import
) -> None:
    path = write([ARENA_33K])
    import_votes(path, "--source", "one")
    import_votes(path, "--source", "two")
    assert Vote.objects.count() == 2
