"""Signing in with an outside e-ID or a unit's directory: there, back, and the pages of those who register them."""

from collections.abc import Sequence
from datetime import date, timedelta
from secrets import token_urlsafe
from uuid import UUID

import msgspec
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.country import law
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store import units
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.web import wording
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.addresses import address_of, limited
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, further, language, named, tried
from doorstep.systems.identity.actions import outside as actions
from doorstep.systems.identity.actions import outside_tokens as tokens
from doorstep.systems.identity.actions.outside_tokens import Away
from doorstep.systems.identity.actions.signin import Attempt
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.forms.outside import CredentialsForm, InvitationForm, ProviderForm, ReadingForm
from doorstep.systems.identity.pages.authorize import to
from doorstep.systems.identity.pages.signin import let_in, onward_of, visitor
from doorstep.systems.identity.permissions import LINK, OUTSIDE, OWN
from doorstep.systems.identity.queries import outside as queries
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.outside import UNLINKED, Kind, Proof, pairs

COOKIE = "outside"
SALT = "identity.outside"
LASTS = timedelta(minutes=15)
STEPS = Limit("identity.outside_steps", 300, timedelta(minutes=15))
"""There or back, from one place; each may ask the provider."""


class Pending(msgspec.Struct, frozen=True):
    """What the browser keeps, under our mark, while it is away: nothing of it is kept here.

    `subject` is who is signed in and links the own account; empty for whoever signs in.
    """

    state: str
    provider: UUID
    onward: str
    subject: str


@page(PUBLIC)
@never_cache
@require_GET
@limited(STEPS, methods=("GET",))
def begin(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Away to the provider."""
    return _leave(request, provider, onward_of(request), "")


@page(PUBLIC)
@never_cache
@require_GET
@limited(STEPS, methods=("GET",))
def back(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Back from the provider, with a code or with its refusal."""
    kept, now = _pending(request, provider), timezone.now()
    actor = actor_of(request)
    if kept is None or (kept.subject and (actor is None or actor.subject != kept.subject)):
        return _refused(request, provider, _not_in(provider, Cause.OUTSIDE_STATE))
    there = queries.usable(provider, _day())
    proof: Proof | Cause = Cause.OUTSIDE_OFF
    if there:
        proof = tokens.way_back(there, request.GET.dict(), _redirect(provider), kept.state, now)
    if kept.subject and isinstance(proof, Proof):
        actions.link(enter(request), provider, kept.state, now + LASTS, proof)
        return _forget(SeeOther(reverse("identity:outside_links")))
    attempt = actions.sign_in(visitor(), provider, kept.state, now + LASTS, proof)
    if attempt.actor:
        return _forget(let_in(request, attempt, kept.onward or reverse("home")))
    step = ""
    if attempt.why and attempt.why.code == UNLINKED().code:
        step = signing.dumps([str(provider), msgspec.to_builtins(proof)], salt=SALT)
    return _forget(_refused(request, provider, attempt, kept.onward, step))


@page(PUBLIC)
@never_cache
@require_POST
def code(request: HttpRequest, provider: UUID) -> HttpResponse:
    """Whom the directory proves enters with the code of an invitation."""
    step, form = request.POST.get("step", ""), InvitationForm(request.POST)
    try:
        kept, told = signing.loads(step, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return SeeOther(reverse("identity:sign_in"))
    if kept != str(provider):
        raise NotFound(NOT_FOUND())
    spend(STEPS, address_of(request), timezone.now())
    proof = msgspec.convert(told, Proof)
    made: list[Attempt] = []

    def do() -> None:
        made.append(actions.enter_with_invitation(visitor(), provider, proof, form.cleaned_data["code"]))

    if not tried(form, do):
        return _refused(request, provider, Attempt(why=UNLINKED()), onward_of(request), step, form)
    if made[0].actor:
        return let_in(request, made[0])
    return _refused(request, provider, made[0])


@page(PUBLIC)
@require_GET
def directories(request: HttpRequest) -> HttpResponse:
    """The units whose staff sign in with their own directory."""
    rows = named((one for one in queries.offered(_day()) if one.kind is Kind.STAFF), _day())
    return render(request, "identity/outside_directories.html", {"directories": rows, "next": onward_of(request)})


@page(OWN)
@require_GET
def links(request: HttpRequest) -> HttpResponse:
    """The directories that open the own account, and those that could."""
    rows = queries.links(enter(request).actor)
    others = named((one for one in queries.offered(_day()) if one.kind is Kind.STAFF), _day())
    return render(request, "identity/outside_links.html", {"links": rows, "directories": others})


@page(LINK)
@never_cache
@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """Away to the directory, to prove who one is there."""
    by = enter(request)
    return _leave(request, read_uuid(request.POST.get("provider", "")), "", by.actor.subject)


@page(OWN)
@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    actions.unlink(enter(request), read_uuid(request.POST.get("link", "")))
    return SeeOther(reverse("identity:outside_links"))


@page(OUTSIDE)
@never_cache
@require_http_methods(["GET", "POST"])
def providers(request: HttpRequest) -> HttpResponse:
    """The outside providers of the unit and below, and a form for one more."""
    by, today = enter(request), _day()
    form = ProviderForm(_kinds(by.actor), request.POST or None, initial={"enabled_from": today, "valid_from": today})
    made: list[UUID] = []

    def do() -> None:
        tokens.check_reachable(form.registration.issuer)
        made.append(actions.register_provider(by, form.registration))

    if request.method == "POST" and tried(form, do):
        return SeeOther(reverse("identity:outside_provider", args=[made[0]]))
    after = request.GET.get("after")
    rows = queries.providers(by.actor, today, read_uuid(after) if after else None)
    context = {
        "form": form,
        "providers": named(rows, today),
        "older": further(request, rows[-1].id) if len(rows) == queries.PAGE else "",
        "first": further(request) if after else "",
    }
    return render(request, "identity/outside_providers.html", context, status=REFUSED if form.errors else 200)


@page(OUTSIDE)
@never_cache
@require_http_methods(["GET", "POST"])
def provider(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """One provider: its readings, and a form for another one."""
    by, today = enter(request), _day()
    row = queries.provider(by.actor, today, provider_id)
    form = ReadingForm(request.POST or None, initial=_last(row))
    if request.method == "POST" and tried(form, lambda: actions.read_otherwise(by, provider_id, form.wish)):
        return SeeOther(reverse("identity:outside_provider", args=[provider_id]))
    return _provider(request, row, form, CredentialsForm(initial={"client": row.client}))


@page(OUTSIDE)
@never_cache
@require_POST
def credentials(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    """What the provider gave us, for the first time or anew."""
    by, form = enter(request), CredentialsForm(request.POST)

    def do() -> None:
        told = form.cleaned_data
        actions.take_credentials(by, provider_id, told["client"], form.secret_told, told["secret_until"])

    if tried(form, do):
        return SeeOther(reverse("identity:outside_provider", args=[provider_id]))
    row = queries.provider(by.actor, _day(), provider_id)
    return _provider(request, row, ReadingForm(initial=_last(row)), form)


@page(OUTSIDE)
@require_POST
def confirm(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    actions.confirm_reading(enter(request), read_uuid(request.POST.get("reading", "")))
    return SeeOther(reverse("identity:outside_provider", args=[provider_id]))


@page(OUTSIDE)
@require_POST
def end(request: HttpRequest, provider_id: UUID) -> HttpResponse:
    actions.end_provider(enter(request), provider_id)
    return SeeOther(reverse("identity:outside_providers"))


def _leave(request: HttpRequest, provider: UUID, onward: str, subject: str) -> HttpResponse:
    there = queries.usable(provider, _day())
    if there is None or (subject and there.kind is not Kind.STAFF):
        raise NotFound(NOT_FOUND())
    state = token_urlsafe(24)
    try:
        address = tokens.way_there(there, _redirect(provider), state)
    except Away:
        return _refused(request, provider, _not_in(provider, Cause.OUTSIDE_AWAY), onward)
    response = to(address, by_form=bool(subject))
    kept = signing.dumps(msgspec.to_builtins(Pending(state, provider, onward, subject)), salt=SALT)
    response.set_cookie(
        COOKIE,
        kept,
        max_age=LASTS,
        path=reverse("identity:sign_in"),
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _pending(request: HttpRequest, provider: UUID) -> Pending | None:
    """What this browser left with for this provider; None where it did not, or too long ago."""
    try:
        told = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS)
        kept = msgspec.convert(told, Pending)
    except (signing.BadSignature, msgspec.ValidationError):
        return None
    return kept if kept.provider == provider else None


def _forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, path=reverse("identity:sign_in"), samesite="Lax")
    return response


def _not_in(provider: UUID, cause: Cause) -> Attempt:
    """A refusal before anything came of it; its state is nobody's."""
    now = timezone.now()
    return actions.sign_in(visitor(), provider, token_urlsafe(24), now + LASTS, cause)


def _refused(
    request: HttpRequest,
    provider: UUID,
    attempt: Attempt,
    onward: str = "",
    step: str = "",
    form: InvitationForm | None = None,
) -> HttpResponse:
    """That nobody is signed in, the reference, and what else may be said."""
    why = attempt.why
    context = {
        "reference": attempt.reference,
        "why": wording.html_text(why) if why else "",
        "repair": wording.html_repair(why) if why else "",
        "provider": provider,
        "step": step,
        "next": onward,
        "form": form or InvitationForm(initial={"next": onward}),
    }
    return render(request, "identity/outside_refused.html", context, status=REFUSED)


def _provider(
    request: HttpRequest, row: queries.ProviderRow, form: ReadingForm, credentials: CredentialsForm
) -> HttpResponse:
    keys = msgspec.json.format(msgspec.json.encode(row.keys)).decode() if row.keys else ""
    context = {
        "provider": row,
        "unit": units.name(row.unit, _day(), language()) if row.unit else "",
        "keys": keys,
        "redirect": _redirect(row.id),
        "form": form,
        "credentials": credentials,
    }
    failed = form.errors or credentials.errors
    return render(request, "identity/outside_provider.html", context, status=REFUSED if failed else 200)


def _last(row: queries.ProviderRow) -> dict[str, object]:
    """How it was read last, for whoever changes it from today on."""
    last = row.readings[0]
    told = {"claims": pairs(last.claims), "levels": pairs(last.levels), "scope": last.scope}
    return {**told, "valid_from": _day()}


def _kinds(actor: Actor) -> Sequence[Kind]:
    return [kind for kind in Kind if actor.may(queries.MANAGED[kind])]


def _redirect(provider: UUID) -> str:
    """Where the provider sends people back: an address of its own, so that answers cannot be mixed up (RFC 9700, 4.4)."""
    return f"{settings.SITE_URL}{reverse('identity:outside_back', args=[provider])}"


def _day() -> date:
    return law(Country, "identity").day(timezone.now())
