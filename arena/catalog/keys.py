"""Endpoint keys at rest: encrypted with Fernet, several keys for rotation."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class KeyUnreadableError(ValueError):
    """A stored key was encrypted with a key that is not in `PARITY_ENCRYPTION_KEYS`."""


def _fernet() -> MultiFernet:
    # Any text may be a key: its SHA-256 is the 32 bytes that Fernet wants.
    digests = (hashlib.sha256(key.encode()).digest() for key in settings.ENCRYPTION_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def encrypt(plain: str) -> str:
    """Return `plain` encrypted with the newest key; empty stays empty."""
    return _fernet().encrypt(plain.encode()).decode() if plain else ""


def rotate(stored: str) -> str:
    """Return what `encrypt` gave, encrypted again with the newest key.

    Raises
    ------
    KeyUnreadableError
        When none of `PARITY_ENCRYPTION_KEYS` fits.
    """
    return encrypt(decrypt(stored))


def decrypt(stored: str) -> str:
    """Return what `encrypt` was given.

    Raises
    ------
    KeyUnreadableError
        When none of `PARITY_ENCRYPTION_KEYS` fits.
    """
    if not stored:
        return ""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise KeyUnreadableError(
            "The stored key was encrypted with another key: add the old one to the end of "
            "PARITY_ENCRYPTION_KEYS, or enter the endpoint's key again."
        ) from None
