"""Browsers of payers and officials, and receipts of paid orders, for the tests of pages."""

import io
from typing import Any

import msgspec
from django.test import Client, RequestFactory
from pypdf import PdfReader

from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.payments import models
from doorstep.systems.payments.actions import settlement
from doorstep.systems.payments.rules.evidence import Evidence
from doorstep.systems.payments.tests.builders import CLOCK, bank_account, credit, order
from doorstep.systems.payments.tests.values import PAYER, UNIT


class Told(msgspec.Struct, frozen=True):
    """What the register tells of a person."""

    full_name: str | None


def browser(actor: Actor | None = None, language: str = "en") -> Client:
    """Signed in as `actor`, or nobody."""
    client = Client(headers={"Accept-Language": language})
    if actor:
        session = client.session
        request = RequestFactory().get("/")
        request.session = session
        sign_in(request, actor, name="Hoa")
        session.save()
        client.cookies["session"] = session.session_key
    return client


def payer(subject: str = PAYER, language: str = "en") -> Client:
    return browser(Actor(subject, roles=("payments.payer",)), language)


def cashier(unit: str = UNIT, language: str = "en") -> Client:
    return browser(Actor("cashier:1", unit, ("payments.cashier",), level=2), language)


def receipt(**changes: Any) -> models.Receipt:
    """The receipt of an order that was paid by transfer."""
    unit = changes.get("unit", UNIT)
    account = models.BankAccount.objects.filter(unit=unit).first() or bank_account(unit, int(unit[1:]))
    units.load(row for row in profile().units.rows if row.code == unit)
    owed = order(**changes)
    settlement.record_credits(CLOCK, account.id, [credit(owed.code, owed.amount)], Evidence.POLL)
    return models.Receipt.objects.get(order=owed)


def text_of(content: bytes) -> str:
    """What a PDF says, without the marks of direction, in one line."""
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return " ".join(text.translate(dict.fromkeys([0x200E, 0x200F, 0x2066, 0x2067, 0x2068, 0x2069])).split())
