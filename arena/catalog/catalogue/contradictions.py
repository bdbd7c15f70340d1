"""What cannot be true together in a catalogue, and days that are taken though they are disputed.

A line can be well written and wrong. What shows that it is wrong, or not settled, stands in other
lines of the same files: a price from before the model was there, a day outside of the month
that another source names. Where sources contradict each other none is right because it is more
exact: both stand as claims, and no day is taken until the maker or most sources settle it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal

from arena.catalog.catalogue.makers import is_own_page
from arena.catalog.models import Fact

type _Tables = Mapping[str, Mapping[tuple[str, ...], tuple[str, ...]]]
# Of one fact of one model: what each source says.
type _Claims = Mapping[str, str]

_RELEASES = (Fact.WEIGHTS_RELEASED_ON.value, Fact.API_RELEASED_ON.value)
# Lists put a year's first day where only the year is known.
_PLACEHOLDER = "-01-01"
_MONTH = len("2026-11")
# So many sources settle a disputed month, if fewer speak for each other month.
_ENOUGH = 2


def contradictions(catalogue: _Tables) -> Iterator[str]:
    """Yield a sentence for each line that other lines contradict.

    What has no source was entered by hand in an admin and is that arena's own business: values
    that no claim supports, and prices without an address, are left alone.
    """
    claims = _release_claims(catalogue)
    for (model, fact), said in claims.items():
        (day,) = catalogue["taken"].get((model, fact), ("",))
        if day in said.values():
            maker, site = _maker(catalogue, model)
            own = {source for source in said if is_own_page(source, maker, site)}
            if not _settled(day, said, own):
                yield f"{model}: {fact} {day} is taken, and {_dissent(day, said)}"
    yield from _wrong_prices(catalogue, claims)


def _settled(day: str, said: _Claims, own: set[str]) -> bool:
    """Tell whether a day may be taken, after what sources and the maker's own pages say."""
    makers_months = {said[source][:_MONTH] for source in own}
    if day in {said[source] for source in own} and makers_months == {day[:_MONTH]}:
        return True
    if day.endswith(_PLACEHOLDER):
        return False
    if not any(_contradicts(value, day) for value in said.values()):
        return True
    # A page and an older copy of it are one witness, who may have said two things.
    spoken = {(_page(source), value[:_MONTH]) for source, value in said.items() if _tells(value)}
    months = Counter(month for _, month in spoken)
    mine = months.pop(day[:_MONTH])
    return mine >= _ENOUGH and all(mine > others for others in months.values())


def _dissent(day: str, said: _Claims) -> str:
    if day.endswith(_PLACEHOLDER):
        return "a first of January stands where only the year is known; leave it untaken."
    other, source = min(
        (value, source) for source, value in said.items() if _contradicts(value, day)
    )
    return (
        f"{source} says {other}: that is not settled. Take none, or add the maker's own page "
        f"or {_ENOUGH} sources that outnumber the others."
    )


def _contradicts(value: str, day: str) -> bool:
    """Tell whether a claim lies outside of the day's month; within it days may differ."""
    return _tells(value) and value[:_MONTH] != day[: min(len(value), _MONTH)]


def _tells(value: str) -> bool:
    return not value.endswith(_PLACEHOLDER)


def _page(source: str) -> str:
    return source.partition(" (copy")[0]


def _wrong_prices(catalogue: _Tables, claims: Mapping[tuple[str, str], _Claims]) -> Iterator[str]:
    for (model, since), (paid_in, paid_out, source) in catalogue["prices"].items():
        if not source:
            continue
        if not Decimal(paid_in) and not Decimal(paid_out):
            yield f"{model}, {since}: a price of nothing is a free tier, not a list price."
        released = _first_seen(catalogue, claims, model)
        if since < released:
            yield f"{model}: a price of {since} is older than the model, released {released}."


def _first_seen(catalogue: _Tables, claims: Mapping[tuple[str, str], _Claims], model: str) -> str:
    """Return the first day that is taken, or else the first that is claimed, or empty."""
    taken = [catalogue["taken"].get((model, fact), ("",))[0] for fact in _RELEASES]
    said = [value for fact in _RELEASES for value in claims.get((model, fact), {}).values()]
    return min(filter(None, taken), default=min(said, default=""))


def _release_claims(catalogue: _Tables) -> dict[tuple[str, str], dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for (model, fact, source), (value, _) in catalogue["claims"].items():
        if fact in _RELEASES:
            found.setdefault((model, fact), {})[source] = value
    return found


def _maker(catalogue: _Tables, model: str) -> tuple[str, str]:
    """Return the model's maker and its site; empty where unknown."""
    (maker,) = catalogue["taken"].get((model, Fact.ORGANISATION.value), ("",))
    _, site, _ = catalogue["organisations"].get((maker,), ("", "", ""))
    return maker, site
