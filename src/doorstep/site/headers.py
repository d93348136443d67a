"""Headers that every answer carries, and the one host name under which pages are served on this machine."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponseBase]

LOOPBACK = re.compile(r"(?:127\.0\.0\.1|\[::1\])(?P<port>(?::[0-9]{1,5})?)")
ANSWERED_ANYWHERE = ("/health", "/api/", "/log/")

# No inline script or style anywhere; `data:` pictures are the icons inside the design system's stylesheet.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
PERMISSIONS_POLICY = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


def canonical_host(get_response: Answer) -> Answer:
    """Pages asked at a loopback address move to `localhost`: passkeys are bound to a name, not to an address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        found = LOOPBACK.fullmatch(request.META.get("HTTP_HOST", ""))
        if found and request.method in {"GET", "HEAD"} and not request.path.startswith(ANSWERED_ANYWHERE):
            where = f"{request.scheme}://localhost{found['port']}{request.get_full_path()}"
            return HttpResponse(status=307, headers={"Location": where})
        return get_response(request)

    return middleware


def security_headers(get_response: Answer) -> Answer:
    """A strict content policy everywhere; nothing of a signed-in person stays in a shared browser's cache."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Frame-Options", "DENY")
        if getattr(request, "actor", None):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
