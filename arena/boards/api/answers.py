"""The answers of the API: JSON that is kept for a minute, tables, files as they are read."""

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import NinjaAPI, Schema

from arena.boards.for_programs import described, finished, unchanged
from arena.boards.kept import Kept
from arena.boards.spreadsheets import csv_text

_kept = Kept[bytes](128)
_PIECE_BYTES = 256 * 1024


class PublicAPI(NinjaAPI):
    """Answers GET for any origin, with an ETag of what is said."""

    def create_response(
        self,
        request: HttpRequest,
        data: Any,
        *args: Any,
        **options: Any,
    ) -> HttpResponse:
        """Finish every answer, errors included."""
        return finished(request, super().create_response(request, data, *args, **options))


def file_answer(request: HttpRequest, path: Path, digest: str) -> HttpResponseBase:
    """Answer with a file; its digest is its ETag, where the release names one."""
    etag = f'"{digest}"' if digest else ""
    known = unchanged(request, etag) if etag else None
    if known is not None:
        return described(known, etag)
    response = StreamingHttpResponse(
        _pieces(path),
        content_type=mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        headers={
            "Content-Length": str(path.stat().st_size),
            "Content-Disposition": content_disposition_header(True, path.name) or "attachment",
        },
    )
    return described(response, etag)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """Read a file as it is sent; of a `FileResponse` Django would send nothing before its end."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while piece := await asyncio.to_thread(file.read, _PIECE_BYTES):
            yield piece
    finally:
        file.close()


def kept_answer(
    request: HttpRequest, key: Hashable, shape: type[Schema], make: Callable[[], Mapping[str, Any]]
) -> HttpResponse:
    """Answer with what was said to somebody else in the same minute, or make it.

    Parameters
    ----------
    key : hashable
        What the answer depends on, beside facts that an administrator may change.
    """
    minute = int(timezone.now().timestamp() // 60)
    content = _kept.get(
        (shape.__name__, key, minute),
        lambda: shape.model_validate(make()).model_dump_json(exclude_unset=True).encode(),
    )
    return finished(request, HttpResponse(content, content_type="application/json; charset=utf-8"))


def csv_answer(
    request: HttpRequest, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]
) -> HttpResponse:
    """Answer with a table as a CSV file."""
    text = csv_text(columns, ([row.get(name) for name in columns] for row in rows))
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return finished(request, response)
