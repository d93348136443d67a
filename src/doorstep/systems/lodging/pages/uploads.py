"""A file of stays: judged as a whole first, then notified in chunks, each once whatever happens to the connection."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from itertools import islice
from typing import BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel.access import look
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound, Reason, Refused, refuse
from doorstep.kernel.web import wording
from doorstep.kernel.web.downloads import csv_file
from doorstep.kernel.web.forms import takes_file
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, language, tried
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions.stays import Line, Refusal, answer_upload, notify_stays
from doorstep.systems.lodging.facts import Channel
from doorstep.systems.lodging.forms.stays import UploadForm
from doorstep.systems.lodging.pages.visits import country, enter_house, in_house
from doorstep.systems.lodging.pages.workbooks import as_csv
from doorstep.systems.lodging.permissions import FOR_NOTICE, NOTIFY
from doorstep.systems.lodging.queries.keeper import Upload, upload_key
from doorstep.systems.lodging.queries.rows import House
from doorstep.systems.lodging.rules import sheets
from doorstep.systems.lodging.rules.columns import COLUMNS
from doorstep.systems.lodging.rules.records import Stay
from doorstep.systems.lodging.rules.rows import read_row
from doorstep.systems.lodging.rules.sheets import RefusedLine, Sheet

CHUNK = 500
SHOWN = 50

Numbered = tuple[int, tuple[str, ...]]
"""A line's number in the file, and its cells."""


@page(NOTIFY)
@takes_file(sheets.check_size)
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, code: str) -> HttpResponse:
    by, house = enter_house(request, code)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    digests: list[str] = []
    if request.method == "POST" and tried(form, lambda: digests.append(_answer(by, house, form.cleaned_data["file"]))):
        return SeeOther(reverse("lodging:uploaded", args=[code, *digests]))
    context = {"form": form, "columns": COLUMNS, "most_lines": sheets.MOST_LINES}
    return in_house(request, "upload", house, context, status=REFUSED if form.errors else 200)


@page(NOTIFY)
@require_GET
def uploaded(request: HttpRequest, code: str, digest: str) -> HttpResponse:
    """What became of the lines of a file."""
    by, house = enter_house(request, code)
    told = _told(by, house, digest)
    refused = [
        (line, [(_column(each.field), wording.html_text(each), wording.html_repair(each)) for each in line.reasons])
        for line in islice(sheets.unpacked(told.refused_lines), SHOWN)
    ]
    context = {"upload": told, "digest": digest, "refused": refused, "shown": len(refused)}
    return in_house(request, "uploaded", house, context)


@page(NOTIFY)
@require_GET
def refused_lines(request: HttpRequest, code: str, digest: str) -> StreamingHttpResponse:
    """The lines that came back, to be corrected in the same columns and sent again."""
    by, house = enter_house(request, code)
    told = _told(by, house, digest)
    return csv_file(_refused_rows(told, language()), "refused-lines")


@page(NOTIFY)
@require_GET
def template(request: HttpRequest, code: str) -> StreamingHttpResponse:
    """An empty file with all columns."""
    enter_house(request, code)
    return csv_file([[_column(column.field) for column in COLUMNS]], "guests")


def _answer(by: By, house: House, file: UploadedFile) -> str:
    """The digest under which the answer is kept; Refused with the reasons for which nothing of the file was taken."""
    refuse(sheets.check_size(file.size or 0))
    source = cast("BinaryIO", file.file)
    if not sheets.is_archive(source):
        return _notified(by, house, source)
    text = as_csv(source)
    if isinstance(text, list):
        raise Refused(text)
    with closing(text):
        return _notified(by, house, text)


def _notified(by: By, house: House, source: BinaryIO) -> str:
    sheet = sheets.read_sheet(source)
    if isinstance(sheet, list):
        raise Refused(sheet)
    if look(by.actor, FOR_NOTICE, by.at, queries.keeper.upload, house, sheet.digest):
        return sheet.digest  # the same file again: the same answer
    packing, references, accepted, late, refused = sheets.Packing(), list[str](), 0, 0, 0
    with closing(sheets.rows(source, sheet)) as rows:
        for number, chunk in enumerate(iter(lambda: list(islice(rows, CHUNK)), [])):
            once = By(by.actor, by.at, _once(house, sheet, number))
            done = notify_stays(once, house.code, _stays(by, chunk, sheet), Channel.UPLOAD)
            references += [done.reference] if done.reference else []
            accepted, late, refused = accepted + done.accepted, late + done.late, refused + len(done.refused)
            for one in done.refused:
                packing.add(_line(chunk, one))
    answer = Upload(by.at, sheet.lines, accepted, late, refused, tuple(references), sheet.names, packing.packed())
    answer_upload(By(by.actor, by.at, _once(house, sheet)), house.code, answer)
    return sheet.digest


def _once(house: House, sheet: Sheet, chunk: int | None = None) -> Once:
    key = upload_key(house.code, sheet.digest, chunk)
    return Once(key, sha256(key.encode()).digest())


def _stays(by: By, chunk: Sequence[Numbered], sheet: Sheet) -> list[Line | list[Reason]]:
    return [_stay(by, number, cells, sheet) for number, cells in chunk]


def _stay(by: By, number: int, cells: tuple[str, ...], sheet: Sheet) -> Line | list[Reason]:
    row = sheets.by_column(cells, sheet)
    stay = row if isinstance(row, list) else read_row(row, number, country(), by.at)
    if isinstance(stay, list):
        return stay
    return Line(**{name: getattr(stay, name) for name in Stay.__struct_fields__})


def _line(chunk: Sequence[Numbered], refusal: Refusal) -> RefusedLine:
    number, cells = chunk[refusal.line - 1]
    return RefusedLine(number, cells, refusal.reasons)


def _told(by: By, house: House, digest: str) -> Upload:
    told = look(by.actor, FOR_NOTICE, by.at, queries.keeper.upload, house, digest)
    if told is None:
        raise NotFound(NOT_FOUND())
    return told


def _refused_rows(told: Upload, reader: str) -> Iterator[list[str]]:
    """The first line, then each refused one; our own columns begin with #, so that they are left out when read again.

    The language is set line by line: the answer is streamed after the request's own language is gone.
    """
    with translation.override(reader):
        yield ["# " + gettext("Line"), "# " + gettext("What to correct"), *told.names]
    for line in sheets.unpacked(told.refused_lines):
        with translation.override(reader):
            why = " ".join(_why(each) for each in line.reasons)
        yield [str(line.line), why, *line.cells]


def _why(one: Reason) -> str:
    said = f"{wording.text(one)} {wording.repair(one)}"
    return f"{_column(one.field)}: {said}" if one.field else said


def _column(field: str) -> str:
    """What a file calls the field: the first name in Vietnamese for its readers, else in English."""
    names = next((column.names for column in COLUMNS if column.field == field), (field, field))
    return names[1 if language() == "vi" else 0]
