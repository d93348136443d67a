"""Those whom somebody answers for: a guardian's wards, a representative's organisations, and their e-IDs."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.identity.actions import home, organisations
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.forms.home import OrganisationEidForm
from doorstep.systems.identity.pages.eid import version_of
from doorstep.systems.identity.permissions import CARE, COLLECT, FOR_EID
from doorstep.systems.identity.queries.care import in_care


@page(CARE)
@require_GET
def care(request: HttpRequest) -> HttpResponse:
    """Wards and organisations with the state of their e-IDs, and what can be done."""
    by = enter(request)
    rows = look(by.actor, FOR_EID, by.at, in_care, by.day)
    return render(request, "identity/care.html", {"rows": rows})


@page(CARE)
@require_POST
def apply_for_ward(request: HttpRequest, ward: UUID) -> HttpResponse:
    """A guardian asks for a ward's e-ID of level 1."""
    home.apply_for_ward(enter(request), ward)
    return SeeOther(reverse("identity:care"))


@page(CARE)
@require_POST
def activate_organisation(request: HttpRequest, eid_id: UUID) -> HttpResponse:
    """A representative takes an organisation's e-ID into use."""
    organisations.activate_organisation(enter(request), eid_id, version_of(request))
    return SeeOther(reverse("identity:care"))


@page(COLLECT)
@require_http_methods(["GET", "POST"])
def collect_organisation(request: HttpRequest) -> HttpResponse:
    """An officer takes an organisation's record, with its representative at the counter."""
    by = enter(request)
    form = OrganisationEidForm(request.POST or None, initial={"unit": by.actor.unit})

    def do() -> None:
        told = form.cleaned_data
        phone = "".join(told["phone"].split())
        applicant = Applicant(Level.NONE, phone, told["email"], complete=told["complete"])
        organisations.collect_organisation(by, told["tax_code"], applicant, told["unit"])

    if request.method == "POST" and tried(form, do):
        return SeeOther(reverse("identity:to_approve"))
    return render(request, "identity/collect_organisation.html", {"form": form}, status=REFUSED if form.errors else 200)
