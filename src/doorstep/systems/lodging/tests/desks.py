"""Browsers of keepers and police officers, and a house with a room, for the tests of pages."""

from datetime import UTC, date, datetime

from django.test import Client, RequestFactory
from django.urls import reverse

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import Unit
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.lodging.models import Establishment
from doorstep.systems.lodging.tests.builders import VIETNAM

AT = datetime(2024, 5, 21, 14, 0, tzinfo=UTC)
"""21:00 of 21 May 2024 in Ha Noi: the tests' now, see the fixture `desk`."""


def browser(actor: Actor, language: str = "en") -> Client:
    """Signed in as `actor`."""
    client = Client(headers={"Accept-Language": language})
    session = client.session
    request = RequestFactory().get("/")
    request.session = session
    sign_in(request, actor, name="Hoa")
    session.save()
    client.cookies["session"] = session.session_key
    return client


def keeper(subject: str = "keeper", language: str = "en") -> Client:
    return browser(Actor(subject, roles=("lodging.keeper",)), language)


def police(unit: str, language: str = "en") -> Client:
    return browser(Actor("police", unit=unit, roles=("lodging.police",)), language)


def units() -> None:
    """A province with two communes."""
    if Unit.objects.exists():
        return
    for code, kind, parent, name in (
        ("H38", "province", "", "Lào Cai"),
        ("H38.901", "commune", "H38", "Xã Ví Dụ"),
        ("H38.902", "commune", "H38", "Xã Mẫu"),
    ):
        day = date(2020, 1, 1)
        Unit.objects.create(
            code=code, kind=kind, parent=parent, names={"vi": name}, valid_from=day, source="test", certainty="invented"
        )


def a_house(
    client: Client, unit: str = "H38.901", name: str = "Nhà nghỉ Hoa Ban", facility_type: str = "tourist"
) -> str:
    """Enrols a house through the page; returns its code."""
    units()
    told = {"name": name, "facility_type": facility_type, "unit": unit, "address": "12 Đường Ví Dụ"}
    before = set(Establishment.objects.values_list("code", flat=True))
    done = client.post(f"{reverse('lodging:enrol')}?within=H38", told)
    assert done.status_code == 303, done.content.decode()
    return (set(Establishment.objects.values_list("code", flat=True)) - before).pop()


def room(client: Client, code: str, number: str = "101", price: str = "350000") -> None:
    done = client.post(reverse("lodging:rooms", args=[code]), {"number": number, "beds": "2", "price": price})
    assert done.status_code == 303, done.content.decode()


def number(serial: int) -> str:
    """A made-up man's personal number, born on 21 May 1990."""
    return VIETNAM.fictitious_number(date(1990, 5, 21), False, serial)
