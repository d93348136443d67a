"""The registrar's pages: search, a person's record with its history, and every change. Each look is journalled."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel.access import Sought, look
from doorstep.kernel.country import law
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked, read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Refused
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.forms import Form
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, language, named, tried
from doorstep.systems.identity.actions import register as actions
from doorstep.systems.identity.contract import Relation
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.forms import register as forms
from doorstep.systems.identity.permissions import FOR_REGISTER, READ_PERSON, REGISTER
from doorstep.systems.identity.queries import register as queries
from doorstep.systems.identity.queries.register import Change, PersonRecord, PersonRow
from doorstep.systems.identity.rules.looks import FIELDS as NAMES
from doorstep.systems.identity.rules.register import LIKELY_SAME, Cause, Record, ResidenceKind

FIELDS = {
    **{name: NAMES[name] for name in ("number", "full_name", "birth", "sex", "nationality", "died")},
    "unit": N_("Commune of residence"),
    "address": NAMES["address"],
}
"""What is said of a person, in the order of reading."""


class Difference(msgspec.Struct, frozen=True):
    """One field that a change changed, in words."""

    label: str
    before: str
    after: str


class Event(msgspec.Struct, frozen=True):
    """A change as the history tells it."""

    change: Change
    differences: tuple[Difference, ...]


@page(READ_PERSON)
@require_GET
def persons(request: HttpRequest) -> HttpResponse:
    """Persons of the area by number, words of the name, birth; numbers masked."""
    by = enter(request)
    form = forms.SearchForm(request.GET or None)
    rows: list[PersonRow] = []
    after = request.GET.get("after", "")
    if form.is_valid():
        told = form.cleaned_data
        asked = (by.day, Sought(told["text"]), told["birth"], read_uuid(after) if after else None)
        rows = look(by.actor, FOR_REGISTER, by.at, queries.persons, *asked)
    context = {
        "form": form,
        "rows": named(rows, by.day),
        "may_register": by.actor.may(REGISTER),
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/register.html", context, status=REFUSED if form.errors else 200)


@page(READ_PERSON)
@require_GET
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """One person whole; the person can read that the record was opened."""
    by = enter(request)
    record = look(by.actor, FOR_REGISTER, by.at, queries.person, by.day, person_id)
    context = {
        "person": record,
        "fields": told_fields(_state(record.record, record.unit, record.address), by),
        "homes": named(record.homes, by.day),
        "events": _events(record, by),
        "may_register": by.actor.may(REGISTER),
    }
    return render(request, "identity/person.html", context)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a person; whoever is likely the same is shown first, masked."""
    by = enter(request)
    initial = {"nationality": law(Country, "identity").nationality, "unit": by.actor.unit, "cause": Cause.BIRTH.value}
    form = forms.EntryForm(communes(by), posted(request), initial=initial)
    similar: list[PersonRow] = []
    made: list[UUID] = []

    def act() -> None:
        told = form.cleaned_data
        record = form.record()
        try:
            done = actions.register_person(
                by, record, form.home(), Cause(told["cause"]), told["source"], confirmed=told["confirmed"]
            )
        except Refused as refused:
            if any(one.code == LIKELY_SAME.code for one in refused.reasons):
                form.ask_to_confirm()
                similar.extend(look(by.actor, FOR_REGISTER, by.at, queries.similar, record))
            raise
        made.append(done.id)

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:person", args=made))
    context = {"form": form, "similar": named(similar, by.day)}
    return render(request, "identity/person_new.html", context, status=REFUSED if form.errors else 200)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def arrive(request: HttpRequest) -> HttpResponse:
    """Somebody from another area moves here: found by number and birth date together, never shown before."""
    by = enter(request)
    form = forms.ArrivalForm(communes(by), posted(request), initial={"unit": by.actor.unit})
    moved: list[UUID] = []

    def act() -> None:
        told = form.cleaned_data
        number = Masked("".join(told["number"].split()).upper())
        try:
            row = look(by.actor, FOR_REGISTER, by.at, queries.arriving, number, told["birth"])
        except NotFound as nobody:
            raise Refused(NOT_FOUND("number")) from nobody
        actions.move_residence(by, row.id, row.version, form.home(), told["source"])
        moved.append(row.id)

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:person", args=moved))
    return render(request, "identity/arrive.html", {"form": form}, status=REFUSED if form.errors else 200)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Marriage, naturalisation, a court's decision: the record as it is from a day on."""
    by, record = _open(request, person_id)
    kept = forms.shown(record.record, Record.__struct_fields__)
    form = forms.ChangeForm(posted(request), initial={**kept, "version": record.version})
    forms.unshown(form, record.record.died)

    def act() -> None:
        told = form.cleaned_data
        given = (told["version"] or 0, form.record(), Cause(told["cause"]), told["valid_from"], told["source"])
        actions.change_person(by, person_id, *given)

    return _changed(request, record, form, act, gettext("Change the record"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A typing error: what it should have been, for a second person to decide."""
    by, record = _open(request, person_id)
    kept = forms.shown(record.record, Record.__struct_fields__)
    form = forms.CorrectionForm(posted(request), initial={**kept, "version": record.version})
    forms.unshown(form, record.record.died)

    def act() -> None:
        told = form.cleaned_data
        actions.propose_correction(by, person_id, told["version"] or 0, form.record(), told["source"])

    return _changed(request, record, form, act, gettext("Propose a correction"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def move(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Another residence, permanent or temporary."""
    by, record = _open(request, person_id)
    initial = {"version": record.version, "unit": record.unit, "kind": ResidenceKind.PERMANENT.value}
    form = forms.MoveForm(communes(by), posted(request), initial=initial)

    def act() -> None:
        told = form.cleaned_data
        actions.move_residence(by, person_id, told["version"] or 0, form.home(), told["source"])

    return _changed(request, record, form, act, gettext("Enter a move"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def leave(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """A residence ends, and no other begins here."""
    by, record = _open(request, person_id)
    initial = {"version": record.version, "kind": ResidenceKind.TEMPORARY.value}
    form = forms.EndForm(posted(request), initial=initial)

    def act() -> None:
        told = form.cleaned_data
        given = (told["version"] or 0, ResidenceKind(told["kind"]), told["valid_to"], told["source"])
        actions.end_residence(by, person_id, *given)

    return _changed(request, record, form, act, gettext("End a residence"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def death(request: HttpRequest, person_id: UUID) -> HttpResponse:
    by, record = _open(request, person_id)
    form = forms.DeathForm(posted(request), initial={"version": record.version})

    def act() -> None:
        told = form.cleaned_data
        actions.note_death(by, person_id, told["version"] or 0, told["died"], told["source"])

    return _changed(request, record, form, act, gettext("Note a death"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def guardian(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Who answers for a minor."""
    by, record = _open(request, person_id)
    form = forms.GuardianForm(posted(request), initial={"relation": Relation.PARENT.value})

    def act() -> None:
        told = form.cleaned_data
        number = "".join(told["guardian"].split()).upper()
        actions.set_guardian(by, person_id, number, Relation(told["relation"]), told["valid_from"], told["source"])

    return _changed(request, record, form, act, gettext("Enter a guardian"))


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def end_guardian(request: HttpRequest, person_id: UUID, guardian_id: UUID) -> HttpResponse:
    by, record = _open(request, person_id)
    if all(one.id != guardian_id for one in record.guardians):
        raise NotFound(NOT_FOUND("guardian"))
    form = forms.EndGuardianForm(posted(request))

    def act() -> None:
        actions.end_guardian(by, guardian_id, form.cleaned_data["valid_to"], form.cleaned_data["source"])

    return _changed(request, record, form, act, gettext("End a guardianship"))


@page(REGISTER)
@require_GET
def corrections(request: HttpRequest) -> HttpResponse:
    """Corrections that wait for a second person; whoever proposed one cannot decide on it."""
    by = enter(request)
    after = request.GET.get("after", "")
    rows = look(by.actor, FOR_REGISTER, by.at, queries.corrections, by.day, read_uuid(after) if after else None)
    context = {
        "rows": [
            (row, ", ".join(gettext(FIELDS[name]) for name in row.fields), row.proposed_by == by.actor.subject)
            for row in rows
        ],
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/corrections.html", context)


@page(REGISTER)
@require_http_methods(["GET", "POST"])
def correction(request: HttpRequest, correction_id: UUID) -> HttpResponse:
    """Before and after; approve or refuse."""
    by = enter(request)
    found = look(by.actor, FOR_REGISTER, by.at, queries.correction, by.day, correction_id)
    form = forms.DecisionForm(posted(request))
    approve = request.POST.get("decision") == "approve"

    def act() -> None:
        actions.decide_correction(by, correction_id, approve=approve, why=form.cleaned_data["why"])

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:corrections"))
    context = {
        "form": form,
        "correction": found,
        "own": found.proposed_by == by.actor.subject,
        "differences": _differences(_state(found.before), _state(found.after), by),
    }
    return render(request, "identity/correction.html", context, status=REFUSED if form.errors else 200)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form was sent with, however little; None where it is only asked for."""
    return request.POST if request.method == "POST" else None


def communes(by: By) -> forms.Communes:
    """The communes of the actor's area, by name; none where they are too many to choose from."""
    return queries.communes(by.actor, by.day, language())


def unit_name(code: str, by: By) -> str:
    return units.name(code, by.day, language()) if code else ""


def told_fields(state: dict[str, Any], by: By) -> list[tuple[str, str]]:
    """What is said of a person, in words, what is empty left out."""
    return [(gettext(label), text) for name, label in FIELDS.items() if (text := _text(state.get(name), name, by))]


def _open(request: HttpRequest, person_id: UUID) -> tuple[By, PersonRecord]:
    """Who acts, and the record that is to change; a look of its own, since it is shown."""
    by = enter(request)
    return by, look(by.actor, FOR_REGISTER, by.at, queries.person, by.day, person_id)


def _changed(
    request: HttpRequest, record: PersonRecord, form: Form, act: Callable[[], object], title: str
) -> HttpResponse:
    """Back to the person; or the form with the reasons in it."""
    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("identity:person", args=[record.id]))
    context = {"form": form, "person": record, "title": title}
    return render(request, "identity/person_change.html", context, status=REFUSED if form.errors else 200)


def _events(record: PersonRecord, by: By) -> list[Event]:
    """Each change with what was before and after, newest first."""
    after = _state(record.record, record.unit, record.address)
    events = []
    for one in record.changes:
        before = _state(one.before, one.unit, one.address) if one.before else None
        events.append(Event(one, tuple(_differences(before, after, by)) if before else ()))
        after = before or after
    return events


def _state(record: Record, unit: str = "", address: str = "") -> dict[str, Any]:
    return {**msgspec.structs.asdict(record), "unit": unit, "address": address}


def _differences(before: dict[str, Any], after: dict[str, Any], by: By) -> list[Difference]:
    return [
        Difference(gettext(label), _text(before[name], name, by), _text(after[name], name, by))
        for name, label in FIELDS.items()
        if before[name] != after[name]
    ]


def _text(value: Any, name: str, by: By) -> str:
    """A value in the reader's language."""
    if isinstance(value, Code):
        return gettext(value.text)
    if isinstance(value, date):
        return numbers.day(value)
    return unit_name(value, by) if name == "unit" else str(value or "")
