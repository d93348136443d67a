"""Who looked at my data: the person's page over the journal, its file, and questions about an entry."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.country import law, profile
from doorstep.kernel.declare.scopes import PURPOSES
from doorstep.kernel.store import units
from doorstep.kernel.store.journal import FIRST, LAST
from doorstep.kernel.store.writing import By
from doorstep.kernel.system import systems
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.ids import first_uuid7, read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.values.text import N_
from doorstep.kernel.web import numbers
from doorstep.kernel.web.downloads import csv_file, streamed
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, language, tried
from doorstep.systems.identity.actions import looks as actions
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.forms.protection import ExportForm, FilterForm, QuestionForm, months_back
from doorstep.systems.identity.permissions import FOR_PROTECTION, OWN
from doorstep.systems.identity.queries import looks as queries
from doorstep.systems.identity.queries.looks import PAGE, Asked, LookRow, Span
from doorstep.systems.identity.rules.looks import FIELDS, ActorKind, Kind

LAST_DAY = date(9998, 12, 1)
CHUNK = 500
"""Entries of a file that are in memory at once."""


COLUMNS = {
    "id": N_("Number of the entry"),
    "at": N_("Time (UTC)"),
    "who": N_("Who"),
    "unit": N_("For which unit"),
    "kind": N_("What was done"),
    "allowed_by": N_("Allowed by"),
    "system": N_("System"),
    "fields": N_("Fields"),
    "purpose": N_("Purpose"),
    "basis": N_("Legal basis"),
    "question": N_("Question"),
    "answer": N_("Answer"),
    "action": N_("Name in the journal"),
}
"""Of a file, in order."""


class Told(msgspec.Struct, frozen=True):
    """An entry in the reader's words; what is not said is empty. `waits`: a question about it is open."""

    row: LookRow
    who: str
    unit: str
    system: str
    fields: Sequence[str]
    purpose: str
    basis: str
    asked: Sequence[Asked]
    waits: bool


@page(OWN)
@require_GET
def shown(request: HttpRequest) -> HttpResponse:
    """The entries about the signed-in person, or a minor ward, newest first; those by others unless all are wanted."""
    by = enter(request)
    months = [(f"{one:%Y-%m}", numbers.month(one)) for one in months_back(by.day, profile().journal_years * 12 + 1)]
    form = FilterForm(_wards(by), months, request.GET or None)
    ward = _ward(request.GET.get("ward", ""))
    after = request.GET.get("after", "")
    span = _span(request.GET.get("month", ""), others=request.GET.get("by") != "all")
    if after:
        span = msgspec.structs.replace(span, before=min(span.before, read_uuid(after)))
    rows = _rows(by, ward, span, PAGE + 1)
    context = {
        "form": form,
        "export": ExportForm(),
        "ward": ward,
        "told": told(rows[:PAGE], by.day),
        "own": ward is None,
        "older": further(request, rows[PAGE - 1].entry.id) if len(rows) > PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/journal.html", context)


@page(OWN)
@require_POST
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """All entries of a period as a file, the own ones too; that it was taken is an entry itself."""
    by, form = enter(request), ExportForm(request.POST)
    ward = _ward(request.POST.get("ward", ""))
    if not form.is_valid():
        return render(request, "identity/journal_export.html", {"form": form, "ward": ward}, status=REFUSED)
    kind = "json" if request.POST.get("kind") == "json" else "csv"
    actions.take_away(by, kind, ward)
    country = law(Country, "identity")
    first, last = form.cleaned_data["first"], form.cleaned_data["last"]
    span = Span(
        since=_bound(first, country) if first else FIRST,
        before=_bound(min(last, LAST_DAY) + timedelta(days=1), country) if last else LAST,
        others=False,
    )
    lines = _all(by, ward, span, language())
    name = f"journal-{by.day}"
    if kind == "json":
        return streamed(_json(lines), "application/json; charset=utf-8", f"{name}.json")
    return csv_file(_csv(lines, [gettext(text) for text in COLUMNS.values()]), name)


@page(OWN)
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, entry: UUID) -> HttpResponse:
    """A question about one entry, to the data protection officer of whoever acted."""
    by, form = enter(request), QuestionForm(request.POST or None)
    if entry == LAST:
        raise NotFound(NOT_FOUND())
    ward = _ward(request.GET.get("ward", ""))
    rows = _rows(by, ward, Span(since=entry, before=UUID(int=entry.int + 1), others=False), 1)
    back = reverse("identity:journal") + (f"?ward={ward}" if ward else "")
    if request.method == "POST" and tried(form, lambda: actions.ask_about(by, entry, form.cleaned_data["text"], ward)):
        return SeeOther(back)
    context = {"form": form, "told": told(rows, by.day), "back": back}
    return render(request, "identity/journal_ask.html", context, status=REFUSED if form.errors else 200)


def told(rows: Sequence[LookRow], day: date) -> list[Told]:
    """The entries in the reader's words; units by their names today."""
    names = units.names({row.entry.unit for row in rows if row.entry.unit}, day, language())
    titles = {config.label: gettext(config.title) for config in systems()}
    return [_told(row, names, titles) for row in rows]


def _told(row: LookRow, names: dict[str, str], titles: dict[str, str]) -> Told:
    entry = row.entry
    purpose = PURPOSES.get(entry.purpose)
    system = (entry.purpose if row.kind is Kind.ASK else entry.action).partition(".")[0]
    return Told(
        row=row,
        who=_who(row),
        unit=names.get(entry.unit, "") or (gettext("The whole country") if row.actor_kind is ActorKind.OFFICE else ""),
        system=titles.get(system, system),
        fields=[*dict.fromkeys(gettext(FIELDS[name]) if name in FIELDS else name for name in entry.fields)],
        purpose=gettext(purpose.text) if purpose else entry.purpose,
        basis=gettext(entry.basis) if entry.basis else "",
        asked=row.asked,
        waits=any(one.answered is None for one in row.asked),
    )


def _who(row: LookRow) -> str:
    parts = (
        [gettext(text) for text in row.roles] if row.actor_kind is ActorKind.OFFICE else [gettext(row.actor_kind.text)]
    )
    if row.name:
        parts = [row.name]
    if row.actor_kind is ActorKind.INSTALLATION:
        parts.append(row.entry.actor.partition(":")[2])
    if row.program:
        parts.append(gettext("by a program"))
    if row.mandate:
        parts.append(gettext("by mandate"))
    return " · ".join(parts)


def _rows(by: By, ward: UUID | None, span: Span, most: int) -> Sequence[LookRow]:
    if ward:
        return look(by.actor, FOR_PROTECTION, by.at, queries.ward_looks, by.day, ward, span, most).rows
    return queries.looks(by.actor, by.day, None, span, most)


def _wards(by: By) -> list[tuple[str, str]]:
    if not queries.has_wards(by.actor, by.day):
        return []
    return [(str(one.id), one.full_name) for one in look(by.actor, FOR_PROTECTION, by.at, queries.wards, by.day)]


def _ward(text: str) -> UUID | None:
    return read_uuid(text) if text else None


def _span(month: str, *, others: bool) -> Span:
    first = read_date(f"{month}-01")
    if first is None:
        return Span(others=others)
    country = law(Country, "identity")
    following = (min(first, LAST_DAY) + timedelta(days=31)).replace(day=1)
    return Span(_bound(first, country), _bound(following, country), others)


def _bound(day: date, country: Country) -> UUID:
    """The smallest id of the day; ids begin in 1970."""
    begin = datetime(day.year, day.month, day.day, tzinfo=country.zone)
    return first_uuid7(begin) if day.year > 1970 else FIRST


def _all(by: By, ward: UUID | None, span: Span, reader: str) -> Iterator[dict[str, str]]:
    """Newest first, a chunk in memory at a time; the response runs after the request's language is forgotten."""
    while True:
        rows = queries.looks(by.actor, by.day, ward, span, CHUNK)
        with translation.override(reader):
            chunk = [_line(one) for one in told(rows, by.day)]
        yield from chunk
        if len(rows) < CHUNK:
            return
        span = msgspec.structs.replace(span, before=rows[-1].entry.id)


def _line(one: Told) -> dict[str, str]:
    row, entry = one.row, one.row.entry
    return {
        "id": str(entry.id),
        "at": entry.at.isoformat(timespec="milliseconds"),
        "who": one.who,
        "unit": one.unit,
        "kind": gettext(row.kind.text),
        "allowed_by": gettext(row.scope) if row.scope else "",
        "system": one.system,
        "fields": ", ".join(one.fields),
        "purpose": one.purpose,
        "basis": one.basis,
        "question": "\n".join(each.text for each in one.asked),
        "answer": "\n".join(each.answer for each in one.asked if each.answer),
        "action": entry.action,
    }


def _csv(lines: Iterable[dict[str, str]], header: list[str]) -> Iterator[list[str]]:
    yield header
    for line in lines:
        yield [line[name] for name in COLUMNS]


def _json(lines: Iterable[dict[str, str]]) -> Iterator[bytes]:
    """One array, an entry a line."""
    before = b"[\n"
    for line in lines:
        yield before + msgspec.json.encode(line)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"
