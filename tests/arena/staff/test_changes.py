"""The log of changes and the roles."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import Error, connection, transaction
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from arena.catalog.models import Budget, DailySpend, Endpoint, LanguageModel, Provider
from arena.staff.models import Change
from arena.staff.roles import ROLES

KEY = "sk-planted-7f3a"


@pytest.fixture
def client(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="unused"))
    return client


def changes(table: str) -> list[tuple[str, str, Any, Any]]:
    found = Change.objects.filter(table=table).order_by("id")
    return list(found.values_list("actor", "action", "before", "after"))


def test_a_change_on_a_page_is_logged_with_who_before_and_after(client: Client) -> None:
    inlines = {"endpoints-TOTAL_FORMS": "0", "endpoints-INITIAL_FORMS": "0"}
    form = {"name": "p", "base_url": "https://x.example", "api_key": KEY, **inlines}
    assert client.post("/admin/catalog/provider/add/", form).status_code == 302
    provider = Provider.objects.get()
    page = f"/admin/catalog/provider/{provider.pk}/change/"
    client.post(page, {**form, "name": "renamed", "api_key": ""})
    client.post(page, {**form, "name": "renamed", "api_key": "sk-other-7f3a"})
    client.post(f"/admin/catalog/provider/{provider.pk}/delete/", {"post": "yes"})
    added, renamed, key, deleted = changes("catalog_provider")
    assert {who for who, *_ in (added, renamed, key, deleted)} == {"boss"}
    assert (added[1], added[3]["name"]) == ("insert", "p")
    assert renamed == ("boss", "update", {"name": "p"}, {"name": "renamed"})
    assert set(key[2]) == {"api_key_encrypted"}
    assert key[2] != key[3], "that it changed is seen"
    assert (deleted[1], deleted[2]["name"], deleted[3]) == ("delete", "renamed", None)
    assert provider.api_key_encrypted not in str(list(Change.objects.values()))


def test_an_action_on_many_is_logged_row_by_row(client: Client) -> None:
    models = [LanguageModel.objects.create(name=n, slug=n) for n in ("a", "b", "c")]
    chosen = [model.pk for model in models[:2]]
    form = {"action": "retire", "_selected_action": chosen, "sampling_reason": "cost"}
    client.post("/admin/catalog/languagemodel/", form)
    updates = [change for change in changes("catalog_languagemodel") if change[1] == "update"]
    assert len(updates) == 2
    for who, _, before, after in updates:
        assert who == "boss"
        assert before == {"retired_at": None, "sampling_reason": ""}
        assert after["retired_at"]


def test_what_a_command_or_a_query_changes_is_logged_too(db: None) -> None:
    LanguageModel.objects.create(name="a", slug="a")
    LanguageModel.objects.update(sampling_weight=3)
    assert changes("catalog_languagemodel")[1] == (
        *("", "update", {"sampling_weight": 1}, {"sampling_weight": 3}),
    )


def test_the_actor_does_not_outlive_the_request(client: Client) -> None:
    client.post("/admin/catalog/languagemodel/", {"action": "retire", "_selected_action": [1]})
    LanguageModel.objects.create(name="later", slug="later")
    # Inside a test's own transaction the name would stay; each request of a site has its own.
    assert Change.objects.filter(table="catalog_languagemodel").count() == 1


def test_what_an_endpoint_lives_through_is_not_a_change(db: None) -> None:
    endpoint = an_endpoint()
    Endpoint.objects.update(failures_in_a_row=2, last_failure_code="x", findings={"a": 1})
    assert len(changes("catalog_endpoint")) == 1
    Endpoint.objects.filter(pk=endpoint.pk).update(admission="passed", admitted_at=timezone.now())
    assert changes("catalog_endpoint")[1][3] == {"admission": "passed"}


def test_accounts_and_their_roles_are_logged_without_passwords(db: None) -> None:
    user = User.objects.create_user("clerk", password="secret-word-7")
    user.groups.add(Group.objects.get(name="analyst"))
    [made] = changes("auth_user")
    assert made[3]["password"].startswith("hidden ")
    assert user.password not in str(made)
    assert len(changes("auth_user_groups")) == 1
    User.objects.update(last_login=timezone.now())
    assert len(changes("auth_user")) == 1


def test_a_password_that_is_hashed_anew_at_log_in_is_its_owners_change(
    db: None, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    old = PBKDF2PasswordHasher().encode("right", "salt", iterations=1)
    boss = User.objects.create(username="boss", password=old, is_staff=True)
    Client().post("/admin/account/login/", {"login": "boss", "password": "wrong"})
    Client().post("/admin/account/login/", {"login": "Boss", "password": "right"})
    boss.refresh_from_db()
    assert boss.password != old
    *_, (actor, action, before, after) = changes("auth_user")
    assert (actor, action, set(before)) == ("boss", "update", {"password"})
    assert before != after
    assert old not in str(before)


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_the_log_is_never_changed(db: None, statement: str) -> None:
    LanguageModel.objects.create(name="a", slug="a")
    change: Callable[[], object] = {
        "update": lambda: Change.objects.update(actor="somebody else"),
        "delete": lambda: Change.objects.all().delete(),
    }[statement]
    with pytest.raises(Error, match="never changed"), transaction.atomic():
        change()


def test_every_table_that_the_admin_can_write_is_logged(db: None, rf: RequestFactory) -> None:
    """Of each page, its inlines and its choices of many; a read-only page writes nothing."""
    request = rf.get("/admin/")
    request.user = User.objects.create_superuser("boss")
    writable = {table for page in admin.site._registry.values() for table in _of(page, request)}
    assert {"catalog_provider", "catalog_alias", "auth_user_groups"} <= writable
    assert "battles_vote" not in writable
    unlogged = {table: {"INSERT", "UPDATE", "DELETE"} - _logged_events(table) for table in writable}
    assert {table: events for table, events in unlogged.items() if events} == {}


def _of(page: Any, request: HttpRequest) -> Iterator[str]:
    """Yield the tables that a page of the admin, or an inline, lets a superuser write."""
    may = (getattr(page, f"has_{action}_permission") for action in ("add", "change", "delete"))
    inline = isinstance(page, InlineModelAdmin)
    if any(ask(request, None) if inline else ask(request) for ask in may):
        yield page.model._meta.db_table
        for field in page.model._meta.many_to_many:
            yield field.remote_field.through._meta.db_table
    for inner in () if inline else page.inlines:
        yield from _of(inner(page.model, page.admin_site), request)


def _logged_events(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_manipulation FROM information_schema.triggers"
            " WHERE event_object_table = %s AND action_statement LIKE %s",
            [table, "%staff_log_change%"],
        )
        return {event for (event,) in cursor.fetchall()}


def test_whom_prompts_are_sent_to_for_labels_is_logged(client: Client) -> None:
    endpoint = an_endpoint()
    form = {"endpoint": endpoint.pk, "enabled": "on"}
    assert client.post("/admin/integrity/labeller/add/", form).status_code == 302
    client.post("/admin/integrity/labeller/1/change/", {"endpoint": endpoint.pk})
    added, off = changes("integrity_labeller")
    assert (added[0], added[1], added[3]["endpoint_id"]) == ("boss", "insert", endpoint.pk)
    assert off == ("boss", "update", {"enabled": True}, {"enabled": False})


def test_a_deleted_endpoint_leaves_its_caps_and_what_it_spent_in_the_log(client: Client) -> None:
    endpoint = an_endpoint()
    Budget.objects.create(endpoint=endpoint, daily_cap=Decimal(5), spent_total=Decimal("1.5"))
    today = timezone.now().date()
    DailySpend.objects.create(endpoint=endpoint, day=today, calls=3, spent=Decimal("1.5"))
    page = f"/admin/catalog/provider/{endpoint.provider_id}/change/"
    form = {"name": "p", "base_url": "https://x.example", "endpoints-TOTAL_FORMS": 1}
    row = {"id": endpoint.pk, "provider": endpoint.provider_id, "DELETE": "on"}
    inline = {f"endpoints-0-{name}": value for name, value in row.items()}
    inline |= {"endpoints-0-language_model": endpoint.language_model_id}
    response = client.post(page, {**form, "endpoints-INITIAL_FORMS": 1, **inline})
    assert response.status_code == 302, response.content.decode()
    assert not Endpoint.objects.exists()
    [budget] = [change for change in changes("catalog_budget") if change[1] == "delete"]
    assert (budget[0], budget[2]["daily_cap"], budget[2]["spent_total"]) == ("boss", 5, 1.5)
    [day] = changes("catalog_dailyspend")
    assert (day[0], day[1], day[2]["calls"], day[2]["spent"]) == ("boss", "delete", 3, 1.5)


def test_what_is_spent_is_not_a_change(db: None) -> None:
    endpoint = an_endpoint()
    Budget.objects.create(endpoint=endpoint)
    Budget.objects.update(spent_total=Decimal(1), spent_today=Decimal(1))
    DailySpend.objects.create(endpoint=endpoint, day=timezone.now().date(), calls=1)
    DailySpend.objects.update(calls=2)
    assert changes("catalog_budget") == changes("catalog_dailyspend") == []


def an_endpoint() -> Endpoint:
    provider = Provider.objects.create(name="p", base_url="https://x.example")
    model = LanguageModel.objects.create(name="a", slug="a")
    return Endpoint.objects.create(provider=provider, language_model=model, model_name="a")


def test_the_log_is_a_page(client: Client) -> None:
    LanguageModel.objects.create(name="<b>a</b>", slug="a")
    LanguageModel.objects.update(sampling_weight=3)
    change = Change.objects.filter(action="update").get()
    listed = client.get("/admin/staff/change/").content.decode()
    assert "sampling_weight" in listed
    page = client.get(f"/admin/staff/change/{change.pk}/change/").content.decode()
    assert "<th>sampling_weight</th><td>1</td><td>3</td>" in page
    assert client.post(f"/admin/staff/change/{change.pk}/delete/").status_code == 403


def test_roles_may_do_what_their_table_says(db: None) -> None:
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    allowed = {
        "operator": {
            "/admin/catalog/endpoint/add/": 200,
            "/admin/battles/battle/": 200,
            "/admin/staff/change/": 200,
            "/admin/auth/user/": 403,
        },
        "moderator": {
            "/admin/battles/battle/": 200,
            "/admin/voters/voter/": 200,
            "/admin/catalog/endpoint/": 403,
            "/admin/auth/user/": 403,
        },
        "analyst": {
            "/admin/boards/snapshot/": 200,
            "/admin/catalog/endpoint/": 200,
            "/admin/catalog/endpoint/add/": 403,
            "/admin/battles/battle/": 403,
        },
    }
    assert set(allowed) == set(ROLES)
    for role, pages in allowed.items():
        user = User.objects.create_user(f"a-{role}", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        client = Client()
        client.force_login(user)
        for page, status in pages.items():
            assert client.get(page).status_code == status, (role, page)


def test_a_role_that_was_changed_stays_until_it_is_set_back(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    group = Group.objects.get(name="analyst")
    default = set(group.permissions.values_list("pk", flat=True))
    assert default
    group.permissions.clear()
    call_command("migrate", verbosity=0)
    assert not group.permissions.exists()
    call_command("roles")
    assert "analyst: set" in capsys.readouterr().out
    assert set(group.permissions.values_list("pk", flat=True)) == default
