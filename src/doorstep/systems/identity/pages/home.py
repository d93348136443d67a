"""An e-ID from home: applied for by a stranger, whose answer never says what the register knows; decided by officers."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.country import law
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, Refused, refuse
from doorstep.kernel.web.addresses import address_of
from doorstep.kernel.web.forms import add_reasons, takes_file
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.identity.actions import home as actions
from doorstep.systems.identity.actions.home import Applying
from doorstep.systems.identity.country import Country, Printed
from doorstep.systems.identity.forms.eid import CodeForm
from doorstep.systems.identity.forms.home import ApplyForm, CardCodeForm, RefusalForm
from doorstep.systems.identity.pages import captures
from doorstep.systems.identity.pages.eid import version_of
from doorstep.systems.identity.pages.portraits import read_portrait
from doorstep.systems.identity.pages.signin import throttle, visitor
from doorstep.systems.identity.permissions import COLLECT, FOR_EID
from doorstep.systems.identity.queries import home as queries
from doorstep.systems.identity.queries.trust import load_trust
from doorstep.systems.identity.rules import documents, home
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.chip.passive import authenticate
from doorstep.systems.identity.rules.documents import MOST_BYTES, read_chip_files
from doorstep.systems.identity.rules.home import Refusal
from doorstep.systems.identity.rules.portraits import check_size

SALT = "identity.application"
STEP_SECONDS = 900
APPLIED_FROM_PLACE = Limit("identity.applied_from_place", 30, timedelta(hours=1))
CODES_TO_PHONE = Limit("identity.codes_to_phone", 5, timedelta(hours=1))


def _sizes(size: int) -> Sequence[Reason]:
    return check_size(max(0, size - MOST_BYTES))


@page(PUBLIC)
@takes_file(_sizes)
@require_http_methods(["GET", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """First step: who, which phone, and the portrait. The card's code fills in the form, and proves nothing."""
    by = visitor()
    if not home.offered(law(Country, "identity"), by.day):
        return render(request, "identity/apply.html", {"not_offered": True})
    if "prefill" in request.POST:
        return _prefilled(request, by)
    form = ApplyForm(request.POST, request.FILES) if request.method == "POST" else ApplyForm()
    begun: list[str] = []
    if form.is_valid():
        told = form.cleaned_data
        throttle(request, told["number"])
        spend(APPLIED_FROM_PLACE, address_of(request), by.at)
        spend(CODES_TO_PHONE, _line(told["phone"]), by.at)
        if tried(form, lambda: begun.append(_begun(by, form))):
            context = {"form": CodeForm(), "step": signing.dumps(begun[0], salt=SALT)}
            return render(request, "identity/apply_code.html", context)
    status = REFUSED if form.errors else 200
    return render(
        request, "identity/apply.html", {"form": form, "card": CardCodeForm(auto_id="card_%s")}, status=status
    )


@page(PUBLIC)
@require_POST
def apply_code(request: HttpRequest) -> HttpResponse:
    """Second step: the code from the phone. The reference is the same kind of answer for everybody."""
    try:
        subject: str = signing.loads(request.POST.get("step", ""), salt=SALT, max_age=STEP_SECONDS)
    except signing.BadSignature:
        return SeeOther(reverse("identity:apply"))
    form, wrong = CodeForm(request.POST), False
    if form.is_valid():
        answer = actions.prove(visitor(), subject, "".join(form.cleaned_data["code"].split()))
        if not isinstance(answer, Cause):
            return render(request, "identity/applied.html", {"reference": answer})
        wrong = True
    context = {"form": form, "step": request.POST.get("step", ""), "wrong": wrong}
    return render(request, "identity/apply_code.html", context, status=REFUSED)


@page(COLLECT)
@require_http_methods(["GET", "POST"])
def applications(request: HttpRequest) -> HttpResponse:
    """Those that wait in the officer's area, each with what it rests on."""
    by = enter(request)
    context = {
        "rows": look(by.actor, FOR_EID, by.at, queries.applications, by.day),
        "today": by.day,
        "refusal": RefusalForm(auto_id=False),
    }
    return render(request, "identity/applications.html", context)


@page(COLLECT)
@require_POST
def decide(request: HttpRequest, application_id: UUID) -> HttpResponse:
    """Yes or no."""
    by, version = enter(request), version_of(request)
    if request.POST.get("decision") == "approve":
        actions.approve_application(by, application_id, version)
        return SeeOther(reverse("identity:applications"))
    form = RefusalForm(request.POST)
    if form.is_valid():
        actions.refuse_application(by, application_id, version, Refusal(form.cleaned_data["cause"]))
    return SeeOther(reverse("identity:applications"))


def _prefilled(request: HttpRequest, by: By) -> HttpResponse:
    card, form, country = CardCodeForm(request.POST, auto_id="card_%s"), ApplyForm(), law(Country, "identity")
    if card.is_valid():
        read = country.read_code(card.cleaned_data["code"], by.day)
        if isinstance(read, Printed):
            told = {"number": str(read.number), "full_name": read.full_name, "birth": read.birth}
            form = ApplyForm(initial={**told, "code": card.cleaned_data["code"]})
        else:
            add_reasons(card, read)
    status = REFUSED if card.errors else 200
    return render(request, "identity/apply.html", {"form": form, "card": card}, status=status)


def _line(phone: str) -> str:
    """One telephone, however its number is written: with a country's prefix, dots or brackets or without."""
    return "".join(sign for sign in phone if sign.isdecimal())[-9:]


def _begun(by: By, form: ApplyForm) -> str:
    """Everything that was shown is judged by itself, then the portrait is compared, whoever it may be."""
    told, country = form.cleaned_data, law(Country, "identity")
    number, day = Masked("".join(told["number"].split())), by.day
    refuse(country.check_number(number, told["birth"], None, day) + country.check_phone(told["phone"]))
    agreed = _code_agrees(told["code"], number, told["full_name"], told["birth"], day)
    chip = _chip(told["chip"], number, told["full_name"], told["birth"], by)
    portrait = read_portrait(told["portrait"].file)
    if isinstance(portrait, list):
        raise Refused(portrait)
    applying = Applying(
        number=number,
        full_name=told["full_name"],
        birth=told["birth"],
        phone=told["phone"],
        email=told["email"],
        language=told["language"],
        capture=captures.compare(number, portrait),
        code_agreed=agreed,
        chip=chip,
    )
    return actions.apply(by, applying)


def _code_agrees(code: str, number: str, full_name: str, birth: date, day: date) -> bool:
    """Whether there is a code that says the same; Refused where it says something else."""
    if not code.strip():
        return False
    read = law(Country, "identity").read_code(code, day)
    if not isinstance(read, Printed):
        raise Refused(read)
    refuse(home.check_code(read, number, full_name, birth))
    return True


def _chip(uploaded: list[bytes], number: str, full_name: str, birth: date, by: By) -> str:
    """The verdict on the chip; empty where none was read. Refused where it is another person's."""
    if not uploaded:
        return ""
    files = read_chip_files(uploaded)
    if isinstance(files, list):
        raise Refused(files)
    country, day = law(Country, "identity"), by.day
    outcome = authenticate(files, load_trust()[0], at=by.at, day=day)
    papers = documents.read_papers(country, day, chip=outcome, groups=files.groups, lines="", code="")
    for printed in papers.printed:
        refuse(home.check_code(printed, number, full_name, birth))
    return outcome.verdict.value
