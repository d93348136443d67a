"""The columns of an upload: their names in a file's first line, in English and Vietnamese, and what each holds."""

from collections.abc import Mapping, Sequence

import msgspec

from doorstep.kernel.values.names import folded
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import N_

COLUMN_MISSING = reason(
    "lodging.column_missing",
    "The column {column} is missing.",
    repair="Add it to the first line of the file, in English or Vietnamese.",
)
COLUMN_TWICE = reason(
    "lodging.column_twice", "The column {column} is there twice.", repair="Delete or rename one of the two."
)
COLUMN_UNKNOWN = reason(
    "lodging.column_unknown",
    "There is no column {column}.",
    repair="Correct its name, or delete the column: nothing that it holds would be kept.",
)


class Column(msgspec.Struct, frozen=True):
    """`field` is the name in the API, `names` what a file may call it; `help` an English message id."""

    field: str
    names: tuple[str, ...]
    help: str
    required: bool = False


COLUMNS = (
    Column("full_name", ("Full name", "Họ và tên", "Họ tên"), N_("Name as on the document"), required=True),
    Column(
        "name_latin",
        ("Latin name", "Tên Latin"),
        N_("Latin spelling as in the passport's machine-readable lines; needed for names in other scripts"),
    ),
    Column("birth", ("Birth date", "Ngày sinh"), N_("21/05/1990 or 1990-05-21"), required=True),
    Column("sex", ("Sex", "Giới tính"), N_("male, female, or empty where the document states none")),
    Column("kind", ("Kind", "Loại khách"), N_("domestic, foreign or stateless; if empty, the nationality decides")),
    Column("nationality", ("Nationality", "Quốc tịch"), N_("Two or three letters (ISO 3166); empty is domestic")),
    Column(
        "document_type",
        ("Document type", "Loại giấy tờ"),
        N_("If empty, the identity card of a domestic guest and the passport of a foreign one"),
    ),
    Column("document_number", ("Document number", "Số giấy tờ"), N_("Number of that document"), required=True),
    Column("phone", ("Phone", "Số điện thoại"), N_("Phone number, if the guest gives one")),
    Column("address", ("Address", "Địa chỉ", "Nơi thường trú"), N_("Permanent address")),
    Column("ethnicity", ("Ethnicity", "Dân tộc"), N_("Only if the guest states it")),
    Column("visa_number", ("Visa number", "Số thị thực"), N_("Visa or residence card of a foreign guest")),
    Column("visa_until", ("Visa until", "Thị thực có giá trị đến"), N_("Last day of the visa")),
    Column("entry_date", ("Entry date", "Ngày nhập cảnh"), N_("Day on which a foreign guest entered the country")),
    Column("entry_gate", ("Entry gate", "Cửa khẩu nhập cảnh"), N_("Where a foreign guest entered the country")),
    Column("purpose", ("Purpose of entry", "Mục đích nhập cảnh"), N_("Purpose of entry of a foreign guest")),
    Column("room", ("Room", "Phòng", "Số phòng"), N_("Room number, where the house has rooms")),
    Column("arrival_date", ("Arrival date", "Ngày đến"), N_("21/05/2024 or 2024-05-21"), required=True),
    Column("arrival_time", ("Arrival time", "Giờ đến"), N_("22:15, in local time"), required=True),
    Column(
        "expected_departure",
        ("Expected departure", "Ngày đi dự kiến", "Ngày đi"),
        N_("Day on which the guest means to leave"),
        required=True,
    ),
    Column("reason", ("Reason of stay", "Lý do lưu trú"), N_("tourism, work, family, study, health or other")),
    Column("party", ("Party", "Đoàn"), N_("The same word for a family or group that came together")),
    Column("relation", ("Relation", "Quan hệ với chủ hộ"), N_("close_family for close family of the household")),
)


_FIELDS = {*(column.field for column in COLUMNS), "arrival"}
_FIELD_OF = {folded(name): column.field for column in COLUMNS for name in (column.field, *column.names)}


def read_header(names: Sequence[str]) -> list[str] | list[Reason]:
    """The field of each column of a file's first line, in its order; or what is wrong with that line.

    Empty names (columns without heading) become empty fields, to be left out.
    """
    fields = [_FIELD_OF.get(folded(name), "") for name in names]
    found = [
        COLUMN_UNKNOWN(line=1, column=name[:40])
        for name, field in zip(names, fields, strict=True)
        if name.strip() and not field
    ]
    found += [COLUMN_TWICE(line=1, column=_both_names(column)) for column in COLUMNS if fields.count(column.field) > 1]
    found += [
        COLUMN_MISSING(line=1, column=_both_names(column))
        for column in COLUMNS
        if column.required and column.field not in fields
    ]
    return found or fields


def _both_names(column: Column) -> str:
    """As a keeper finds them in the list of columns, whatever the language of the page."""
    return " / ".join(column.names[:2])


def by_field(row: Mapping[str, str]) -> dict[str, str]:
    """A row by field, whatever accepted names its columns have; other columns are left out."""
    named = ((name if name in _FIELDS else _FIELD_OF.get(folded(name), ""), cell) for name, cell in row.items())
    return {field: cell for field, cell in named if field}
