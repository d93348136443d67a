"""Signing in, without script by password or by passcode and code; with script by passkey."""

import re
from datetime import timedelta
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_POST

from doorstep.kernel.country import law
from doorstep.kernel.keys import derived
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.writing import By
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.actors import sign_in as enter
from doorstep.kernel.web.addresses import address_of
from doorstep.kernel.web.layout import THEME_COOKIE, THEMES, simulated_scale
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page
from doorstep.systems.identity.actions import signin
from doorstep.systems.identity.actions.signin import VISITOR, Attempt
from doorstep.systems.identity.country import Country
from doorstep.systems.identity.forms.signin import CodeForm, PasscodeForm, PasswordForm
from doorstep.systems.identity.pages.carried import carried, carry
from doorstep.systems.identity.queries import outside
from doorstep.systems.identity.queries.outside import Offered
from doorstep.systems.identity.rules import passkeys
from doorstep.systems.identity.rules.passkeys import Party

STEP_SALT = "identity.sign_in.step"
STEP_SECONDS = 600
GUESSES_HERE = Limit("identity.guesses_here", 10, timedelta(minutes=15))
GUESSES_OF_PLACE = Limit("identity.guesses_of_place", 300, timedelta(minutes=15))
GUESSES_OF_ACCOUNT = Limit("identity.guesses_of_account", 300, timedelta(hours=1))


@page(PUBLIC)
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """The sign-in page: passkey where the browser can, else number and password."""
    if request.method == "GET" and actor_of(request) is None:
        return _for_strangers(request)
    form = PasswordForm(request.POST or None, initial={"next": onward_of(request)})
    reference = ""
    if form.is_valid():
        told = form.cleaned_data
        throttle(request, told["login"])
        attempt = signin.sign_in_with_password(visitor(), told["login"], told["password"])
        if attempt.actor:
            return let_in(request, attempt)
        reference = attempt.reference
    return _shown(request, "identity/sign_in.html", {"form": form, "reference": reference, **passkey_options(request)})


@page(PUBLIC)
@require_http_methods(["GET", "POST"])
def passcode(request: HttpRequest) -> HttpResponse:
    """Number and passcode; whether both are right is not told, a code is sent or not."""
    form = PasscodeForm(request.POST or None, initial={"next": onward_of(request)})
    if not form.is_valid():
        return _shown(request, "identity/sign_in_passcode.html", {"form": form})
    told = form.cleaned_data
    throttle(request, told["login"])
    subject = signin.begin_with_passcode(visitor(), told["login"], told["passcode"])
    step = carry(subject, STEP_SALT, timezone.now())
    context = {"form": CodeForm(initial={"next": onward_of(request)}), "step": step}
    return _shown(request, "identity/sign_in_code.html", context)


@page(PUBLIC)
@require_POST
def code(request: HttpRequest) -> HttpResponse:
    """The one-time code."""
    step, reference = request.POST.get("step", ""), ""
    form, subject = CodeForm(request.POST), carried(step, STEP_SALT, timezone.now(), STEP_SECONDS)
    if subject is None:
        return SeeOther(reverse("identity:passcode"))
    if form.is_valid():
        attempt = signin.finish_with_code(visitor(), subject, "".join(form.cleaned_data["code"].split()))
        if attempt.actor:
            return let_in(request, attempt)
        reference = attempt.reference
    return _shown(request, "identity/sign_in_code.html", {"form": form, "step": step, "reference": reference})


@page(PUBLIC)
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """A device's answer, as the script put it into the form."""
    attempt = signin.sign_in_with_passkey(visitor(), request.POST.get("answer", "")[:20_000], party(request))
    if attempt.actor:
        return let_in(request, attempt)
    form = PasswordForm(initial={"next": onward_of(request)})
    context = {"form": form, "reference": attempt.reference, "by_passkey": True, **passkey_options(request)}
    return _shown(request, "identity/sign_in.html", context)


def throttle(request: HttpRequest, login: str) -> None:
    """Raises TooMany for whoever guesses. The last limit, on the account alone, can only be met from very many places;
    its owner still signs in with a passkey, which is not throttled.
    """
    now, account, place = timezone.now(), "".join(login.split()).casefold(), address_of(request)
    spend(GUESSES_HERE, f"{account} {place}", now)
    spend(GUESSES_OF_PLACE, place, now)
    spend(GUESSES_OF_ACCOUNT, account, now)


def visitor() -> By:
    """Who signs in is nobody yet."""
    return By(VISITOR, timezone.now())


def let_in(request: HttpRequest, attempt: Attempt, onward: str = "") -> HttpResponse:
    """A new session, and on to where the person wanted to go, by `onward` or by the request."""
    if attempt.actor is None:
        raise ValueError("nobody to let in")
    enter(request, attempt.actor, name=attempt.name, methods=attempt.methods)
    return SeeOther(onward or onward_of(request) or reverse("home"))


def onward_of(request: HttpRequest) -> str:
    """Where the person wanted to go, within this site; empty otherwise."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if safe else ""


def party(request: HttpRequest) -> Party:
    """The site as passkeys know it."""
    host = request.get_host()
    return Party(host.rpartition(":")[0] or host, (f"{request.scheme}://{host}",))


def passkey_options(request: HttpRequest) -> dict[str, str]:
    """What the script hands to the browser to use a passkey."""
    challenge = passkeys.new_challenge(derived("passkeys"), timezone.now())
    return {"passkey_options": passkeys.request_options(party(request), challenge)}


_NEXT, _CSRF, _OPTIONS = "~next~", "~csrf~", "~options~"
"""Marks in the kept page; no encoding changes them."""
_MARKS = re.compile(rf"%3Fnext%3D{_NEXT}|\?next={_NEXT}|{_NEXT}|{_CSRF}|{_OPTIONS}")
"""All at once, so that nobody can send a mark along and have it filled."""
_kept: dict[tuple[object, ...], str] = {}


def _for_strangers(request: HttpRequest) -> HttpResponse:
    """The page that the crowd asks for. It is made once for each language and look, then only its three values change."""
    onward, theme = onward_of(request), request.COOKIES.get(THEME_COOKIE, "")
    offered = _offered()
    key = (get_language(), theme if theme in THEMES else "", simulated_scale(), bool(onward), offered)
    if key not in _kept:
        _kept[key] = _blank(request.path, theme, _NEXT if onward else "")
    once = quote(onward, safe="")
    told = {
        f"%3Fnext%3D{_NEXT}": f"%3Fnext%3D{quote(once, safe='')}",
        f"?next={_NEXT}": f"?next={once}",
        _NEXT: escape(onward),
        _CSRF: get_token(request),
        _OPTIONS: escape(passkey_options(request)["passkey_options"]),
    }
    return HttpResponse(_MARKS.sub(lambda mark: told[mark[0]], _kept[key]))


def _blank(path: str, theme: str, onward: str) -> str:
    """The page with marks, as nobody asked for it."""
    asked = HttpRequest()
    asked.method, asked.path, asked.COOKIES = "GET", path, {THEME_COOKIE: theme}
    asked.META["QUERY_STRING"] = f"next={onward}" if onward else ""
    form = PasswordForm(initial={"next": onward})
    context = {"form": form, "next": onward, "reference": "", "csrf_token": _CSRF, "passkey_options": _OPTIONS}
    context["offered"] = _offered()
    return render_to_string("identity/sign_in.html", context, asked)


def _shown(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    status = 422 if context.get("reference") else 200
    return render(request, template, {**context, "next": onward_of(request), "offered": _offered()}, status=status)


def _offered() -> tuple[Offered, ...]:
    """Outside e-IDs and directories."""
    return outside.offered(law(Country, "identity").day(timezone.now()))
