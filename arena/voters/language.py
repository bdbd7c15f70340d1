"""The language of a socket's visitor, where no middleware has chosen it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from arena.voters.identity import cookies_of_scope


def language_of_scope(scope: Mapping[str, Any]) -> str:
    """Return the language to speak in: the page's (``?language=``), the cookie's, the browser's."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    accepted = next((v for k, v in scope.get("headers", ()) if k == b"accept-language"), b"")
    wishes = [
        *query.get("language", []),
        cookies_of_scope(scope).get(settings.LANGUAGE_COOKIE_NAME, ""),
        *(code for code, _weight in parse_accept_lang_header(accepted.decode("latin-1"))),
    ]
    for wish in wishes:
        try:
            return translation.get_supported_language_variant(wish)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
