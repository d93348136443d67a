"""The first pages: home by role, sign-in (in a demo with one button a person), and the sign of life."""

import logging
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from django.apps import apps
from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.writing import By
from doorstep.kernel.system import systems
from doorstep.kernel.web.actors import become
from doorstep.kernel.web.actors import sign_in as enter
from doorstep.kernel.web.routes import PUBLIC, SeeOther, endpoint, page
from doorstep.kernel.web.visitor import onward

log = logging.getLogger(__name__)

MESSAGES = 50


class Message(msgspec.Struct, frozen=True):
    """A message as the SMS stand-in tells it."""

    to: str
    text: str
    at: datetime


def demo_people() -> list[dict[str, Any]]:
    """The people that the running systems offer for a demo: subject, name, role, unit, and a title (message id)."""
    if not settings.DEMO_SIGN_IN:
        return []
    return [person for config in systems() for person in config.demo_people]


def demo_phone(_request: HttpRequest) -> dict[str, str]:
    """A context processor: where a demo shows the messages that it sent, for a link on each page, and whose portraits and
    cards there are to try with.
    """
    faces = settings.BIOMETRICS if settings.DEMO_SIGN_IN else None
    return {
        "demo_phone": reverse("phone") if settings.SMS_STAND_IN else "",
        "demo_faces": faces.url.partition("/stand-in/")[0] + "/" if faces and "/stand-in/" in faces.url else "",
    }


@page(PUBLIC)
@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    """The messages that the demo's people got, as its SMS stand-in tells them; no such page where messages are real."""
    if not settings.SMS_STAND_IN or settings.PRODUCTION:
        raise Http404
    number = request.GET.get("number", "").strip()
    url = urlsplit(settings.SMS_URL)
    stand_in = HTTPConnection(url.hostname or "", url.port, timeout=2)
    messages = None
    try:
        stand_in.request("GET", f"{url.path}?{urlencode({'to': number})}")
        messages = msgspec.json.decode(stand_in.getresponse().read(), type=list[Message])[:MESSAGES]
    except (OSError, HTTPException, msgspec.DecodeError):
        log.warning("the SMS stand-in does not answer")
    finally:
        stand_in.close()
    return render(request, "site/phone.html", {"messages": messages, "number": number})


@page(PUBLIC)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "site/home.html", {"people": demo_people(), "hospital": settings.HOSPITAL})


@page(PUBLIC)
@require_GET
def sign_in(request: HttpRequest) -> HttpResponse:
    """In a demo the people to try; elsewhere, and behind the demo's link, the sign-in of the system identity."""
    if apps.is_installed("doorstep.systems.identity") and not demo_people():
        return SeeOther(f"{reverse('identity:sign_in')}?{request.GET.urlencode()}")
    return render(request, "site/sign_in.html", {"people": demo_people(), "next": request.GET.get("next", "")})


@page(PUBLIC)
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Makes the chosen demo person the actor; there is no such address outside a demo."""
    chosen = request.POST.get("subject")
    person = next((one for one in demo_people() if one["subject"] == chosen), None)
    if person is None:
        raise Http404
    if not _by_passkey(request, person["subject"]):
        actor = Actor(person["subject"], person["unit"], (person["role"],), person.get("level", 2), "page")
        enter(request, actor, name=person["name"])
    return onward(request)


def _by_passkey(request: HttpRequest, subject: str) -> bool:
    """The person's own device signs in, and the person takes up the office; False where identity does not run, or did
    not when this demo was filled.
    """
    if not apps.is_installed("doorstep.systems.identity"):
        return False
    from doorstep.systems.identity.actions import offices  # noqa: PLC0415  only where identity runs
    from doorstep.systems.identity.pages.signin import party  # noqa: PLC0415
    from doorstep.systems.identity.simulation import demo  # noqa: PLC0415

    now = timezone.now()
    if not demo.is_prepared(subject):
        return False
    attempt = demo.sign_in(subject, party(request), now)
    if attempt.actor is None:
        raise Http404
    enter(request, attempt.actor, name=attempt.name, methods=attempt.methods)
    if office := demo.office_of(subject):
        become(request, offices.take_up(By(attempt.actor, now), office), name=attempt.name)
    return True


@endpoint(PUBLIC)
@require_GET
def health(_request: HttpRequest) -> JsonResponse:
    """200 when pages can be served, 503 without the database; for the supervisor and the proxy, never redirected."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        connection.close()
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    return JsonResponse({"status": "ok", "database": True})
