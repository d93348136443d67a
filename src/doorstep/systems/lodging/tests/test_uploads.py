"""Files of stays through the page: taken in chunks, refused line by line or as a whole, always with reason and repair."""

import csv
import io
import os
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from itertools import count

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from openpyxl import Workbook

from doorstep.kernel.store.models import FactBatch
from doorstep.kernel.testing.concurrency import at_once
from doorstep.systems.lodging.models import Notice, Stay
from doorstep.systems.lodging.pages import uploads, workbooks
from doorstep.systems.lodging.rules import sheets
from doorstep.systems.lodging.rules.columns import COLUMNS
from doorstep.systems.lodging.tests.desks import AT, a_house, keeper, number

pytestmark = pytest.mark.django_db

NAMES = [
    "Full name",
    "Latin name",
    "Birth date",
    "Sex",
    "Nationality",
    "Document number",
    "Address",
    "Room",
    "Arrival date",
    "Arrival time",
    "Expected departure",
]


def line(serial: int, **changes: str) -> list[str]:
    cells = {
        "Full name": "Nguyễn Văn Ví Dụ",
        "Birth date": "21/05/1990",
        "Sex": "Nam",
        "Document number": number(serial),
        "Room": "101",
        "Arrival date": "21/05/2024",
        "Arrival time": "20:30",
        "Expected departure": "23/05/2024",
    } | changes
    return [cells.get(name, "") for name in NAMES]


def csv_of(*lines: list[str], names: list[str] = NAMES, delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([names, *lines])
    return out.getvalue()


def xlsx_of(*lines: list[object]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for cells in ([*NAMES], *lines):
        book.active.append(cells)
    book.save(out)
    return out.getvalue()


def send(desk: Client, code: str, content: str | bytes, name: str = "guests.csv") -> object:
    data = content.encode() if isinstance(content, str) else content
    return desk.post(reverse("lodging:upload", args=[code]), {"file": SimpleUploadedFile(name, data)}, follow=True)


def codes(page: object) -> list[tuple[str, ...]]:
    """The reasons against the file as a whole."""
    return [error.code for found in page.context["form"].errors.as_data().values() for error in found]


def lines_back(desk: Client, page: object) -> list[list[str]]:
    done = desk.get(reverse("lodging:refused_lines", args=[page.context["house"].code, page.context["digest"]]))
    content = b"".join(done.streaming_content)
    assert content.startswith(b"\xef\xbb\xbf")  # or a spreadsheet guesses the encoding
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_good_lines_are_taken_and_bad_ones_come_back_to_be_corrected_and_sent_again(desk: Client) -> None:
    code = a_house(desk)
    content = csv_of(
        line(1),
        line(2, **{"Birth date": "31/02/1990"}),
        line(3, **{"Document number": "12"}),
        line(4, **{"Full name": "王伟", "Nationality": "CN", "Document number": "E90000001"}),
        line(5, **{"Nationality": "DE", "Document number": ""}),
        line(6, **{"Arrival date": "25/05/2024", "Expected departure": "26/05/2024"}),
    )

    page = send(desk, code, content)

    told = page.context["upload"]
    assert (told.lines, told.accepted, told.refused, len(told.references)) == (6, 1, 5, 1)
    found = {each.line: [one.code for one in each.reasons] for each, _ in page.context["refused"]}
    assert found[3] == ["kernel.date_unreadable"]
    assert "lodging.name_needs_latin" in found[5]
    assert found[6] == ["lodging.passport_missing"]
    assert found[7] == ["lodging.arrival_in_future"]
    back = lines_back(desk, page)
    assert back[0] == ["# Line", "# What to correct", *NAMES]
    assert back[1][0] == "3"
    assert "This is no date of the calendar." in back[1][1]
    assert back[1][2:] == line(2, **{"Birth date": "31/02/1990"})

    back[1][2:] = line(2)
    back[3][2 + NAMES.index("Latin name")] = "WANG WEI"
    again = send(desk, code, csv_of(*back[1:], names=back[0]))
    assert (again.context["upload"].accepted, again.context["upload"].refused) == (2, 3)
    assert sorted(Stay.objects.values_list("full_name", flat=True)) == ["Nguyễn Văn Ví Dụ", "Nguyễn Văn Ví Dụ", "王伟"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters_of_spreadsheets_are_recognised(desk: Client, encoding: str, delimiter: str) -> None:
    code = a_house(desk)
    page = send(
        desk, code, csv_of(line(1, Address="Tổ 1, Phường Ví Dụ; Lào Cai"), delimiter=delimiter).encode(encoding)
    )
    assert page.context["upload"].accepted == 1
    stay = Stay.objects.get()
    assert (stay.full_name, stay.address) == ("Nguyễn Văn Ví Dụ", "Tổ 1, Phường Ví Dụ; Lào Cai")


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [
        (csv_of(line(1)).encode("utf-16")[:-1], "encoding_unknown", "Line 2:"),
        (csv_of(line(1), line(2, Address="Hải Phòng")).encode("cp1258", "replace"), "encoding_unknown", "Line 2:"),
        (b"", "file_empty", ""),
        (csv_of(), "file_empty", ""),
        (csv_of(line(1)[1:], names=NAMES[1:]), "column_missing", "Full name / Họ và tên"),
        (csv_of([*line(1), "x"], names=[*NAMES, "Colour"]), "column_unknown", "Colour"),
        (csv_of([*line(1), "x"], names=[*NAMES, "Họ tên"]), "column_twice", "Full name / Họ và tên"),
        ("hello\nworld\n", "header_unreadable", "Line 1:"),
        (csv_of(line(1)) + '"open,', "quotes_unbalanced", "Line 3:"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "encoding_unknown", "Line 1:"),
        (b"PK\x03\x04 no archive", "workbook_unreadable", ""),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(desk: Client, content, reason: str, place: str) -> None:
    code = a_house(desk)
    page = send(desk, code, content)
    assert page.status_code == 422
    assert codes(page) == [f"lodging.{reason}"]
    assert place in strip_tags(page.content.decode())
    assert not Stay.objects.exists()


def test_no_file_is_a_reason_too(desk: Client) -> None:
    page = desk.post(reverse("lodging:upload", args=[a_house(desk)]), {})
    assert page.status_code == 422
    assert "You chose no file. Choose a CSV or XLSX file." in page.content.decode()


def test_formulas_are_refused_and_come_back_harmless(desk: Client) -> None:
    code = a_house(desk)
    bad = [line(n, Address=f"{sign}HYPERLINK(1)") for n, sign in enumerate("=+-@\t")]
    page = send(desk, code, csv_of(*bad))
    assert page.context["upload"].refused == 5
    assert {one.code for each, _ in page.context["refused"] for one in each.reasons} == {"kernel.text_formula"}
    for row in lines_back(desk, page)[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in row)


def test_a_plus_before_a_phone_number_survives_the_way_back(desk: Client) -> None:
    """The apostrophe that makes a cell harmless is taken off when it is read again."""
    code, names = a_house(desk), [*NAMES, "Phone"]
    page = send(desk, code, csv_of([*line(1, **{"Birth date": "?"}), "+84900000001"], names=names))
    back = lines_back(desk, page)
    assert back[1][-1] == "'+84900000001"
    back[1][2 + NAMES.index("Birth date")] = "21/05/1990"
    send(desk, code, csv_of(*back[1:], names=back[0]))
    assert Stay.objects.get().phone == "+84900000001"


def test_a_cell_too_many_is_the_reason_of_its_line(desk: Client) -> None:
    code = a_house(desk)
    page = send(desk, code, csv_of(line(1), [*line(2), "Phường Ví Dụ"]))
    assert page.context["upload"].accepted == 1
    assert [(each.line, each.reasons[0].code) for each, _ in page.context["refused"]] == [(3, "lodging.cells_too_many")]


def test_names_of_all_scripts_and_pictures(desk: Client) -> None:
    code, abroad = a_house(desk), {"Nationality": "KR", "Document number": "M90000001"}
    page = send(
        desk,
        code,
        csv_of(
            line(1, **abroad, **{"Full name": "김민준", "Latin name": "KIM MINJUN"}),
            line(2, **{"Full name": "Hoa 😀"}),
            line(3, **{"Full name": "محمد لاوي", "Nationality": "EG", "Document number": "A90000001"}),
        ),
    )
    assert page.context["upload"].accepted == 2
    assert [each.reasons[0].code for each, _ in page.context["refused"]] == ["kernel.name_character"]
    assert "Hoa 😀" in lines_back(desk, page)[1]


def test_a_workbook_with_real_dates_and_numbers(desk: Client) -> None:
    from datetime import date, time

    code = a_house(desk)
    typed = line(1)
    typed[NAMES.index("Birth date")] = date(1990, 5, 21)
    typed[NAMES.index("Document number")] = int(number(1))
    typed[NAMES.index("Room")] = 101
    typed[NAMES.index("Arrival time")] = time(20, 30)
    page = send(desk, code, xlsx_of([], typed, line(2, Address="=1+1")), "guests.xlsx")
    assert (page.context["upload"].accepted, page.context["upload"].refused) == (2, 0)  # a formula has no value yet
    stay = Stay.objects.get(document_number=number(1))
    assert (stay.room, f"{stay.arrival:%H:%M}") == ("101", "13:30")


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 50_000_000)
    return out.getvalue()


def far_cell() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active["A1"] = "Full name"
    book.active["XFD1048576"] = "far"
    book.save(out)
    return out.getvalue()


def many_parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in range(sheets.MOST_PARTS + 1):
            archive.writestr(f"xl/{part}", b"")
    return out.getvalue()


@pytest.mark.parametrize("content", [bomb, far_cell, many_parts])
def test_a_workbook_that_would_burst_the_memory_is_refused_and_the_server_lives(
    desk: Client, content: Callable[[], bytes]
) -> None:
    page = send(desk, a_house(desk), content(), "guests.xlsx")
    assert page.status_code == 422
    assert codes(page) == ["lodging.workbook_too_large"]


def test_a_lying_directory_does_not_get_past_the_limits(desk: Client) -> None:
    content = bytearray(bomb())
    true, told = (50_000_000).to_bytes(4, "little"), (1000).to_bytes(4, "little")
    assert content.count(true) == 2
    page = send(desk, a_house(desk), bytes(content).replace(true, told), "guests.xlsx")
    assert page.status_code == 422


def test_a_workbook_that_takes_too_long_is_given_up_with_its_repair(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "SECONDS", 0.2)
    monkeypatch.setattr(workbooks, "READER", ["sleep", "30"])
    code, began = a_house(desk), time.monotonic()
    page = send(desk, code, xlsx_of(line(1)), "guests.xlsx")
    assert time.monotonic() - began < 10
    assert codes(page) == ["lodging.workbook_too_slow"]
    monkeypatch.undo()
    monkeypatch.setattr(timezone, "now", lambda: AT)
    assert send(desk, code, xlsx_of(line(1)), "guests.xlsx").context["upload"].accepted == 1, "its place is free again"


def test_no_more_workbooks_are_read_at_once_than_there_are_places(home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "READER", ["sleep", "0.4"])
    content = xlsx_of(line(1))

    def read() -> list[str]:
        out = workbooks.as_csv(io.BytesIO(content))
        if isinstance(out, list):
            return [one.code for one in out]
        out.close()
        return []

    began = time.monotonic()
    assert at_once(*[read] * 6) == [[]] * 6, "whoever is patient gets a place"
    assert time.monotonic() - began > 3 * 0.4
    monkeypatch.setattr(workbooks, "PATIENCE", 0)
    assert sorted(at_once(*[read] * 6)) == [*[[]] * workbooks.PLACES, *[["lodging.workbooks_too_many"]] * 4]


def test_a_reader_keeps_its_place_when_the_web_process_is_killed(home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise restarts would pile readers up."""
    (home / "guests.xlsx").write_bytes(xlsx_of(line(1)))
    code = (
        "import sys; from doorstep.systems.lodging.pages import workbooks; workbooks.READER[:] = ['sleep', '2'];"
        "workbooks.as_csv(open(sys.argv[1], 'rb'))"
    )
    environment = {**os.environ, "DOORSTEP_HOME": str(home), "DJANGO_SETTINGS_MODULE": "doorstep.site.settings"}
    monkeypatch.setattr(workbooks, "PATIENCE", 0)
    monkeypatch.setattr(workbooks, "PLACES", 1)

    def taken() -> bool:
        with workbooks._place() as place:
            return place is None

    with subprocess.Popen([sys.executable, "-c", code, str(home / "guests.xlsx")], env=environment) as web:
        until(taken)
        web.kill()
    assert taken()
    until(lambda: not taken())


def until(true: Callable[[], bool]) -> None:
    """Waits for it, ten seconds at most."""
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_body_beyond_the_limit_is_not_even_read(desk: Client) -> None:
    code = a_house(desk)
    page = desk.generic(
        "POST", reverse("lodging:upload", args=[code]), b"x", CONTENT_LENGTH=str(sheets.LARGEST_FILE + 20_000)
    )
    assert page.status_code == 422
    assert "The file is larger than" in page.content.decode()


def test_the_form_still_needs_its_token(desk: Client) -> None:
    code = a_house(desk)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.cookies
    assert send(strict, code, csv_of(line(1))).status_code == 403
    assert not Stay.objects.exists()


def test_the_same_file_again_gives_the_same_answer_and_notifies_nobody_twice(desk: Client) -> None:
    code, content = a_house(desk), csv_of(line(1), line(1), line(2, Sex="?"))
    first, second = send(desk, code, content), send(desk, code, content)
    assert first.context["upload"] == second.context["upload"]
    assert first.context["upload"].refused == 2
    assert Stay.objects.count() == 1
    other = a_house(desk, name="Nhà Hai")
    assert send(desk, other, content).context["upload"].accepted == 1  # another house, another answer
    assert keeper("other").get(first.redirect_chain[0][0]).status_code == 404


def test_a_broken_connection_is_healed_by_sending_the_file_again(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    code, content = a_house(desk), csv_of(*(line(n) for n in range(7)))
    monkeypatch.setattr(uploads, "CHUNK", 2)
    real, calls = uploads.notify_stays, count(1)

    def breaking(*args: object) -> object:
        if next(calls) == 3:
            raise ConnectionError
        return real(*args)

    monkeypatch.setattr(uploads, "notify_stays", breaking)
    with pytest.raises(ConnectionError):
        send(desk, code, content)
    assert Stay.objects.count() == 4

    page = send(desk, code, content)

    assert page.context["upload"].accepted == 7
    assert Stay.objects.count() == 7
    assert sum(FactBatch.objects.filter(kind="lodging.stay_notified").values_list("rows", flat=True)) == 7
    assert set(page.context["upload"].references) == set(Notice.objects.values_list("reference", flat=True))


def test_one_line_more_than_the_limit_is_refused_before_anything_is_taken(
    desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "MOST_LINES", 3)
    code = a_house(desk)
    page = send(desk, code, csv_of(*(line(n) for n in range(4))))
    assert codes(page) == ["lodging.file_too_long"]
    assert not Stay.objects.exists()


def many(lines: int) -> str:
    """Every tenth line has a mistake."""
    return csv_of(*(line(n, **({"Birth date": "?"} if n % 10 == 0 else {})) for n in range(lines)))


def big_file(desk: Client, lines: int, most_bytes: int) -> None:
    code, content = a_house(desk), many(lines)
    send(desk, code, csv_of(line(999_999)))  # whatever is loaded at the first use
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    page = send(desk, code, content)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    told = page.context["upload"]
    assert (told.lines, told.accepted, told.refused) == (lines, lines - lines // 10, lines // 10)
    assert len(told.references) == lines // uploads.CHUNK
    assert len(lines_back(desk, page)) == lines // 10 + 1
    assert grown < most_bytes + 3 * len(content.encode())  # the test's own client holds the body several times


def test_two_thousand_lines(desk: Client) -> None:
    big_file(desk, 2_000, 30_000_000)


@pytest.mark.soak
def test_a_hundred_thousand_lines_in_flat_memory(desk: Client) -> None:
    big_file(desk, 100_000, 30_000_000)


@pytest.mark.soak
def test_a_workbook_of_a_hundred_thousand_lines_fits_its_readers_limits(desk: Client) -> None:
    """All columns, the free texts as long as they may be."""
    long = line(0, Address="Tổ 1, Phường Ví Dụ " * 15)
    book, out = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    sheet.append([column.names[0] for column in COLUMNS])
    for each in range(100_000):
        sheet.append(
            [
                f"{each} {long[NAMES.index('Address')]}" if column.field == "address" else f"{column.field} {each}"
                for column in COLUMNS
            ]
        )
    book.save(out)
    page = send(desk, a_house(desk), out.getvalue(), "guests.xlsx")
    assert (page.context["upload"].lines, page.context["upload"].refused) == (100_000, 100_000)


def test_the_template_names_all_columns_in_the_readers_language(desk: Client) -> None:
    code = a_house(desk)
    url = reverse("lodging:template", args=[code])
    english = b"".join(desk.get(url).streaming_content).decode("utf-8-sig")
    vietnamese = b"".join(keeper(language="vi").get(url).streaming_content).decode("utf-8-sig")
    assert english.startswith("Full name,Latin name,Birth date")
    assert vietnamese.startswith("Họ và tên,Tên Latin,Ngày sinh")
    assert codes(send(desk, code, english)) == ["lodging.file_empty"]
