"""Who pays: admission tests, labels and the shell pay before they call; what is refused says so."""

import html
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from arena.catalog import budget
from arena.catalog.admissions import open_admission, run_admission
from arena.catalog.due_tests import due_endpoints
from arena.catalog.enrol import Enrolment, enrol
from arena.catalog.models import (
    Admission,
    AdmissionState,
    Budget,
    DailySpend,
    Endpoint,
    Price,
    Reservation,
)
from arena.catalog.tariffs import Tariff, set_price
from arena.catalog.wording import sentence_of, sentence_of_spend
from tests.arena.rows import add_model
from tests.arena.scripted_thread import serving
from workers.demo.fiction import FICTIONAL_MODELS
from workers.endpoints import Step

NAME = FICTIONAL_MODELS[0].name
URL = "https://api.example.com/v1"
DOLLAR = Tariff(Decimal(1), Decimal(1))

# Calls are paid for in threads of their own, which see what is committed.
committed = pytest.mark.django_db(transaction=True)


def priced(base_url: str, **caps: Decimal) -> Endpoint:
    endpoint = enrol(Enrolment(base_url=base_url, model_name=NAME)).endpoint
    set_price(endpoint, DOLLAR, since=timezone.now().date())
    if caps:
        budget.set_caps(endpoint, **caps)
    return endpoint


def run_test(endpoint: Endpoint) -> Admission:
    admission, _ = open_admission(endpoint, Admission.Reason.ASKED)
    admission = run_admission(admission.pk)
    endpoint.refresh_from_db()
    return admission


class TestAdmission:
    @committed
    def test_each_call_of_a_test_is_paid_for(self) -> None:
        with serving() as server:
            endpoint = priced(server.base_url)
            assert run_test(endpoint).state == "passed"
            calls = sum(request.method == "POST" for request in server.requests)
        spent = DailySpend.objects.get(endpoint=endpoint)
        assert spent.calls == calls > 10
        assert spent.spent == Budget.objects.get(endpoint=None).spent_total > 0
        assert not Reservation.objects.exists()

    @committed
    def test_a_test_ends_at_the_cap_and_is_not_held_against_the_endpoint(self) -> None:
        with serving() as server:
            # The longest prompt of the site costs more than this.
            endpoint = priced(server.base_url, daily_cap=Decimal("0.01"))
            admission = run_test(endpoint)
        step = Step(**admission.steps[-1])
        assert (admission.state, step.code) == ("failed", "daily_cap")
        assert "0:00 UTC" in sentence_of(step)
        assert endpoint.admission == AdmissionState.UNTESTED
        spend = budget.spend_of([endpoint.pk], at=timezone.now())[endpoint.pk]
        assert 0 < spend.total <= Decimal("0.01")

    @committed
    def test_without_a_price_nothing_under_a_cap_is_called(self) -> None:
        with serving() as server:
            endpoint = enrol(Enrolment(base_url=server.base_url, model_name=NAME)).endpoint
            budget.set_caps(None, daily_cap=Decimal(5))
            admission = run_test(endpoint)
            assert not server.requests
        assert admission.steps[-1]["code"] == "no_price"

    @pytest.mark.django_db
    def test_what_cannot_pay_is_not_due(self) -> None:
        endpoint = priced(URL, total_cap=Decimal(0))
        now = timezone.now()
        assert due_endpoints(now) == []
        budget.set_caps(endpoint, total_cap=None)
        assert due_endpoints(now) == [endpoint]

    @committed
    def test_one_that_kept_no_token_limit_is_asked_again_and_comes_back(self) -> None:
        with serving() as server:
            endpoint = priced(server.base_url, daily_cap=Decimal(5))
            Endpoint.objects.update(findings={"limits_tokens": False})
            assert due_endpoints(timezone.now()) == [endpoint]
            endpoint.refresh_from_db()
            assert run_test(endpoint).state == "passed"
        assert endpoint.findings["limits_tokens"] is True
        assert budget.refusals([endpoint], at=timezone.now()) == {}


class TestShell:
    @staticmethod
    def add(*options: str) -> str:
        said = io.StringIO()
        call_command("add_endpoint", *options, stdout=said)
        return said.getvalue()

    @committed
    def test_price_and_caps_are_options_and_the_test_is_paid_by_the_site(self) -> None:
        money = ["--input-usd", "0.1", "--output-usd", "0.4", "--daily-cap", "5"]
        limits = ["--token-limit", "2000", "--requests-per-minute", "600"]
        with serving() as server:
            self.add("--base-url", server.base_url, "--model", NAME, *money, *limits)
        endpoint = Endpoint.objects.get()
        assert (endpoint.token_limit, endpoint.requests_per_minute) == (2000, 600)
        price = Price.objects.get(endpoint=endpoint)
        assert (price.input_usd, price.output_usd) == (Decimal("0.1"), Decimal("0.4"))
        assert Budget.objects.get(endpoint=endpoint).daily_cap == 5
        assert Budget.objects.get(endpoint=None).spent_total > 0

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("options", "word"),
        [
            (["--daily-cap", "5"], "A cap wants a price"),
            (["--input-usd", "1"], "output_usd: Give both prices"),
            (["--input-usd", "1", "--output-usd", "-1"], "0 or more"),
            (["--input-usd", "NaN", "--output-usd", "1"], "0 or more"),
            (["--token-limit", "0"], "whole number above 0"),
        ],
    )
    def test_it_refuses_what_cannot_be_held(self, options: list[str], word: str) -> None:
        with pytest.raises(CommandError, match=word):
            self.add("--base-url", URL, "--model", "x", "--no-check", *options)
        assert not Endpoint.objects.exists()


class TestAdmin:
    PAGE = "/admin/catalog/endpoint/{}/change/"

    @pytest.fixture
    def client(self, admin_client: Client) -> Client:
        return admin_client

    @staticmethod
    def form(endpoint: Endpoint, **changed: str) -> dict[str, str]:
        return {
            "language_model": str(endpoint.language_model_id),
            "provider": str(endpoint.provider_id),
            "model_name": endpoint.model_name,
            "parameters": "{}",
            "quirks": "[]",
            "max_concurrent": "8",
            "token_limit": "4096",
            "weight": "1",
            **changed,
        }

    def test_price_and_caps_are_set_on_the_endpoints_page(self, client: Client) -> None:
        endpoint = add_model("juniper-8b", base_url=URL)
        page = self.PAGE.format(endpoint.pk)
        form = self.form(endpoint, input_usd="0.15", output_usd="0.6", daily_cap="5")
        assert client.post(page, form).status_code == 302
        assert Price.objects.get(endpoint=endpoint).output_usd == Decimal("0.6")
        shown = client.get(page).content.decode()
        assert "$0.00 today (UTC) of $5.00, $0.00 in total." in shown
        assert 'value="0.15' in shown
        cleared = self.form(endpoint, input_usd="0.15", output_usd="0.6")
        assert client.post(page, cleared).status_code == 302
        assert Budget.objects.get(endpoint=endpoint).daily_cap is None
        assert Price.objects.count() == 1

    def test_a_cap_without_a_price_is_refused(self, client: Client) -> None:
        endpoint = add_model("juniper-8b", base_url=URL)
        page = self.PAGE.format(endpoint.pk)
        answer = client.post(page, self.form(endpoint, total_cap="5"))
        assert "A cap wants a price" in answer.content.decode()
        answer = client.post(page, self.form(endpoint, input_usd="5"))
        assert "Enter both prices, or neither." in answer.content.decode()
        assert not Budget.objects.exists()
        Price.objects.create(
            language_model=endpoint.language_model,
            input_usd="0.15",
            output_usd=10,
            since="2026-01-01",
        )
        answer = client.post(page, self.form(endpoint, total_cap="5"))
        assert "list price is 0.15 in and 10 out" in html.unescape(answer.content.decode())
        asked = {"total_cap": "5", "input_usd": "0.15", "output_usd": "10"}
        assert client.post(page, self.form(endpoint, **asked)).status_code == 302
        assert budget.refusals([endpoint], at=timezone.now()) == {}

    def test_list_prices_are_confirmed_for_many_at_once(self, client: Client) -> None:
        listed, unknown = add_model("listed", base_url=URL), add_model("unknown", base_url=URL)
        model = listed.language_model
        Price.objects.create(language_model=model, input_usd=2, output_usd=3, since="2026-01-01")
        form = {
            "action": "confirm_list_prices",
            "_selected_action": [str(listed.pk), str(unknown.pk)],
        }
        answer = client.post("/admin/catalog/endpoint/", form, follow=True)
        said = html.unescape(answer.content.decode())
        assert "there is no list price, or one of 0, of unknown." in said
        assert Price.objects.get(endpoint=listed).output_usd == 3
        assert not Price.objects.filter(endpoint=unknown).exists()

    def test_a_new_endpoint_may_have_both(self, client: Client) -> None:
        form = {"base_url": URL, "model_name": "x", "parameters": "{}", "api_key": ""}
        money = {"input_usd": "1", "output_usd": "2", "daily_cap": "3"}
        answer = client.post("/admin/catalog/endpoint/add/", form | {"daily_cap": "3"})
        assert "A cap wants a price" in answer.content.decode()
        assert client.post("/admin/catalog/endpoint/add/", form | money).status_code == 302
        assert Budget.objects.get(endpoint=Endpoint.objects.get()).daily_cap == 3

    def test_the_sites_caps_have_a_page(self, client: Client) -> None:
        add = "/admin/catalog/budget/add/"
        assert client.post(add, {"daily_cap": "20", "total_cap": ""}).status_code == 302
        site = Budget.objects.get()
        assert (site.endpoint_id, site.daily_cap) == (None, Decimal(20))
        assert client.get(add).status_code == 403
        change = f"/admin/catalog/budget/{site.pk}/change/"
        add_model("juniper-8b", base_url=URL)
        told = client.post(change, {"daily_cap": "30", "total_cap": ""}, follow=True)
        assert "not called under this cap" in told.content.decode()
        assert "juniper-8b" in told.content.decode()
        shown = client.get("/admin/catalog/budget/").content.decode()
        assert "the whole site" in shown
        assert "$0.00 today (UTC) of $30.00" in shown
        assert client.get("/admin/catalog/dailyspend/").status_code == 200


def test_spend_is_said_in_a_line() -> None:
    spend = budget.Spend(
        today=Decimal("0.001230"), total=Decimal("1234.5"), reserved=Decimal("0.5")
    )
    assert sentence_of_spend(spend) == (
        "$0.00123 today (UTC), $1,234.50 in total, and $0.50 held for calls that run."
    )
    full = budget.Spend(today=Decimal(5), total=Decimal(5), daily_cap=Decimal(5))
    assert sentence_of_spend(full, "daily_cap").endswith(
        "$5.00 in total. Its cap for today is reached: it returns by itself at 0:00 UTC."
    )
