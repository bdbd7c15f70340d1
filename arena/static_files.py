"""Static files under names with a hash of their content, ES modules included."""

from collections.abc import Callable
from re import Match
from typing import Any

from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed names for ever-cacheable files; `import` statements are rewritten to them.

    Other people's files may point at what they do not ship (a source map, a picture): such a
    reference stays as it is written. One in our own files is an error when files are collected.
    """

    support_js_module_import_aggregation = True
    OWN_FOLDERS = ("site/", "battles/", "boards/")

    def url_converter(self, name: str, *args: Any, **kwargs: Any) -> Callable[[Match[str]], str]:
        """Return Django's converter, forgiving for files that are not ours."""
        convert: Callable[[Match[str]], str] = super().url_converter(name, *args, **kwargs)
        if name.startswith(self.OWN_FOLDERS):
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
