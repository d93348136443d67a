"""The page of a unit's bank accounts: one person proposes, another one decides, either ends."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.kernel.country import law
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.payments.actions import bank_accounts as actions
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.forms.orders import BankAccountForm
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import MANAGE_ACCOUNTS
from doorstep.systems.payments.queries import shown


@page(MANAGE_ACCOUNTS)
@require_http_methods(["GET", "POST"])
def accounts(request: HttpRequest) -> HttpResponse:
    """The accounts of the area, and a form for one more."""
    by = enter(request)
    form = BankAccountForm(request.POST or None, initial={"unit": by.actor.unit})

    def propose() -> None:
        told = form.cleaned_data
        actions.propose_bank_account(by, told["unit"], told["bank"], told["number"], told["holder"])

    if request.method == "POST" and tried(form, propose):
        return SeeOther(reverse("payments:accounts"))
    rows = shown.bank_accounts(by.actor, by.day)
    names = unit_names((row.unit for row in rows), by.day)
    banks = {row.number: row.name for row in law(Country, "payments").banks}
    context = {"form": form, "rows": [(row, names[row.unit], banks.get(row.bank, row.bank)) for row in rows]}
    return render(request, "payments/accounts.html", context, status=REFUSED if form.errors else 200)


@page(MANAGE_ACCOUNTS)
@require_POST
def decide(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actions.decide_bank_account(enter(request), account_id, approve=request.POST.get("approve") == "yes")
    return SeeOther(reverse("payments:accounts"))


@page(MANAGE_ACCOUNTS)
@require_POST
def end(request: HttpRequest, account_id: UUID) -> HttpResponse:
    actions.end_bank_account(enter(request), account_id)
    return SeeOther(reverse("payments:accounts"))
