"""What becomes of a prompt before it is stored and sent."""

from django.conf import settings

from arena.battles.errors import PromptRefused


def storable(text: str) -> str:
    """Return a text that Postgres takes: without NUL, a lone surrogate as U+FFFD."""
    return (
        text.replace("\x00", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    )


def clean_prompt(text: str) -> str:
    """Return a prompt that Postgres, JSON and every endpoint can take.

    NUL is removed, a lone surrogate becomes U+FFFD; the rest stays as it was written.

    Raises
    ------
    PromptRefused
        When nothing is left, or it is longer than `PARITY_MAX_PROMPT_CHARACTERS`.
    """
    safe = storable(text)
    if not safe.strip():
        raise PromptRefused("prompt_empty")
    if len(safe) > settings.MAX_PROMPT_CHARACTERS:
        raise PromptRefused("prompt_too_long")
    return safe
