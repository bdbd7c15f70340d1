"""What a call that was cut off has used: more than what came, and not its whole limit."""

from workers.endpoints import Message, usage_when_cut

PROMPT: list[Message] = [{"role": "user", "content": "Tell me of the river. " * 20}]


def tokens(received: int, *, streaming: float = 1.0, silent: float = 0.0) -> int:
    return usage_when_cut(
        PROMPT, received=received, streaming=streaming, silent=silent
    ).completion_tokens


def test_it_is_an_estimate_of_the_prompt_and_of_more_than_came() -> None:
    usage = usage_when_cut(PROMPT, received=300, streaming=3.0, silent=0.1)
    assert usage.estimated
    assert 100 < usage.prompt_tokens < 130
    assert 300 < usage.completion_tokens < 1000


def test_seconds_in_which_nothing_came_may_have_been_thinking() -> None:
    assert tokens(0, streaming=0.0, silent=10.0) >= tokens(0, streaming=0.0) + 2000


def test_a_fast_server_has_made_more_before_it_noticed() -> None:
    assert tokens(10_000, streaming=5.0) - 10_000 == 2 * 2000
    assert tokens(10, streaming=5.0) - 10 == tokens(10, streaming=0.0) - 10 == 400
