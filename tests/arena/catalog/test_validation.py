import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from arena.catalog.validation import (
    clean_api_key,
    clean_base_url,
    clean_model_name,
    clean_parameters,
    clean_words,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "https://api.example.com",
        "http://127.0.0.1:11434/v1/",
        "http://[::1]:8000/v1",
        "https://münchen.example/v1",
        "https://gateway.example/openai/deployments/x y".replace(" ", "%20"),
    ],
)
def test_it_keeps_a_base_url_as_it_was_entered(url: str) -> None:
    assert clean_base_url(f"  {url}\n") == url


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("", "begin with https://"),
        ("api.example.com/v1", "begin with https://"),
        ("ftp://api.example.com", "begin with https://"),
        ("https://", "begin with https://"),
        ("https:///v1", "begin with https://"),
        ("https://user:secret@api.example.com/v1", "user name and password"),
        ("https://api.exa mple.com/v1", "space"),
        ("https://api.example.com/v1\n/x", "line break"),
        ("https://api.example.com:port/v1", "not a URL"),
        ("https://api.example.com:99999/v1", "not a URL"),
        ("https://[::1/v1", "not a URL"),
        ("https://api.example.com/v1?key=1", "from the ?"),
        ("https://api.example.com/v1#top", "from the ?"),
        ("https://api.example.com/v1/chat/completions", "Leave /chat/completions out"),
        ("https://api.example.com/v1/models/", "Leave /models out"),
        ("https://" + "a" * 500 + ".example", "longer than"),
        ("https://<script>.example", "host name"),
    ],
)
def test_it_refuses_a_base_url_with_a_sentence_that_says_why(url: str, word: str) -> None:
    with pytest.raises(ValidationError, match=word.replace("?", r"\?")):
        clean_base_url(url)


def test_it_refuses_a_private_address_with_the_line_that_allows_it(settings: Settings) -> None:
    settings.ENDPOINT_ALLOW = ["10.0.0.0/8:8000"]
    line = "PARITY_ENDPOINT_ALLOW=10.0.0.0/8:8000,127.0.0.1:11434 "
    with pytest.raises(ValidationError, match=line):
        clean_base_url("http://127.0.0.1:11434/v1")
    with pytest.raises(ValidationError, match="never called"):
        clean_base_url("http://2852039166/latest")
    for url in ("http://10.1.2.3:8000/v1", "http://localhost:11434/v1"):
        assert clean_base_url(url) == url, "a name is judged by its address, when it is called"


@pytest.mark.parametrize("given", [" sk-abc\n", "sk-abc", "\tsk-abc\r\n", "Bearer sk-abc"])
def test_it_takes_off_what_copying_puts_around_a_key(given: str) -> None:
    assert clean_api_key(given) == "sk-abc"


@pytest.mark.parametrize("given", ["sk abc", "sk-\nabc", "sk-\x00abc", "sk-ключ"])
def test_it_refuses_a_key_that_no_header_can_carry_without_quoting_it(given: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        clean_api_key(given)
    assert "sk" not in refusal.value.messages[0].replace("spaces", "")


@pytest.mark.parametrize(
    "name", ["meta-llama/Llama-3.1-70B", "通义千问 2.5", 'it\'s "quoted" <b>', "a:b@c", "模型/中文"]
)
def test_it_takes_any_model_name(name: str) -> None:
    assert clean_model_name(f" {name} ") == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x00b", "a\ud800b", "x" * 201])
def test_it_refuses_model_names_that_cannot_be(name: str) -> None:
    with pytest.raises(ValidationError):
        clean_model_name(name)


@pytest.mark.parametrize("parameters", [{"model": "x"}, {"stream": False}, [1], "x", None])
def test_it_refuses_parameters_that_overrule_the_client(parameters: object) -> None:
    with pytest.raises(ValidationError):
        clean_parameters(parameters)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("-inf"), dt.date(2020, 1, 1), "a\0b", {"deep": ["\0"]}, "\ud800"],
)
def test_it_refuses_parameters_that_json_or_postgres_cannot_keep(value: object) -> None:
    with pytest.raises(ValidationError, match="Parameters hold"):
        clean_parameters({"temperature": value})


@pytest.mark.parametrize(("text", "word"), [("a\0b", "NUL"), ("\ud800", "NUL"), ("abcd", "3")])
def test_it_refuses_words_that_cannot_be_kept(text: str, word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        clean_words(text, 3)
    assert clean_words("模型", 3) == "模型"
