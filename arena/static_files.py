"""Static files under names with a hash of their content, ES modules included, and their answers."""

from collections.abc import Callable
from contextlib import closing
from re import Match
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)


def favicon(request: HttpRequest) -> HttpResponse:
    """Lead those who ask for `/favicon.ico`, as browsers and feed readers do, to the picture."""
    return redirect(static("site/favicon.ico"))


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names for ever-cacheable files; `import` statements are rewritten to them.

    Other people's files may point at what they do not ship (a source map, a picture): such a
    reference stays as it is written. One in our own files is an error when files are collected.
    """

    support_js_module_import_aggregation = True

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[Match[str]], str]:
        """Return Django's converter, forgiving for files that are not ours."""
        convert: Callable[[Match[str]], str] = super().url_converter(name, *args, **kwargs)
        if (settings.BASE_DIR / "static" / name.partition("/")[0]).is_dir():
            return convert

        def convert_or_keep(match: Match[str]) -> str:
            try:
                return convert(match)
            except ValueError:
                return match["matched"]

        return convert_or_keep

    def stored_name(self, name: str) -> str:
        """Return the hashed name; before anything was collected, the plain one."""
        if not self.hashed_files:
            return name
        stored: str = super().stored_name(name)
        return stored


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise with whole answers in place of streams.

    Its streams are synchronous iterators. Under ASGI Django reads each to its end before it sends
    a byte, in a thread, and warns. No file of ours is too large to be read at once.
    """

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """Return the file, the part that was asked for, or 304."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with closing(found.file) as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]  # WhiteNoise names it, where there is one
        for name, value in found.headers:
            response[name] = value
        return response
