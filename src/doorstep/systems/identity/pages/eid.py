"""e-IDs: the holder activates and reports a loss; officers collect, approve, help, and reach those who have not activated."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.country import law
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.store import units
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import Masked, read_reference, read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, language, named, tried
from doorstep.systems.identity.actions import drive as drives
from doorstep.systems.identity.actions import eid as actions
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.country import Country, SecretRow
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.forms.eid import (
    ActivateForm,
    AppointmentForm,
    CodeForm,
    CollectForm,
    ContactForm,
    LockForm,
    LossForm,
    NumberForm,
    PhoneForm,
    SecretsForm,
)
from doorstep.systems.identity.pages.captures import capture_for
from doorstep.systems.identity.pages.carried import carried, carry
from doorstep.systems.identity.pages.signin import throttle, visitor
from doorstep.systems.identity.permissions import COLLECT, DRIVE, FOR_EID, SUPPORT
from doorstep.systems.identity.queries import eid as queries
from doorstep.systems.identity.queries.home import application_told
from doorstep.systems.identity.rules.drive import Hindrance, Where
from doorstep.systems.identity.rules.eid import LockCause, Step

SALT_BEGUN, SALT_PROVEN = "identity.activation.begun", "identity.activation.proven"
STEP_SECONDS = 900


@page(PUBLIC)
@require_http_methods(["GET", "POST"])
def activate(request: HttpRequest) -> HttpResponse:
    """First step: number and phone. Whether they fit is not told; a code comes or it does not."""
    form = ActivateForm(request.POST or None)
    if not form.is_valid():
        return _shown(request, "identity/activate.html", {"form": form, "place": 1})
    throttle(request, form.cleaned_data["number"])
    subject = actions.begin_activation(visitor(), form.cleaned_data["number"], form.cleaned_data["phone"])
    context = {"form": CodeForm(), "step": carry(subject, SALT_BEGUN, timezone.now()), "place": 2}
    return _shown(request, "identity/activate_code.html", context)


@page(PUBLIC)
@require_POST
def activate_code(request: HttpRequest) -> HttpResponse:
    """Second step: the code from the phone."""
    subject = _carried(request, SALT_BEGUN)
    if subject is None:
        return SeeOther(reverse("identity:activate"))
    form = CodeForm(request.POST)
    wrong = False
    if form.is_valid():
        code = "".join(form.cleaned_data["code"].split())
        wrong = actions.prove_activation(visitor(), subject, code) is not None
        if not wrong:
            context = {"form": SecretsForm(_secrets()), "step": carry(subject, SALT_PROVEN, timezone.now()), "place": 3}
            return _shown(request, "identity/activate_secrets.html", context)
    context = {"form": form, "step": request.POST.get("step", ""), "wrong": wrong, "place": 2}
    return _shown(request, "identity/activate_code.html", context)


@page(PUBLIC)
@require_POST
def activate_secrets(request: HttpRequest) -> HttpResponse:
    """Last step: password and passcode."""
    subject = _carried(request, SALT_PROVEN)
    if subject is None:
        return SeeOther(reverse("identity:activate"))
    form = SecretsForm(_secrets(), request.POST)
    told = form.data
    if tried(form, lambda: actions.activate(visitor(), subject, told["password"], told["passcode"])):
        return _shown(request, "identity/activated.html", {})
    context = {"form": form, "step": request.POST.get("step", ""), "place": 3}
    return _shown(request, "identity/activate_secrets.html", context)


@page(PUBLIC)
@require_http_methods(["GET", "POST"])
def loss(request: HttpRequest) -> HttpResponse:
    """A loss is reported from anywhere; what was wrong, if anything, is not told."""
    form = LossForm(request.POST or None)
    if not form.is_valid():
        return _shown(request, "identity/loss.html", {"form": form})
    throttle(request, form.cleaned_data["number"])
    actions.report_loss(visitor(), form.cleaned_data["number"], form.cleaned_data["passcode"])
    return _shown(request, "identity/loss.html", {"form": LossForm(), "reported": True})


@page(COLLECT)
@require_http_methods(["GET", "POST"])
def collect(request: HttpRequest) -> HttpResponse:
    """An officer takes a record, with the person and the card before them; level 2 with a biometric capture."""
    by = enter(request)
    form = CollectForm(request.POST or None, initial={"level": Level.TWO.value, "unit": by.actor.unit})

    def do() -> None:
        told = form.cleaned_data
        applicant = Applicant(
            level=Level(told["level"]),
            phone="".join(told["phone"].split()),
            email=told["email"],
            language=told["language"],
            complete=told["complete"],
            capture=capture_for(told["number"], Level(told["level"])),
            document=read_reference(told["document"]) or told["document"],
        )
        actions.collect(by, told["number"], applicant, told["unit"])

    if request.method == "POST" and tried(form, do):
        return SeeOther(reverse("identity:to_approve"))
    return _shown(request, "identity/collect.html", {"form": form})


@page(COLLECT)
@require_http_methods(["GET", "POST"])
def to_approve(request: HttpRequest) -> HttpResponse:
    """Records that wait for another officer."""
    by = enter(request)
    if request.method == "POST":
        actions.approve(by, read_uuid(request.POST.get("eid", "")), version_of(request))
        return SeeOther(reverse("identity:to_approve"))
    rows = look(by.actor, FOR_EID, by.at, queries.to_approve, by.day)
    context = {"rows": named(rows, by.day), "today": by.day}
    return _shown(request, "identity/to_approve.html", context)


@page(SUPPORT)
@require_http_methods(["GET", "POST"])
def help_desk(request: HttpRequest) -> HttpResponse:
    """By number: where the e-ID stands. By reference: why somebody was not let in, or what became of an application."""
    by, form, found, cause, application = enter(request), NumberForm(request.POST or None), None, None, None
    asked = request.POST.get("reference", "")
    if asked:
        form, reference = NumberForm(), read_reference(asked) or ""
        cause = queries.cause_of(by.actor, reference)
        card = Masked("".join(request.POST.get("card", "").split()))
        application = look(by.actor, FOR_EID, by.at, application_told, reference, card=card)
    elif form.is_valid():
        found = look(by.actor, FOR_EID, by.at, queries.eid_by_number, Masked(form.cleaned_data["number"]))
        if found:
            return SeeOther(reverse("identity:eid", args=[found.id]))
    unknown = form.is_bound and form.is_valid()
    context = {"form": form, "asked": asked, "cause": cause, "application": application, "unknown": unknown}
    return _shown(request, "identity/help_desk.html", context)


@page(SUPPORT)
@require_GET
def eid(request: HttpRequest, eid_id: UUID) -> HttpResponse:
    """One e-ID: who, where it stands, and only the repairs that its state permits."""
    by = enter(request)
    found = look(by.actor, FOR_EID, by.at, queries.eid_by_id, eid_id)
    if found is None:
        raise NotFound(NOT_FOUND())
    context = {
        "eid": found,
        "commune": units.name(found.unit, by.day, language()),
        "steps": {step.name: True for step in found.steps},
        "lock": LockForm(),
        "phone": PhoneForm(),
        "may_collect": by.actor.may(COLLECT),
        "may_drive": by.actor.may(DRIVE),
        "contact": ContactForm(),
        "appointment": AppointmentForm(initial={"kind": Where.HOME.value}),
    }
    return _shown(request, "identity/eid.html", context)


@page(SUPPORT)
@require_POST
def repair(request: HttpRequest, eid_id: UUID, step: str) -> HttpResponse:
    """One of the repairs; the action knows whether the state permits it."""
    by, version, told = enter(request), version_of(request), request.POST
    if step == Step.LOCK:
        actions.lock(by, eid_id, version, LockCause(_one_of(LockCause, told.get("cause", ""))))
    elif step == Step.UNLOCK:
        actions.unlock(by, eid_id, version)
    elif step == Step.RECOVER:
        actions.recover(by, eid_id, version)
    elif step == Step.CHANGE_PHONE:
        actions.change_phone(by, eid_id, version, told.get("phone", ""))
    elif step == Step.RAISE:
        level = Level(_one_of(Level, told.get("level", "")))
        holder = look(by.actor, FOR_EID, by.at, queries.eid_by_id, eid_id)
        capture = capture_for(holder.number, level) if holder else None
        actions.raise_level(by, eid_id, version, level, capture)
    elif step == Step.REVOKE:
        actions.revoke(by, eid_id, version, told.get("why", ""))
    else:
        raise NotFound(NOT_FOUND())
    return SeeOther(reverse("identity:eid", args=[eid_id]))


@page(DRIVE)
@require_GET
def drive(request: HttpRequest) -> HttpResponse:
    """Who could activate and has not, and today's appointments."""
    by, after = enter(request), request.GET.get("after")
    today = by.day
    rows = look(by.actor, FOR_EID, by.at, queries.not_activated, today, read_uuid(after) if after else None)
    context = {
        "rows": [(row, Hindrance(row.hindrance) if row.hindrance else None) for row in named(rows, today)],
        "appointments": [(row, Where(row.kind)) for row in look(by.actor, FOR_EID, by.at, queries.appointments, today)],
        "today": today,
        "older": f"?after={rows[-1].id}" if len(rows) == queries.PAGE else "",
        "first": reverse("identity:drive") if after else "",
    }
    return _shown(request, "identity/drive.html", context)


@page(DRIVE)
@require_POST
def kept(request: HttpRequest, appointment: UUID) -> HttpResponse:
    drives.keep_appointment(enter(request), appointment)
    return SeeOther(reverse("identity:drive"))


@page(DRIVE)
@require_POST
def contact(request: HttpRequest, eid_id: UUID) -> HttpResponse:
    form = ContactForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        drives.note_contact(enter(request), eid_id, Hindrance(told["hindrance"]), told["note"])
    return SeeOther(reverse("identity:drive"))


@page(DRIVE)
@require_http_methods(["GET", "POST"])
def appoint(request: HttpRequest, eid_id: UUID) -> HttpResponse:
    by, form = enter(request), AppointmentForm(request.POST or None, initial={"kind": Where.HOME.value})

    def do() -> None:
        told = form.cleaned_data
        drives.appoint(by, eid_id, Where(told["kind"]), told["day"], told["slot"], told["place"])

    if request.method == "POST" and tried(form, do):
        return SeeOther(reverse("identity:drive"))
    return _shown(request, "identity/appoint.html", {"form": form})


def _carried(request: HttpRequest, salt: str) -> str | None:
    """What the step before handed on in the form; None when it was changed or is too old."""
    return carried(request.POST.get("step", ""), salt, timezone.now(), STEP_SECONDS)


def version_of(request: HttpRequest) -> int:
    """Which version of a record the form was made from; 0 where it does not say."""
    return whole(request.POST.get("version", ""))


def whole(text: str) -> int:
    """The number that a page sent along in at most nine digits; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _one_of(kind: type[Code], value: str) -> str:
    if value not in set(kind):
        raise NotFound(NOT_FOUND())
    return value


def _secrets() -> SecretRow:
    """What password and passcode must be today."""
    country = law(Country, "identity")
    return in_force(country.secrets, country.day(timezone.now()))[0]


def _shown(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    form = context.get("form")
    return render(request, template, context, status=REFUSED if getattr(form, "errors", None) else 200)
