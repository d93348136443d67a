"""Raw rows of an upload or an API become stays, or reasons that name the line, the field and the repair."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeVar

import msgspec

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import DATE_UNREADABLE, read_date, read_time
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.names import folded
from doorstep.kernel.values.nationalities import read_nationality
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import TEXT_FORMULA, TEXT_MISSING
from doorstep.systems.lodging.country import Country, DocumentType, Sex
from doorstep.systems.lodging.facts import GuestKind
from doorstep.systems.lodging.rules.checking import check_stay
from doorstep.systems.lodging.rules.columns import by_field
from doorstep.systems.lodging.rules.records import Guest, Relation, Stay, StayReason

TIME_UNREADABLE = reason(
    "lodging.time_unreadable", "This is no time of day.", repair="Write hours and minutes as 22:15."
)
WORD_UNKNOWN = reason("lodging.word_unknown", "This word is not one of the choices.", repair="Write one of: {choices}.")

C = TypeVar("C", bound=Code)

# What a keeper writes, folded: English and Vietnamese words beside the codes themselves.
_KINDS = {"trong nuoc": GuestKind.DOMESTIC, "nuoc ngoai": GuestKind.FOREIGN, "khong quoc tich": GuestKind.STATELESS}
_SEXES = {"nam": Sex.MALE, "m": Sex.MALE, "nu": Sex.FEMALE, "f": Sex.FEMALE, "x": Sex.UNSTATED, "": Sex.UNSTATED}
_REASONS = {
    "": StayReason.OTHER,
    "du lich": StayReason.TOURISM,
    "cong tac": StayReason.WORK,
    "lam viec": StayReason.WORK,
    "tham than": StayReason.FAMILY,
    "hoc tap": StayReason.STUDY,
    "chua benh": StayReason.HEALTH,
    "khac": StayReason.OTHER,
}
_RELATIONS = {"": Relation.NONE, "khach": Relation.NONE, "nguoi than": Relation.CLOSE_FAMILY}
_TEXTS = ("full_name", "name_latin", "address", "ethnicity", "visa_number", "entry_gate", "purpose", "room", "party")
_UNSEEN = str.maketrans({"\u200e": None, "\u200f": None, "\ufeff": None, "\u00a0": " ", "\u202f": " "})


def read_row(row: Mapping[str, str], line: int, country: Country, at: datetime) -> Stay | list[Reason]:
    """The stay that a row of strings tells, already checked by `check_stay`; or every reason against it, with `line`.

    Column names as in `COLUMNS`; dates as 2024-05-21 or 21/05/2024, times as 22:15 in the country's zone. Instead of
    arrival_date and arrival_time, `arrival` may hold an ISO 8601 instant. Never raises, whatever the strings.
    """
    cells = _Cells(by_field(row))
    kind, nationality = _kind_and_nationality(cells, country)
    documents = {word: row.type for row in country.documents for word in row.words}
    documents[""] = DocumentType.NATIONAL_ID if kind is GuestKind.DOMESTIC else DocumentType.PASSPORT
    sex = cells.code("sex", Sex, _SEXES)
    document_type = cells.code("document_type", DocumentType, documents)
    why = cells.code("reason", StayReason, _REASONS)
    relation = cells.code("relation", Relation, _RELATIONS)
    birth = cells.date("birth", required=True)
    visa_until, entry_date = cells.date("visa_until"), cells.date("entry_date")
    arrival = cells.arrival(country)
    departure = cells.date("expected_departure", required=True)
    texts = {field: cells.text(field) for field in _TEXTS}
    if not (kind and sex and document_type and why and relation and birth and arrival and departure) or cells.found:
        return [each.at_line(line) for each in cells.found]
    guest = Guest(
        kind=kind,
        full_name=texts["full_name"],
        name_latin=texts["name_latin"],
        birth=birth,
        sex=sex,
        nationality=nationality,
        document_type=document_type,
        document_number=Masked(cells.raw("document_number").replace(" ", "").upper()),
        phone=cells.raw("phone"),
        address=texts["address"],
        ethnicity=texts["ethnicity"],
        visa_number=texts["visa_number"],
        visa_until=visa_until,
        entry_date=entry_date,
        entry_gate=texts["entry_gate"],
        purpose=texts["purpose"],
    )
    stay = Stay(
        guest=guest,
        arrival=arrival,
        expected_departure=departure,
        reason=why,
        room=texts["room"],
        party=texts["party"],
        relation=relation,
    )
    against = check_stay(stay, at, country)
    return [_in_column(each, cells).at_line(line) for each in against] or stay


class _Cells:
    """The cells of one row by field, and what was found against them while reading."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.cells, self.found = cells, list[Reason]()

    def raw(self, field: str) -> str:
        """Composed (NFC), without blanks around and signs that nobody sees."""
        return unicodedata.normalize("NFC", self.cells.get(field, "")).translate(_UNSEEN).strip()

    def text(self, field: str) -> str:
        text = self.raw(field)
        if text.startswith(("=", "+", "-", "@")) or self.cells.get(field, "").startswith("\t"):
            self.found.append(TEXT_FORMULA(field))
        return text

    def date(self, field: str, *, required: bool = False) -> date | None:
        text = self.raw(field)
        if not text:
            if required:
                self.found.append(TEXT_MISSING(field))
            return None
        day = read_date(text)
        if day is None:
            self.found.append(DATE_UNREADABLE(field))
        return day

    def code(self, field: str, kind: type[C], words: Mapping[str, C]) -> C | None:
        word = folded(self.raw(field)) or self.raw(field)  # signs alone fold to nothing, which is no empty cell
        code = words.get(word) or next((code for code in kind if word in (folded(code), folded(code.text))), None)
        if code is None:
            self.found.append(WORD_UNKNOWN(field, choices=", ".join(kind)))
        return code

    def arrival(self, country: Country) -> datetime | None:
        """In UTC; a time that the clock skips in spring is read as if it had not been put forward."""
        if "arrival" in self.cells:
            at = _read_instant(self.raw("arrival"))
            if at is None:
                self.found.append(DATE_UNREADABLE("arrival"))
                return None
        else:
            day, text = self.date("arrival_date", required=True), self.raw("arrival_time")
            clock = read_time(text)
            if clock is None:
                self.found.append(TIME_UNREADABLE("arrival_time") if text else TEXT_MISSING("arrival_time"))
            if day is None or clock is None:
                return None
            at = datetime.combine(day, clock)
        return (at if at.tzinfo else at.replace(tzinfo=country.zone)).astimezone(UTC)


def _read_instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if 1800 <= at.year <= 2999 else None


def _kind_and_nationality(cells: _Cells, country: Country) -> tuple[GuestKind | None, str]:
    nationality = read_nationality(cells.raw("nationality"))
    at_home = nationality in ("", country.nationality)
    kind = cells.code("kind", GuestKind, {**_KINDS, "": GuestKind.DOMESTIC if at_home else GuestKind.FOREIGN})
    return kind, country.nationality if kind is GuestKind.DOMESTIC and not nationality else nationality


def _in_column(reason: Reason, cells: _Cells) -> Reason:
    """A file has no column `arrival`: what is said against it stands at its date."""
    if reason.field == "arrival" and "arrival" not in cells.cells:
        return msgspec.structs.replace(reason, field="arrival_date")
    return reason
