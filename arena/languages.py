"""The language of a page: its address's prefix if it has one, else the visitor's own.

Django's prefix pattern serves the default language on a bare path. Here `/gap/` answers in the
visitor's language, and `/zh-hans/gap/` in Chinese to everyone. A prefix is treated as the place
where the site is mounted, so routes know nothing of it and links on a page keep it.

The admin is in English whatever the address or the visitor says: the names of our own fields and
actions are, and Django's translations around them would make a page of two languages.
"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.urls import set_script_prefix
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.i18n import set_language


def language_named_by(path: str) -> str | None:
    """Return the language that stands before a path, exactly as the settings write it."""
    return next(
        (code for code, _ in settings.LANGUAGES if f"{path}/".startswith(f"/{code}/")), None
    )


@csrf_exempt
@require_POST
def choose_language(request: HttpRequest) -> HttpResponseBase:
    """Remember a visitor's choice of language in a cookie, else name it in the address.

    No token is asked for: all that another site could do is to change our language.
    """
    response = set_language(request)
    chosen = request.POST.get("language", "")
    # Whoever takes cookies brings that of the page on which the choice stands.
    address = response.headers.get("Location", "")
    if not request.COOKIES and chosen in dict(settings.LANGUAGES) and address.startswith("/"):
        response.headers["Location"] = f"/{chosen}{address}"
    return response


class PageLanguageMiddleware(LocaleMiddleware):
    """Activates the language that the address names, else the one that the visitor prefers."""

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language, and take its prefix off the path that is routed."""
        named = language_named_by(request.path_info)
        mount = request.META["SCRIPT_NAME"].rstrip("/")
        if named:
            request.path_info = request.path_info.removeprefix(f"/{named}") or "/"
            mount += f"/{named}"
        set_script_prefix(f"{mount}/")
        translation.activate(
            named or translation.get_language_from_request(request, check_path=False)
        )
        request.LANGUAGE_CODE = translation.get_language()

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        arguments: tuple[Any, ...],
        named_arguments: dict[str, Any],
    ) -> None:
        """Put the admin's pages in the source's language."""
        if request.resolver_match and request.resolver_match.app_name == "admin":
            translation.activate(settings.LANGUAGE_CODE)
            request.LANGUAGE_CODE = translation.get_language()

    def process_response[Response: HttpResponseBase](
        self, request: HttpRequest, response: Response
    ) -> Response:
        """Say which language this is, and that a bare path differs by visitor."""
        if not language_named_by(request.path):
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response
