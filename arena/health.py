"""What machines ask of a web process: is it alive, can it serve, how is the arena doing."""

import math
import threading
import time

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from arena import metrics
from arena.battles.lifespan import readiness
from arena.connections import REDIS_IS_AWAY, database_watch, sync_redis

# How long Valkey may take to answer, and how long its answer holds.
_SECONDS_TO_ANSWER, _SECONDS_TO_REMEMBER = 2.0, 1.0


class _Valkey:
    """Whether it answers: asked once a second at most, however many ask here."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._url, self._known_at, self._answers = "", -math.inf, False

    def answers(self, url: str) -> bool:
        """Return whether the server at a URL answers, or did a moment ago."""
        with self._asking:
            fresh = time.monotonic() - self._known_at < _SECONDS_TO_REMEMBER
            if url != self._url or not fresh:
                self._answers = _answers(url)
                self._url, self._known_at = url, time.monotonic()
            return self._answers


_valkey = _Valkey()


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process runs; asks no other server."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when Postgres and Valkey answer and this process goes on; else 503, and why."""
    states = {
        "postgres": database_watch.answers,
        "valkey": _valkey.answers(settings.REDIS_URL),
        "takes_new": not readiness.draining,
    }
    if all(states.values()):
        return JsonResponse({"ready": True, **states})
    return JsonResponse({"ready": False, **states}, status=503, headers={"Retry-After": "5"})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format."""
    return HttpResponse(generate_latest(metrics.registry()), content_type=CONTENT_TYPE_LATEST)


def _answers(url: str) -> bool:
    try:
        with sync_redis(url, seconds=_SECONDS_TO_ANSWER) as client:
            return bool(client.ping())
    except REDIS_IS_AWAY:
        return False
