"""What machines ask of a web process: is it alive, can it serve, how is the arena doing."""

import psycopg
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from arena import metrics
from arena.battles.lifespan import readiness
from arena.connections import REDIS_IS_AWAY, sync_redis

# How long one server may take to answer; libpq knows no limit below two.
_SECONDS = 2


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process runs; asks no other server."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when Postgres and Valkey answer and this process goes on; else 503, and why."""
    states = {
        "postgres": _postgres_answers(),
        "valkey": _valkey_answers(),
        "takes_new": not readiness.draining,
    }
    if all(states.values()):
        return JsonResponse({"ready": True, **states})
    return JsonResponse({"ready": False, **states}, status=503, headers={"Retry-After": "5"})


@require_safe
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format."""
    return HttpResponse(generate_latest(metrics.registry()), content_type=CONTENT_TYPE_LATEST)


def _postgres_answers() -> bool:
    # A connection of its own: one of the pool would wait for ever on a server that hangs.
    parameters = {**connection.get_connection_params(), "connect_timeout": _SECONDS}
    try:
        psycopg.connect(**parameters).close()
    except psycopg.OperationalError:
        return False
    return True


def _valkey_answers() -> bool:
    try:
        with sync_redis(settings.REDIS_URL, seconds=_SECONDS) as client:
            return bool(client.ping())
    except REDIS_IS_AWAY:
        return False
