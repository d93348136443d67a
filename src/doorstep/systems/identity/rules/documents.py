"""A document before an officer: what its chip, its lines and its code say, and where that is not what the register says."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from io import BytesIO
from struct import error as StructError  # noqa: N812  it is an exception
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812  it is an exception

import msgspec

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.contract import Sex
from doorstep.systems.identity.country import Country, Printed
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import LARGEST_GROUP, ChipFiles, Outcome
from doorstep.systems.identity.rules.mrz import DIFFERS, Claim, Mrz, check_claim, check_valid, read_mrz, write_mrz
from doorstep.systems.identity.rules.register import Record

NOTHING_TO_CHECK = reason(
    "identity.document_nothing",
    "There is nothing to check.",
    repair="Choose the chip's files, or copy the lines or the code from the document.",
)
FILES_TOO_LARGE = reason(
    "identity.document_files_large",
    "The files are larger than {most} megabytes together.",
    repair="Choose only the security object and the data groups that are needed.",
)
ARCHIVE_UNREADABLE = reason(
    "identity.document_archive",
    "This ZIP file cannot be read, or holds more than {most} files.",
    repair="Choose the chip's files one by one.",
)
FILE_UNKNOWN = reason(
    "identity.document_file_unknown",
    "One of the files is none of a chip.",
    repair="Choose the security object (EF.SOD) and data groups (EF.DG1 to EF.DG16) as the reader wrote them.",
)
FILE_TWICE = reason("identity.document_file_twice", "One of the files is there twice.", repair="Choose each file once.")
SECURITY_OBJECT_MISSING = reason(
    "identity.document_no_security_object",
    "The security object is missing, without which nothing can be checked.",
    repair="Choose the file EF.SOD, too.",
)
NOT_THE_PERSON = reason(
    "identity.document_other_person",
    "The document is of another person than the number.",
    repair="Compare the number with the document.",
)
CHECK_UNFIT = reason(
    "identity.document_check_unfit",
    "There is no check of today under this reference that found the document of this person good.",
    repair="Check the document anew, and copy the reference of the check.",
)

MOST_FILES = 20
MOST_BYTES = 4_000_000
CHECK_HOLDS = timedelta(hours=24)
"""How long a check may be cited when the holder's record is collected."""

ARCHIVE_ERRORS = (
    BadZipFile,
    ZlibError,
    StructError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    ArithmeticError,
)
"""What Python's reader raises for damaged archives; found by fuzzing (IndexError: a file without a name; OverflowError: a
place beyond 63 bits).
"""

_OBJECT, _CONTENTS = 0x77, 0x60
_GROUP_TAGS = (0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70)
"""By which a chip's files begin, data groups 1 to 16 in order (ICAO Doc 9303-10, section 4.7)."""


class Papers(msgspec.Struct, frozen=True, kw_only=True):
    """A document as far as it was shown: the chip's outcome, the lines, and what the country reads out of them.

    `reasons` speak against lines, code or national data; those against the chip are in its outcome.
    """

    chip: Outcome | None = None
    zone: Mrz | None = None
    printed: tuple[Printed, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def number(self) -> Masked:
        """The personal number that the document names, where it does."""
        return next((one.number for one in self.printed), Masked(""))


def read_chip_files(files: Sequence[bytes]) -> ChipFiles | list[Reason]:
    """What was uploaded: the files of a chip in any order, or one ZIP of them; told apart by how they begin."""
    if len(files) == 1 and files[0][:2] == b"PK":
        unpacked = _unpacked(files[0])
        if isinstance(unpacked, Reason):
            return [unpacked]
        files = unpacked
    if sum(map(len, files)) > MOST_BYTES:
        return [FILES_TOO_LARGE("chip", most=MOST_BYTES // 1_000_000)]
    found: dict[int, bytes] = {}
    for file in files:
        tag = file[0] if file else 0
        if tag not in (_OBJECT, _CONTENTS, *_GROUP_TAGS):
            return [FILE_UNKNOWN("chip")]
        if tag in found:
            return [FILE_TWICE("chip")]
        found[tag] = file
    if _OBJECT not in found:
        return [SECURITY_OBJECT_MISSING("chip")]
    groups = {number: found[tag] for number, tag in enumerate(_GROUP_TAGS, 1) if tag in found}
    return ChipFiles(found[_OBJECT], groups)


def _unpacked(archive: bytes) -> list[bytes] | Reason:
    """No more is unpacked than one file may hold, whatever the archive says of itself."""
    if len(archive) > MOST_BYTES:
        return FILES_TOO_LARGE("chip", most=MOST_BYTES // 1_000_000)
    try:
        with ZipFile(BytesIO(archive)) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MOST_FILES or any(one.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for one in entries):
                return ARCHIVE_UNREADABLE("chip", most=MOST_FILES)
            files: list[bytes] = []
            for entry in entries:
                with opened.open(entry) as file:
                    files.append(file.read(LARGEST_GROUP + 1))
                if sum(map(len, files)) > MOST_BYTES:
                    return FILES_TOO_LARGE("chip", most=MOST_BYTES // 1_000_000)
            return files
    except ARCHIVE_ERRORS:
        return ARCHIVE_UNREADABLE("chip", most=MOST_FILES)


def read_papers(
    country: Country, day: date, *, chip: Outcome | None, groups: Mapping[int, bytes], lines: str, code: str
) -> Papers:
    """Everything that was shown, read once. The lines of a chip count before typed ones; what was altered never does."""
    reasons: list[Reason] = []
    printed: list[Printed] = []
    zone = chip.zone if chip else None
    if zone is None and lines.strip():
        read = read_mrz(lines, day)
        zone = read if isinstance(read, Mrz) else None
        reasons += [] if isinstance(read, Mrz) else [msgspec.structs.replace(one, field="lines") for one in read]
    if zone:
        text = write_mrz(zone)
        reasons += check_valid(zone, day)
        intact = {number: file for number, file in groups.items() if chip and number in chip.groups}
        told = (country.read_chip(intact, text, day), country.read_lines(text, day))
        printed += [one for one in told if isinstance(one, Printed)]
        reasons += told[0] if isinstance(told[0], list) else []
    if code.strip():
        held = country.read_code(code, day)
        if isinstance(held, Printed):
            printed.append(held)
        else:
            reasons += [msgspec.structs.replace(one, field="code") for one in held]
    return Papers(chip=chip, zone=zone, printed=tuple(printed), reasons=tuple(reasons))


def differences(papers: Papers, record: Record) -> list[Reason]:
    """Where the document and the register's record say different things, each field once."""
    female = {Sex.FEMALE: True, Sex.MALE: False}.get(record.sex)
    found = [] if papers.zone is None else check_claim(papers.zone, _claim(record, female))
    for one in papers.printed:
        found += [DIFFERS(field) for field in _differing(one, record, female)]
    return list({one.field: one for one in found}.values())


def _claim(record: Record, female: bool | None) -> Claim:  # noqa: FBT001  None is not stated
    return Claim(full_name=record.full_name, birth=record.birth, female=female)


def _differing(printed: Printed, record: Record, female: bool | None) -> Iterator[str]:  # noqa: FBT001  as above
    if printed.number != record.number:
        yield "number"
    if printed.full_name and printed.full_name.casefold() != record.full_name.casefold():
        yield "full_name"
    if printed.birth and printed.birth != record.birth:
        yield "birth"
    if None not in (printed.female, female) and printed.female is not female:
        yield "sex"


def good(verdict: Verdict, differs: Sequence[Reason], reasons: Sequence[Reason]) -> bool:
    """Whether a check may be cited: the chip is authentic, and nothing speaks against the document or its holder."""
    return verdict is Verdict.AUTHENTIC and not differs and not reasons
