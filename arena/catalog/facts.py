"""What is known of a model, who says so, and who says something else."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from arena.catalog.catalogue.stored import text_of
from arena.catalog.models import Claim, Fact, LanguageModel

_DATES = {Fact.WEIGHTS_RELEASED_ON, Fact.API_RELEASED_ON}
_SIZES = {Fact.PARAMS_TOTAL_B, Fact.PARAMS_ACTIVE_B}
# On these hosts an address names a project by its first two parts.
_HOSTS_OF_PROJECTS = {"github.com", "huggingface.co"}


@dataclass(frozen=True)
class Statement:
    """One fact: what the arena goes by (empty where that is not known), and who says what."""

    fact: Fact
    value: str
    sources: tuple[Claim, ...]
    others: tuple[Claim, ...]


def statements_of(model: LanguageModel) -> list[Statement]:
    """Return all facts of a model in their order; one query where claims are not prefetched."""
    claims = sorted(model.claims.all(), key=lambda claim: claim.pk)
    return list(_statements(model, claims))


def _statements(model: LanguageModel, claims: list[Claim]) -> Iterator[Statement]:
    for fact in Fact:
        value = text_of(model, fact)
        mine = [claim for claim in claims if claim.fact == fact]
        agreeing = [claim for claim in mine if agrees(fact, value, claim.value)]
        yield Statement(
            fact=fact,
            value=value,
            sources=tuple(agreeing),
            others=tuple(claim for claim in mine if claim not in agreeing),
        )


def agrees(fact: Fact, value: str, claimed: str) -> bool:
    """Return whether a claim says what the arena goes by, as exactly as the claim is.

    A month agrees with its days, 8 billion with 8.03; a context of 128,000 tokens and one of
    131,072 are both called 128K.

    Parameters
    ----------
    fact : Fact
        What is spoken of.
    value, claimed : str
        As the catalogue's files write them; an empty value agrees with nothing.
    """
    if not value or value == claimed:
        return bool(value)
    if fact in _DATES:
        return value.startswith(f"{claimed}-")
    try:
        return (fact in _SIZES and _same_size(value, claimed)) or (
            fact == Fact.CONTEXT_TOKENS and _same_context(*sorted((int(value), int(claimed))))
        )
    except ValueError:
        return False


def _same_size(value: str, claimed: str) -> bool:
    """Return whether a number rounds to another one."""
    return round(float(value), len(claimed.partition(".")[2])) == float(claimed)


def _same_context(fewer: int, more: int) -> bool:
    """Return whether two numbers of tokens are one in thousands and the same in kibi."""
    return any(fewer * 1024**power == more * 1000**power for power in (1, 2))


def source_name(source: str) -> str:
    """Return what a source is called in a line of text: its host, its project, or its words."""
    if not source.startswith(("http://", "https://")):
        return source
    parts = urlsplit(source)
    host = parts.netloc.removeprefix("www.")
    project = [part for part in parts.path.split("/") if part][:2]
    if host in _HOSTS_OF_PROJECTS and len(project) == 2:
        return "/".join(project)
    return host
