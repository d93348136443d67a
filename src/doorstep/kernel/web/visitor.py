"""What a visitor may do on any page: choose the language and the theme, sign out. All without script."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from doorstep.kernel.web.actors import sign_out as forget
from doorstep.kernel.web.layout import THEME_COOKIE, THEMES
from doorstep.kernel.web.routes import PUBLIC, SeeOther, page

YEAR = 365 * 24 * 3600


def onward(request: HttpRequest) -> HttpResponse:
    """303 to the page named by `next`, only within this site; else home."""
    wanted = request.GET.get("next") or request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/")
    return SeeOther(wanted if safe else "/")


@page(PUBLIC)
@require_GET
def language(request: HttpRequest, choice: str) -> HttpResponse:
    if choice not in dict(settings.LANGUAGES):
        raise Http404
    return _kept(onward(request), settings.LANGUAGE_COOKIE_NAME, choice)


@page(PUBLIC)
@require_GET
def theme(request: HttpRequest, choice: str) -> HttpResponse:
    if choice not in THEMES:
        raise Http404
    return _kept(onward(request), THEME_COOKIE, choice)


@page(PUBLIC)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    forget(request)
    return SeeOther(reverse("home"))


def _kept(response: HttpResponse, name: str, choice: str) -> HttpResponse:
    response.set_cookie(
        name, choice, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )
    return response
