"""How many of a model's replies came to an end: of those that were asked for."""

import datetime as dt

import pytest

from arena.boards.reliability import reliability
from tests.arena.operating.rows import answered
from tests.arena.rows import add_model

NOW = dt.datetime(2026, 5, 4, 12, 30, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_who_found_no_slot_says_nothing_of_the_model() -> None:
    endpoint = add_model("one", base_url="https://x.example")
    answered(endpoint, NOW, error="busy")
    assert reliability(endpoint.language_model) is None
    for error in ("", "", "unreachable", "busy"):
        answered(endpoint, NOW, error=error)
    assert reliability(endpoint.language_model) == {"replies": 3, "complete": 2, "share": 67}
