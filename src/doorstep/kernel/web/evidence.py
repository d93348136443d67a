"""Serves the evidence log as it lies on disk (C2SP tlog-tiles): the public ring to everybody, the other to auditors."""

import re

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from doorstep.kernel.declare.scopes import AUDIT
from doorstep.kernel.lake.models import Ring
from doorstep.kernel.lake.rings import folder
from doorstep.kernel.web.routes import PUBLIC, endpoint

_SERVED = re.compile(r"checkpoint|key|tile/(entries|[0-9]{1,2})(/x?[0-9]{3}){1,7}(\.p/[0-9]{1,3})?")


@endpoint(PUBLIC)
@require_GET
def public_ring(_request: HttpRequest, path: str) -> HttpResponseBase:
    return _file(Ring.PUBLIC, path)


@endpoint(AUDIT)
@require_GET
def auditors_ring(_request: HttpRequest, path: str) -> HttpResponseBase:
    return _file(Ring.AUDITORS, path)


def _file(ring: Ring, path: str) -> HttpResponseBase:
    file = folder(ring) / path
    if not _SERVED.fullmatch(path) or not file.is_file():
        raise Http404
    tile = path.startswith("tile/")
    kind = "application/octet-stream" if tile else "text/plain; charset=utf-8"
    response = FileResponse(file.open("rb"), content_type=kind)
    lasting = "max-age=31536000, immutable" if tile else "no-cache"
    # What only auditors may read, no proxy keeps for others.
    response.headers["Cache-Control"] = f"{'public' if ring is Ring.PUBLIC else 'private'}, {lasting}"
    if ring is Ring.PUBLIC:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response
