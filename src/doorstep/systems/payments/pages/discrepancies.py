"""Pages of what a person must resolve: the queue, one of them, a repair chosen by one person and decided by another."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web import wording
from doorstep.kernel.web.forms import takes_file
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.payments.actions.bank import hand_in_statement
from doorstep.systems.payments.actions.repairs import decide_repair, propose_repair
from doorstep.systems.payments.forms.orders import RepairForm, StatementForm
from doorstep.systems.payments.pages.paging import onward
from doorstep.systems.payments.pages.unit_names import unit_names
from doorstep.systems.payments.permissions import APPROVE, FOR_REPAIR, HAND_IN, PROPOSE
from doorstep.systems.payments.queries import discrepancies as queries
from doorstep.systems.payments.queries.rows import PAGE
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.statements import check_size


@page(PROPOSE)
@require_GET
def discrepancies(request: HttpRequest) -> HttpResponse:
    """Everything that waits in the area, and who must act."""
    by, after = enter(request), request.GET.get("after")
    rows = queries.open_in_area(by.actor, by.day, read_uuid(after) if after else None, chosen="chosen" in request.GET)
    names = unit_names((row.unit for row in rows), by.day)
    context = {
        "rows": [(row, names[row.unit]) for row in rows],
        **onward(request, rows, PAGE),
    }
    return render(request, "payments/discrepancies.html", context)


@page(PROPOSE)
@require_http_methods(["GET", "POST"])
def discrepancy(request: HttpRequest, discrepancy_id: UUID) -> HttpResponse:
    """One of them whole; a repair is chosen here."""
    by = enter(request)
    record = look(by.actor, FOR_REPAIR, by.at, queries.discrepancy, by.day, discrepancy_id)
    first = {"repair": record.row.proposal.value, "code": record.order}
    form = RepairForm(record.fitting, request.POST or None, initial=first)

    def propose() -> None:
        told = form.cleaned_data
        repair = Repair(told["repair"])
        propose_repair(by, discrepancy_id, repair, code=told.get("code", ""), to=form.destination, note=told["note"])

    if request.method == "POST" and tried(form, propose):
        return SeeOther(reverse("payments:discrepancies"))
    context = {
        "form": form,
        "record": record,
        "reasons": [(wording.html_text(one), wording.html_repair(one)) for one in record.reasons],
        "unit_name": unit_names([record.row.unit], by.day)[record.row.unit],
        "may_hand_in": by.actor.may(HAND_IN),
        "may_decide": by.actor.may(APPROVE) and not record.row.mine,
    }
    return render(request, "payments/discrepancy.html", context, status=REFUSED if form.errors else 200)


@page(HAND_IN)
@takes_file(check_size)
@require_http_methods(["GET", "POST"])
def hand_in(request: HttpRequest, discrepancy_id: UUID) -> HttpResponse:
    """Takes the statement that is lacking, as the bank's own connection would."""
    by = enter(request)
    record = look(by.actor, FOR_REPAIR, by.at, queries.discrepancy, by.day, discrepancy_id)
    form = StatementForm(request.POST, request.FILES) if request.method == "POST" else StatementForm()
    if request.method == "POST" and tried(
        form, lambda: hand_in_statement(by, discrepancy_id, form.cleaned_data["file"].file)
    ):
        return SeeOther(reverse("payments:discrepancy", args=[discrepancy_id]))
    context = {"form": form, "record": record}
    return render(request, "payments/hand_in.html", context, status=REFUSED if form.errors else 200)


@page(APPROVE)
@require_POST
def decide(request: HttpRequest, discrepancy_id: UUID) -> HttpResponse:
    seen = request.POST.get("seen", "")
    chosen = int(seen) if seen.isdecimal() and len(seen) < 6 else 0
    decide_repair(enter(request), discrepancy_id, chosen, approve=request.POST.get("approve") == "yes")
    return SeeOther(reverse("payments:discrepancies"))
