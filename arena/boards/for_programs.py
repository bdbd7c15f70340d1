"""What every answer to a program carries: an ETag, how long it may be kept, and CORS for all."""

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

# A board changes with a vote; a client that asks oftener gets what it has.
_FRESH = "public, max-age=5"


def finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add what every answer carries; 304 without a body where the client has it already."""
    if response.status_code != 200:
        return described(response)
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    return described(unchanged(request, etag) or response, etag)


def unchanged(request: HttpRequest, etag: str) -> HttpResponse | None:
    """Return the answer to a client that has it already, or that wants another one."""
    answer: HttpResponse | None = get_conditional_response(request, etag=etag)
    return answer


def described[Answer: HttpResponseBase](answer: Answer, etag: str = "") -> Answer:
    """Say that anybody may read an answer, and for how long it may be kept."""
    answer["Access-Control-Allow-Origin"] = "*"
    if answer.status_code not in {200, 304}:
        answer["Cache-Control"] = "no-store"
        return answer
    if etag:
        answer["ETag"] = etag
    answer["Cache-Control"] = _FRESH
    answer["Access-Control-Expose-Headers"] = "ETag"
    patch_vary_headers(answer, ["Accept-Encoding"])
    return answer
