"""One page from which a treasurer reaches everything that waits for a second person."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from doorstep.kernel.web.routes import page
from doorstep.kernel.web.visits import enter
from doorstep.systems.payments.permissions import APPROVE
from doorstep.systems.payments.queries.waiting import queues


@page(APPROVE)
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    by = enter(request)
    found = queues(by.actor, by.day)
    at = {name: reverse(f"payments:{name}") for name in ("refunds", "discrepancies", "moves", "accounts")}
    rows = [
        (_("Refunds"), at["refunds"], found["refunds"]),
        (_("Repairs"), f"{at['discrepancies']}?chosen=yes", found["chosen"]),
        (_("Payments for the wrong order"), at["moves"], found["moves"]),
        (_("Change money that is to leave a till"), f"{at['moves']}#changes", found["changes"]),
        (_("Bank accounts"), at["accounts"], found["accounts"]),
    ]
    return render(request, "payments/waiting.html", {"rows": rows})
