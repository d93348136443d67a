"""The demo's people have e-IDs, accounts and offices like everybody, and a passkey whose device is this machine."""

import os
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import ROLES, Actor
from doorstep.kernel.disk import write_once
from doorstep.kernel.keys import derived
from doorstep.kernel.store.writing import By
from doorstep.kernel.system import systems
from doorstep.kernel.values.ids import Masked
from doorstep.systems.identity.actions import batches, mandates, offices, parties, register, signin
from doorstep.systems.identity.actions.eid import Applicant
from doorstep.systems.identity.actions.parties import Registration
from doorstep.systems.identity.actions.signin import VISITOR, Attempt
from doorstep.systems.identity.contract import Sex
from doorstep.systems.identity.facts import Level
from doorstep.systems.identity.models import Account, Office, RelyingParty
from doorstep.systems.identity.rules import passkeys, signing_keys
from doorstep.systems.identity.rules.captures import Capture
from doorstep.systems.identity.rules.mandates import Kind, services
from doorstep.systems.identity.rules.offices import Term
from doorstep.systems.identity.rules.openid import Claim
from doorstep.systems.identity.rules.passkeys import Party
from doorstep.systems.identity.rules.register import Cause, Home, Record
from doorstep.systems.identity.simulation.passkeys import SoftPasskey, challenge_of

BORN = date(1990, 5, 21)
FIRST_SERIAL = 1_400_000
CAPTURE = Capture(reference="demo", known=True, match=True, score=100, quality=100)
DEVICE = Party("localhost", ("http://localhost",))
HOSPITAL_AFTER = 26
"""So far behind the demo's port the made-up hospital has its own, or the next one that is free."""


def prepare(at: datetime, commune: str) -> None:
    """An e-ID, an account, an office and a passkey for each of the demo's people, through the real actions."""
    register_hospital(at, commune, f"http://localhost:{8000 + HOSPITAL_AFTER}")
    registrar, desk, colleague, chief, second = (
        Actor(f"demo:preparing:{number}", unit, (role,), 2, "simulation")
        for number, (unit, role) in enumerate(
            (
                (commune, "identity.registrar"),
                (commune, "identity.officer"),
                (commune, "identity.officer"),
                ("", "identity.administrator"),
                ("", "identity.administrator"),
            )
        )
    )
    nationality = profile().identity.nationality
    numbers: dict[str, Masked] = {}
    for serial, person in enumerate(_people(), FIRST_SERIAL):
        number = Masked(profile().fictitious_number(BORN, True, serial))
        record = Record(number=number, full_name=person["name"], birth=BORN, sex=Sex.FEMALE, nationality=nationality)
        home = Home(unit=commune, address="12 Đường Ví Dụ", valid_from=BORN)
        register.register_person(By(registrar, at), record, home, Cause.ENTRY, "demo", confirmed=True)
        applicant = Applicant(Level.TWO, profile().fictitious_phone(serial - FIRST_SERIAL), capture=CAPTURE)
        collected = batches.collect_many(By(desk, at), commune, [batches.Line(number, applicant)])
        approved = batches.approve_many(By(colleague, at), [UUID(one) for one in collected.done])
        batches.activate_at_desk(By(desk, at), [UUID(one) for one in approved.done])
        _own(person, number, at)
        numbers[person["subject"]] = number
        if not ROLES[person["role"]].for_everybody:
            term = Term(profile().calendar.day(at))
            granted = offices.assign(By(chief, at), number, person["unit"], person["role"], term)
            if not granted.in_force:
                offices.approve_office(By(second, at), UUID(granted.id))
    _let_act(numbers, at)


def register_hospital(at: datetime, unit: str, address: str) -> None:
    """A made-up hospital as a relying party of the unit: its own key lies where `hospital` finds it."""
    key = signing_keys.new_key("ES256", "hospital")
    told = _registration(address, key)
    made = parties.register(_manager(unit, at), told)
    kept = {"name": told.name, "client_id": str(made.id), "key": key.as_dict(private=True)}
    write_once(_hospital(), msgspec.json.encode(kept))


def move_hospital(at: datetime, address: str) -> None:
    """It is known at another address from now on, for whoever was asked before too."""
    kept = msgspec.json.decode(_hospital().read_bytes(), type=dict[str, Any])
    told = _registration(address, signing_keys.read_key(kept["key"]))
    parties.change(_manager("", at), UUID(kept["client_id"]), told)


def hospital() -> dict[str, Any] | None:
    """The hospital of this demo: its own name, client_id and private key, and the address where it is registered."""
    path = _hospital()
    if not path.exists():
        return None
    kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    (after_logout,) = RelyingParty.objects.values_list("after_logout", flat=True).get(id=kept["client_id"])
    return kept | {"address": after_logout.removesuffix("/")}


def is_prepared(subject: str) -> bool:
    """Whether the demo's person has an account here."""
    return Account.objects.filter(subject=subject).exists()


def sign_in(subject: str, party: Party, at: datetime) -> Attempt:
    """What the person's own device would do: use the passkey, and take up the one office, if there is one."""
    device = SoftPasskey(_key(), subject.encode(), int(at.timestamp()))
    options = passkeys.request_options(party, passkeys.new_challenge(derived("passkeys"), at))
    return signin.sign_in_with_passkey(By(VISITOR, at), device.use(options, party.origins[0]), party)


def office_of(subject: str) -> UUID | None:
    """The office that the demo's person takes up with the tap."""
    return Office.objects.filter(subject=subject, ended=None).values_list("id", flat=True).first()


def _manager(unit: str, at: datetime) -> By:
    return By(Actor("demo:preparing:provider", unit, ("identity.provider",), 2, "simulation"), at)


def _registration(address: str, key: signing_keys.SignKey) -> Registration:
    return Registration(
        name="Bệnh viện Ví Dụ",
        purpose="Để tìm hồ sơ khám bệnh của bạn",
        redirects=(f"{address}/back",),
        after_logout=(f"{address}/",),
        claims=tuple(Claim),
        method=parties.BY_KEY,
        keys=msgspec.json.encode({"keys": [key.as_dict(private=False)]}).decode(),
    )


def _hospital() -> Path:
    return settings.HOME / "keys" / "demo_hospital"


def _people() -> list[dict[str, str]]:
    return [person for config in systems() for person in config.demo_people]


def _let_act(numbers: dict[str, Masked], at: datetime) -> None:
    """The first of those without an office may act for the others of them, as a relative, in all services."""
    agent, *principals = (person for person in _people() if ROLES[person["role"]].for_everybody)
    term = Term(profile().calendar.day(at))
    for one in principals:
        wish = mandates.Wish(
            number=numbers[agent["subject"]],
            full_name=agent["name"],
            kind=Kind.RELATIVE,
            services=[service.code for service in services()],
            term=term,
        )
        actor = Actor(one["subject"], roles=("identity.person",), level=2, via="simulation")
        mandates.give(By(actor, at + timedelta(seconds=2)), "", wish)


def _own(person: dict[str, str], number: Masked, at: datetime) -> None:
    """The account goes by the demo's name of the person, and this machine becomes the person's device."""
    Account.objects.filter(login=number.casefold()).update(subject=person["subject"])
    actor = Actor(person["subject"], roles=("identity.person",), level=2, via="simulation")
    challenge = passkeys.new_challenge(derived("passkeys"), at)
    options = passkeys.creation_options(DEVICE, "Doorstep", number.encode(), person["name"], challenge, [])
    answer = SoftPasskey(_key(), person["subject"].encode()).make(options, DEVICE.origins[0])
    signin.add_passkey(By(actor, at + timedelta(seconds=1)), answer, challenge_of(options), "Demo", DEVICE)


def _key() -> ec.EllipticCurvePrivateKey:
    """One key for all of the demo's people, made at first use; it opens nothing outside this data folder."""
    path = settings.HOME / "keys" / "demo_passkey"
    if not path.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        told = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(told)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path} holds another kind of key")
    return key
