"""Lines that contradict each other: no price before the model, no disputed day taken."""

from collections.abc import Mapping

import pytest

from arena.catalog.catalogue.contradictions import contradictions
from arena.catalog.catalogue.makers import ACCOUNTS, is_own_page
from arena.catalog.catalogue.tables import TABLES, Catalogue, read

DAY = "2025-03-17"
OWN = "https://github.com/QwenLM/Alder/blob/HEAD/README.md"


def catalogue_of(
    said: dict[str, str], *, taken: str = DAY, prices: Mapping[str, tuple[str, ...]] | None = None
) -> Catalogue:
    """Return a catalogue of a model of Alibaba's, with what sources say of its weights' day."""
    catalogue: Catalogue = {table.name: {} for table in TABLES}
    fact = "weights_released_on"
    catalogue["organisations"]["Alibaba",] = ("CN", "https://qwen.ai", OWN)
    catalogue["models"]["alder",] = ("Alder",)
    catalogue["taken"]["alder", "organisation"] = ("Alibaba",)
    catalogue["claims"] = {("alder", fact, source): (day, "") for source, day in said.items()}
    if taken:
        catalogue["taken"]["alder", fact] = (taken,)
    catalogue["prices"] = {("alder", since): row for since, row in (prices or {}).items()}
    return catalogue


@pytest.mark.parametrize(
    "said",
    [
        {"a": DAY},
        {"a": DAY, "b": "2025-03"},
        {"a": DAY, "b": "2025"},
        {"a": DAY, "b": "2025-03-01"},
        {"a": DAY, "a year": "2024-01-01"},
        {"a": DAY, "b": "2025-03-18", "c": "2025-06"},
        {"a": DAY, "b": "2025-03", "a (copy of 2025)": "2024-11-01"},
        {OWN: DAY, "b": "2025-06", "c": "2025-06-10"},
        {"https://qwen.ai/blog/alder": DAY, "b": "2025-06", "c": "2025-06-10"},
    ],
)
def test_it_takes_a_day_that_is_settled(said: dict[str, str]) -> None:
    assert not list(contradictions(catalogue_of(said)))


@pytest.mark.parametrize(
    "said",
    [
        {"a": DAY, "b": "2025-06"},
        {"a": DAY, "b": "2024"},
        {"a": DAY, "b": "2025-03", "c": "2025-06", "d": "2025-06-10"},
        {"a": DAY, "a (copy of 2025)": "2025-03-18", "b": "2025-06"},
        {OWN: "2025-06-10", "a": DAY},
        {OWN: DAY, "https://qwen.ai/blog/alder": "2025-06-10"},
    ],
)
def test_it_refuses_a_day_that_others_contradict(said: dict[str, str]) -> None:
    (sentence,) = contradictions(catalogue_of(said))
    assert f"alder: weights_released_on {DAY} is taken, and" in sentence
    assert "not settled" in sentence


def test_a_first_of_january_is_a_placeholder_unless_the_maker_says_it() -> None:
    first = "2024-01-01"
    (sentence,) = contradictions(catalogue_of({"a": first, "b": "2024-01"}, taken=first))
    assert "only the year is known" in sentence
    assert not list(contradictions(catalogue_of({OWN: first}, taken=first)))


def test_a_day_that_was_entered_by_hand_is_left_alone() -> None:
    assert not list(contradictions(catalogue_of({"a": "2024-06"})))


@pytest.mark.parametrize(
    ("since", "taken", "said", "refused"),
    [
        ("2025-03-16", DAY, {"a": DAY}, True),
        (DAY, DAY, {"a": DAY}, False),
        # No day is taken: what counts is the first that anybody names.
        ("2025-05-31", "", {"a": "2025-07", "b": "2025-06"}, True),
        ("2025-06-01", "", {"a": "2025-07", "b": "2025-06"}, False),
        ("2025-06-01", "", {}, False),
    ],
)
def test_a_price_is_not_older_than_the_model(
    since: str, taken: str, said: dict[str, str], *, refused: bool
) -> None:
    prices = {since: ("1", "2", OWN)}
    found = list(contradictions(catalogue_of(said, taken=taken, prices=prices)))
    assert ["older than the model" in sentence for sentence in found] == [True] * refused


def test_a_free_tier_is_no_list_price_but_an_arena_s_own_price_may_be_nothing() -> None:
    (sentence,) = contradictions(catalogue_of({}, prices={DAY: ("0", "0", OWN)}, taken=""))
    assert sentence == f"alder, {DAY}: a price of nothing is a free tier, not a list price."
    for row in (("0", "0.1", OWN), ("0", "0", "")):
        assert not list(contradictions(catalogue_of({}, prices={DAY: row}, taken="")))


@pytest.mark.parametrize(
    ("source", "maker", "site", "own"),
    [
        ("https://www.anthropic.com/news/claude-2", "Anthropic", "https://www.anthropic.com", True),
        ("https://anthropic.com.example/x", "Anthropic", "https://www.anthropic.com", False),
        ("https://github.com/QwenLM/Qwen3", "Alibaba", "", True),
        ("https://github.com/QwenLMfan/Qwen3", "Alibaba", "", False),
        ("https://github.com/QwenLM/Qwen3", "Meta", "https://llama.meta.com", False),
        (
            "https://huggingface.co/utter-project",
            "EuroLLM",
            "https://huggingface.co/utter-project",
            True,
        ),
        (
            "https://huggingface.co/other/x",
            "EuroLLM",
            "https://huggingface.co/utter-project",
            False,
        ),
        ("the identifier x", "Nobody", "", False),
    ],
)
def test_a_maker_s_own_page_is_known_by_its_address(
    source: str, maker: str, site: str, *, own: bool
) -> None:
    assert is_own_page(source, maker, site) is own


def test_accounts_are_those_of_makers_in_the_file() -> None:
    assert {(maker,) for maker in ACCOUNTS} <= set(read()["organisations"])
