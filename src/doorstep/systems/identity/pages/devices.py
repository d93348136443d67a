"""The own passkeys and sessions: listed, added and ended by their owner."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.sessions import kept_key, sessions_of
from doorstep.kernel.web.visits import enter
from doorstep.systems.identity.actions import signin
from doorstep.systems.identity.pages.signin import party
from doorstep.systems.identity.permissions import OWN
from doorstep.systems.identity.queries import devices
from doorstep.systems.identity.rules import passkeys


@page(OWN)
@require_GET
def shown(request: HttpRequest) -> HttpResponse:
    """Passkeys and sessions; the session of this browser is marked."""
    actor, now = cast("Actor", actor_of(request)), timezone.now()
    owner = devices.owner_of(actor)
    context = {
        "passkeys": devices.passkeys_of(actor),
        "sessions": sessions_of(actor.subject, now),
        "this": kept_key(request.session.session_key),
    }
    if owner:
        challenge = passkeys.new_challenge(derived("passkeys"), now)
        options = passkeys.creation_options(
            party(request), "Doorstep", owner.id.bytes, owner.name, challenge, list(owner.known)
        )
        context |= {"passkey_options": options, "challenge": passkeys.text_of(challenge)}
    return render(request, "identity/devices.html", context)


@page(OWN)
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """The device's answer to the options of the page before."""
    told = request.POST
    challenge = passkeys.bytes_of(told.get("challenge", ""))
    signin.add_passkey(
        enter(request), told.get("answer", "")[:20_000], challenge, told.get("label", ""), party(request)
    )
    return SeeOther(reverse("identity:devices"))


@page(OWN)
@require_POST
def remove(request: HttpRequest) -> HttpResponse:
    signin.remove_passkey(enter(request), read_uuid(request.POST.get("passkey", "")))
    return SeeOther(reverse("identity:devices"))


@page(OWN)
@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """One session, or all but this one."""
    signin.end_session(enter(request), request.POST.get("session", ""), but=kept_key(request.session.session_key))
    return SeeOther(reverse("identity:devices"))
