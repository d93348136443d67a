"""The ledger as the treasury reads it: the trial balance of any past day, and what moved on an account."""

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from doorstep.kernel.country import law
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.downloads import csv_file
from doorstep.kernel.web.routes import page
from doorstep.kernel.web.visits import enter, further
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.forms.ledger import TimeForm, TrialForm
from doorstep.systems.payments.pages.unit_names import unit_choices, unit_names
from doorstep.systems.payments.permissions import TREASURY
from doorstep.systems.payments.queries import ledger as queries
from doorstep.systems.payments.queries.ledger import AccountLine
from doorstep.systems.payments.queries.rows import money
from doorstep.systems.payments.rules.banking_days import bounds
from doorstep.systems.payments.rules.ledger import AccountKind, Moved

_ACCOUNT = ("account", "unit", "kind", "label", "debits", "credits", "held")
_LINE = ("transfer", "time", "debit", "credit", "stage", "order", "other account", "balance")


@page(TREASURY)
@require_GET
def trial(request: HttpRequest) -> HttpResponse:
    """Debits and credits by kind of account over a unit and those below it, and a page of the accounts."""
    by, form, unit, at = _asked(request)
    after = request.GET.get("after")
    told = queries.trial_balance(by.actor, unit, by.day, at, read_uuid(after) if after else None)
    names = unit_names([row.unit for row in told.accounts], by.day)
    debit, credit = (sum(getattr(one, side) for one in told.kinds) for side in ("debit", "credit"))
    context = {
        "form": form,
        "at": at,
        "kinds": [(AccountKind(one.kind), money(one.debit), money(one.credit)) for one in told.kinds],
        "debit": money(debit),
        "credit": money(credit),
        "apart": money(abs(debit - credit)) if debit != credit else None,
        "rows": [(row, AccountKind(row.kind), names[row.unit], *map(money, _sides(row))) for row in told.accounts],
        "filter": further(request),
        "older": further(request, told.more) if told.more else "",
        "first": further(request) if after else "",
    }
    return render(request, "payments/trial.html", context)


@page(TREASURY)
@require_GET
def trial_file(request: HttpRequest) -> HttpResponseBase:
    """The same accounts as CSV, all of them: codes as they are, amounts in the currency's own decimals."""
    by, _, unit, at = _asked(request)
    return csv_file(_accounts(queries.every_account(by.actor, unit, by.day, at)), f"trial-{(at or by.at).date()}")


@page(TREASURY)
@require_GET
def account(request: HttpRequest, account_id: UUID) -> HttpResponse:
    """An account: what is on it now and was at a time that is asked for, and a page of what moved, the newest first."""
    by, before = enter(request), request.GET.get("after")
    form = TimeForm(request.GET)
    at = form.cleaned_data["at"] if form.is_valid() else None
    told = queries.statement(by.actor, account_id, by.day, read_uuid(before) if before else None)
    others = queries.other_accounts(by.actor, by.day, told)
    then = queries.balance_at(by.actor, account_id, at, by.day) if at else None
    context = {
        "form": form,
        "account": told.account,
        "kind": AccountKind(told.account.kind),
        "unit_name": unit_names([told.account.unit], by.day)[told.account.unit],
        "balance": money(told.account.balance),
        "free": money(told.account.free),
        "at": at,
        "then": money(then.balance) if then else None,
        "rows": [
            (
                one,
                Moved(one.stage),
                others[one.other],
                AccountKind(others[one.other].kind),
                money(one.amount),
                money(one.balance),
            )
            for one in told.lines
        ],
        "older": further(request, told.more) if told.more else "",
        "first": further(request) if before else "",
    }
    return render(request, "payments/account.html", context)


@page(TREASURY)
@require_GET
def account_file(request: HttpRequest, account_id: UUID) -> HttpResponseBase:
    """All that moved on an account, the newest first, as CSV."""
    by = enter(request)
    first = queries.statement(by.actor, account_id, by.day)
    return csv_file(_lines(by, account_id, first), f"account-{account_id}")


def _asked(request: HttpRequest) -> tuple[By, TrialForm, str, datetime | None]:
    """Who looks, the filter, the unit ("" the whole area) and the end of the day that is asked for, None for now."""
    by = enter(request)
    form = TrialForm(unit_choices(by, request.GET.get("unit", "")), request.GET)
    form.is_valid()
    day: date | None = form.cleaned_data.get("day")
    at = bounds(day, law(Country, "payments").zone)[1] if day else None
    return by, form, form.cleaned_data.get("unit") or "", at


def _sides(row: AccountLine) -> tuple[int, int]:
    """The balance on the side on which it is; the other one is zero."""
    moved = row.totals.debits - row.totals.credits
    return max(moved, 0), max(-moved, 0)


def _accounts(rows: Iterator[AccountLine]) -> Iterator[list[str]]:
    yield [*_ACCOUNT]
    for row in rows:
        amounts = (*_sides(row), row.balance - row.free)
        yield [str(row.id), row.unit, row.kind, row.label, *(str(money(one).decimal()) for one in amounts)]


def _lines(by: By, account_id: UUID, told: queries.AccountStatement) -> Iterator[list[str]]:
    """Page after page, as they are taken."""
    yield [*_LINE]
    while True:
        for one in told.lines:
            amount = str(money(one.amount).decimal())
            sides = [amount, ""] if one.side == "debit" else ["", amount]
            names = [one.stage, str(one.order or ""), str(one.other)]
            yield [str(one.id), one.at.isoformat(), *sides, *names, str(money(one.balance).decimal())]
        if told.more is None:
            return
        told = queries.statement(by.actor, account_id, by.day, told.more)
