import json
from typing import Any

import pytest

from workers.endpoints import Malformed, ServerFailed
from workers.endpoints.chunks import parse_chunk
from workers.endpoints.usage import TokenEstimate, estimate_prompt, normalise_usage


def chunk(**choice: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, **choice}]}).encode()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("stop", "stop"),
        ("eos", "stop"),
        ("STOP", "stop"),
        ("max_tokens", "length"),
        ("sensitive", "content_filter"),
        ("function_call", "tool_calls"),
        ("insufficient_system_resource", "error"),
        ("whatever comes next", "error"),
        (None, None),
        ("", None),
    ],
)
def test_it_normalises_finish_reasons(said: str | None, meant: str | None) -> None:
    assert parse_chunk(chunk(delta={}, finish_reason=said)).finish_reason == meant


@pytest.mark.parametrize(
    ("delta", "text", "reasoning"),
    [
        ({"content": "a"}, "a", ""),
        ({"content": None, "reasoning": "r"}, "", "r"),
        ({"content": "", "reasoning_content": "r", "reasoning": "r"}, "", "r"),
        ({"content": [{"type": "text", "text": "a"}]}, "a", ""),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "r"}]}]},
            *("", "r"),
        ),
        ({"content": [{"type": "image"}]}, "", ""),
        ({"role": "assistant"}, "", ""),
        (None, "", ""),
    ],
)
def test_it_reads_content_and_reasoning(delta: Any, text: str, reasoning: str) -> None:
    read = parse_chunk(chunk(delta=delta))

    assert (read.text, read.reasoning) == (text, reasoning)


@pytest.mark.parametrize("choices", [None, [], ...])
def test_a_chunk_may_have_no_choices(choices: Any) -> None:
    content = {"usage": {"prompt_tokens": 3}} | ({} if choices is ... else {"choices": choices})

    assert parse_chunk(json.dumps(content).encode()).usage == {"prompt_tokens": 3}


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"null",
        b'"text"',
        b'{"choices": {}, "x": 1, "choices": {"a": 1}}',
        b'{"choices": ["text"]}',
        b'{"choices": [{"delta": "text"}]}',
        b'{"choices": [{"delta": {"content": 7}}]}',
        b'{"choices": [{"delta": {"content": [7]}}]}',
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_it_rejects_what_is_not_a_chunk(event: bytes) -> None:
    with pytest.raises(Malformed):
        parse_chunk(event)


def test_it_raises_an_error_object() -> None:
    with pytest.raises(ServerFailed) as caught:
        parse_chunk(b'{"error": {"message": "out of memory"}}')

    assert "out of memory" in caught.value.detail


@pytest.mark.parametrize(
    ("reported", "counts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 6}, (5, 6, False)),
        ({"prompt_tokens": 0, "completion_tokens": 6}, (100, 6, True)),
        ({"prompt_tokens": 5, "completion_tokens": -1}, (5, 200, True)),
        ({"prompt_tokens": "5", "completion_tokens": 6.5}, (100, 200, True)),
        ({"prompt_tokens": True, "completion_tokens": 10**12}, (100, 200, True)),
        ({}, (100, 200, True)),
        (None, (100, 200, True)),
    ],
)
def test_it_believes_plausible_usage_only(
    reported: dict[str, Any] | None, counts: tuple[int, int, bool]
) -> None:
    usage = normalise_usage(reported, prompt_estimate=100, completion_estimate=200)

    assert (usage.prompt_tokens, usage.completion_tokens, usage.estimated) == counts


def test_it_estimates_tokens_by_script() -> None:
    estimate = TokenEstimate()
    for piece in ("abc", "defgh", "光合作用"):
        estimate.add(piece)

    assert estimate.tokens == 2 + 4


def test_it_estimates_prompts_with_parts() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts: list[dict[str, Any]] = [{"type": "text", "text": "abcd"}, image]

    assert estimate_prompt([{"role": "user", "content": parts}]) == 1005
