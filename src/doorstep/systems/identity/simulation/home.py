"""What a visitor of the demo tries e-IDs and documents with: made-up people with portraits and cards, whose state is made
up, too; applications that wait; a ward and an organisation of the demo's person.

Portraits, cards and codes lie in the folder `portraits`, which the stand-in for biometrics shows.
"""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

from django.conf import settings

from doorstep.kernel.country import profile
from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.expiry import OPERATOR
from doorstep.kernel.store.models import Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.actions import eid, home, organisations, register, trust
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.actions.home import Applying
from doorstep.systems.identity.actions.signin import VISITOR
from doorstep.systems.identity.contract import OrganisationKind, Relation, Sex
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Person
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.rules.home import offered
from doorstep.systems.identity.rules.register import Body, Cause, Home, Record
from doorstep.systems.identity.simulation.documents import Signer, State, hash_list, security_object, tlv, zone_file
from doorstep.systems.identity.simulation.portraits import draw, keep

FIRST_SERIAL = 1_450_000
BORN = date(1992, 4, 11)
TO_TRY = ("Lò Thị Hoa", "Giàng Thị An", "Vũ Ngọc Bình", "Đặng Thu Chi")
"""The second has applied with a portrait that matches, the third with one that does not; the others have not."""
FOREIGNER = "Anna Maria Beispiel"
WARD = "Nguyễn Minh Bé"
OWNER = "demo:mai"


def prepare(at: datetime, commune: str) -> None:
    """Everything through the real actions; the people of the demo are there already."""
    registrar, desk, colleague = (
        By(Actor(f"demo:preparing:home:{role}:{number}", commune, (f"identity.{role}",), 2, "simulation"), at)
        for number, role in enumerate(("registrar", "officer", "officer"))
    )
    day, country = profile().calendar.day(at), profile().identity
    signer = _state(at)
    numbers: list[Masked] = []
    for serial, name in enumerate((*TO_TRY, FOREIGNER), FIRST_SERIAL):
        nationality = country.nationality if name != FOREIGNER else "DE"
        numbers.append(_enter(registrar, commune, serial, name, BORN, nationality)[0])
        _give(numbers[-1], name, signer, day - timedelta(days=300))
    if offered(country, day):
        _apply(at, numbers[1], TO_TRY[1], matched=True)
        _apply(at, numbers[2], TO_TRY[2], matched=False)
    owner = Person.objects.get(eid__account__subject=OWNER)
    born = date(day.year - 9, 3, 4)
    ward, ward_id = _enter(registrar, commune, FIRST_SERIAL + 90, WARD, born, country.nationality)
    keep(settings.HOME / "portraits", ward)
    register.set_guardian(registrar, ward_id, owner.number, Relation.PARENT, born, "demo")
    _organisation(registrar, desk, colleague, commune, Masked(owner.number))


def _enter(by: By, commune: str, serial: int, name: str, born: date, nationality: str) -> tuple[Masked, UUID]:
    number = Masked(profile().fictitious_number(born, True, serial))
    record = Record(number=number, full_name=name, birth=born, sex=Sex.FEMALE, nationality=nationality)
    home_ = Home(unit=commune, address="14 Đường Ví Dụ", valid_from=born)
    done = register.register_person(by, record, home_, Cause.ENTRY, "demo", confirmed=True)
    return number, done.id


def _state(at: datetime) -> Signer:
    """A made-up state's certificate and list, trusted in this demo, and its signer."""
    year = timedelta(days=365)
    number = profile().fictitious_number(BORN, True, FIRST_SERIAL)
    issuer = profile().fictitious_card(number, TO_TRY[0], BORN, True, BORN).issuer
    state = State("secp256r1", issuer, begins=at - 4 * year, ends=at + 8 * year)
    keeper = By(Actor("demo:preparing:trust", roles=("identity.trust_keeper",), level=2, via="simulation"), at)
    trust.add_file(keeper, state.encoded, (issuer,), OPERATOR, "made up for this demo")
    listed = state.revoke(at=at - timedelta(days=1), due=at + timedelta(days=180))
    trust.add_file(keeper, listed, (), OPERATOR, "made up for this demo")
    return state.signer(begins=at - 3 * year, ends=at + 4 * year)


def _give(number: Masked, name: str, signer: Signer, issued: date) -> None:
    """A portrait, and a card: the text of its code, its chip as a ZIP file, and the same chip with another's face."""
    folder = settings.HOME / "portraits"
    keep(folder, number)
    card = profile().fictitious_card(number, name, BORN, True, issued)
    groups = {1: zone_file(card.lines), 2: tlv(0x75, draw(number)), **card.groups}
    signed = datetime.combine(issued, time(9), UTC)
    security = security_object(hash_list(groups), signer, at=signed)
    (folder / f"{number}-card.txt").write_text(f"{card.code}\n\n{card.lines}\n")
    _zip(folder / f"{number}-chip.zip", security, groups)
    _zip(folder / f"{number}-chip-altered.zip", security, {**groups, 2: tlv(0x75, draw(name))})


def _zip(path: Path, security: bytes, groups: dict[int, bytes]) -> None:
    with ZipFile(path, "w") as made:
        made.writestr("EF_SOD.bin", security)
        for number, content in groups.items():
            made.writestr(f"EF_DG{number}.bin", content)


def _apply(at: datetime, number: Masked, name: str, *, matched: bool) -> None:
    """An application whose phone is proven with the code that was sent there."""
    by = By(VISITOR, at)
    score = 98 if matched else 21
    capture = Capture(reference=f"demo-{score}", known=True, match=matched, score=score, quality=90)
    phone = profile().fictitious_phone(90_000 + score)
    subject = home.apply(
        by, Applying(number=number, full_name=name, birth=BORN, phone=phone, capture=capture, code_agreed=matched)
    )
    sent = Notice.objects.get(subject=subject, secret=True)
    told = home.prove(by, subject, sent.given["code"])
    if isinstance(told, Code):
        raise TypeError(f"the demo's application was not taken: {told}")


def _organisation(registrar: By, desk: By, colleague: By, commune: str, owner: Masked) -> None:
    """Collected and approved: its representative activates it."""
    body = Body(
        tax_code=profile().fictitious_tax_code(1),
        kind=OrganisationKind.HOUSEHOLD_BUSINESS,
        name="Hộ kinh doanh Ví Dụ",
        representative=owner,
        unit=commune,
        address="12 Đường Ví Dụ",
        active_from=date(2021, 1, 4),
    )
    register.register_organisation(registrar, body, "demo")
    collected = organisations.collect_organisation(desk, body.tax_code, Applicant(Level.NONE), commune)
    eid.approve(colleague, UUID(collected.id), 1)
