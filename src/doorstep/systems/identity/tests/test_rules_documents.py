"""What an officer uploads of a document, however hostile, and where it is not what the register says."""

import io
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason
from doorstep.profiles import testland, vietnam
from doorstep.systems.identity.contract import Sex
from doorstep.systems.identity.country import Printed
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.rules import documents, home
from doorstep.systems.identity.rules.captures import Capture, check_capture
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import LARGEST_GROUP, ChipFiles, authenticate
from doorstep.systems.identity.rules.documents import MOST_BYTES, read_chip_files, read_papers
from doorstep.systems.identity.rules.mrz import check_digit, write_mrz
from doorstep.systems.identity.rules.register import Record
from doorstep.systems.identity.rules.trust_files import FileKind, check_states, read_file
from doorstep.systems.identity.simulation.documents import AT, State, chip, groups, tlv, trust
from doorstep.systems.identity.simulation.zones import zone

DAY = date(2024, 6, 1)
COUNTRY = vietnam.profile(fictitious=True).identity
NUMBER = "900090000123"
CODE = f"{NUMBER}||NGUYỄN VĂN VÍ DỤ|21051990|Nam|12 Đường Ví Dụ|15042021"
RECORD = Record(
    number=Masked(NUMBER), full_name="Nguyễn Văn Ví Dụ", birth=date(1990, 5, 21), sex=Sex.MALE, nationality="VN"
)
SOUND = {"reference": "c", "known": True, "match": True, "score": 95, "quality": 80}


def card(**changes):
    passing = {
        "issuer": "VNM",
        "number": NUMBER[3:],
        "surname": "NGUYEN",
        "given_names": "VAN VI DU",
        "nationality": "VNM",
        "born": "900521",
        "birth": date(1990, 5, 21),
        "female": False,
        "expires": date(2030, 5, 21),
        "optional": f"{NUMBER}<<{check_digit(NUMBER)}",
    }
    return {**passing, **changes}


def archive(files: dict[str, bytes], **options) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", **options) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return made.getvalue()


def codes(found):
    return [one.code.partition("document_")[2] for one in found] if isinstance(found, list) else found


def papers(lines="", code="", outcome=None, files=None):
    return read_papers(COUNTRY, DAY, chip=outcome, groups=files.groups if files else {}, lines=lines, code=code)


def test_files_are_known_by_how_they_begin_whatever_their_names_and_order():
    made = chip(State("secp256r1", "VNM").signer(), groups(**card()))
    files = [made.groups[2], made.security_object, made.groups[1]]
    assert read_chip_files(files) == made
    assert read_chip_files([archive({f"x/{n}": file for n, file in enumerate(files)})]) == made


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([b""], ["file_unknown"]),
        ([b"MZ\x90"], ["file_unknown"]),
        ([tlv(0x61, b"a"), tlv(0x61, b"b")], ["file_twice"]),
        ([tlv(0x61, b"a")], ["no_security_object"]),
        ([b"w" + bytes(MOST_BYTES)], ["files_large"]),
        ([b"PK\x03\x04 nothing behind"], ["archive"]),
        ([archive({f"{n}": b"w" for n in range(30)})], ["archive"]),
        ([archive({"a": b"w"}, compression=zipfile.ZIP_BZIP2)], ["archive"]),
        ([archive({})], ["no_security_object"]),
    ],
)
def test_what_is_no_chip_is_refused_with_a_reason(files, found):
    assert codes(read_chip_files(files)) == found


def test_an_archive_that_begins_beyond_all_memory_is_unreadable():
    whole = archive({"a": b"w"})
    start = whole.index(b"PK\x01\x02")
    entry, end = bytearray(whole[start : start + 47]), bytearray(whole[start + 47 :])
    entry[30:32] = (12).to_bytes(2, "little")
    entry[42:46] = b"\xff" * 4  # the place stands behind, in 64 bits
    entry += b"\x01\x00\x08\x00" + ((1 << 64) - 100).to_bytes(8, "little")
    end[12:16] = len(entry).to_bytes(4, "little")
    assert [one.code for one in read_chip_files([whole[:start] + entry + end])] == ["identity.document_archive"]


def test_an_archive_that_unpacks_to_gigabytes_is_read_no_further_than_one_file_may_be_long():
    bomb = archive({"a": b"w" + bytes(200_000_000)}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 250_000
    assert len(read_chip_files([bomb]).security_object) == LARGEST_GROUP + 1
    many = archive({f"{n}": bytes([n]) + bytes(LARGEST_GROUP) for n in range(6)}, compression=zipfile.ZIP_DEFLATED)
    assert codes(read_chip_files([many])) == ["files_large"]


def test_an_encrypted_or_damaged_archive():
    made = bytearray(archive({"a": b"w" * 100}))
    made[6] |= 1  # encrypted, in the file's own header and in the list of files
    made[made.index(b"PK\x01\x02") + 8] |= 1
    assert codes(read_chip_files([bytes(made)])) == ["archive"]
    nameless = bytearray(archive({"a": b"w" * 100}))
    at = nameless.index(b"PK\x01\x02")
    nameless[at + 28] = 0  # the list of files gives one no name
    del nameless[at + 46]
    nameless[-10] -= 1
    assert codes(read_chip_files([bytes(nameless)])) == ["archive"]
    damaged = bytearray(archive({"a": b"w" * 100}))
    damaged[40] ^= 1
    assert codes(read_chip_files([bytes(damaged)])) == ["archive"]


GOOD = archive({"sod": b"w" * 30, "dg1": b"a" * 30}, compression=zipfile.ZIP_DEFLATED)


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_whatever_is_uploaded_is_a_chip_or_has_a_reason(files):
    read = read_chip_files(files)
    assert isinstance(read, ChipFiles) or (read and all(isinstance(one, Reason) for one in read))


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_no_damage_of_an_archive_is_an_error_of_ours(changes):
    damaged = bytearray(GOOD)
    for place, value in changes:
        damaged[place] = value
    assert isinstance(read_chip_files([bytes(damaged)]), ChipFiles | list)


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_typed_has_reasons_or_is_read(lines, code):
    read = papers(lines, code)
    assert read.reasons or read.zone or read.printed or not (lines.strip() or code.strip())


def test_lines_and_code_say_what_the_register_says():
    read = papers(write_mrz(zone(**card())), CODE)
    assert (read.reasons, read.number, len(read.printed)) == ((), NUMBER, 2)
    assert documents.differences(read, RECORD) == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"full_name": "Trần Văn Ví Dụ"}, {"full_name"}),
        ({"birth": date(1990, 5, 22)}, {"birth"}),
        ({"sex": Sex.FEMALE}, {"sex"}),
        ({"sex": Sex.UNSTATED}, set()),
    ],
)
def test_each_difference_is_named_once(changes, fields):
    record = Record(**{**{name: getattr(RECORD, name) for name in Record.__struct_fields__}, **changes})
    read = papers(write_mrz(zone(**card())), CODE)
    assert {one.field for one in documents.differences(read, record)} == fields
    assert len(documents.differences(read, record)) == len(fields)


def test_an_expired_or_misread_document_has_reasons():
    expired = write_mrz(zone(**card(expires=date(2024, 5, 1))))
    assert [one.code for one in papers(expired).reasons] == ["identity.document_expired"]
    assert [(one.code, one.field) for one in papers("IDVNM").reasons] == [("identity.mrz_shape", "lines")]
    assert [(one.code, one.field) for one in papers(code="no code").reasons] == [("vietnam.card_unreadable", "code")]


def test_what_was_altered_is_not_read():
    state = State("secp256r1", "VNM")
    made = chip(state.signer(), {**groups(**card()), 13: tlv(0x6D, b"\x02\x01\x01")})
    unaltered = authenticate(made, trust(state), at=AT, day=DAY)
    assert unaltered.verdict is Verdict.AUTHENTIC
    assert [one.field for one in papers(outcome=unaltered, files=made).reasons] == ["dg13"]
    other = ChipFiles(made.security_object, {**made.groups, 13: tlv(0x6D, b"\x02\x01\x02")})
    altered = authenticate(other, trust(state), at=AT, day=DAY)
    assert altered.verdict is Verdict.ALTERED
    assert papers(outcome=altered, files=other).reasons == ()


def test_a_check_is_good_only_when_nothing_speaks_against_it():
    assert documents.good(Verdict.AUTHENTIC, [], [])
    assert not documents.good(Verdict.INTEGRITY_ONLY, [], [])
    assert not documents.good(Verdict.AUTHENTIC, [documents.NOTHING_TO_CHECK()], [])
    assert not documents.good(Verdict.AUTHENTIC, [], [documents.NOTHING_TO_CHECK()])


@pytest.mark.parametrize(
    ("changes", "complete", "found"),
    [
        ({}, True, []),
        ({"quality": 49}, True, ["capture_poor"]),
        ({"match": False}, True, ["capture_differs"]),
        ({"match": False}, False, ["capture_differs"]),
        ({"known": False, "match": False}, True, ["capture_unknown"]),
        ({"known": False, "match": False}, False, []),
    ],
)
def test_a_capture_is_judged(changes, complete, found):
    capture = Capture(**{**SOUND, **changes})
    reasons = check_capture(COUNTRY, Level.TWO, capture, complete=complete)
    assert [one.code.removeprefix("identity.") for one in reasons] == found


def test_where_the_law_needs_no_capture_there_is_none():
    assert check_capture(COUNTRY, Level.ONE, None, complete=True) == []
    assert [one.code for one in check_capture(COUNTRY, Level.TWO, None, complete=False)] == ["identity.capture_needed"]
    elsewhere = testland.profile(fictitious=True).identity
    assert check_capture(elsewhere, Level.TWO, None, complete=True) == []


@pytest.mark.parametrize("changes", [{"score": 101}, {"quality": -1}, {"reference": ""}, {"reference": "x" * 101}])
def test_no_answer_about_a_capture(changes):
    with pytest.raises(ValueError, match="no answer"):
        Capture(**{**SOUND, **changes})


def test_a_code_that_agrees_proves_nothing_and_one_that_differs_is_told():
    printed = Printed(number=Masked(NUMBER), full_name="NGUYỄN VĂN VÍ DỤ", birth=date(1990, 5, 21))
    assert home.check_code(printed, NUMBER, "Nguyễn Văn Ví Dụ", date(1990, 5, 21)) == []
    told = home.check_code(printed, "900090000124", "Nguyễn Văn", date(1990, 5, 22))
    assert [one.field for one in told] == ["number", "full_name", "birth"]
    against = home.check_approval(matched=False, chip="", through_guardian=False)
    assert [one.code for one in against] == ["identity.portrait_unproven"]
    assert home.check_approval(matched=False, chip="", through_guardian=True) == []
    against = home.check_approval(matched=True, chip="altered", through_guardian=False)
    assert [one.code for one in against] == ["identity.card_chip_not_good"]


def test_testlands_documents_are_read_too():
    elsewhere = testland.profile(fictitious=True)
    number = elsewhere.fictitious_number(date(1990, 5, 21), False, 7)
    changes = {"size": "TD3", "code": "P", "issuer": "TLA", "nationality": "TLA", "optional": Masked(number)}
    lines = write_mrz(zone(**changes))
    read = elsewhere.identity.read_lines(lines, DAY)
    assert (read.number, read.birth) == (number, date(1974, 8, 12))
    assert elsewhere.identity.read_code(f"{number};Ada;1990-05-21", DAY).full_name == "Ada"
    for wrong in (write_mrz(zone()), "", write_mrz(zone(**{**changes, "optional": Masked("ZZ1")}))):
        assert isinstance(elsewhere.identity.read_lines(wrong, DAY), list)
    for wrong in ("", "a;b", f"{number};Ada;never", "AA00000A;Ada;1990-05-21"):
        assert isinstance(elsewhere.identity.read_code(wrong, DAY), list)


@pytest.mark.parametrize("profile", [vietnam, testland])
@pytest.mark.parametrize("name", ["Lò Thị Hoa", "Anna Maria Beispiel", "Hoa"])
def test_a_made_up_card_says_the_same_everywhere(profile, name):
    made = profile.profile(fictitious=True)
    number = made.fictitious_number(date(1992, 4, 11), True, 7)
    card = made.fictitious_card(number, name, date(1992, 4, 11), True, date(2024, 2, 29))
    read = made.identity.read_lines(card.lines, DAY)
    code = made.identity.read_code(card.code, DAY)
    told = made.identity.read_chip(card.groups, card.lines, DAY)
    assert (read.number, read.birth, code.number, code.birth) == (number, date(1992, 4, 11)) * 2
    assert code.full_name.casefold() == name.casefold()
    assert told is None if not card.groups else told.full_name == name
    assert made.identity.check_tax_code(made.fictitious_tax_code(1)) == []


def test_a_file_of_the_trust_store_is_known_by_its_content():
    old, new = State("secp256r1", "UTO"), State("secp256r1", "UTO", generation=2)
    kinds = {
        FileKind.STATE: old.encoded,
        FileKind.LINK: old.link(new),
        FileKind.SIGNER: old.signer().encoded,
        FileKind.REVOKED: old.revoke(7),
    }
    for kind, content in kinds.items():
        told = read_file(content)
        assert told.kind is kind
        assert told.expires is not None
        wrong = check_states(told, ("UTO",)) if kind is not FileKind.STATE else check_states(told, ("uto",))
        assert wrong
    assert "CSCA of UTO 1" in read_file(old.encoded).name
    assert check_states(read_file(old.encoded), ("UTO", "D")) == []


@pytest.mark.parametrize("content", [b"", b"\x30\x80", b"hello", b"\x30\x03\x02\x01\x01", bytes(100_000)])
def test_what_is_no_file_of_a_trust_store(content):
    assert read_file(content).code == "identity.trust_file_unreadable"
