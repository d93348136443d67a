"""Builders of identity's records for tests."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.ids import uuid7
from doorstep.systems.identity.facts import Holder, Level
from doorstep.systems.identity.models import Account, Eid, Passkey, Person
from doorstep.systems.identity.rules import passkeys
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.rules.passkeys import Party
from doorstep.systems.identity.rules.secrets import hashed
from doorstep.systems.identity.simulation.passkeys import SoftPasskey

AT = datetime(2024, 3, 1, 3, tzinfo=UTC)
PASSWORD, PASSCODE = "Correct-Horse7", "803615"
HASHED = {"password": hashed(PASSWORD), "passcode": hashed(PASSCODE)}
PARTY = Party("localhost", ("http://localhost:8000",))
NUMBER = "900090000123"
CAPTURE = Capture(reference="capture-1", known=True, match=True, score=97, quality=90)


def person(number: str = NUMBER, **changes: Any) -> Person:
    values = {
        "full_name": "Nguyễn Văn Ví Dụ",
        "words": ["du", "nguyen", "van", "vi"],
        "birth": date(1990, 5, 21),
        "sex": "male",
        "nationality": "VN",
        "unit": "H38.901",
    }
    return Person.objects.create(id=uuid7(AT), number=number, **{**values, **changes})


def eid(holder: Person | None = None, **changes: Any) -> Eid:
    """An activated e-ID of level 2."""
    holder = holder or person()
    then = AT - timedelta(days=30)
    values = {"holder": Holder.CITIZEN.value, "level": Level.TWO.value, "state": "activated", "unit": holder.unit}
    times = dict.fromkeys(("collected", "approved", "notified", "activated"), then)
    phone = {"phone": "0000123456", "due": then.date()}
    return Eid.objects.create(id=uuid7(AT), person=holder, **{**values, **times, **phone, **changes})


def account(of: Eid | None = None, subject: str = "account:lan", **changes: Any) -> Account:
    """Somebody who can sign in with `PASSWORD`, or with `PASSCODE` and a code."""
    of = of or eid()
    values = {"name": "Ví Dụ", "login": of.person.number, "phone": of.phone, "created": AT, **HASHED}
    return Account.objects.create(id=uuid7(AT), subject=subject, eid=of, **{**values, **changes})


def device(of: Account, credential: bytes = b"credential-1") -> SoftPasskey:
    """A device that the account has registered."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = SoftPasskey(key, credential)
    challenge = b"c" * 16
    options = passkeys.creation_options(PARTY, "Doorstep", of.id.bytes, "lan", challenge, [])
    new = passkeys.read_new(PARTY, made.make(options, PARTY.origins[0]), challenge)
    assert isinstance(new, passkeys.NewPasskey), new
    Passkey.objects.create(
        id=uuid7(AT),
        account=of,
        credential=new.credential,
        public_key=new.public_key,
        sign_count=new.sign_count,
        label="Phone",
        created=AT,
    )
    return made


def person_actor(of: Account) -> Actor:
    return Actor(of.subject, roles=("identity.person",), level=2)
