"""Reading how long a prompt may be from what a server did with one that may be too long."""

import re

from workers.endpoints.probe import CheckResult

_LIMIT = re.compile(
    r"(?:maximum context length is|n_ctx\W{1,4}|context (?:length|size|window)\D{1,40}?)"
    r"\s*(\d{3,8})"
)
# No chat model has less: a server that counts fewer tokens of a long prompt counts something else,
# such as those that were not cached.
_LEAST_CONTEXT = 512


def context_in(refusal: str) -> int | None:
    """Return the context in tokens that a refusal names; None where it names none."""
    limit = _LIMIT.search(refusal.lower())
    return int(limit[1]) if limit else None


def is_cut(result: CheckResult, expected_tokens: int) -> bool:
    """Return whether a server counted so much less than was sent that it must have cut it."""
    counted = result.prompt_tokens
    return counted is not None and _LEAST_CONTEXT <= counted < 0.6 * expected_tokens
