"""Where people meet the OpenID Provider: signing in for a relying party, what it may know, leaving it again."""

import hashlib
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language_bidi
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.store.writing import By
from doorstep.kernel.web.actors import Signed, actor_of, sign_out, signed_of
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page
from doorstep.kernel.web.visits import enter, language
from doorstep.systems.identity.actions import openid as actions
from doorstep.systems.identity.actions.mandates import oneself
from doorstep.systems.identity.actions.openid import Asked, Fault, Leaving
from doorstep.systems.identity.permissions import OWN
from doorstep.systems.identity.queries import openid as queries
from doorstep.systems.identity.rules import openid as rules

MARK = "signed_in_after"
MARK_SALT = "identity.openid.mark"
MARK_SECONDS = 3600
FRESH = timedelta(minutes=15)
"""So long after signing in the person may think about the question."""
CONSENT = "consent_required"


@csrf_exempt
@page(PUBLIC)
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """A relying party sends somebody here (Core 3.1.2): on to the sign-in page, to the question, or back."""
    if request.method == "POST":
        return SeeOther(f"{request.path}?{request.POST.urlencode()}")
    told = request.GET.copy()
    mark = told.pop(MARK, [""])[0]
    try:
        asked = actions.asked(_lists(told), timezone.now())
        signed = _signed(request, asked, _marked(mark, told))
        if signed is None:
            return _to_sign_in(asked, told)
        if "consent" in asked.prompts:
            raise _fault(CONSENT, "The person has to be asked.", asked)
        code = actions.authorize(enter(request), asked, signed, language())
        return _back(asked.redirect, {"code": code, "state": asked.state}, by_form=bool(mark))
    except Fault as fault:
        if fault.error == CONSENT and "none" not in asked.prompts:
            return _question(request, asked, f"{told.urlencode()}&{urlencode({MARK: mark})}")
        return _refused(request, fault, by_form=bool(mark))


@page(OWN)
@never_cache
@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """What the person lets the relying party know, or that it shall know nothing."""
    told = QueryDict(request.POST.get("query", ""), mutable=True)
    mark = told.pop(MARK, [""])[0]
    try:
        asked = actions.asked(_lists(told), timezone.now())
        signed = _signed(request, asked, _marked(mark, told))
        if signed is None:
            return _to_sign_in(asked, told)
        if request.POST.get("answer") != "yes":
            raise _fault("access_denied", "The person said no.", asked)
        given = {*request.POST.getlist("given"), *asked.wanted.essential}
        code = actions.authorize(enter(request), asked, signed, language(), given)
        return _back(asked.redirect, {"code": code, "state": asked.state}, by_form=True)
    except Fault as fault:
        return _refused(request, fault, by_form=True)


@csrf_exempt
@page(PUBLIC)
@never_cache
@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """The person leaves a relying party and this site (RP-Initiated Logout 1.0); asked first, unless its token proves it."""
    told = request.POST if request.method == "POST" else request.GET
    leaving = actions.leaving(told.dict(), actor_of(request), timezone.now())
    if actor_of(request) and leaving.sign_in is None:
        return render(request, "identity/openid_logout.html", {"told": told.urlencode(), "party": leaving.name})
    return _left(request, leaving, by_form=request.method == "POST")


@page(PUBLIC)
@never_cache
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """The person confirmed."""
    leaving = actions.leaving(QueryDict(request.POST.get("query", "")).dict(), actor_of(request), timezone.now())
    return _left(request, leaving, by_form=True)


@page(OWN)
@require_GET
def connections(request: HttpRequest) -> HttpResponse:
    """Where the person signed in with the e-ID, and what those relying parties may know."""
    rows = queries.connections(enter(request).actor)
    return render(request, "identity/connections.html", {"connections": rows})


@page(OWN)
@require_POST
def withdraw(request: HttpRequest, party: UUID) -> HttpResponse:
    actions.withdraw_consent(enter(request), party)
    return SeeOther(reverse("identity:connections"))


def _signed(request: HttpRequest, asked: Asked, marked: float | None) -> Signed | None:
    """How the right person signed in, as lately and surely as the relying party wants; Fault if that cannot be.

    `marked` is since when the person is on the way to sign in for this very request: who comes from there is not sent
    again. Who signed in for something else meanwhile, and long ago, does not come from there.
    """
    actor, signed, now = actor_of(request), signed_of(request), timezone.now()
    if actor is None or signed is None:
        return None
    fresh = marked is not None and signed.at.timestamp() >= marked and now - signed.at <= FRESH
    low = actor.level < asked.wanted.level
    if fresh and low and asked.wanted.level_essential:
        raise _fault("unmet_authentication_requirements", "The person has not reached this level.", asked)
    if not actions.is_about(asked, actor.subject, now):
        if fresh:
            raise _fault("login_required", "Somebody else is signed in.", asked)
        return None
    again = bool(asked.prompts & {"login", "select_account"})
    late = rules.needs_fresh(signed.at, now, asked.wanted.max_age)
    return signed if fresh or not (again or low or late) else None


def _to_sign_in(asked: Asked, told: QueryDict) -> HttpResponse:
    if "none" in asked.prompts:
        raise _fault("login_required", "Nobody is signed in as this request wants.", asked)
    mark = signing.dumps([timezone.now().timestamp(), _digest(told)], salt=MARK_SALT)
    back = f"{reverse('identity:openid_authorize')}?{told.urlencode()}&{urlencode({MARK: mark})}"
    page = "sign_in" if settings.DEMO_SIGN_IN else "identity:sign_in"  # a demo offers its people first
    return SeeOther(f"{reverse(page)}?{urlencode({'next': back})}")


def _marked(mark: str, told: QueryDict) -> float | None:
    """When we sent somebody to sign in for these parameters; None where we did not."""
    try:
        at, digest = signing.loads(mark, salt=MARK_SALT, max_age=MARK_SECONDS)
    except signing.BadSignature:
        return None
    return float(at) if digest == _digest(told) else None


def _lists(told: QueryDict) -> dict[str, list[str]]:
    return {name: [str(text) for text in texts] for name, texts in told.lists()}


def _digest(told: QueryDict) -> str:
    return hashlib.sha256(repr(sorted(told.lists())).encode()).hexdigest()


def _question(request: HttpRequest, asked: Asked, query: str) -> HttpResponse:
    values = queries.own_claims(enter(request).actor)
    claims = [
        {"claim": claim, "value": values.get(claim, ""), "essential": claim in asked.wanted.essential}
        for claim in asked.wanted.claims
    ]
    context = {"asked": asked, "claims": claims, "query": query, "host": rules.sector_of([asked.redirect])}
    return render(request, "identity/openid_question.html", context)


def _refused(request: HttpRequest, fault: Fault, *, by_form: bool) -> HttpResponse:
    """Told to the relying party where its address is certain, else to the person."""
    if not fault.redirect:
        context = {"error": fault.error, "description": fault.description}
        return render(request, "identity/openid_fault.html", context, status=400)
    told = {"error": fault.error, "error_description": fault.description, "state": fault.state}
    return _back(fault.redirect, told, by_form=by_form)


def _back(redirect: str, told: dict[str, str], *, by_form: bool) -> HttpResponse:
    """To the relying party, which learns who answers (RFC 9207).

    After a form our content policy lets browsers follow no redirect to another site: then by a page that leads there.
    """
    kept = {name: text for name, text in told.items() if text} | {"iss": queries.issuer()}
    return to(f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(kept)}", by_form=by_form)


def to(address: str, *, by_form: bool) -> HttpResponse:
    """To an address on another site."""
    if not by_form:
        return SeeOther(address)
    context = {"address": address, "host": rules.sector_of([address]), "right_to_left": get_language_bidi()}
    return HttpResponse(render_to_string("identity/openid_back.html", context))


def _left(request: HttpRequest, leaving: Leaving, *, by_form: bool) -> HttpResponse:
    if actor := actor_of(request):
        if leaving.sign_in:  # it is the person's own, whoever the person acts for
            actions.end_sign_in(By(oneself(actor) if actor.principal else actor, timezone.now()), leaving.sign_in)
        sign_out(request)
    if leaving.redirect:
        return to(leaving.redirect, by_form=by_form)
    return render(request, "identity/openid_left.html", {"party": leaving.name})


def _fault(error: str, description: str, asked: Asked) -> Fault:
    return Fault(error, description, asked.redirect, asked.state)
