"""A NUL in an address: Postgres takes none, and no page may fail for it."""

import pytest
from django.test import Client

from arena.boards.refresh import refresh_boards
from tests.arena.boards.votes import NOW, cast_many, new_model

_NAMES = (
    *("source", "category", "language", "days", "organisation", "q", "model", "a", "b"),
    *("search", "page", "task", "budget", "format", "size"),
)
_PAGES = (
    *("/", "/leaderboard/", "/leaderboard/table/", "/gap/", "/which/", "/transparency/", "/me/"),
    *("/chat/", "/models/alder/", "/compare/alder/birch/", "/api/v1/boards", "/api/v1/gap"),
    *("/charts/ratings.csv", "/charts/model-history.png", "/charts/model-categories.csv"),
)


@pytest.mark.django_db
def test_a_nul_in_any_part_of_a_query_is_no_failure(client: Client) -> None:
    cast_many(new_model("Alder", "closed"), new_model("Birch", "fully_open"), wins=22, losses=12)
    refresh_boards(NOW)
    client.raise_request_exception = False
    asked = [f"{page}?{name}=%00x" for page in _PAGES for name in _NAMES]
    failed = [address for address in asked if client.get(address).status_code >= 500]
    assert failed == []
