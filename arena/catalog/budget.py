"""Spending: what a call costs at most is held before it, and what it did cost is settled after it.

One statement compares spent, held and the call with a cap, and adds the call; so whoever calls at
the same moment from whatever process, the cap holds. Budgets are locked in one order: endpoints by
number, then the site. Money is in US dollars, as decimals to the millionth, rounded up.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from arena.catalog.addresses import kept_token_limit, preset_for
from arena.catalog.models import Budget, Endpoint, Reservation
from arena.catalog.tariffs import Tariff, tariffs_on
from workers.endpoints import Message, Usage, most_prompt_tokens

# Beside the time that a call may take: the wait in line, and the tries to store its end.
_GRACE = dt.timedelta(minutes=4)

# A budget whose day is over has spent nothing today; a clock that is behind does not turn it back.
_HOLD = """
    UPDATE catalog_budget SET
        day = greatest(day, %(day)s),
        spent_today = CASE WHEN day >= %(day)s THEN spent_today ELSE 0 END,
        reserved_today = CASE WHEN day >= %(day)s THEN reserved_today ELSE 0 END + %(amount)s,
        reserved_total = reserved_total + %(amount)s
    WHERE id = %(budget)s
        AND (daily_cap IS NULL OR %(amount)s <= daily_cap
            - CASE WHEN day >= %(day)s THEN spent_today + reserved_today ELSE 0 END)
        AND (total_cap IS NULL OR spent_total + reserved_total + %(amount)s <= total_cap)
    RETURNING day
"""
_SETTLE = """
    UPDATE catalog_budget SET
        spent_total = spent_total + %(cost)s,
        reserved_total = reserved_total - %(amount)s,
        spent_today = spent_today + CASE WHEN day = %(day)s THEN %(cost)s ELSE 0 END,
        reserved_today = reserved_today - CASE WHEN day = %(day)s THEN %(amount)s ELSE 0 END
    WHERE endpoint_id IS NOT DISTINCT FROM %(endpoint)s
"""
_COUNT = """
    INSERT INTO catalog_dailyspend AS d (endpoint_id, day, calls, spent, estimated)
    VALUES (%(endpoint)s, %(day)s, 1, %(cost)s, %(estimated)s)
    ON CONFLICT (endpoint_id, day) DO UPDATE SET
        calls = d.calls + 1, spent = d.spent + excluded.spent,
        estimated = d.estimated + excluded.estimated
"""


class OverBudgetError(Exception):
    """Calls were not allowed, and nothing is held for them.

    Attributes
    ----------
    refusals : dict of int to str
        The endpoints that cannot pay, by id, each with the code of its reason (see `SENTENCES`).
    """

    def __init__(self, refusals: Mapping[int, str]) -> None:
        super().__init__(", ".join(sorted(set(refusals.values()))))
        self.refusals = dict(refusals)

    @property
    def code(self) -> str:
        """The reason of the first that cannot pay."""
        return next(iter(self.refusals.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A call to pay for: its conversation without the system prompt, and its token limit.

    ``token_limit`` is None where none can be sent. ``endpoint`` is None while it is not stored:
    then its ``tariff`` is given, and the site alone pays.
    """

    endpoint: Endpoint | None
    messages: Sequence[Message]
    token_limit: int | None
    tariff: Tariff | None = None

    @property
    def key(self) -> int:
        """The endpoint's id; 0 for one that is not stored."""
        return self.endpoint.pk if self.endpoint else 0

    @property
    def input_tokens(self) -> int:
        """More tokens than can be sent."""
        prompt = self.endpoint.system_prompt if self.endpoint else ""
        system: list[Message] = [{"role": "system", "content": prompt}] if prompt else []
        return most_prompt_tokens([*system, *self.messages])


# -- what is asked --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What one endpoint or the site spent, holds and may spend, in US dollars; None without a cap.

    ``today`` is the day in UTC that was asked about.
    """

    today: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    daily_cap: Decimal | None = None
    total_cap: Decimal | None = None


def spend_of(endpoints: Collection[int], *, at: dt.datetime) -> dict[int | None, Spend]:
    """Return the spend and the caps of endpoints by id, and of the whole site under None."""
    stored = _budgets(endpoints)
    return {
        pk: spend_in(stored[pk], at.date()) if pk in stored else Spend()
        for pk in (*endpoints, None)
    }


def spend_in(budget: Budget, day: dt.date) -> Spend:
    """Return what a budget that was read says of a day; earlier days are not in it."""
    return Spend(
        today=budget.spent_today if budget.day >= day else Decimal(0),
        total=budget.spent_total,
        reserved=budget.reserved_total,
        daily_cap=budget.daily_cap,
        total_cap=budget.total_cap,
    )


def refusals(endpoints: Collection[Endpoint], *, at: dt.datetime) -> dict[int, str]:
    """Return the endpoints that cannot pay for the shortest call, each with the reason's code."""
    orders = [
        Order(endpoint=endpoint, messages=(), token_limit=kept_token_limit(endpoint))
        for endpoint in endpoints
    ]
    books = _Books(orders, at)
    found = {order.key: books.refusal(order) for order in orders}
    return {pk: code for pk, code in found.items() if code}


def unpriced(*, at: dt.datetime) -> str:
    """Return the enabled endpoints that a cap keeps from being called, by name, for a sentence."""
    enabled = list(Endpoint.objects.filter(enabled=True).order_by("model_name"))
    refused = refusals(enabled, at=at)
    return ", ".join(each.model_name for each in enabled if refused.get(each.pk) == "no_price")


def is_free(endpoint: Endpoint | None, tariff: Tariff | None, *, on: dt.date) -> bool:
    """Return whether calls need no account: nothing is known to cost, and nothing is capped."""
    if tariff or (endpoint and tariffs_on(on, of=[endpoint])):
        return False
    budgets = _budgets([endpoint.pk] if endpoint else [])
    caps = [(budget.daily_cap, budget.total_cap) for budget in budgets.values()]
    return all(cap is None for pair in caps for cap in pair)


def cap_without_price(listed: Tariff | None) -> str:
    """Return why a cap is refused and what to do, for administrators.

    Parameters
    ----------
    listed
        The list price of the model, which may be what the server asks for.
    """
    what = "A cap wants a price of the endpoint's own: enter what its tokens cost there (0 for a "
    what += "server of your own), or leave the cap out."
    if listed is None:
        return what
    input_usd, output_usd = (
        f"{usd.normalize():f}" for usd in (listed.input_usd, listed.output_usd)
    )
    return f"{what} Its model's list price is {input_usd} in and {output_usd} out."


# What a refusal's code means and what to do about it, for administrators.
SENTENCES: Mapping[str, str] = {
    "no_price": "There is a cap, of it or of the site, and it has no price of its own: enter what "
    "its tokens cost there (0 for a server of your own), or take the cap away. A list price holds "
    "no cap.",
    "no_token_limit": "There is a cap, and this server keeps no token limit: what an answer costs "
    "cannot be bounded. Take the cap away, or use another server.",
    "daily_cap": "Its cap for today is reached: it returns by itself at 0:00 UTC.",
    "total_cap": "Its cap in total is reached: raise the cap to bring it back.",
    "site_daily_cap": "The site's cap for today is reached: it returns by itself at 0:00 UTC.",
    "site_total_cap": "The site's cap in total is reached: raise the cap to bring it back.",
}


# -- what is written -------------------------------------------------------------------------------


@transaction.atomic
def reserve(
    orders: Sequence[Order],
    *,
    at: dt.datetime,
    purpose: str = Reservation.Purpose.BATTLE,
) -> list[int | None]:
    """Hold the worst case of calls that begin together: of all of them, or of none.

    Returns
    -------
    list of int or None
        What to `settle` for each call; None where nothing is to pay.

    Raises
    ------
    OverBudgetError
        When a cap would be passed, or what is under a cap has no price of its own or no token
        limit.
    """
    books = _Books(orders, at)
    refused = {order.key: code for order in orders if (code := books.refusal(order))}
    if refused:
        raise OverBudgetError(refused)
    worst = [books.worst(order) for order in orders]
    amounts: defaultdict[int | None, Decimal] = defaultdict(Decimal)
    for order, amount in zip(orders, worst, strict=True):
        for account in {order.key or None, None}:
            amounts[account] += amount
    day = _hold({account: amount for account, amount in amounts.items() if amount}, at, books)
    return [
        _reservation(order, amount, books, at, day, purpose).pk if amount else None
        for order, amount in zip(orders, worst, strict=True)
    ]


@transaction.atomic
def settle(
    reservation: int | None,
    *,
    usage: Usage | None = None,
    seen: Usage | None = None,
    charged: bool = True,
) -> None:
    """Pay for a call that has ended, and give back what was held for it.

    Doing it twice is harmless. What is not known counts as the worst case.

    Parameters
    ----------
    reservation
        What `reserve` returned; None is nothing.
    usage
        The tokens of the call, counted or estimated; None when nobody can say.
    seen
        An estimate of what a call used that we cut off, where there is no ``usage``. Under a cap it
        counts only where the server is known to stop then; elsewhere the server may go on to the
        limit, and bill it.
    charged
        False when the call was never made, or was refused before any work.
    """
    if reservation is None:
        return
    held = Reservation.objects.select_for_update().filter(pk=reservation).first()
    if held is None:
        return
    if usage is None and seen is not None and (_stops_when_cut(held) or not _is_capped(held)):
        usage = seen
    cost = held.amount if charged else Decimal(0)
    if usage is not None:
        tariff = Tariff(held.input_usd, held.output_usd)
        # Nothing can cost more than what was held: a server that says so is not believed.
        cost = min(held.amount, tariff.cost(usage.prompt_tokens, usage.completion_tokens))
    held.delete()
    figures: dict[str, Any] = {
        "day": held.day,
        "amount": held.amount,
        "cost": cost,
        "estimated": cost if usage is None or usage.estimated else Decimal(0),
    }
    accounts = [None] if held.endpoint_id is None else [held.endpoint_id, None]
    with connection.cursor() as cursor:
        for account in accounts:
            cursor.execute(_SETTLE, {**figures, "endpoint": account})
            if charged:
                cursor.execute(_COUNT, {**figures, "endpoint": account})


def _stops_when_cut(held: Reservation) -> bool:
    if held.endpoint is None:
        return False
    provider = held.endpoint.provider
    preset = preset_for(provider.base_url, provider.preset)
    return preset is not None and preset.stops_when_cut


def _is_capped(held: Reservation) -> bool:
    budgets = _budgets([held.endpoint_id] if held.endpoint_id else []).values()
    return any((b.daily_cap, b.total_cap) != (None, None) for b in budgets)


def settle_lost(at: dt.datetime) -> int:
    """Pay the worst case of the calls whose process died; return how many there were."""
    lost = list(Reservation.objects.filter(expires_at__lt=at).values_list("pk", flat=True))
    for reservation in lost:
        settle(reservation)
    return len(lost)


def set_caps(endpoint: Endpoint | None, **caps: Decimal | None) -> None:
    """Set ``daily_cap``, ``total_cap`` or both, of an endpoint or of the whole site (None)."""
    Budget.objects.update_or_create(endpoint=endpoint, defaults=caps)


class _Books:
    """Prices, caps and what is left of them, as they stand now."""

    def __init__(self, orders: Sequence[Order], at: dt.datetime) -> None:
        endpoints = [order.endpoint for order in orders if order.endpoint]
        self.day = at.date()
        self.budgets = _budgets([endpoint.pk for endpoint in endpoints])
        self._tariffs = tariffs_on(self.day, of=endpoints)

    def tariff(self, order: Order) -> Tariff | None:
        """Return what tokens of a call cost."""
        return order.tariff or self._tariffs.get(order.key)

    def worst(self, order: Order) -> Decimal:
        """Return what a call costs at most; 0 where it has no price and no cap."""
        tariff = self.tariff(order)
        return tariff.cost(order.input_tokens, order.token_limit or 0) if tariff else Decimal(0)

    def refusal(self, order: Order) -> str:
        """Return why a call cannot be paid for now; empty when it can."""
        tariff, rooms = self.tariff(order), dict(self._rooms(order))
        if rooms and (tariff is None or tariff.listed):
            return "no_price"
        if rooms and tariff and tariff.output_usd and order.token_limit is None:
            return "no_token_limit"
        worst = self.worst(order)
        return next((cap for cap, room in rooms.items() if worst and worst > room), "")

    def _rooms(self, order: Order) -> Iterable[tuple[str, Decimal]]:
        """Yield what may still be spent, by cap."""
        for prefix, account in {"": order.key or -1, "site_": None}.items():
            budget = self.budgets.get(account)
            if budget is None:
                continue
            used_today = budget.spent_today + budget.reserved_today
            if budget.daily_cap is not None:
                used = used_today if budget.day >= self.day else 0
                yield f"{prefix}daily_cap", budget.daily_cap - used
            if budget.total_cap is not None:
                used_total = budget.spent_total + budget.reserved_total
                yield f"{prefix}total_cap", budget.total_cap - used_total


def _budgets(endpoints: Iterable[int]) -> dict[int | None, Budget]:
    found = Budget.objects.filter(Q(endpoint__in=list(endpoints)) | Q(endpoint=None))
    return {budget.endpoint_id: budget for budget in found}


def _hold(amounts: Mapping[int | None, Decimal], at: dt.datetime, books: _Books) -> dt.date:
    """Add the amounts to what is held, in the order in which budgets are locked.

    Returns the day they are held under: a later one than ours where a process whose clock is
    ahead has begun it, so that `settle` gives back what was taken.
    """
    held_under = at.date()
    accounts = sorted(amounts, key=lambda account: (account is None, account or 0))
    if missing := [account for account in accounts if account not in books.budgets]:
        Budget.objects.bulk_create(
            (Budget(endpoint_id=account) for account in missing), ignore_conflicts=True
        )
        books.budgets |= _budgets([account for account in missing if account])
    for account in accounts:
        figures: dict[str, Any] = {
            "day": at.date(),
            "amount": amounts[account],
            "budget": books.budgets[account].pk,
        }
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, figures)
            held = cursor.fetchone()
        if held is None:
            # Somebody else was quicker since the caps were looked at.
            if account is None:
                raise OverBudgetError(dict.fromkeys(filter(None, amounts), "site_daily_cap"))
            raise OverBudgetError({account: "daily_cap"})
        held_under = max(held_under, held[0])
    return held_under


def _reservation(  # noqa: PLR0917 - what a row is made of
    order: Order, amount: Decimal, books: _Books, at: dt.datetime, day: dt.date, purpose: str
) -> Reservation:
    tariff = books.tariff(order)
    assert tariff is not None  # noqa: S101 -- without one there is no amount
    return Reservation.objects.create(
        endpoint=order.endpoint,
        purpose=purpose,
        amount=amount,
        input_usd=tariff.input_usd,
        output_usd=tariff.output_usd,
        day=day,
        expires_at=at + dt.timedelta(seconds=settings.TOTAL_SECONDS) + _GRACE,
    )
