"""Error pages, as a visitor meets them."""

import json

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.utils import override_script_prefix
from django.utils import translation

from arena import errors


def _text(response: HttpResponse) -> str:
    return response.content.decode()


def test_the_page_for_our_own_failure_needs_no_database() -> None:
    # No `db` fixture: pytest-django fails a test that touches the database.
    response = errors.server_error(RequestFactory().get("/gap/"))
    assert response.status_code == 500
    assert "Something failed on our side" in _text(response)
    assert "Votes that were confirmed are safe" in _text(response)


@pytest.mark.parametrize(
    ("view", "status"),
    [(errors.bad_request, 400), (errors.forbidden, 403), (errors.not_found, 404)],
)
def test_an_error_page_says_its_status_and_where_to_go(view: errors.ErrorView, status: int) -> None:
    response = view(RequestFactory().get("/nowhere/"), Exception("a secret"))
    assert response.status_code == status
    assert 'href="/"' in _text(response)
    assert "a secret" not in _text(response)


def test_a_form_without_a_token_is_answered_with_what_to_do() -> None:
    response = errors.csrf_failure(RequestFactory().post("/i18n/setlang/"), reason="no cookie")
    assert response.status_code == 403
    assert "Reload it and try once more" in _text(response)


def test_a_script_without_a_token_is_told_in_json() -> None:
    request = RequestFactory().post("/battle/1/vote/", headers={"Accept": "application/json"})
    response = errors.csrf_failure(request, reason="no cookie")
    assert response.status_code == 403
    assert "Reload it" in json.loads(response.content)["message"]


def test_an_error_page_speaks_the_page_s_language() -> None:
    with translation.override("zh-hant"), override_script_prefix("/zh-hant/"):
        response = errors.not_found(RequestFactory().get("/zh-hant/nowhere/"), Exception())
    assert '<html lang="zh-Hant"' in _text(response)
    assert 'href="/zh-hant/"' in _text(response)
