"""The pages of e-IDs from home, of documents and of those whom somebody answers for, without script."""

import io
import re
import zlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Notice, Unit
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, Unavailable
from doorstep.systems.identity import tasks
from doorstep.systems.identity.actions import offices, trust
from doorstep.systems.identity.models import Application, Eid, EidChange, Guardian, Office, TrustFile
from doorstep.systems.identity.pages import captures, documents, portraits
from doorstep.systems.identity.pages.home import SALT
from doorstep.systems.identity.pages.portraits import read_portrait
from doorstep.systems.identity.queries.trust import trust_files
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.simulation.documents import State, chip, groups
from doorstep.systems.identity.tests.builders import AT, CAPTURE, NUMBER, account, device, eid, person
from doorstep.systems.identity.tests.test_pages_signin import ORIGIN, options_of
from doorstep.systems.identity.tests.test_rules_documents import CODE, archive, card

pytestmark = pytest.mark.usefixtures("clock")
PHONE = "0000123456"
TOLD = {"number": NUMBER, "full_name": "Nguyễn Văn Ví Dụ", "birth": "1990-05-21", "phone": PHONE, "language": "vi"}
STATE = State("secp256r1", "VNM")


def picture(size: tuple[int, int] = (400, 500), kind: str = "JPEG", **options: Any) -> bytes:
    made = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(made, kind, **options)
    return made.getvalue()


@pytest.fixture
def compared(monkeypatch) -> list[bytes]:
    """The portraits that were sent for comparison; each is found to be the person's."""
    sent: list[bytes] = []

    def compare(_number: str, portrait: bytes) -> Capture:
        sent.append(portrait)
        return CAPTURE

    monkeypatch.setattr(captures, "compare", compare)
    monkeypatch.setattr(captures, "_ask", lambda *_: CAPTURE)
    return sent


@pytest.fixture
def home(db) -> Client:
    return Client(headers={"Accept-Language": "en"})


def signed_in(*, role: str = "", **told: Any) -> Client:
    """A browser in which somebody has signed in, and taken up an office where there is a role."""
    for code, parent in (("H38", "nation"), ("H38.901", "H38")):
        values = {"kind": "any", "parent": parent, "names": {"en": code}, "source": "test"}
        Unit.objects.get_or_create(code=code, valid_from=date(2020, 1, 1), defaults=values)
    client = Client(headers={"Accept-Language": "en"})
    made = device(account(**told))
    client.post(
        "/identity/sign-in/passkey/", {"answer": made.use(options_of(client.get("/identity/sign-in/")), ORIGIN)}
    )
    if role:
        chief = By(Actor("chief", roles=("identity.administrator",), level=2), AT)
        told_term = offices.Term(AT.date())
        offices.assign(chief, NUMBER, "H38", role, told_term)
        client.post("/identity/offices/take-up/", {"office": str(Office.objects.get().id)})
    return client


def apply(home: Client, portrait: bytes | None = None, **changes: Any):
    file = SimpleUploadedFile("face.jpg", picture() if portrait is None else portrait)
    return home.post("/identity/apply/", {**TOLD, "portrait": file, **changes})


def step_of(answer) -> str:
    found = re.search(r'name="step" value="([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def finish(home: Client, answer):
    step = step_of(answer)
    sent = Notice.objects.get(kind="identity.code", subject=signing.loads(step, salt=SALT))
    return home.post("/identity/apply/code/", {"step": step, "code": sent.given["code"]})


def test_from_the_sofa_to_the_officers_yes(home, compared):
    person()
    answer = apply(home)
    assert answer.status_code == 200, answer.content.decode()
    done = finish(home, answer).content.decode()
    row = Application.objects.get()
    assert row.reference in done
    desk = signed_in(role="identity.officer", of=eid(person("900090000777")), login=NUMBER)
    page = desk.get("/identity/eids/applications/").content.decode()
    assert "Nguyễn Văn Ví Dụ" in page
    assert NUMBER not in page
    address = f"/identity/eids/applications/{row.id}/"
    assert desk.post(address, {"version": row.version, "decision": "approve"}).status_code == 303
    assert Eid.objects.get(person__number=NUMBER).state == "notified"
    assert desk.post(address, {"version": row.version, "decision": "approve"}).status_code == 422
    told = desk.post("/identity/help-desk/", {"reference": row.reference.lower()}).content.decode()
    assert "Application from home: approved" in told


def test_a_refusal_says_its_cause_at_the_help_desk_only(home, compared):
    person()
    finish(home, apply(home))
    row = Application.objects.get()
    desk = signed_in(role="identity.officer", of=eid(person("900090000777")), login=NUMBER)
    address = f"/identity/eids/applications/{row.id}/"
    desk.post(address, {"version": row.version, "decision": "refuse", "cause": "portrait"})
    row.refresh_from_db()
    assert row.state == "refused"
    cause = "The portrait is not proven to be the person&#x27;s"

    def told(**card: str) -> str:
        return desk.post("/identity/help-desk/", {"reference": row.reference, **card}).content.decode()

    for early in (told(), told(card="900090000777")):
        assert "It is decided, but the phone is not told yet." in early
        assert "refused" not in early
        assert cause not in early
    assert cause in told(card=f"{NUMBER[:4]} {NUMBER[4:]}"), "the person is there, with the card"
    tasks.tell_applicants(row.answer_at)
    assert cause in told()


def test_the_answers_are_the_same_for_whoever_applies(home, compared):
    person()
    eid(person("900090000777"))
    blank = re.compile(r'value="[^"]*"|[0-9A-Z]{4}(-[0-9A-Z]{4}){3}-[0-9A-Z]|csrf')
    pages = set()
    for number in (NUMBER, "900090000777", "900090000888"):
        first = apply(home, number=number, phone=f"0000{number[-6:]}")
        second = finish(home, first)
        pages.add((first.status_code, blank.sub("", first.content.decode())))
        pages.add((second.status_code, blank.sub("", second.content.decode())))
    assert len(pages) == 2
    assert len(compared) == 3, "the portrait is compared whoever it may be"


def test_the_portrait_loses_everything_but_its_points(home, compared):
    person()
    exif = Image.Exif()
    exif[0x010F] = "Camera of Hoa"
    apply(home, picture((4000, 3000), exif=exif, comment=b"at home"))
    (sent,) = compared
    read = Image.open(io.BytesIO(sent))
    assert (read.format, max(read.size) <= 800, dict(read.getexif())) == ("JPEG", True, {})
    assert b"Camera of Hoa" not in sent
    assert b"at home" not in sent
    assert not Application.objects.filter(capture="").exists()


def bomb(width: int) -> bytes:
    """A PNG of a few kilobytes that claims and holds width x width points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

    head = width.to_bytes(4) + width.to_bytes(4) + b"\x01\x00\x00\x00\x00"
    packed = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    body = b"".join(packed.compress(row) for _ in range(width)) + packed.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("portrait", "said"),
    [
        (b"", "submitted file is empty"),
        (b"hello", "no picture in JPEG or PNG"),
        (picture()[:2000], "no picture in JPEG or PNG"),
        (picture(kind="GIF"), "no picture in JPEG or PNG"),
        (picture(kind="TIFF"), "no picture in JPEG or PNG"),
        (picture((90, 500)), "less than"),
        (bomb(20_000), "million points"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 3000, "no picture in JPEG or PNG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture in JPEG or PNG"),
    ],
)  # fmt: skip
def test_a_hostile_portrait_gets_a_reason(home, compared, portrait, said):
    person()
    answer = apply(home, portrait)
    assert answer.status_code == 422
    assert said in re.sub("[\u2066-\u2069]|<[^>]+>", "", answer.content.decode())
    assert not compared
    assert not Application.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_read(home):
    answer = apply(home, bytes(13_000_000))
    assert answer.status_code == 422
    assert read_portrait(io.BytesIO(bytes(8_000_001)))[0].code == "identity.portrait_file"


def test_only_so_many_portraits_are_read_at_once(home, compared, monkeypatch):
    monkeypatch.setattr(portraits, "PATIENCE", 0.01)
    with portraits.PLACES, portraits.PLACES:
        busy = apply(home)
    assert (busy.status_code, "too many attempts" in busy.content.decode()) == (422, True)
    assert apply(home).status_code == 200


def test_a_portrait_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(portraits, "READER", ["sleep", "9"])
    monkeypatch.setattr(portraits.portrait_reader, "SECONDS", 0.1)
    assert portraits.read_portrait(io.BytesIO(picture()))[0].code == "identity.portrait_unreadable"
    assert portraits.PLACES.acquire(blocking=False), "its place is free again"
    portraits.PLACES.release()


def test_when_biometrics_do_not_answer_nothing_is_saved_and_what_was_typed_stays(home, monkeypatch):
    person()

    def down(*_: object) -> Capture:
        raise Unavailable(captures.NO_BIOMETRICS())

    monkeypatch.setattr(captures, "compare", down)
    answer = apply(home)
    assert answer.status_code == 422
    assert "No system of biometrics is connected" in answer.content.decode()
    assert NUMBER in answer.content.decode()
    assert not Application.objects.exists()


def test_the_code_of_the_card_fills_in_the_form_and_must_agree(home, compared):
    person()
    page = home.post("/identity/apply/", {"code": CODE, "prefill": "1"}).content.decode()
    assert f'value="{NUMBER}"' in page
    assert 'value="1990-05-21"' in page
    assert (
        "not the code of an identity card"
        in home.post("/identity/apply/", {"code": "x", "prefill": "1"}).content.decode()
    )
    other = apply(home, code=CODE, full_name="Trần Văn Ví Dụ")
    assert (other.status_code, "code says something else" in other.content.decode()) == (422, True)
    finish(home, apply(home, code=CODE))
    assert Application.objects.get().code_agreed


def test_a_chip_is_checked_and_must_be_the_same_persons(home, compared):
    person()
    trust.add_file(
        By(Actor("k", roles=("identity.trust_keeper",), level=2), AT), STATE.encoded, ("VNM",), "operator", "x"
    )
    made = chip(STATE.signer(), groups(**card()))
    zipped = archive({"sod": made.security_object, "dg1": made.groups[1]})
    finish(home, apply(home, chip=SimpleUploadedFile("card.zip", zipped)))
    assert Application.objects.get().chip in {"authentic", "expired"}
    other = apply(home, chip=SimpleUploadedFile("card.zip", zipped), number="900090000777")
    assert other.status_code == 422
    broken = apply(home, chip=SimpleUploadedFile("card.zip", b"PK\x03\x04"))
    assert "cannot be read" in broken.content.decode()


@pytest.mark.parametrize(
    ("field", "value"), [("number", "12"), ("birth", "1991-05-21"), ("phone", "12"), ("birth", "x")]
)
def test_what_cannot_be_is_told_at_once(home, compared, field, value):
    answer = apply(home, **{field: value})
    assert answer.status_code == 422
    assert not Notice.objects.exists()


def test_nobody_has_a_phone_flooded(home, compared):
    statuses = [apply(home, number=f"90009000{n:04}").status_code for n in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    for phone in ("0000.123456", "00(00)-123-456", "+840001 23456"):
        assert apply(home, number="900090009999", phone=phone).status_code == 429


def test_a_step_that_was_changed_or_is_too_old_begins_anew(home, compared):
    answer = home.post("/identity/apply/code/", {"step": "changed", "code": "123456"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/identity/apply/")
    wrong = home.post("/identity/apply/code/", {"step": step_of(apply(home)), "code": "000000"})
    assert wrong.status_code == 422


def test_an_officer_checks_a_card_and_cites_the_check(compared, monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)
    state = State("secp256r1", "VNM", begins=AT - timedelta(days=900))
    trust.add_file(
        By(Actor("k", roles=("identity.trust_keeper",), level=2), AT), state.encoded, ("VNM",), "operator", "x"
    )
    desk = signed_in(role="identity.officer", of=eid(person("900090000777")), login=NUMBER)
    person()
    made = chip(state.signer(), groups(**card()))
    files = [SimpleUploadedFile("a", made.security_object), SimpleUploadedFile("b", made.groups[1])]
    page = desk.post("/identity/documents/check/", {"chip": files, "code": CODE}).content.decode()
    assert "Authentic: issued by the state and unaltered" in page
    assert "No difference from the register was found." in page
    reference = re.search(r"<bdi>(\w{4}(?:-\w{4}){3}-\w)</bdi>", page)[1]
    told = {"number": NUMBER, "level": "two", "unit": "H38.901", "phone": PHONE, "language": "vi", "complete": "on"}
    done = desk.post("/identity/eids/collect/", {**told, "document": reference.lower()})
    assert done.status_code == 303, done.content.decode()
    change = EidChange.objects.get(change="collect")
    assert (change.capture, change.document) == (CAPTURE.reference, reference)
    shown = desk.get(f"/identity/eids/{change.eid_id}/").content.decode()
    assert CAPTURE.reference in shown


def test_an_officer_reads_what_checks_rest_on(db, monkeypatch):
    keeper = By(Actor("k", roles=("identity.trust_keeper",), level=2), AT)
    desk = signed_in(role="identity.officer", login=NUMBER)
    assert "There is none yet." in desk.get("/identity/documents/trust/").content.decode()
    for days, owner in ((-1, "operator"), (20, "account:keeper"), (900, "operator")):
        state = State("secp256r1", "VNM", begins=AT - timedelta(days=900), ends=AT + timedelta(days=days))
        trust.add_file(keeper, state.encoded, ("VNM", "UTO"), owner, f"fetched {days} <b>")
    trust.add_file(keeper, state.revoke(), (), "operator", "fetched")
    page = desk.get("/identity/documents/trust/").content.decode()
    told = (">over<", ">ends soon<", "Certificate of a state", "Valid from")
    assert [page.count(word) for word in told] == [1, 1, 3, 4]
    assert [page.count(word) for word in ("account:keeper", "whoever runs", "fetched 20 &lt;b&gt;")] == [1, 3, 1]
    digests = re.findall(r"[0-9a-f]{64}", page)
    assert sorted(digests) == sorted(TrustFile.objects.values_list("fingerprint", flat=True))
    monkeypatch.setattr(documents, "PAGE", 3)
    first = desk.get("/identity/documents/trust/").content.decode()
    second = desk.get("/identity/documents/trust/?after=3").content.decode()
    assert ("?after=3" in first, "?after=" in second) == (True, False)
    assert [len(re.findall(r"[0-9a-f]{64}", one)) for one in (first, second)] == [3, 1]
    assert "Certificates that checks rest on" in desk.get("/").content.decode()
    with pytest.raises(NotAllowed):
        trust_files(Actor("lan", roles=("identity.person", "identity.registrar"), level=2))


def test_the_check_of_nothing_and_of_nonsense(compared):
    desk = signed_in(role="identity.officer", login=NUMBER)
    assert "There is nothing to check." in desk.post("/identity/documents/check/", {}).content.decode()
    answer = desk.post("/identity/documents/check/", {"chip": SimpleUploadedFile("a", b"MZ no chip")})
    assert (answer.status_code, "none of a chip" in answer.content.decode()) == (422, True)
    huge = desk.post("/identity/documents/check/", {"chip": SimpleUploadedFile("a", bytes(4_100_000))})
    assert huge.status_code == 422
    alone = desk.post("/identity/documents/check/", {"code": CODE}).content.decode()
    assert "nothing proves that the document is genuine" in alone


def test_a_guardian_sees_the_wards_and_applies(compared):
    client = signed_in(login=NUMBER)
    ward = person("900216000777", birth=date(2016, 1, 1), full_name="Nguyễn Thị Nhỏ")
    guardian = Eid.objects.get().person
    Guardian.objects.create(id=ward.id, ward=ward, guardian=guardian, relation="parent", valid_from=date(2020, 1, 1))
    page = client.get("/identity/care/").content.decode()
    assert "Nguyễn Thị Nhỏ" in page
    assert "Apply for level 1" in page
    answer = client.post(f"/identity/care/wards/{ward.id}/apply/")
    assert answer.status_code == 422, "before July 2024 the law gave minors none"
    assert "not given at this age" in answer.content.decode()


def test_organisations_are_collected_at_the_counter(compared):
    desk = signed_in(role="identity.officer", login=NUMBER)
    answer = desk.post("/identity/eids/organisation/", {"tax_code": "1", "unit": "H38.901"})
    assert (answer.status_code, "There is no such record" in answer.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Capture(reference="c", known=True, match=False, score=9, quality=90), "Face or fingers are not those"),
        (Capture(reference="c", known=True, match=True, score=99, quality=9), "too poor to be compared"),
        (Capture(reference="c", known=False, match=False, score=0, quality=90), "Nothing is kept of this person"),
        (None, "No system of biometrics is connected"),
    ],
)
def test_nothing_is_collected_at_level_2_without_a_capture_that_fits(monkeypatch, answer, said):
    desk = signed_in(role="identity.officer", of=eid(person("900090000777")), login=NUMBER)
    person()
    if answer:
        monkeypatch.setattr(captures, "_ask", lambda *_: answer)
    told = {"number": NUMBER, "level": "two", "unit": "H38.901", "phone": PHONE, "language": "vi", "complete": "on"}
    page = desk.post("/identity/eids/collect/", told)
    assert (page.status_code, said in page.content.decode()) == (422, True)
    assert not Eid.objects.filter(person__number=NUMBER).exists()
