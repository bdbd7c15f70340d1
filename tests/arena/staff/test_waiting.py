"""Pages of the admin that wait for another server hold no transaction open meanwhile."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from arena.catalog.models import Moderation, Provider
from arena.staff.models import Change

pytestmark = pytest.mark.django_db(transaction=True)
_OPEN = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
)
_SAID = {
    "data": [{"id": "a-model"}],
    "results": [
        {
            "flagged": False,
            "category_scores": {"violence": 0.1},
            "category_applied_input_types": {"violence": ["text", "image"]},
        }
    ],
}


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="unused"))
    return client


@contextmanager
def counting_transactions() -> Iterator[tuple[str, list[int]]]:
    """Serve models and moderation; with each call, note how many transactions wait."""
    seen: list[int] = []
    parameters = connection.get_connection_params()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with psycopg.connect(**parameters, autocommit=True) as watching:
                row = watching.execute(_OPEN).fetchone()
            seen.append(row[0] if row else -1)
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(_SAID).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  the server's own names

        def log_message(self, *said: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1", seen
        finally:
            server.shutdown()
            thread.join()


def test_discovery_waits_without_a_transaction(client: Client) -> None:
    with counting_transactions() as (base_url, seen):
        response = client.post("/admin/catalog/endpoint/discover/", {"base_url": base_url})
    assert [model["name"] for model in response.json()["models"]] == ["a-model"]
    assert seen == [0]


def test_asking_the_check_does_too_and_what_it_finds_out_is_the_asker_s_change(
    client: Client,
) -> None:
    with counting_transactions() as (base_url, seen):
        provider = Provider.objects.create(name="judge", base_url=base_url)
        check = Moderation.objects.create(provider=provider, mode="log", seconds=30.0)
        ask = {"action": "ask_now", "_selected_action": [check.pk]}
        client.post("/admin/catalog/moderation/", ask)
    assert seen == [0, 0], "about a text and about a picture"
    found_out = Change.objects.get(table="catalog_moderation", action="update")
    assert (found_out.actor, found_out.after) == ("boss", {"takes_pictures": True})
    Moderation.objects.update(mode="off")
    assert Change.objects.filter(table="catalog_moderation").latest("id").actor == ""


def test_what_waits_is_one_action_and_never_beside_another(client: Client) -> None:
    provider = Provider.objects.create(name="judge", base_url="http://127.0.0.1:9/v1")
    check = Moderation.objects.create(provider=provider, mode="log")
    both = {"action": ["delete_selected", "ask_now"], "index": "0", "post": "yes"}
    client.post("/admin/catalog/moderation/", {**both, "_selected_action": [check.pk]})
    assert not Moderation.objects.exists()
    deleted = Change.objects.get(table="catalog_moderation", action="delete")
    assert deleted.actor == "boss"
