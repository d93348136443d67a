"""The API floor: one description per system, bearer tokens with a scope, typed bodies, the same answer to a repetition."""

import hashlib
import re
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.security import HttpBearer

from doorstep.kernel.declare.scopes import Actor, Scope
from doorstep.kernel.store import tokens
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import MALFORMED, NOT_SIGNED_IN, TOO_LARGE, NotAllowed, Refused
from doorstep.kernel.web.problems import problem

T = TypeVar("T")

_encode = msgspec.json.Encoder(enc_hook=str).encode
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Bearer(HttpBearer):
    """`Authorization: Bearer <token>` of an actor that holds `scope`."""

    def __init__(self, scope: Scope) -> None:
        super().__init__()
        self.doorstep_access = scope

    def __call__(self, request: HttpRequest) -> Any:
        actor = super().__call__(request)
        if actor is None:
            raise NotAllowed(NOT_SIGNED_IN())
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        actor = tokens.bearer(token, timezone.now())
        if actor is None:
            raise NotAllowed(NOT_SIGNED_IN())
        actor.need(self.doorstep_access)
        request.actor = actor  # type: ignore[attr-defined]
        return actor


def system_api(label: str, title: str) -> NinjaAPI:
    """The API of one system, mounted under `/api/<label>/v1/`; every failure is problem+json."""
    api = NinjaAPI(title=title, version="1", urls_namespace=f"{label}-api", docs_url=None)
    for failure in (Refused, Exception):
        api.add_exception_handler(failure, problem)
    return api


def by(request: HttpRequest) -> By:
    """Who asks, when, and the `Idempotency-Key` with the digest of this path and body, if the caller gave one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return By(actor, timezone.now())
    if not _KEY.fullmatch(key):
        raise Refused(MALFORMED("Idempotency-Key", detail="1 to 200 visible ASCII characters"))
    digest = hashlib.sha256(request.path.encode() + b"\0" + request.body).digest()
    return By(actor, timezone.now(), Once(key, digest))


def body(request: HttpRequest, kind: type[T], *, limit: int) -> T:
    """The JSON body as `kind`; Refused with the place where it does not fit, or when it exceeds `limit` bytes."""
    if int(request.headers.get("Content-Length") or 0) > limit:
        raise Refused(TOO_LARGE(limit=f"{limit // 1_000_000} MB"))
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(MALFORMED(detail=str(error))) from error


def described(kind: Any) -> dict[str, Any]:
    """The OpenAPI request body of a msgspec type."""
    (schema,), components = msgspec.json.schema_components(
        [kind], schema_hook=lambda _: {"type": "string"}, ref_template="#/components/schemas/{name}"
    )
    if components and "$ref" in schema:
        schema = _inlined(schema, components)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(components[schema["$ref"].rpartition("/")[2]], components)
        return {key: _inlined(value, components) for key, value in schema.items()}
    return [_inlined(item, components) for item in schema] if isinstance(schema, list) else schema


def reply(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(_encode(value), status=status, content_type="application/json")
