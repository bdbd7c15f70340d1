"""Taking personal data out of prompts and answers before they are published.

Presidio's recognisers for phone numbers, payment cards, bank accounts and network addresses, and
patterns of our own for mail addresses, Chinese identity numbers, keys and tokens. Each find is
replaced by its kind, ``[EMAIL]``. Names of people and postal addresses are not recognised: no
library tells them from the people that prompts are about. What it misses in a set of made-up
texts is measured by ``tests/arena/boards/test_personal_data.py`` and stated in each release.

Nothing here uses the network: Presidio's own recogniser of mail addresses would.
"""

import re
from functools import cache
from typing import Any

_KINDS = {
    "EMAIL_ADDRESS": "EMAIL",
    "PHONE_NUMBER": "PHONE",
    "CREDIT_CARD": "CARD",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP",
    "CRYPTO": "WALLET",
}
_REGIONS = (
    *("US", "GB", "DE", "FR", "ES", "IT", "NL", "CH", "AT", "PL", "BR", "IN", "CN", "TW", "HK"),
    *("SG", "JP", "KR", "AU"),
)
# Local parts and hosts of any script; the host needs a dot.
_EMAIL = re.compile(r"[\w.+%'-]{1,64}\s?(?:@|＠)\s?[\w-]+(?:\.[\w-]+)+", re.UNICODE)
_CHINESE_ID = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{9}[\dXx](?!\d)")
_TAIWANESE_ID = re.compile(r"(?<![A-Za-z0-9])[A-Z][12]\d{8}(?!\d)")
_US_SSN = re.compile(r"(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)")
_SECRET = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{16,}\b|\bgh[pousr]_\w{20,}\b"
    r"|\bAKIA[0-9A-Z]{16}\b|\bxox[abpr]-[\w-]{10,}\b|\bAIza[\w-]{30,}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_PATTERNS = (
    ("SECRET", _SECRET),
    ("EMAIL", _EMAIL),
    ("ID", _CHINESE_ID),
    ("ID", _TAIWANESE_ID),
    ("ID", _US_SSN),
)
_IDEOGRAPH = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]")
# Whatever may be personal has a digit or a sign; most texts of prose need no more than this look.
_WORTH_A_LOOK = re.compile(
    r"\d[\d\s().:/-]{5,}\d|[0-9a-fA-F]*:[0-9a-fA-F]*:|\b[A-Z]{2}\d{2}|0x|bc1"
)


class PersonalDataUnavailableError(Exception):
    """Presidio is not installed: ``uv sync --group release``."""


def mask(text: str) -> str:
    """Return a text with what is recognised as personal replaced by its kind in brackets."""
    for kind, pattern in _PATTERNS:
        text = pattern.sub(f"[{kind}]", text)
    if not _WORTH_A_LOOK.search(text):
        return text
    for start, end, kind in reversed(_found(text)):
        text = f"{text[:start]}[{kind}]{text[end:]}"
    return text


def require() -> None:
    """Load the recognisers.

    Raises
    ------
    PersonalDataUnavailableError
        They are not installed.
    """
    _recognisers()


def _found(text: str) -> list[tuple[int, int, str]]:
    """Return what was recognised, without overlaps, in order."""
    # To the recognisers a number is one only between spaces; Chinese writes none.
    spaced = _IDEOGRAPH.sub(" ", text)
    results = [
        (result.start, result.end, _KINDS[result.entity_type])
        for recogniser in _recognisers()
        for result in recogniser.analyze(spaced, recogniser.supported_entities, None) or ()
        if result.score >= _LEAST_SCORE
    ]
    chosen: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(results, key=lambda found: (found[0], -found[1])):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end, kind))
    return chosen


_LEAST_SCORE = 0.3


@cache
def _recognisers() -> tuple[Any, ...]:
    try:
        from presidio_analyzer.predefined_recognizers import (  # noqa: PLC0415 - takes 2 s
            CreditCardRecognizer,
            CryptoRecognizer,
            IbanRecognizer,
            IpRecognizer,
            PhoneRecognizer,
        )
    except ImportError as error:
        raise PersonalDataUnavailableError(
            "A release needs Presidio to take personal data out: run `uv sync --group release`."
        ) from error
    return (
        CreditCardRecognizer(),
        CryptoRecognizer(),
        IbanRecognizer(),
        IpRecognizer(),
        PhoneRecognizer(supported_regions=_REGIONS, leniency=1),
    )
