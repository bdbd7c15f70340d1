import socket

import pytest
from pytest_django import Settings

from arena.catalog.check import check_endpoints
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.models import Endpoint, Provider
from tests.arena.scripted_thread import serving
from workers.demo.fiction import FICTIONAL_MODELS

NAME = FICTIONAL_MODELS[0].name


def verdict_on(base_url: str, name: str = NAME, key: str = "") -> tuple[str, str]:
    endpoint = enrol(Enrolment(base_url=base_url, api_key=key, model_name=name)).endpoint
    [(_, verdict)] = check_endpoints([endpoint])
    assert "sk-planted" not in verdict.sentence + verdict.detail
    return verdict.code, verdict.sentence


@pytest.mark.django_db
def test_it_says_what_is_wrong_in_plain_words() -> None:
    with serving(require_key="sk-right") as server:
        url = server.base_url
        cases = {
            (url, NAME, "sk-right"): ("ok", "streams"),
            (url, NAME, "sk-planted"): ("auth", "refused the key"),
            (url, NAME, ""): ("auth", "refused the key"),
            (url, "no such/模型", "sk-right"): ("wrong_name", NAME),
            (url + "/x", NAME, "sk-right"): ("not_found", "base URL"),
            (url, "fault:json-200", "sk-right"): ("content_type", "does not stream"),
            (url, "fault:html-200", "sk-right"): ("content_type", "does not stream"),
            (url, "fault:done-only", "sk-right"): ("empty", "without a word"),
            (url, "fault:eof", "sk-right"): ("truncated", "broke off"),
            (url, "fault:429", "sk-right"): ("rate_limited", "too many"),
            (url, "fault:http-402", "sk-right"): ("payment", "money"),
            (url, "fault:redirect", "sk-right"): ("redirected", "another address"),
            (url, "fault:http-500", "sk-right"): ("server_failed", "error of its own"),
        }
        for (base_url, name, key), (code, word) in cases.items():
            found, sentence = verdict_on(base_url, name, key)
            assert (found, word in sentence) == (code, True), (name, found, sentence)


@pytest.mark.django_db
def test_it_tells_a_server_that_is_not_there_from_an_address_that_is_never_called() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        assert verdict_on(f"http://127.0.0.1:{free.getsockname()[1]}/v1")[0] == "unreachable"
    endpoint = enrol(Enrolment(base_url="https://x.example", model_name=NAME)).endpoint
    Provider.objects.update(base_url="http://169.254.169.254/v1")
    endpoint = Endpoint.objects.select_related("provider").get(pk=endpoint.pk)
    [(_, verdict)] = check_endpoints([endpoint])
    assert verdict.code == "address_refused"


@pytest.mark.django_db
def test_a_private_address_is_not_called_and_the_line_that_allows_it_is_said(
    settings: Settings,
) -> None:
    with serving() as server:
        url = server.base_url.replace("127.0.0.1", "localhost")
        port = url.rpartition(":")[2].partition("/")[0]
        settings.ENDPOINT_ALLOW = []
        code, sentence = verdict_on(url)
        assert code == "address_private"
        assert f"PARITY_ENDPOINT_ALLOW=127.0.0.1:{port} " in sentence
        assert not server.requests
        settings.ENDPOINT_ALLOW = [f"127.0.0.1:{port}"]
        assert verdict_on(url)[0] == "ok"


@pytest.mark.django_db
def test_a_success_ends_a_suspension_and_a_failure_is_remembered() -> None:
    with serving() as server:
        good = enrol(Enrolment(base_url=server.base_url, model_name=NAME)).endpoint
        bad = enrol(Enrolment(base_url=server.base_url, model_name="fault:empty")).endpoint
        Endpoint.objects.update(failures_in_a_row=3, suspended_until="2100-01-01T00:00Z")
        check_endpoints([good, bad])
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.failures_in_a_row, good.suspended_until) == (0, None)
    assert (bad.failures_in_a_row, bad.last_failure_code) == (3, "empty")


@pytest.mark.django_db
def test_a_key_that_cannot_be_decrypted_is_said(settings: Settings) -> None:
    endpoint = enrol(Enrolment(base_url="https://x.example", api_key="k", model_name="x")).endpoint
    settings.ENCRYPTION_KEYS = ["another"]
    [(_, verdict)] = check_endpoints([endpoint])
    assert "PARITY_ENCRYPTION_KEYS" in verdict.sentence
