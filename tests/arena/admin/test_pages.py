"""Every page of the admin: it opens, costs a bounded number of queries, changes what it may."""

import datetime as dt
import html
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from arena.admin_policy import ADMIN_CSP
from arena.battles.models import Battle, Reply, Turn, Vote
from arena.battles.moderation.models import Ruling, TextCheck, TextLook
from arena.boards.models import Board, BoardFailure, Ledger, Publication, Snapshot, SnapshotRow
from arena.catalog.models import (
    Budget,
    DailySpend,
    LanguageModel,
    Licence,
    Moderation,
    Organisation,
    Provider,
)
from arena.integrity.facts import decide_votes
from arena.integrity.models import FailedLabel, Labeller, VoteFacts
from arena.operating.models import JobDay, Problem
from arena.read_only import ReadOnlyAdmin
from arena.voters.models import Voter

OURS = ("catalog", "battles", "boards", "integrity", "operating", "voters")
READ_ONLY = [
    model for model, page in admin.site._registry.items() if isinstance(page, ReadOnlyAdmin)
]
MOST_QUERIES = 14


@pytest.fixture
def votes(db: None, tmp_path: Path) -> None:
    """Store thirty imported votes with conversations, decided, and a board of them."""
    rows = "".join(f"m{i % 7},n{i % 5},tie,u{i},<b>p</b>,q,r\n" for i in range(30))
    path = tmp_path / "votes.csv"
    path.write_text("model_a,model_b,winner,worker,prompt,answer_a,answer_b\n" + rows)
    call_command("import_votes", str(path), verbosity=0)
    decide_votes(timezone.now() + dt.timedelta(seconds=1))
    board = Board.objects.create(slug="overall", source="import:votes", method="elo")
    snapshot = Snapshot.objects.create(
        board=board, replay_id="r", votes=30, voters=30, last_vote_id=1, decisions=30
    )
    SnapshotRow.objects.bulk_create(
        SnapshotRow(snapshot=snapshot, language_model=model, votes=3)
        for model in LanguageModel.objects.all()
    )
    for model in LanguageModel.objects.all():
        provider = Provider.objects.create(name=f"p {model}", base_url="https://x.example")
        endpoint = model.endpoints.create(provider=provider, model_name=model.name)
        endpoint.admissions.create(reason="added")
    now = timezone.now()
    facts = VoteFacts.objects.all()[:1].get()
    FailedLabel.objects.create(vote=facts, attempts=1, error_code="unreachable", next_at=now)
    Labeller.objects.create(endpoint=endpoint)
    Moderation.objects.create(provider=provider)
    Organisation.objects.create(name="m1 and sons")
    Licence.objects.create(identifier="m1", name="m1 License", licence_class="closed")
    turns = Turn.objects.all()[:20]
    TextCheck.objects.bulk_create(TextCheck(turn=turn, part="prompt") for turn in turns)
    check = TextCheck.objects.earliest("pk")
    Ruling.objects.create(text_check=check, verdict="public", moderator="mod")
    TextLook.objects.create(text_check=check, moderator="mod")
    Publication.objects.create(
        source="import:votes", period=now, decisions=30, boards=2, completed_at=now
    )
    BoardFailure.objects.create(
        job="refresh", source="import:votes", error="NotConverged", decisions=30, at=now
    )
    content = {"battles": 30, "counted": 0, "position": None}
    Ledger.objects.create(source="import:votes", content=content, made_at=now)
    Budget.objects.create(endpoint=None)
    DailySpend.objects.create(endpoint=endpoint, day=now.date(), spent=1, calls=1)
    problem = Problem.objects.create(key="m1", title="t", advice="a", began_at=now, seen_at=now)
    problem.notices.create(channel="email", event="began")
    JobDay.objects.create(job="watch", day=now.date(), succeeded_at=now)


def test_what_happened_is_registered_read_only() -> None:
    happened = {Battle, Turn, Reply, Vote, VoteFacts, Board, Snapshot, Voter}
    assert happened <= set(READ_ONLY)


@pytest.mark.parametrize("model", [m for m in admin.site._registry if m._meta.app_label in OURS])
def test_every_page_opens_with_a_bounded_number_of_queries(
    model: type, client: Client, votes: None
) -> None:
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]
    first = model._default_manager.first()  # type: ignore[attr-defined]
    pages = [base, f"{base}?q=m1", f"{base}?q=%00", f"{base}?p=2", f"{base}{first.pk}/change/"]
    for page in pages:
        client.get(page)  # content types and the like are read once a process
        with CaptureQueriesContext(connection) as queries:
            response = client.get(page)
        assert response.status_code in {200, 302}, page
        assert "<b>p</b>" not in response.content.decode()
        assert len(queries) <= MOST_QUERIES, (page, [q["sql"][-170:] for q in queries])


@pytest.mark.parametrize("model", READ_ONLY)
def test_nothing_that_happened_can_be_changed(model: type, client: Client, votes: None) -> None:
    base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"  # type: ignore[attr-defined]
    rows = model._default_manager.order_by("pk")  # type: ignore[attr-defined]
    before = list(rows.values())
    assert before
    first = rows.first().pk
    delete = {"action": "delete_selected", "_selected_action": [first], "post": "yes"}
    assert client.get(f"{base}add/").status_code == 403
    assert client.post(f"{base}add/", {}).status_code == 403
    assert client.post(f"{base}{first}/change/", {"source": "live"}).status_code == 403
    assert client.post(f"{base}{first}/delete/", {"post": "yes"}).status_code == 403
    client.post(base, delete)
    assert list(rows.values()) == before


def test_every_list_says_what_it_is_and_the_menu_leads_to_it(client: Client) -> None:
    home = client.get("/admin/").content.decode()
    for model, page in admin.site._registry.items():
        if not type(page).__module__.startswith("arena."):
            continue
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert f'href="{address}"' in home
        lead = (type(page).__doc__ or "").split(".")[0].split()
        assert lead, page
        shown = html.unescape(client.get(address).content.decode())
        assert " ".join(lead) in " ".join(shown.split()), page


def test_the_menu_shows_what_the_account_may_see(db: None) -> None:
    client = Client()
    analyst = User.objects.create_user("analyst", is_staff=True)
    analyst.user_permissions.add(Permission.objects.get(codename="view_budget"))
    client.force_login(analyst)
    page = client.get("/admin/catalog/budget/").content.decode()
    assert "/admin/catalog/budget/" in page
    assert "/admin/catalog/provider/" not in page


def test_voters_show_nothing_personal(client: Client, votes: None) -> None:
    account = User.objects.create_user("someone-known")
    voter = Voter.objects.create(user=account, pseudonym="annotator-77", source="import:x")
    for page in ("", f"{voter.pk}/change/", f"{voter.pk}/history/"):
        content = client.get(f"/admin/voters/voter/{page}").content.decode()
        assert "annotator-77" not in content
        assert "someone-known" not in content
    battle = Battle.objects.first()
    assert battle
    for page in (f"battles/battle/{battle.pk}/change/", "battles/battle/"):
        assert battle.voter.pseudonym not in re.findall(
            r">\s*([^<>\s]+)\s*<", client.get(f"/admin/{page}").content.decode()
        )


def test_a_model_that_met_others_is_retired_and_not_deleted(client: Client, votes: None) -> None:
    met = LanguageModel.objects.get(name="m1")
    assert (
        client.post(f"/admin/catalog/languagemodel/{met.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    form = {"action": "retire", "_selected_action": [met.pk], "sampling_reason": "cost"}
    client.post("/admin/catalog/languagemodel/", form)
    assert LanguageModel.objects.exclude(retired_at=None).get() == met
    client.post("/admin/catalog/languagemodel/", form | {"action": "bring_back"})
    assert not LanguageModel.objects.exclude(retired_at=None).exists()
    unmet = LanguageModel.objects.create(name="typo", slug="typo")
    client.post(f"/admin/catalog/languagemodel/{unmet.pk}/delete/", {"post": "yes"})
    assert not LanguageModel.objects.filter(pk=unmet.pk).exists()


def test_a_model_and_its_licences_are_saved_together(client: Client) -> None:
    form = {"name": "模型 1", "slug": "模型-1", "sampling_weight": "2"}
    form |= {"licensings-TOTAL_FORMS": "1", "licensings-INITIAL_FORMS": "0"}
    form |= {"licensings-0-licence_class": "closed", "licensings-0-since": "2025-01-02"}
    form |= {"published_scores-TOTAL_FORMS": "0", "published_scores-INITIAL_FORMS": "0"}
    for inline in ("prices", "claims", "aliases"):
        form |= {f"{inline}-TOTAL_FORMS": "0", f"{inline}-INITIAL_FORMS": "0"}
    response = client.post("/admin/catalog/languagemodel/add/", form)
    assert response.status_code == 302, response.content.decode()
    assert LanguageModel.objects.get().licence_class() == "closed"


def test_nobody_but_staff_enters(db: None) -> None:
    visitor = Client()
    for user in (None, User.objects.create_user("visitor")):
        if user:
            visitor.force_login(user)
        response = visitor.get("/admin/catalog/provider/")
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/")


def test_staff_without_permission_cannot_test_endpoints(votes: None) -> None:
    client = Client()
    client.force_login(User.objects.create_user("limited", is_staff=True))
    form = {"action": "test_now", "_selected_action": [1]}
    base = "/admin/catalog/endpoint/"
    assert client.post(base, form).status_code == 403
    assert client.post(f"{base}discover/", {"base_url": "https://x.example"}).status_code == 403
    for page in ("tests/?endpoints=1", "tests/state/?endpoints=1"):
        assert client.get(base + page).status_code == 403


def test_the_admin_has_its_own_policy_and_the_site_keeps_the_strict_one(client: Client) -> None:
    for page in ("/admin/", "/admin/catalog/endpoint/add/"):
        policy = client.get(page)["Content-Security-Policy"]
        assert "script-src 'self' 'unsafe-eval'" in policy
        assert "script-src 'self' 'unsafe-eval' 'unsafe-inline'" not in policy
        assert policy.count("unsafe-inline") == 1
    policy = client.get("/healthz")["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert set(ADMIN_CSP) - set(settings.SECURE_CSP) == {"script-src", "style-src"}


@pytest.mark.parametrize("prefix", ["", "/zh-hant"])
@pytest.mark.parametrize("page", ["/admin/", "/admin/catalog/languagemodel/add/"])
def test_the_admin_is_in_english_for_everyone(client: Client, prefix: str, page: str) -> None:
    response = client.get(f"{prefix}{page}", headers={"Accept-Language": "zh-CN"})
    text = response.content.decode()
    assert response.status_code == 200
    assert response["Content-Language"] == "en"
    assert re.search(r'<html[^>]* lang="en', text)
    assert not re.search(r"[\u4e00-\u9fff]", text)


def test_the_site_keeps_its_language_after_a_look_at_the_admin(client: Client) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    client.get("/admin/", headers=chinese)
    assert client.get("/gap/", headers=chinese)["Content-Language"] == "zh-hans"


def test_the_admin_shows_the_site_s_icon(client: Client) -> None:
    page = client.get("/admin/").content.decode()
    assert re.search(r'<link rel="icon" href="/static/site/mark\.svg"', page)


def test_the_first_staff_account_is_made_from_the_shell(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not User.objects.exists(), "there is none by default"
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct-horse-7")
    call_command("createsuperuser", username="a", email="a@example.org", interactive=False)
    assert Client().login(username="a", password="correct-horse-7")
