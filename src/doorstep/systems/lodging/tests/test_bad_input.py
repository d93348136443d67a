"""What is wrong in a notice gets its reason with place and repair in the reader's language, by each way in; nothing is lost."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext

from doorstep.kernel.values.reasons import REASONS
from doorstep.systems.lodging.models import Stay
from doorstep.systems.lodging.pages import workbooks
from doorstep.systems.lodging.rules import sheets
from doorstep.systems.lodging.rules.columns import COLUMNS
from doorstep.systems.lodging.tests.desks import a_house, keeper
from doorstep.systems.lodging.tests.scene import house
from doorstep.systems.lodging.tests.test_api import Software, told
from doorstep.systems.lodging.tests.test_pages_notify import guest, party
from doorstep.systems.lodging.tests.test_uploads import bomb, csv_of, lines_back, send, xlsx_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk")]

LANGUAGES = ("vi", "en", "de", "ar")

ABROAD = {"kind": "foreign", "nationality": "KR", "document_type": "passport", "document_number": "M90000001"}

MISTAKES = {
    "a day that no calendar has": ({"birth": "31/02/1990"}, "kernel.date_unreadable", "birth"),
    "a number cut off": ({"document_number": "90009"}, "vietnam.personal_number_malformed", "document_number"),
    "a number of another year": (
        {"document_number": "900091000123"},
        "vietnam.personal_number_birth",
        "document_number",
    ),
    "a number of no province": ({"document_number": "003090000123"}, "vietnam.personal_number_area", "document_number"),
    "a foreigner without passport": (ABROAD | {"document_number": ""}, "lodging.passport_missing", "document_number"),
    "an arrival in the future": (
        {"arrival_date": "25/05/2024", "expected_departure": "26/05/2024"},
        "lodging.arrival_in_future",
        "arrival_date",
    ),
    "a formula": ({"address": "=HYPERLINK(1)"}, "kernel.text_formula", "address"),
    "a picture in a name": ({"full_name": "Hoa 😀"}, "kernel.name_character", "full_name"),
    "a Chinese name alone": (ABROAD | {"full_name": "王伟"}, "lodging.name_needs_latin", "name_latin"),
    "a Korean name alone": (ABROAD | {"full_name": "김민준"}, "lodging.name_needs_latin", "name_latin"),
}
STAY = {"arrival_date": "21/05/2024", "arrival_time": "20:30", "expected_departure": "23/05/2024", "room": "101"}


def said(code: str, language: str) -> tuple[str, str]:
    """The reason and its repair, as far as they name no value of the line; never the English ones elsewhere."""
    kind = REASONS[code]
    with translation.override(language):
        texts = tuple(gettext(text).partition("{")[0] for text in (kind.text, kind.repair))
    assert all(texts)
    assert language == "en" or not set(texts) & {kind.text, kind.repair}
    return texts


@pytest.mark.parametrize(("changes", "code", "field"), MISTAKES.values(), ids=MISTAKES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_by_form_it_stands_at_its_field_and_all_that_was_typed_stays(
    desk: Client, language: str, changes: dict[str, str], code: str, field: str
) -> None:
    shared = {name: cell for name, cell in changes.items() if name in STAY}
    wrong = guest(2, **{name: cell for name, cell in changes.items() if name not in shared})
    typed = party(guest(1), wrong, send="1", **shared)

    page = keeper(language=language).post(reverse("lodging:notify", args=[a_house(desk)]), typed)

    assert page.status_code == 422
    form = page.context["form"]
    found = [error.code for one in form.forms for error in one.errors.as_data().get(field, ())]
    assert found == [code]
    assert all(escape(text) in page.content.decode() for text in said(code, language))
    kept = {name: cell for one in form.forms for name, cell in one.data.items()}
    last = len(form.guests) - 1  # the first guest is notified, unless what they share is wrong
    assert {name: kept[f"g{last}-{name}"] for name in wrong} == wrong
    assert {name: kept[name] for name in shared} == shared
    assert Stay.objects.count() == (0 if shared else 1)


def test_by_file_each_line_comes_back_as_it_was_with_its_reason(desk: Client) -> None:
    names = [column.names[0] for column in COLUMNS]
    lines = [{**guest(serial), **STAY, **changes} for serial, (changes, _, _) in enumerate(MISTAKES.values(), 2)]
    cells = [[line.get(column.field, "") for column in COLUMNS] for line in ({**guest(1), **STAY}, *lines)]
    page = send(desk, a_house(desk), csv_of(*cells, names=names))
    assert (page.context["upload"].accepted, page.context["upload"].refused) == (1, len(MISTAKES))

    for language in LANGUAGES:
        back = lines_back(keeper(language=language), page)[1:]
        for (place, why, *same), wrong, (line, (_, code, field)) in zip(
            back, cells[1:], enumerate(MISTAKES.values(), 3), strict=True
        ):
            column = next(one for one in COLUMNS if one.field == field)
            assert place == str(line)
            assert why.startswith(f"{column.names[1 if language == 'vi' else 0]}: ")
            assert all(text in why for text in said(code, language))
            assert [sheets._unmarked(cell) for cell in same] == wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_by_api_each_line_is_answered_and_the_good_one_taken(language: str) -> None:
    lines = {
        name: {f"guest_{field}": cell for field, cell in changes.items()}
        for name, (changes, code, _) in MISTAKES.items()
        if code not in {"kernel.date_unreadable", "lodging.arrival_in_future"}
    }
    lines["an arrival in the future"] = {"arrival": "2024-05-25T10:00:00Z", "expected_departure": "2024-05-26"}
    lines["a day that no calendar has"] = {"guest_birth": "1990-02-31"}
    answer = (
        Software(language=language)
        .notify(house(), told(1), *(told(serial, **changes) for serial, changes in enumerate(lines.values(), 2)))
        .json()
    )
    assert answer["accepted"] == 1
    for (name, _), one in zip(lines.items(), answer["refused"], strict=True):
        _, code, field = MISTAKES[name]
        code = "lodging.not_iso_8601" if code == "kernel.date_unreadable" else code
        (why,) = one["reasons"]
        assert (why["code"], why["field"]) == (code, field.replace("arrival_date", "arrival"))
        assert all(text in why[kind] for text, kind in zip(said(code, language), ("text", "repair"), strict=True))


def too_large() -> bytes:
    return b"x" * (sheets.LARGEST_FILE + 1)


FILES: dict[str, tuple[str, Callable[[], str | bytes]]] = {
    "another encoding": ("lodging.encoding_unknown", lambda: csv_of(["Văn Hà"]).encode("cp1258")),
    "a column missing": ("lodging.column_missing", lambda: csv_of(["x"], names=["Full name"])),
    "too many lines": ("lodging.file_too_long", lambda: csv_of(*[["x"]] * 4)),
    "too large": ("lodging.file_too_large", too_large),
    "a zip bomb": ("lodging.workbook_too_large", bomb),
    "a workbook that takes too long": ("lodging.workbook_too_slow", xlsx_of),
    "one workbook too many": ("lodging.workbooks_too_many", xlsx_of),
}


@pytest.mark.parametrize(("code", "content"), FILES.values(), ids=FILES)
def test_a_file_that_is_refused_as_a_whole_says_why_in_each_language(
    desk: Client, monkeypatch: pytest.MonkeyPatch, code: str, content: Callable[[], str | bytes]
) -> None:
    monkeypatch.setattr(sheets, "MOST_LINES", 3)
    monkeypatch.setattr(workbooks, "READER", ["sleep", "9"])
    monkeypatch.setattr(workbooks, "SECONDS", 0.1)
    if code == "lodging.workbooks_too_many":
        monkeypatch.setattr(workbooks, "PLACES", 0)
        monkeypatch.setattr(workbooks, "PATIENCE", 0)
    where, file = a_house(desk), content()
    for language in LANGUAGES:
        page = send(keeper(language=language), where, file)
        assert page.status_code == 422
        assert all(escape(text) in page.content.decode() for text in said(code, language))
    assert not Stay.objects.exists()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_batch_gets_the_same_answer_and_another_one_under_its_key_a_conflict(language: str) -> None:
    code, software = house(), Software(language=language)
    first, again = (software.notify(code, told(1), key="k") for _ in range(2))
    assert first.content == again.content
    conflict = software.notify(code, told(2), key="k")
    assert conflict.status_code == 409
    (why,) = conflict.json()["reasons"]
    assert [why["text"], why["repair"]] == list(said("kernel.key_reused", language))
    assert Stay.objects.count() == 1
