"""What an administrator may enter for an endpoint; each refusal says what to do."""

import ipaddress
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError

from arena.catalog.addresses import address_policy, refusal_of_address
from workers.endpoints import AddressRefused, EndpointAddress

MAX_BASE_URL = 500
MAX_MODEL_NAME = 200
_NOT_KEPT = re.compile(r"[\x00\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
# A key travels in an HTTP header: visible ASCII only (RFC 9110, section 5.5).
_NOT_IN_A_KEY = re.compile(r"[^\x21-\x7e]")
_HOST = re.compile(r"[\w.-]+", re.ASCII)
# Paths that belong to one call, not to the server; the client adds them itself.
_CALLS = ("/chat/completions", "/completions", "/models", "/moderations")


def server_at(base_url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a base URL that `clean_base_url` took: which server it is."""
    parts = urlsplit(base_url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    return parts.scheme, parts.hostname or "", port


def clean_base_url(text: str) -> str:
    """Return the base URL as it will be used; only the space around it is taken off.

    Raises
    ------
    ValidationError
        When it is not an http(s) URL, holds a name and password, names one call, or is an address
        that this deployment does not call.
    """
    url = text.strip()
    if len(url) > MAX_BASE_URL:
        raise ValidationError(f"The base URL is longer than {MAX_BASE_URL} characters.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # reading the port checks it
    except ValueError as error:
        raise ValidationError(f"This is not a URL ({error}).") from None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ValidationError(
            "The base URL must begin with https:// or http://, for example "
            "https://api.example.com/v1."
        )
    if "@" in parts.netloc:
        raise ValidationError(
            "Take the user name and password out of the base URL: a key belongs into the key "
            "field, where it is encrypted."
        )
    if _CONTROL.search(url) or " " in url or not _is_host(host):
        raise ValidationError(
            "The base URL has a space, a line break or a host name that cannot be right."
        )
    if parts.query or parts.fragment:
        raise ValidationError("Take everything from the ? or # on out of the base URL.")
    for call in _CALLS:
        if parts.path.rstrip("/").endswith(call):
            raise ValidationError(
                f"Leave {call} out: the base URL is what stands before it, and the rest is added "
                "for each call."
            )
    _refuse_address(host, parts.port or {"https": 443, "http": 80}[parts.scheme])
    return url


def _refuse_address(host: str, port: int) -> None:
    try:
        address_policy().check_literal(host, port)
    except AddressRefused as refused:
        raise ValidationError(refusal_of_address(refused.allowance)) from None


def _is_host(host: str) -> bool:
    if not host.isascii():  # an international name; the client encodes it
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return False
    if ":" in host:  # in brackets
        try:
            return ipaddress.IPv6Address(host.partition("%")[0]).version == 6
        except ValueError:
            return False
    return _HOST.fullmatch(host) is not None


def clean_api_key(text: str) -> str:
    """Return the key without the spaces and line breaks that copying puts around it.

    Raises
    ------
    ValidationError
        When it has a character that no HTTP header can carry. The message does not quote it.
    """
    key = text.strip().removeprefix("Bearer ").strip()
    if _NOT_IN_A_KEY.search(key):
        raise ValidationError(
            "The key has a space, a line break or a character outside ASCII in the middle: "
            "copy it again, alone."
        )
    return key


def clean_model_name(text: str) -> str:
    """Return the server's name for a model; slashes, quotes and any script are fine.

    Raises
    ------
    ValidationError
        When it is empty, too long or has control characters.
    """
    name = text.strip()
    if not name:
        raise ValidationError("Enter the model's name as the server knows it.")
    if len(name) > MAX_MODEL_NAME:
        raise ValidationError(f"The name is longer than {MAX_MODEL_NAME} characters.")
    if _CONTROL.search(name):
        raise ValidationError("The name has a line break or another control character.")
    return name


def clean_words(text: str, longest: int | None) -> str:
    """Return a text that is kept as it comes: a system prompt, an engine, a maker.

    Raises
    ------
    ValidationError
        When it has a character that Postgres cannot keep, or more letters than there is room for.
    """
    if longest is not None and len(text) > longest:
        raise ValidationError(f"The text is longer than {longest} characters.")
    if _NOT_KEPT.search(text):
        raise ValidationError("The text holds NUL or half a character: enter it anew.")
    return text


def clean_parameters(parameters: object) -> dict[str, Any]:
    """Return request parameters as a dictionary that the client accepts.

    Raises
    ------
    ValidationError
        When they are not an object, hold what JSON or Postgres has no form for, or would overrule
        what the client decides.
    """
    if not isinstance(parameters, Mapping):
        raise ValidationError('Parameters are a JSON object, for example {"temperature": 0.7}.')
    try:
        text = json.dumps(parameters, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (TypeError, ValueError):
        raise ValidationError(
            "Parameters hold what JSON cannot: write numbers (not NaN), texts, lists and objects."
        ) from None
    if "\\u0000" in text:
        raise ValidationError("Parameters hold the character NUL, which is not kept: leave it out.")
    try:
        EndpointAddress(base_url="https://x", model_name="x", parameters=parameters)
    except ValueError as error:
        raise ValidationError(str(error)) from None
    return dict(parameters)
