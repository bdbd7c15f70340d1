"""What a browser may say, read strictly, and what it is told."""

import json
import uuid

import pytest

from arena.battles import protocol
from arena.battles.protocol import Again, BadMessage, Frame, Prompt, Resume, Stop, parse

BATTLE = uuid.UUID("01910000-0000-7000-8000-000000000001")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"type":"prompt","text":"Hello","battle":null}', Prompt("Hello", None)),
        ('{"type":"prompt","text":"Hello"}', Prompt("Hello", None)),
        (f'{{"type":"prompt","text":"","battle":"{BATTLE}"}}', Prompt("", BATTLE)),
        (f'{{"type":"resume","battle":"{BATTLE}","after":7}}', Resume(BATTLE, 7)),
        (f'{{"type":"stop","battle":"{BATTLE}"}}', Stop(BATTLE)),
        (f'{{"type":"again","battle":"{BATTLE}"}}', Again(BATTLE)),
        (
            f'{{"type":"prompt","text":"x","battle":"{BATTLE}","acknowledged":true}}',
            Prompt("x", BATTLE, True),
        ),
        ('{"type":"prompt","text":"x","acknowledged":false}', Prompt("x", None, False)),
        (f'{{"type":"again","battle":"{BATTLE}","acknowledged":true}}', Again(BATTLE, True)),
        ('{"type":"prompt","text":"\\ud83d\\ude00"}', Prompt("\U0001f600", None)),
    ],
)
def test_it_reads_each_message(text: str, message: protocol.ClientMessage) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "hello",
        "[]",
        "null",
        "1e999999999",
        "[" * 100_000,
        "{}",
        '{"type":null}',
        '{"type":["prompt"]}',
        '{"type":"vote","battle":"x"}',
        '{"type":"prompt"}',
        '{"type":"prompt","text":3}',
        '{"type":"prompt","text":"x","battle":3}',
        '{"type":"prompt","text":"x","battle":"not-a-uuid"}',
        '{"type":"prompt","text":"x","side":"a"}',
        '{"type":"stop"}',
        '{"type":"prompt","text":"x","acknowledged":1}',
        '{"type":"prompt","text":"x","acknowledged":null}',
        f'{{"type":"again","battle":"{BATTLE}","acknowledged":"true"}}',
        f'{{"type":"stop","battle":"{BATTLE}","acknowledged":true}}',
        f'{{"type":"resume","battle":"{BATTLE}"}}',
        f'{{"type":"resume","battle":"{BATTLE}","after":-1}}',
        f'{{"type":"resume","battle":"{BATTLE}","after":true}}',
        f'{{"type":"resume","battle":"{BATTLE}","after":1.5}}',
        f'{{"type":"resume","battle":"{BATTLE}","after":99999999999}}',
    ],
)
def test_it_rejects_what_it_does_not_know(text: str | None) -> None:
    with pytest.raises(BadMessage) as caught:
        parse(text)
    assert caught.value.close_code == protocol.CLOSE_BAD_MESSAGE


@pytest.mark.parametrize("filler", ["x", "字"])
def test_it_rejects_what_is_too_big_with_a_code_of_its_own(filler: str) -> None:
    message = {"type": "prompt", "text": filler * (300_000 // len(filler.encode()))}
    text = json.dumps(message, ensure_ascii=False)
    with pytest.raises(BadMessage) as caught:
        parse(text)
    assert caught.value.close_code == protocol.CLOSE_TOO_BIG


def test_a_frame_is_small() -> None:
    frame = Frame(
        seq=123, turn=1, texts={"a": "", "b": ""}, states={"a": "streaming", "b": "streaming"}
    )
    encoded = frame.encode()
    assert json.loads(encoded) == {
        "type": "frame",
        "seq": 123,
        "turn": 1,
        "a": "",
        "b": "",
        "state": {"a": "streaming", "b": "streaming"},
    }
    assert len(encoded) < 100
