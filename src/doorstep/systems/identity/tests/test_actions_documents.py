"""Checks of documents and the files they rest on, on PostgreSQL: what is told, journalled, cited and refused."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from asn1crypto import pem

from doorstep.kernel import expiry
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity import tasks
from doorstep.systems.identity.actions import documents as actions
from doorstep.systems.identity.actions import eid, trust
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import DocumentCheck, EidChange, TrustFile
from doorstep.systems.identity.queries.trust import ending, load_trust, trust_files
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import ChipFiles
from doorstep.systems.identity.rules.mrz import write_mrz
from doorstep.systems.identity.simulation.documents import AT, State, certificate, chip, groups, private_key, tlv
from doorstep.systems.identity.simulation.zones import zone
from doorstep.systems.identity.tests.builders import CAPTURE, NUMBER, person
from doorstep.systems.identity.tests.test_actions_eid import commune  # noqa: F401  a fixture for all
from doorstep.systems.identity.tests.test_rules_documents import CODE, card

pytestmark = pytest.mark.django_db
KEEPER = By(Actor("keeper", roles=("identity.trust_keeper",), level=2), AT)
OFFICER = By(Actor("officer", "H38", ("identity.officer",), level=2), AT)
PHONE = "0000123456"
STATE = State("secp256r1", "VNM")
SIGNER = STATE.signer()
FILES = chip(SIGNER, groups(**card()))
NOBODY = Masked("")


def trusted() -> None:
    trust.add_file(KEEPER, STATE.encoded, ("VNM",), "operator", "made up")
    trust.add_file(KEEPER, STATE.revoke(), (), "operator", "made up")


def check(files: ChipFiles | None = FILES, number: str = "", lines: str = "", code: str = "", by: By = OFFICER):
    return actions.check_document(by, Masked(number), files, lines, code)


def test_an_authentic_card_of_a_person_in_the_register():
    person()
    trusted()
    told = check()
    assert (told.verdict, told.reasons, told.notes, told.differs) == (Verdict.AUTHENTIC, (), (), ())
    assert (told.number, told.known, told.groups, told.good) == (NUMBER, True, (1, 2), True)
    row = DocumentCheck.objects.get()
    assert (row.reference, row.verdict, row.good, row.officer) == (told.reference, "authentic", True, "officer")
    subjects = set(JournalSubject.objects.values_list("subject", flat=True))
    assert subjects == {f"national_id:VN:{NUMBER}"}
    assert not any(NUMBER in entry.detail for entry in JournalEntry.objects.all())


@pytest.mark.parametrize(
    ("name", "verdict", "code"),
    [
        ("unknown_state", "integrity_only", "chip_state_unknown"),
        ("self_signed", "unknown_signer", "chip_signer_unknown"),
        ("forged_signature", "altered", "chip_signature_wrong"),
        ("altered_group", "altered", "chip_group_altered"),
        ("no_der", "malformed", "chip_file_encoding"),
        ("expired_signer", "expired", "chip_signer_expired"),
        ("revoked", "revoked", "chip_signer_revoked"),
        ("zone_missing", "incomplete", "chip_group_missing"),
    ],
)
def test_each_forgery_has_its_answer(name, verdict, code):
    person()
    if name != "unknown_state":
        trusted()
    key = private_key("secp256r1", "forger")
    own = certificate(key, key, subject="Document signer", issuer=STATE.name)
    forger = type(SIGNER)(key, own)
    old = STATE.signer(begins=AT - timedelta(days=3000), ends=AT - timedelta(days=1), serial=9)
    files = {
        "self_signed": chip(forger, groups(**card())),
        "forged_signature": chip(SIGNER, groups(**card()), signature=b"\x30\x06\x02\x01\x01\x02\x01\x01"),
        "altered_group": ChipFiles(FILES.security_object, {**FILES.groups, 2: tlv(0x75, b"another face")}),
        "no_der": ChipFiles(b"\x77\x80\x00\x00", FILES.groups),
        "expired_signer": chip(old, groups(**card())),
        "zone_missing": ChipFiles(FILES.security_object, {2: FILES.groups[2]}),
    }.get(name, FILES)
    if name == "revoked":
        newer = STATE.revoke(7, at=AT - timedelta(days=1))
        trust.add_file(KEEPER, newer, (), "operator", "made up")
    told = check(files, NUMBER if name in {"no_der", "zone_missing", "forged_signature"} else "")
    assert told.verdict is not None
    assert (told.verdict.value, told.reasons[0].code) == (verdict, f"identity.{code}")
    assert not told.good
    with pytest.raises(Refused, match="document_check_unfit"):
        eid.collect(OFFICER, NUMBER, Applicant(Level.TWO, PHONE, capture=CAPTURE, document=told.reference), "H38.901")


def test_a_check_is_cited_within_a_day_for_its_own_person():
    person()
    person("900090000777")
    trusted()
    told = check()
    cited = Applicant(Level.TWO, PHONE, capture=CAPTURE, document=told.reference)
    with pytest.raises(Refused, match="document_check_unfit"):
        eid.collect(OFFICER, "900090000777", cited, "H38.901")
    late = By(OFFICER.actor, AT + timedelta(hours=25))
    with pytest.raises(Refused, match="document_check_unfit"):
        eid.collect(late, NUMBER, cited, "H38.901")
    eid.collect(OFFICER, NUMBER, cited, "H38.901")
    change = EidChange.objects.get()
    assert (change.document, change.capture, change.quality, change.score) == (told.reference, "capture-1", 90, 97)


def test_what_differs_from_the_register_is_named():
    person(full_name="Trần Văn Ví Dụ", birth=date(1990, 5, 22))
    trusted()
    told = check(code=CODE)
    assert told.verdict is Verdict.AUTHENTIC
    assert {one.field for one in told.differs} == {"full_name", "birth"}
    assert not told.good


def test_lines_or_code_alone_prove_nothing():
    person()
    told = check(None, lines=write_mrz(zone(**card())), code=CODE)
    assert (told.verdict, told.reasons, told.differs, told.good) == (None, (), (), False)


def test_a_document_of_nobody_here_or_of_somebody_else():
    told = check()
    assert (told.known, told.number) == (False, NUMBER)
    with pytest.raises(Refused, match="document_other_person"):
        check(number="900090000777")
    with pytest.raises(Refused, match="document_nothing"):
        check(None, lines="  ")
    with pytest.raises(NotAllowed):
        check(by=By(Actor("somebody"), AT))


def test_a_foreign_passport_is_compared_by_the_number_that_the_officer_types():
    state = State("secp256r1", "UTO")
    trust.add_file(KEEPER, state.encoded, ("UTO",), "operator", "made up")
    person(full_name="Anna Maria Eriksson", birth=date(1974, 8, 12), sex="female", nationality="UT")
    told = check(chip(state.signer()), NUMBER)
    assert (told.verdict, told.differs, told.good) == (Verdict.AUTHENTIC, (), True)
    assert check(chip(state.signer())).known is False


def test_trust_grows_only_from_what_somebody_verified():
    other = State("secp256r1", "UTO", generation=3)
    newer = State("secp256r1", "VNM", generation=2)
    for content in (STATE.link(newer), STATE.revoke()):
        with pytest.raises(Refused, match="unproven"):
            trust.add_file(KEEPER, content, (), "operator", "made up")
    assert not TrustFile.objects.exists()
    trusted()
    trust.add_file(KEEPER, STATE.link(newer), (), "operator", "made up")
    trust.add_file(KEEPER, pem.armor("CERTIFICATE", SIGNER.encoded), (), "operator", "made up")
    with pytest.raises(Refused, match="trust_file_there"):
        trust.add_file(KEEPER, STATE.encoded, ("VNM",), "operator", "made up")
    with pytest.raises(Refused, match="trust_states"):
        trust.add_file(KEEPER, other.encoded, (), "operator", "made up")
    with pytest.raises(Refused, match="text_missing"):
        trust.add_file(KEEPER, other.encoded, ("UTO",), "operator", " ")
    for content in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nx", SIGNER.encoded[:-1]):
        with pytest.raises(Refused):
            trust.add_file(KEEPER, content, (), "operator", "made up")
    with pytest.raises(NotAllowed):
        trust.add_file(OFFICER, other.encoded, ("UTO",), "operator", "made up")
    rows = trust_files(KEEPER.actor)
    assert [row.kind.value for row in rows] == ["state", "link", "signer", "revoked"]
    built, _ = load_trust()
    assert (len(built.of("VNM")), built.faults) == (2, ())


def test_what_is_removed_counts_no_more_and_can_come_back():
    trusted()
    anchor = trust_files(KEEPER.actor)[0]
    trust.remove_file(KEEPER, anchor.id)
    assert check().verdict is Verdict.INTEGRITY_ONLY
    with pytest.raises(NotFound):
        trust.remove_file(KEEPER, anchor.id)
    with pytest.raises(NotFound):
        trust.remove_file(KEEPER, UUID(int=1))
    trust.add_file(KEEPER, STATE.encoded, ("VNM",), "operator", "made up")
    assert check().verdict is Verdict.AUTHENTIC


def test_whoever_owns_a_file_learns_before_it_ends():
    trust.add_file(KEEPER, STATE.encoded, ("VNM",), "subject:keeper", "made up")
    for days in (9, 1):
        newer = STATE.revoke(at=AT - timedelta(days=days), due=AT + timedelta(days=40 - days))
        trust.add_file(KEEPER, newer, (), "operator", "made up")
    ends = sorted(expires for kind, _, _, expires in ending() if kind.value == "revoked")
    assert ends == [AT + timedelta(days=39)], "an older list of the same issuer worries nobody"
    found = [one for one in expiry.expiring(AT) if one in list(tasks.trust_files(AT))]
    assert [(one.owner, one.expires) for one in found] == [("operator", AT + timedelta(days=39))]
    assert datetime(2036, 1, 1, tzinfo=UTC) < max(one.expires for one in tasks.trust_files(AT))
