"""Where a request comes from, and pages that take only so many requests from one place."""

from collections.abc import Callable, Sequence
from functools import wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import ParamSpec

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.web.routes import View

P = ParamSpec("P")


def address_of(request: HttpRequest) -> str:
    """The network that the request comes from: an IPv4 address, or the /64 that one IPv6 customer has; "" if unknown.

    Behind `settings.PROXIES` proxies that is what the outermost of them added to X-Forwarded-For; whatever stands
    further left came with the request and may be invented.
    """
    told = [request.META.get("REMOTE_ADDR", "")]
    if settings.PROXIES:
        told.insert(0, request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")[-settings.PROXIES :][0])
    for text in told:
        try:
            address = ip_address(text.strip())
        except ValueError:
            continue
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
        return str(address)
    return ""


def limited(
    limit: Limit, *, by: Callable[[HttpRequest], str] = address_of, methods: Sequence[str] = ("POST",)
) -> Callable[[View[P]], View[P]]:
    """Put below `@page(...)`: requests with these methods spend from the limit of their address (or what `by` says)."""

    def declare(view: View[P]) -> View[P]:
        @wraps(view)
        def counted(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method in methods:
                spend(limit, by(request), timezone.now())
            return view(request, *args, **kwargs)

        return counted  # type: ignore[return-value]

    return declare
