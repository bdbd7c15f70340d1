"""What scripts send."""

import json
from typing import Any

from django.http import HttpRequest


class BodyRefusedError(ValueError):
    """A request's body is no JSON, or too long."""


def read_json(request: HttpRequest, *, most: int) -> Any:
    """Return the JSON of a request's body, of `most` bytes at most.

    Raises
    ------
    BodyRefusedError
        When it is longer, or none.
    """
    try:
        length = int(request.headers.get("Content-Length") or 0)
        if length > most:  # not read at all
            raise BodyRefusedError
        return json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BodyRefusedError from error
