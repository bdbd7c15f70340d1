import asyncio
import io
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from arena.catalog.models import Endpoint, LanguageModel, Provider
from tests.arena.scripted_thread import playing, serving
from workers.demo.fiction import FICTIONAL_MODELS
from workers.demo.http import Exchange
from workers.demo.scripted import ScriptedServer

NAME, OTHER = FICTIONAL_MODELS[0].name, FICTIONAL_MODELS[1].name
KEY = "sk-planted-7f3a"
URL = "https://api.example.com/v1"
pytestmark = pytest.mark.django_db


def add(*options: str) -> str:
    output = io.StringIO()
    call_command("add_endpoint", *options, stdout=output)
    return output.getvalue()


def nothing_is_stored() -> bool:
    return not any(m.objects.exists() for m in (Endpoint, Provider, LanguageModel))


def test_it_checks_then_stores_and_can_be_run_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", f"{KEY}\n")
    with serving(require_key=KEY) as server:
        options = ["--base-url", server.base_url, "--model", NAME, "--key-env", "A_KEY"]
        said = add(*options, "--name", "Model One", "--organisation", "Org")
        assert "added. It is in battles." in said
        assert "Reachable          ok       It answers." in said
        assert len(said.splitlines()) == 14, "each step has its line"
        assert KEY not in said
        again = ["--licence-class", "weights_restricted", "--released", "2025-02-03"]
        said = add(*options, "--name", "Model One", *again, "--parameters", '{"temperature": 1}')
        assert "brought up to date" in said
        without_key = ["--base-url", server.base_url, "--model", NAME]
        assert "brought up to date" in add(*without_key), "the stored key is used"
    endpoint = Endpoint.objects.select_related("language_model", "provider").get()
    model = endpoint.language_model
    assert (model.name, model.organisation) == ("Model One", "Org")
    assert str(model.weights_released_on) == "2025-02-03"
    assert model.licence_class() == "weights_restricted"
    assert endpoint.parameters == {"temperature": 1}
    assert endpoint.provider.read_api_key() == KEY


def test_a_stored_endpoint_gets_no_more_calls_at_once_than_it_may_have() -> None:
    with serving() as server:
        options = ["--base-url", server.base_url, "--model", NAME]
        assert "8 at once went well." in add(*options)
        Endpoint.objects.update(max_concurrent=2)
        assert "2 at once went well." in add(*options)


def test_a_key_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{KEY}\n"))
    add("--base-url", URL, "--model", "x", "--key-stdin", "--no-check")
    assert Provider.objects.get().read_api_key() == KEY


def test_there_is_no_option_for_a_key() -> None:
    with pytest.raises(
        CommandError, match="ambiguous option: --key could match --key-env, --key-stdin"
    ):
        add("--base-url", URL, "--model", "x", "--key", KEY)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ((), "Give --base-url and --model, or --file"),
        (("--model", "x"), "Give --base-url"),
        (("--base-url", "api.example.com", "--model", "x"), "base_url: The base URL must begin"),
        (("--base-url", URL, "--model", " "), "model: Enter the model's name"),
        (("--base-url", URL, "--model", "x", "--key-env", "NOT_SET_7"), "NOT_SET_7 is not set"),
        (("--base-url", URL, "--model", "x", "--parameters", "[1]"), "invalid"),
        (("--base-url", URL, "--model", "x", "--parameters", '{"stream": 1}'), "cannot be set"),
        (("--base-url", URL, "--model", "x", "--released", "yesterday"), "invalid"),
        (
            ("--base-url", URL, "--model", "x", "--parameters", '{"a": NaN}'),
            "cannot: write numbers",
        ),
        (("--base-url", URL, "--model", "x", "--weight", "-1"), "weight: Write a number"),
        (("--base-url", URL, "--model", "x", "--weight", "nan"), "weight: Write a number"),
        (("--base-url", URL, "--model", "x", "--engine", "v" * 61), "engine: The text is longer"),
        (("--provider", "none", "--model", "x"), "There is no provider 'none'"),
        (("--file", "none.toml"), "cannot be read"),
        (("--file", "none.toml", "--model", "x"), "leave other options out"),
    ],
)
def test_wrong_options_are_explained(options: tuple[str, ...], word: str) -> None:
    with pytest.raises(CommandError, match=word):
        add(*options)
    assert nothing_is_stored()


def test_a_stored_key_that_cannot_be_read_is_said_and_replaced_by_a_new_one(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    with serving(require_key=KEY) as server:
        options = ("--base-url", server.base_url, "--model", NAME)
        add(*options, "--key-env", "A_KEY")
        settings.ENCRYPTION_KEYS = ["another"]
        with pytest.raises(CommandError, match="encrypted with another key"):
            add(*options)
        assert "key was replaced" in add(*options, "--key-env", "A_KEY")
    assert Provider.objects.get().read_api_key() == KEY


def test_what_does_not_answer_is_not_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-wrong")
    with serving(require_key=KEY) as server:
        options = ["--base-url", server.base_url, "--model", NAME, "--key-env", "A_KEY"]
        with pytest.raises(CommandError, match="refused the key") as refusal:
            add(*options)
        assert "Nothing was stored" in str(refusal.value)
        assert "sk-wrong" not in str(refusal.value)
        assert nothing_is_stored()
        add(*options, "--no-check")
    assert Endpoint.objects.count() == 1


def test_a_file_is_stored_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", KEY)
    file = tmp_path / "endpoints.toml"
    entry = '[[endpoint]]\nbase_url = "{url}"\nmodel = "{name}"\nkey_env = "A_KEY"\n'
    with serving(require_key=KEY) as server:
        entries = [entry.format(url=server.base_url, name=name) for name in (NAME, "missing")]
        file.write_text("\n".join(entries))
        with pytest.raises(CommandError, match=f"endpoint 2, missing: .*{NAME}"):
            add("--file", str(file))
        assert nothing_is_stored()
        released = "released = 2025-08-07\nlicence_class = 'closed'\n"
        entries[1] = entry.format(url=server.base_url, name=OTHER) + released
        file.write_text("\n".join(entries))
        assert add("--file", str(file)).count(" added.") == 2
        assert add("--file", str(file)).count("brought up to date") == 2
    assert Endpoint.objects.count() == 2
    assert Provider.objects.count() == 1
    assert str(LanguageModel.objects.get(name=OTHER).api_released_on) == "2025-08-07"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "must consist of"),
        ("endpoint = 1", "must consist of"),
        ("[[endpoint]\n", "is not TOML"),
        ("[[endpoints]]\n", "must consist of"),
        ("[[endpoint]]\nmodel = 'x'\n", "base_url and model are needed"),
        ("[[endpoint]]\nbase_url = 'u'\nmodel = 'x'\nurl = 'x'\n", "'url' is not one of"),
        (
            "[[endpoint]]\nbase_url = 'u'\nmodel = 'x'\napi_key = 'k'\n",
            "in an environment variable",
        ),
        ("[[endpoint]]\nbase_url = 'u'\nmodel = 7\n", "model must be a str"),
        (
            "[[endpoint]]\nbase_url = 'u'\nmodel = 'x'\nreleased = '2025'\n",
            "released must be a date",
        ),
        ("[[endpoint]]\nbase_url = 'u'\nmodel = 'x'\n", "endpoint 1, base_url: The base URL must"),
        (
            f"[[endpoint]]\nbase_url = '{URL}'\nmodel = 'x'\nparameters = {{a = 2020-01-01}}\n",
            "cannot: write numbers",
        ),
        (f"[[endpoint]]\nbase_url = '{URL}'\nmodel = 'x'\nweight = inf\n", "0 or more"),
        (
            f"[[endpoint]]\nbase_url = '{URL}'\nmodel = 'x'\nlicence_class = 'free'\n",
            "no licence class",
        ),
    ],
)
def test_a_wrong_file_is_explained(text: str, word: str, tmp_path: Path) -> None:
    file = tmp_path / "endpoints.toml"
    file.write_text(text)
    with pytest.raises(CommandError, match=word):
        add("--file", str(file), "--no-check")
    assert nothing_is_stored()


class Together(ScriptedServer):
    """Answers a model only once another one is asked as well, and notes how many are at once."""

    def __init__(self) -> None:
        super().__init__(speed=float("inf"))
        self.models: set[str] = set()
        self.both = asyncio.Event()

    async def complete(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        self.models.add(body["model"])
        if len(self.models) == 2:
            self.both.set()
        await asyncio.wait_for(self.both.wait(), 30)
        await super().complete(exchange, body)


def test_several_of_a_file_are_tested_at_once(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.toml"
    with playing(Together()) as server:
        entry = '[[endpoint]]\nbase_url = "{}"\nmodel = "{}"\n'
        file.write_text("".join(entry.format(server.base_url, name) for name in (NAME, OTHER)))
        said = add("--file", str(file))
    assert said.count("It is in battles.") == 2
    assert "endpoint 2:   Reachable " in said, "each line says whose it is"


def test_those_of_one_gpu_group_are_tested_in_turn(tmp_path: Path) -> None:
    file = tmp_path / "endpoints.toml"
    with serving() as server:
        entry = '[[endpoint]]\nbase_url = "{}"\nmodel = "{}"\ngpu_group = "one card"\n'
        file.write_text("".join(entry.format(server.base_url, name) for name in (NAME, OTHER)))
        assert add("--file", str(file)).count("It is in battles.") == 2
        asked = [request.body["model"] for request in server.requests if request.body]
    changes = sum(one != other for one, other in pairwise(asked))
    assert changes == 1, "one is done before the other begins"


def test_the_example_in_deploy_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_KEY", "OPENROUTER_KEY"):
        monkeypatch.setenv(variable, KEY)
    example = Path(__file__).resolve().parents[3] / "deploy" / "endpoints.example.toml"
    assert add("--file", str(example), "--no-check").count(" added.") == 3
    local = Endpoint.objects.get(model_name="llama3.2")
    assert (local.quantisation, local.gpu_group, local.weight) == ("q4_k_m", "workstation", 1.0)
