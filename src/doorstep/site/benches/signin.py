"""Signing in at a relying party, whole: from its redirect to the ID token, by passkey and by password; tokens beside peers."""

import argparse
import asyncio
import os
import re
import statistics
import sys
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from doorstep.site.benches import Measure, tokens
from doorstep.site.benches.browsers import Answer, Browser, drive
from doorstep.site.benches.serving import identity_alone, serving

CLIENTS, WARM_UP = 12, 5.0
MOST_A_SECOND = 200
"""So many people are made for each second; running out ends the measurement early."""
PASSWORD = "Correct-Horse7"  # noqa: S105  of nobody
BACK = "http://localhost/back"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Person:
    """Somebody with a device, and what it says this time."""

    number: str
    credential: bytes
    id: UUID
    assertion: str = ""


Begin = Callable[[Browser, dict[str, str], Person], Awaitable[Answer]]


def measure(arguments: argparse.Namespace) -> list[Measure]:
    with identity_alone() as port:
        return _measure(arguments, port)


def _measure(arguments: argparse.Namespace, port: int) -> list[Measure]:
    count = int((arguments.seconds + WARM_UP) * MOST_A_SECOND)
    people, party = make_people(count), _party(count)
    found = []
    with serving(port) as (addresses, resident):
        for name, begin in (("signin.login", _by_passkey), ("signin.password", _by_password)):
            flow = _Flow(people, party, [(address, port) for address in addresses], begin)
            rate, took = asyncio.run(drive(CLIENTS, arguments.seconds, WARM_UP, flow.one))
            sys.stderr.write(f"{name}: {flow.waited} times somebody waited in the queue\n")
            found.append(
                Measure(
                    name=name,
                    figure=rate,
                    unit="log-ins/s",
                    p50_ms=statistics.median(took),
                    p99_ms=statistics.quantiles(took, n=100)[98],
                    peak_mib=resident(),
                    rows=len(took),
                )
            )

    @contextmanager
    def ours(count: int) -> Iterator[Any]:
        codes = tokens.our_codes(count, party, CHALLENGE, BACK)
        secret = {"client_id": str(party.id), "client_secret": str(party.secret)}
        with serving(port) as (addresses, resident):
            yield [(address, port) for address in addresses], "/identity/openid/token", secret, codes, resident

    return found + tokens.measures(arguments.seconds, CHALLENGE, VERIFIER, BACK, ours)


def make_people(count: int) -> list[Person]:
    """Accounts with a password and a passkey each, and what each device says when it is asked."""
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.country import profile  # noqa: PLC0415
    from doorstep.kernel.keys import derived  # noqa: PLC0415
    from doorstep.kernel.values.ids import uuid7s  # noqa: PLC0415
    from doorstep.systems.identity import models  # noqa: PLC0415
    from doorstep.systems.identity.rules import passkeys, secrets  # noqa: PLC0415
    from doorstep.systems.identity.simulation.passkeys import SoftPasskey  # noqa: PLC0415

    at, born, key = timezone.now(), date(1990, 5, 21), ec.generate_private_key(ec.SECP256R1())
    hashed, device = secrets.hashed(PASSWORD), SoftPasskey(key, b"")
    numbers = key.public_key().public_numbers()
    cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
    ids = list(uuid7s(at, count))
    found = [
        Person(profile().fictitious_number(born, True, serial), serial.to_bytes(8), one)
        for serial, one in enumerate(ids)
    ]
    models.Person.objects.bulk_create(
        models.Person(id=one.id, number=one.number, full_name="Ví Dụ", words=["vi", "du"], birth=born, sex="female")
        for one in found
    )
    models.Eid.objects.bulk_create(
        models.Eid(
            id=one.id,
            person_id=one.id,
            holder="citizen",
            level="two",
            state="activated",
            due=at.date(),
            collected=at,
            approved=at,
            notified=at,
            activated=at,
        )
        for one in found
    )
    models.Account.objects.bulk_create(
        models.Account(
            id=one.id,
            subject=f"account:{one.id}",
            eid_id=one.id,
            name="Ví Dụ",
            login=one.number,
            password=hashed,
            created=at,
            entered=at,
        )
        for one in found
    )
    models.Passkey.objects.bulk_create(
        models.Passkey(
            id=one.id, account_id=one.id, credential=one.credential, public_key=cose, sign_count=0, label="", created=at
        )
        for one in found
    )
    origin = f"http://localhost:{os.environ['DOORSTEP_PORT']}"
    for one in found:
        device.credential, device.count = one.credential, 0
        options = passkeys.request_options(
            passkeys.Party("localhost", (origin,)), passkeys.new_challenge(derived("passkeys"), at)
        )
        one.assertion = device.use(options, origin)
    return found


def _party(count: int) -> Any:
    """A relying party that everybody agreed to before."""
    from django.utils import timezone  # noqa: PLC0415

    from doorstep.kernel.declare.scopes import Actor  # noqa: PLC0415
    from doorstep.kernel.store.writing import By  # noqa: PLC0415
    from doorstep.kernel.values.ids import uuid7s  # noqa: PLC0415
    from doorstep.systems.identity import models  # noqa: PLC0415
    from doorstep.systems.identity.actions.parties import Registration, register  # noqa: PLC0415
    from doorstep.systems.identity.rules.openid import SCOPES  # noqa: PLC0415

    at = timezone.now()
    told = Registration(
        name="Bench", purpose="Bench", redirects=(BACK,), claims=SCOPES["profile"], method="client_secret_post"
    )
    made = register(By(Actor("bench", roles=("identity.provider",), level=2), at), told)
    accounts = models.Account.objects.values_list("id", flat=True)
    models.Consent.objects.bulk_create(
        models.Consent(
            id=one,
            account_id=account,
            party_id=made.id,
            given=list(told.claims),
            declined=[],
            purpose=told.purpose,
            at=at,
        )
        for one, account in zip(uuid7s(at, count), accounts, strict=True)
    )
    return made


async def _by_passkey(browser: Browser, told: dict[str, str], person: Person) -> Answer:
    return await browser.post("/identity/sign-in/passkey/", {**told, "answer": person.assertion})


async def _by_password(browser: Browser, told: dict[str, str], person: Person) -> Answer:
    return await browser.post("/identity/sign-in/", {**told, "login": person.number, "password": PASSWORD})


def _code(page: Answer) -> str:
    found = re.search(rb"code=([\w-]+)", page.body)
    if found is None:
        raise RuntimeError("no code came back")
    return found[1].decode()


class _Flow:
    """Complete log-ins, each by another person in a browser without cookies."""

    def __init__(self, people: list[Person], party: Any, servers: list[tuple[str, int]], begin: Begin) -> None:
        self.people, self.party, self.servers, self.begin = iter(people), party, servers, begin
        self.waited = 0

    async def one(self, number: int) -> bool:
        """One log-in; False when everybody has."""
        person = next(self.people, None)
        if person is None:
            return False
        address, port = self.servers[number % len(self.servers)]
        place = ".".join(str(byte) for byte in person.credential[-4:])
        browser = Browser(address, port, f"localhost:{port}", place)
        try:
            asked = {
                "client_id": str(self.party.id),
                "redirect_uri": BACK,
                "response_type": "code",
                "scope": "openid profile",
                "state": "s",
                "nonce": "n",
                "code_challenge": CHALLENGE,
                "code_challenge_method": "S256",
            }
            page = await browser.get(f"/identity/openid/authorize?{urlencode(asked)}")
            while page.status in {303, 503}:
                if page.status == 503:
                    self.waited += 1
                    await asyncio.sleep(0.2)
                else:
                    place = page.headers["location"]
                page = await browser.get(place)
            if page.status != 200 or "csrf" not in browser.cookies:
                raise RuntimeError(f"{place} answered {page.status}: {page.headers} {page.body[:300]!r}")
            onward = parse_qs(urlsplit(place).query)["next"][0]
            told = {"csrfmiddlewaretoken": browser.cookies["csrf"], "next": onward}
            answer = await self.begin(browser, told, person)
            while answer.status == 503:
                self.waited += 1
                await asyncio.sleep(0.1)
                answer = await self.begin(browser, told, person)
            if answer.status != 303:
                raise RuntimeError(f"signing in answered {answer.status}")
            ready = await browser.get(answer.headers["location"])
            if ready.status != 200:
                raise RuntimeError(f"authorizing answered {ready.status}: {ready.headers}")
            code = _code(ready)
            got = await browser.post(
                "/identity/openid/token",
                {
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": BACK,
                    "code_verifier": VERIFIER,
                    "client_id": str(self.party.id),
                    "client_secret": str(self.party.secret),
                },
            )
            if b"id_token" not in got.body:
                raise RuntimeError(f"the token endpoint answered {got.status}: {got.body[:300]!r}")
        finally:
            browser.close()
        return True
