"""The data protection officer's pages: questions about looks, and the register of breaches with its printed notice."""

from pathlib import Path
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel import documents
from doorstep.kernel.access import look
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.web import numbers
from doorstep.kernel.web.layout import simulated_scale
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, language, named, tried
from doorstep.systems.identity.actions import incidents as actions
from doorstep.systems.identity.actions import looks
from doorstep.systems.identity.actions.incidents import PeopleTold
from doorstep.systems.identity.forms.protection import AnswerForm, CloseForm, IncidentForm, NoticeForm, TellForm
from doorstep.systems.identity.pages.eid import version_of, whole
from doorstep.systems.identity.pages.looks import told
from doorstep.systems.identity.permissions import FOR_PROTECTION, PROTECT
from doorstep.systems.identity.queries import incidents as queries
from doorstep.systems.identity.queries import questions
from doorstep.systems.identity.queries.incidents import IncidentRecord
from doorstep.systems.identity.rules.incidents import TEXTS, Incident

TEMPLATE = Path(__file__).parents[1] / "templates" / "identity" / "incident_notice.typ"


@page(PROTECT)
@require_GET
def open_questions(request: HttpRequest) -> HttpResponse:
    """What people ask about looks of the unit and below, those due first."""
    by = enter(request)
    rows = look(by.actor, FOR_PROTECTION, by.at, questions.open_questions, by.day)
    context = {"rows": named(rows, by.day), "now": by.at}
    return render(request, "identity/questions.html", context)


@page(PROTECT)
@require_http_methods(["GET", "POST"])
def question(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """One question with the entry that it is about, and the answer."""
    by, form = enter(request), AnswerForm(request.POST or None)
    if request.method == "POST" and tried(form, lambda: looks.answer(by, question_id, form.cleaned_data["text"])):
        return SeeOther(reverse("identity:questions"))
    record = look(by.actor, FOR_PROTECTION, by.at, questions.question, by.day, question_id)
    context = {
        "form": form,
        "record": record,
        "entry": told([record.look], by.day)[0] if record.look else None,
        "late": record.question.due is not None and record.question.due < by.at,
    }
    return render(request, "identity/question.html", context, status=REFUSED if form.errors else 200)


@page(PROTECT)
@require_GET
def incidents(request: HttpRequest) -> HttpResponse:
    """The register: incidents whose notice is due first, overdue ones at the top."""
    by = enter(request)
    start = whole(request.GET.get("after", ""))
    rows = queries.incidents(by.actor, by.day, start)
    context = {
        "rows": named(rows[: queries.PAGE], by.day),
        "now": by.at,
        "older": further(request, start + queries.PAGE) if len(rows) > queries.PAGE else "",
        "first": further(request) if start else "",
    }
    return render(request, "identity/incidents.html", context)


@page(PROTECT)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter an incident; the clock is on its page."""
    by, form = enter(request), IncidentForm(request.POST or None)
    made: list[UUID] = []
    if request.method == "POST" and tried(form, lambda: made.append(actions.enter_incident(by, form.incident()).id)):
        return SeeOther(reverse("identity:incident", args=made))
    return render(request, "identity/incident_form.html", {"form": form}, status=REFUSED if form.errors else 200)


@page(PROTECT)
@require_GET
def incident(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """One incident: its clock, what is known, what was known before, and what can be done now."""
    by, record = _record(request, incident_id)
    return _shown(request, by, record, {})


@page(PROTECT)
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """What is known by now; the form begins with what was known."""
    by, record = _record(request, incident_id)
    known = {name: getattr(record.content, name) for name in Incident.__struct_fields__}
    form = IncidentForm(request.POST or None, initial=known)
    version = version_of(request)
    if request.method == "POST" and tried(
        form, lambda: actions.add_to_incident(by, incident_id, version, form.incident())
    ):
        return SeeOther(reverse("identity:incident", args=[incident_id]))
    context = {"form": form, "incident": record}
    return render(request, "identity/incident_form.html", context, status=REFUSED if form.errors else 200)


@page(PROTECT)
@require_http_methods(["POST"])
def notified(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The authority was told."""
    by, record = _record(request, incident_id)
    form = NoticeForm(request.POST)
    if tried(form, lambda: actions.state_notice(by, incident_id, **form.cleaned_data)):
        return SeeOther(reverse("identity:incident", args=[incident_id]))
    return _shown(request, by, record, {"notice_form": form})


@page(PROTECT)
@require_http_methods(["POST"])
def close(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Nothing more is due."""
    by, record = _record(request, incident_id)
    form = CloseForm(request.POST)
    if tried(form, lambda: actions.close_incident(by, incident_id, form.cleaned_data["why"])):
        return SeeOther(reverse("identity:incident", args=[incident_id]))
    return _shown(request, by, record, {"close_form": form})


@page(PROTECT)
@require_http_methods(["POST"])
def tell(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """Tell the people concerned, by their numbers."""
    by, record = _record(request, incident_id)
    form, done = TellForm(request.POST), list[PeopleTold]()

    def act() -> None:
        done.append(actions.tell_people(by, incident_id, form.told(), form.cleaned_data["message"]))

    if tried(form, act):
        by, record = _record(request, incident_id)
        return _shown(request, by, record, {"done": done[0]})
    return _shown(request, by, record, {"tell_form": form})


@page(PROTECT)
@require_GET
def notice(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The notice to the authority as a signed PDF, in the reader's language."""
    by, record = _record(request, incident_id)
    title = gettext("Notice of a breach of data protection")
    scale = simulated_scale()
    note = gettext("Made from simulated records at a scale of {scale}.").format(scale=numbers.number(scale or 0))
    data = {
        "title": title,
        "issuer": _unit(record.unit, by),
        "date": numbers.instant(by.at),
        "reference": record.reference,
        "note": note if scale else "",
        "page_of": gettext("Page {page} of {pages}"),
        "clock": _clock(record),
        "facts": [(label, _printed(text)) for label, text in _facts(record.content)],
        "versions": gettext("Version {version} of {time}.").format(
            version=numbers.number(record.version), time=numbers.instant(record.versions[0].at)
        ),
    }
    made = documents.signed(documents.pdf(TEMPLATE, data, language(), at=by.at), title, by.at)
    headers = {"Content-Disposition": f'inline; filename="{record.reference}.pdf"'}
    return HttpResponse(made, content_type="application/pdf", headers=headers)


def _record(request: HttpRequest, incident_id: UUID) -> tuple[By, IncidentRecord]:
    by = enter(request)
    return by, queries.incident(by.actor, by.day, incident_id)


def _shown(request: HttpRequest, by: By, record: IncidentRecord, extra: dict[str, Any]) -> HttpResponse:
    waits = record.notified is None and record.closed is None and record.due is not None
    context = {
        "incident": record,
        "unit": _unit(record.unit, by),
        "facts": _facts(record.content),
        "earlier": [(one.at, _facts(one.content)) for one in record.versions[1:]],
        "waits": waits,
        "late": waits and record.due is not None and record.due < by.at,
        "notice_form": NoticeForm(),
        "close_form": CloseForm(),
        "tell_form": TellForm(),
        **extra,
    }
    refused = any(getattr(form, "errors", None) for form in extra.values())
    return render(request, "identity/incident.html", context, status=REFUSED if refused else 200)


def _unit(code: str, by: By) -> str:
    return units.name(code, by.day, language()) if code else gettext("The whole country")


def _clock(record: IncidentRecord) -> list[tuple[str, str]]:
    """Whom the notice goes to, by when, and when it went."""
    told = [
        (gettext("Authority"), gettext(record.authority) if record.authority else "–"),
        (gettext("Reference"), _printed(record.reference)),
        (gettext("Due"), numbers.instant(record.due) if record.due else "–"),
    ]
    if record.notified:
        told.append((gettext("When the authority was told"), numbers.instant(record.notified)))
        told.append((gettext("Its reference for the notice"), _printed(record.notice_reference)))
    if record.late_reason:
        told.append((gettext("Why it is late"), _printed(record.late_reason)))
    return told


def _printed(text: str) -> str:
    """As far as the documents' fonts go, each line isolated from the text around (UAX 9)."""
    return "\n".join(f"\u2068{documents.covered(line)}\u2069" for line in text.split("\n"))


def _facts(content: Incident) -> list[tuple[str, str]]:
    """What is known, in the order of the form and with its labels."""
    labels = {name: str(field.label) for name, field in IncidentForm.base_fields.items()}
    return [
        (labels["happened"], numbers.instant(content.happened)),
        (labels["found"], numbers.instant(content.found)),
        *((labels[name], getattr(content, name)) for name in TEXTS[:5]),
        (labels["people"], numbers.number(content.people)),
        *((labels[name], getattr(content, name)) for name in TEXTS[5:]),
    ]
