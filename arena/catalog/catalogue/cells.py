"""What may stand in a cell of the catalogue's files, in the one way in which it is written.

Each function returns the text as it is to be written, and raises ValueError with a sentence.
"""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from django.utils import timezone

from arena.catalog.licences import LicenceClass, Permission
from arena.catalog.modalities import Modality
from arena.catalog.models import Fact

# Before there were licences of free software, so that a slip of the pen is found.
_EARLIEST = dt.date(1985, 1, 1)
_PART_OF_A_DAY = re.compile(r"\d{4}(-\d\d)?")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_NOTHING = ""
# Sizes and contexts beyond these are slips of the pen.
_MOST_BILLIONS = 100_000
_MOST_TOKENS = 1_000_000_000


def text(cell: str) -> str:
    """Something, without space around it."""
    if not cell.strip():
        raise ValueError("a cell is empty that must not be")
    return " ".join(cell.split())


def slug(cell: str) -> str:
    """A model's slug."""
    if not re.fullmatch(r"[\w-]{1,120}", cell):
        raise ValueError(f"{cell!r} is no slug: letters, digits and hyphens")
    return cell


def day(cell: str) -> str:
    """A day, not long ago and not far ahead."""
    found = dt.date.fromisoformat(cell)
    if not _EARLIEST <= found <= dt.date(timezone.now().year + 1, 12, 31):
        raise ValueError(f"{cell} cannot be right")
    return found.isoformat()


def day_or_nothing(cell: str) -> str:
    """A day, or empty where it is not known."""
    return day(cell) if cell else _NOTHING


def address_or_nothing(cell: str) -> str:
    """A web address, or empty."""
    if cell and not (urlsplit(cell).scheme in {"http", "https"} and urlsplit(cell).netloc):
        raise ValueError(f"{cell!r} is no web address")
    return cell.strip()


def country(cell: str) -> str:
    """Two letters of ISO 3166-1, or empty."""
    if cell and not re.fullmatch("[A-Z]{2}", cell):
        raise ValueError(f"{cell!r} is no country: two capital letters, as FR")
    return cell


def licence_class(cell: str) -> str:
    """One of the classes."""
    return _one_of(cell, LicenceClass.values)


def permission(cell: str) -> str:
    """Yes, limited, no or unknown."""
    return _one_of(cell, Permission.values)


def fact(cell: str) -> str:
    """The name of a fact."""
    return _one_of(cell, Fact.values)


def yes_or_nothing(cell: str) -> str:
    """`yes`, or empty."""
    return _one_of(cell, ["yes", ""])


def dollars(cell: str) -> str:
    """A price with at most six decimals and no zeros at its end."""
    try:
        amount = Decimal(cell)
    except InvalidOperation:
        raise ValueError(f"{cell!r} is no price") from None
    if not amount.is_finite() or not 0 <= amount < 10**6 or amount != round(amount, 6):
        raise ValueError(f"{cell!r} is no price")
    return format(amount.normalize(), "f")


def billions(cell: str) -> str:
    """A number of parameters, in billions."""
    number = float(cell)
    if not 0 < number < _MOST_BILLIONS:
        raise ValueError(f"{cell!r} is no number of parameters in billions")
    return repr(number).removesuffix(".0")


def tokens(cell: str) -> str:
    """A number of tokens."""
    number = int(cell)
    if not 0 < number < _MOST_TOKENS:
        raise ValueError(f"{cell!r} is no number of tokens")
    return str(number)


def modalities(cell: str) -> str:
    """Kinds of input joined by plus signs, in their usual order."""
    kinds = cell.split("+")
    for kind in kinds:
        _one_of(kind, Modality.values)
    return "+".join(kind for kind in Modality.values if kind in kinds)


def repository(cell: str) -> str:
    """The name of a repository: its owner, a slash, its name."""
    if not _REPOSITORY.fullmatch(cell):
        raise ValueError(f"{cell!r} is no repository: owner/name")
    return cell


def value(of: Fact, cell: str, *, whole: bool) -> str:
    """Return a fact's value as it is written; a date may lack its day unless `whole`."""
    is_date = of in {Fact.WEIGHTS_RELEASED_ON, Fact.API_RELEASED_ON}
    if is_date and not whole and _PART_OF_A_DAY.fullmatch(cell):
        day(f"{cell}-01-01"[:10])
        return cell
    return _VALUES[of](cell)


_VALUES = {
    Fact.ORGANISATION: text,
    Fact.WEIGHTS_RELEASED_ON: day,
    Fact.API_RELEASED_ON: day,
    Fact.PARAMS_TOTAL_B: billions,
    Fact.PARAMS_ACTIVE_B: billions,
    Fact.CONTEXT_TOKENS: tokens,
    Fact.MODALITIES: modalities,
    Fact.HUGGING_FACE: repository,
    Fact.MODELSCOPE: repository,
}


def _one_of(cell: str, known: list[str]) -> str:
    if cell not in known:
        raise ValueError(f"{cell!r} is none of {', '.join(filter(None, known))}")
    return cell
