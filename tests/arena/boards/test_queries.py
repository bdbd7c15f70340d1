"""The public pages cost a fixed number of queries, however many models a board has."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.boards.refresh import refresh_boards
from arena.boards.simulation import SOURCE, simulate

PAGES = (
    "/leaderboard/",
    "/leaderboard/?source=simulated",
    "/leaderboard/?source=simulated&method=elo",
    "/leaderboard/table/?source=simulated",
    "/gap/?source=simulated",
    "/models/simulated-basalt-4/",
)
# Fewer than the simulated board has models.
MOST_QUERIES = 19


@pytest.mark.django_db
def test_no_page_asks_for_each_model_by_itself(client: Client) -> None:
    now = timezone.now()
    simulate(votes=2000, voters=100, seed=1, until=now)
    assert refresh_boards(now) == [SOURCE]
    for page in PAGES:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(page).status_code == 200
        asked = [query["sql"] for query in queries]
        assert 0 < len(asked) <= MOST_QUERIES, asked
