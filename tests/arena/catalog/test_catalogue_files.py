"""The shipped files: what they hold has a source, and a slip of the pen is named with its line."""

import datetime as dt
from pathlib import Path

import pytest

from arena.catalog.catalogue.tables import (
    SHIPPED,
    UNSOURCED,
    Catalogue,
    CatalogueFileError,
    read,
    write,
)
from arena.catalog.licences import OPEN_CLASSES

FILES = sorted(path.name for path in SHIPPED.glob("*.csv"))


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return read()


def test_it_holds_the_models_people_know(shipped: Catalogue) -> None:
    assert len(shipped["models"]) >= 120
    years = {
        value[:4]
        for (_, fact), (value,) in shipped["taken"].items()
        if fact in {"weights_released_on", "api_released_on"}
    }
    assert {"2023", "2024", "2025", "2026"} <= years


def test_every_model_has_a_maker_that_is_known(shipped: Catalogue) -> None:
    for (slug,) in shipped["models"]:
        (maker,) = shipped["taken"][slug, "organisation"]
        assert (maker,) in shipped["organisations"], slug


def test_every_fact_has_a_source(shipped: Catalogue) -> None:
    claimed = {(model, fact, row[0]) for (model, fact, _), row in shipped["claims"].items()}
    for (model, fact), (value,) in shipped["taken"].items():
        assert (model, fact, value) in claimed, f"{model}: {fact} {value}"
    assert not [key for key in shipped["claims"] if key[2] == UNSOURCED]
    for table in ("organisations", "licences", "licensings", "prices"):
        for key, row in shipped[table].items():
            if key != ("Proprietary",):
                assert row[-1], f"{table}: {key}"


def test_every_licence_is_there_and_in_use(shipped: Catalogue) -> None:
    named = {row[0] for row in shipped["licensings"].values()}
    assert named == {identifier for (identifier,) in shipped["licences"]}


def test_licences_differ_over_time_where_they_changed(shipped: Catalogue) -> None:
    dated: dict[str, list[tuple[str, str]]] = {}
    for (model, since), (licence, *_) in sorted(shipped["licensings"].items()):
        dated.setdefault(model, []).append((since, licence))
    assert dated["grok-2"] == [("2025-08-23", "Grok-2"), ("2025-11-04", "xAI")]


def test_an_open_model_is_dated_by_its_weights_and_a_closed_one_has_none(
    shipped: Catalogue,
) -> None:
    for (model, _), (_, licence_class, _) in shipped["licensings"].items():
        if licence_class in OPEN_CLASSES:
            assert (model, "hugging_face") in shipped["taken"] or model == "llama-1-65b"
        else:
            assert (model, "weights_released_on") not in shipped["taken"], model


def test_no_date_lies_ahead_and_no_licence_before_the_weights(shipped: Catalogue) -> None:
    today = dt.datetime.now(tz=dt.UTC).date().isoformat()
    for (model, fact), (value,) in shipped["taken"].items():
        if fact.endswith("_released_on"):
            assert "2022-01-01" < value <= today, model
    for table in ("licensings", "prices"):
        assert all("2022-01-01" < since <= today for _, since in shipped[table])
    for (model, since), (_, licence_class, _) in shipped["licensings"].items():
        released = shipped["taken"].get((model, "weights_released_on"))
        if released and licence_class in OPEN_CLASSES:
            assert since >= released[0], model


def test_disagreement_is_kept(shipped: Catalogue) -> None:
    said = {
        row[0]
        for (model, fact, _), row in shipped["claims"].items()
        if (model, fact) == ("llama-3-8b-instruct", "weights_released_on")
    }
    assert {"2024-04-18", "2023-04-18"} <= said
    assert shipped["taken"]["llama-3-8b-instruct", "weights_released_on"] == ("2024-04-18",)
    # Sources name different months and none outweighs the others: none is taken.
    for disputed in ("nemotron-70b-instruct", "sarvam-105b"):
        assert (disputed, "weights_released_on") not in shipped["taken"]
    # Two sources name one month and one another: most settle it, and all stand.
    assert shipped["taken"]["phi-3-mini-4k-instruct", "weights_released_on"] == ("2024-04-23",)


@pytest.mark.parametrize(
    ("model", "fact", "day"),
    [
        # Announced in October with another model; the maker's release notes have the API's day.
        ("claude-3-5-haiku", "api_released_on", "2024-11-04"),
        # In the chat since the fifth, in the API since the seventeenth.
        ("o1", "api_released_on", "2024-12-17"),
        # In the chat since February.
        ("grok-3", "api_released_on", "2025-04-03"),
        # A preview of another format came in May.
        ("gemma-3n-e4b-it", "weights_released_on", "2025-06-26"),
        ("command-r7b-12-2024", "weights_released_on", "2024-12-13"),
        # The paper came in December.
        ("aya-expanse-32b", "weights_released_on", "2024-10-24"),
    ],
)
def test_a_day_is_that_of_the_weights_or_the_api_not_of_an_announcement(
    model: str, fact: str, day: str, shipped: Catalogue
) -> None:
    assert shipped["taken"][model, fact] == (day,)


@pytest.mark.parametrize(
    ("model", "licence"),
    [
        ("kimi-k2", "Kimi-K2-MIT"),
        ("kimi-k2-5", "Kimi-K2-MIT"),
        ("kimi-k2-6", "Kimi-K2-MIT"),
        ("kimi-k2-thinking", "Kimi-K2-MIT"),
        ("minimax-m2", "MiniMax-M2-MIT"),
        ("minimax-m2-5", "MiniMax-M2.5-MIT"),
        ("minimax-m2-7", "MiniMax-M2.7"),
        ("deepseek-v3-2", "MIT"),
        ("qwen1-5-32b-chat", "Tongyi-Qianwen"),
        ("qwen2-5-72b-instruct", "Qwen"),
        ("gemma-4-31b-it", "Apache-2.0"),
        ("gemma-3-27b-it", "Gemma"),
        ("devstral-2512", "Mistral-Modified-MIT"),
        ("mistral-medium-2604", "Mistral-Modified-MIT"),
        ("hy3-preview", "Tencent-Hy"),
        ("command-r7b-12-2024", "CC-BY-NC-4.0"),
        ("codeqwen1-5-7b-chat", "Tongyi-Qianwen"),
        ("glm-5-2", "MIT"),
    ],
)
def test_a_licence_is_the_one_that_came_with_the_weights(
    model: str, licence: str, shipped: Catalogue
) -> None:
    dated = {key: row for key, row in shipped["licensings"].items() if key[0] == model}
    assert [row[0] for row in dated.values()] == [licence]


def test_little_is_unknown_and_it_does_not_become_more(shipped: Catalogue) -> None:
    models = {model for (model,) in shipped["models"]}
    dated = {model for model, fact in shipped["taken"] if fact.endswith("_released_on")}
    assert len(models - dated) <= 14
    assert len(models - {model for model, _ in shipped["licensings"]}) <= 5
    assert len({model for model, _ in shipped["prices"]}) >= 120
    assert all(row[5][-6:] != "-01-01" for row in shipped["licences"].values())


def test_a_name_of_a_server_means_one_model(shipped: Catalogue) -> None:
    names = [alias.casefold() for _, alias in shipped["aliases"]]
    assert not {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize("name", FILES)
def test_files_are_sorted_and_come_out_as_they_went_in(
    name: str, shipped: Catalogue, tmp_path: Path
) -> None:
    write(shipped, tmp_path)
    assert (tmp_path / name).read_text(encoding="utf-8") == (SHIPPED / name).read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("name", "line", "wrong"),
    [
        ("models.csv", "gpt-4.1,Dotted", "models.csv, line .*no slug"),
        ("models.csv", "gpt-4o,Twice", "gpt-4o is there already"),
        ("models.csv", "other,gpt-4O", "two models named"),
        ("models.csv", "other,Other,x", "3 cells, 2 are needed"),
        ("models.csv", 'other,"Oth', "unexpected end"),
        ("facts.csv", "gpt-4o,params_total_b,many,x,,yes", "facts.csv, line"),
        ("facts.csv", "gpt-4o,params_total_b,0,x,,yes", "no number of parameters"),
        ("facts.csv", "gpt-4o,params_total_b,8.0,x,,yes", "is written '8'"),
        ("facts.csv", "gpt-4o,api_released_on,2024-05,x,,yes", "Invalid isoformat"),
        ("facts.csv", "gpt-4o,api_released_on,1066-10-14,x,,", "cannot be right"),
        ("facts.csv", "gpt-4o,api_released_on,2024-05-14,x,,yes", "two values are taken"),
        ("facts.csv", "gpt-4o,colour,red,x,,yes", "is none of"),
        ("facts.csv", "gpt-4o,modalities,text+smell,x,,", "is none of"),
        ("facts.csv", "gpt-4o,params_total_b,8,,,yes", "empty that must not be"),
        ("facts.csv", "gpt-4o,params_total_b,8,unsourced,,", "says nothing"),
        ("facts.csv", "nobody,params_total_b,8,x,,yes", "not in models.csv"),
        ("licensings.csv", "gpt-4o,2026-01-01,None-Such,closed,", "not in licences.csv"),
        ("licensings.csv", "gpt-4o,2026-01-01,MIT,closed,", "under MIT a model is"),
        ("licensings.csv", "gpt-4o,,MIT,closed,", "Invalid isoformat"),
        ("prices.csv", "gpt-4o,2026-01-01,-1,1,", "no price"),
        ("prices.csv", "gpt-4o,2026-01-01,nan,1,", "no price"),
        ("prices.csv", "gpt-4o,2026-01-01,1,1,ftp://x", "no web address"),
        ("prices.csv", "gpt-4o,2024-05-12,1,1,https://x.example", "older than the model"),
        ("prices.csv", "gpt-4o,2026-01-01,0,0,https://x.example", "a free tier"),
        ("facts.csv", "gpt-5-4,api_released_on,2026-06,a list,,", "a list says 2026-06"),
        ("organisations.csv", "Nowhere,nowhere,,", "no country"),
        ("aliases.csv", "gpt-4o,  ", "empty that must not be"),
    ],
)
def test_a_slip_of_the_pen_is_named(
    name: str, line: str, wrong: str, shipped: Catalogue, tmp_path: Path
) -> None:
    write(shipped, tmp_path)
    with (tmp_path / name).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(CatalogueFileError, match=wrong):
        read(tmp_path)


def test_a_missing_file_and_a_wrong_heading_are_named(shipped: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match=r"organisations.csv is missing"):
        read(tmp_path)
    write(shipped, tmp_path)
    (tmp_path / "prices.csv").write_text("model,price\n", encoding="utf-8")
    with pytest.raises(CatalogueFileError, match=r"prices.csv must begin with model,since"):
        read(tmp_path)
    (tmp_path / "prices.csv").write_bytes(b"\xff")
    with pytest.raises(CatalogueFileError, match="not UTF-8"):
        read(tmp_path)
