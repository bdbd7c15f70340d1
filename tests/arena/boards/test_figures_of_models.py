"""What is said of a model's ratings in many slices holds on scales that differ."""

import pytest

from arena.boards.figures.models import categories_finding


def line(label: str, lower: float | None, upper: float | None) -> dict[str, object]:
    return {"label": label, "lower": lower, "upper": upper}


ABOVE, BELOW = line("Coding", 1010, 1050), line("Advice", 950, 990)
UNSURE, BARE = line("Persona", 990, 1030), line("English", None, None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([ABOVE], "In Coding Alder is better than the mean model"),
        ([BELOW], "In Advice Alder is worse than the mean model"),
        ([UNSURE], "In Persona Alder cannot be told from the mean model"),
        ([BARE], "In English Alder cannot be told from the mean model"),
        ([ABOVE, ABOVE], "Alder is better than the mean model in each of 2 slices"),
        ([BELOW, BELOW], "Alder is worse than the mean model in each of 2 slices"),
        ([UNSURE, BARE], "Alder cannot be told from the mean model in any of 2 slices"),
        (
            [ABOVE, UNSURE, BARE],
            "Of 3 slices Alder is better than the mean model in 1, worse in 0",
        ),
        ([ABOVE, BELOW], "Of 2 slices Alder is better than the mean model in 1, worse in 1"),
    ],
)
def test_it_tells_what_intervals_say_in_each_slice(
    rows: list[dict[str, object]], said: str
) -> None:
    assert categories_finding("Alder", rows) == said
