import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def language_of(client: Client, path: str, accept: str = "") -> str:
    response = client.get(path, headers={"Accept-Language": accept} if accept else {})
    assert response.status_code == 200, path
    return str(response["Content-Language"])


@pytest.mark.parametrize("path", ["/", "/leaderboard/", "/gap/"])
def test_a_bare_path_answers_in_the_visitors_language(client: Client, path: str) -> None:
    assert language_of(client, path) == "en"
    assert language_of(client, path, accept="zh-TW,en;q=0.5") == "zh-hant"
    assert language_of(client, path, accept="zh-CN") == "zh-hans"
    assert language_of(client, path, accept="tlh") == "en"


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_a_prefix_comes_before_the_visitors_language(client: Client, language: str) -> None:
    assert language_of(client, f"/{language}/gap/", accept="zh-TW") == language


def test_links_on_a_page_keep_its_prefix(client: Client) -> None:
    assert 'href="/zh-hans/gap/"' in client.get("/zh-hans/leaderboard/").content.decode()
    assert 'href="/gap/"' in client.get("/leaderboard/").content.decode()


def test_the_switcher_changes_what_a_bare_path_answers(client: Client) -> None:
    client.cookies["csrftoken"] = "x" * 32  # as the page with the switcher sets it
    response = client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/gap/"})
    assert response.status_code == 302
    assert response["Location"] == "/gap/"
    assert language_of(client, "/gap/") == "zh-hans"


def test_without_cookies_the_switcher_names_the_language_in_the_address() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/gap/?days=90"})
    assert (response.status_code, response["Location"]) == (302, "/zh-hans/gap/?days=90")
    odd = Client().post("/i18n/setlang/", {"language": "tlh", "next": "/gap/"})
    assert odd["Location"] == "/gap/"
    nowhere = Client().post("/i18n/setlang/", {"language": "en"}, headers={"accept": "text/css"})
    assert nowhere.status_code == 204


def test_a_cache_is_told_that_a_bare_path_differs_by_visitor(client: Client) -> None:
    assert "Accept-Language" in client.get("/gap/")["Vary"]


@pytest.mark.parametrize(
    "path", ["/nope/", "/zh-hans/nope/", "/fr/gap/", "/zh/gap/", "/models/nope/"]
)
def test_what_does_not_exist_is_404_without_a_redirect(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
