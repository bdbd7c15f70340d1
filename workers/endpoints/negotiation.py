"""What to leave out or rename when a server refuses a request, most likely cause first."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from workers.endpoints.address import EndpointAddress, Quirk


@dataclass(frozen=True, slots=True)
class Adaptation:
    """One change of a request: a quirk of the server, or a parameter that is left out."""

    quirk: Quirk | None = None
    parameter: str = ""

    @property
    def name(self) -> str:
        """Return what is remembered of it."""
        return self.quirk or self.parameter

    def apply(self, address: EndpointAddress) -> EndpointAddress:
        """Return the address with the change."""
        if self.quirk:
            limit = None if self.quirk == "no_token_limit" else address.token_limit
            return replace(address, quirks=address.quirks | {self.quirk}, token_limit=limit)
        kept = {name: value for name, value in address.parameters.items() if name != self.parameter}
        return replace(address, parameters=kept)


def adaptations(address: EndpointAddress, detail: str) -> list[Adaptation]:
    """Return the changes worth trying after a refusal.

    Parameters
    ----------
    address
        What was asked.
    detail
        The server's own words: what they name is tried first.
    """
    said = detail.lower()
    candidates = list(_candidates(address))
    candidates.sort(key=lambda found: not any(word in said for word in found[1]))
    return [adaptation for adaptation, _ in candidates]


def is_named(adaptation: Adaptation, address: EndpointAddress, detail: str) -> bool:
    """Return whether the server's words name what the adaptation changes."""
    words = next(words for found, words in _candidates(address) if found == adaptation)
    return any(word in detail.lower() for word in words)


def _candidates(address: EndpointAddress) -> Iterator[tuple[Adaptation, tuple[str, ...]]]:
    """Yield each change and the words by which servers name its cause."""
    quirks = address.quirks
    if "no_stream_options" not in quirks:
        yield Adaptation("no_stream_options"), ("stream_options", "include_usage")
    if address.token_limit is not None:
        if "max_completion_tokens" not in quirks:
            yield Adaptation("max_completion_tokens"), ("max_tokens", "max_completion_tokens")
        else:
            yield Adaptation("no_token_limit"), ("max_completion_tokens",)
    for name in address.parameters:
        yield Adaptation(parameter=name), (name.lower(),)
    if address.system_prompt and "no_system_role" not in quirks:
        yield Adaptation("no_system_role"), ("system",)
