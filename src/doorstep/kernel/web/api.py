"""The API floor: one description per system, bearer tokens with a scope, typed bodies, the same answer to a repetition."""

import hashlib
import re
from inspect import cleandoc
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.security import HttpBearer

from doorstep.kernel.declare.scopes import Actor, Scope
from doorstep.kernel.store import tokens
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.reasons import MALFORMED, NOT_SIGNED_IN, TOO_LARGE, NotAllowed, Refused, TooLarge
from doorstep.kernel.web.problems import TITLES, ProblemTold, problem

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


class _Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> Any:
        """Ninja's, with the one answer that all failures have."""
        found = super().get_openapi_schema(**options)
        found["components"]["schemas"]["Problem"] = _schema(ProblemTold)
        return found


def system_api(label: str, title: str) -> NinjaAPI:
    """The API of one system, mounted under `/api/<label>/v1/`; every failure is problem+json."""
    api = _Api(title=title, version="1", urls_namespace=f"{label}-api", docs_url=None)
    for failure in (Refused, Exception):
        api.add_exception_handler(failure, problem)
    api.add_exception_handler(ValidationError, _unreadable)
    return api


def _unreadable(request: HttpRequest, failure: Any) -> HttpResponse:
    """A part of the address that does not fit its type."""
    return problem(request, Refused(MALFORMED(str(one["loc"][-1]), detail=one["msg"]) for one in failure.errors))


def by(request: HttpRequest) -> By:
    """Who asks, when, and the `Idempotency-Key` with the digest of this path and body, if the caller gave one."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if (key := request.headers.get("Idempotency-Key")) is None:
        return By(actor, timezone.now())
    if not _KEY.fullmatch(key):
        raise Refused(MALFORMED("Idempotency-Key", detail="1 to 200 visible ASCII characters"))
    digest = hashlib.sha256(request.path.encode() + b"\0" + request.body).digest()
    return By(actor, timezone.now(), Once(key, digest))


def body(request: HttpRequest, kind: type[T], *, limit: int) -> T:
    """The JSON body as `kind`; Refused with the place where it does not fit, TooLarge beyond `limit` bytes."""
    if int(request.headers.get("Content-Length") or 0) > limit:
        raise TooLarge(TOO_LARGE(limit=f"{limit // 1000} kB"))
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(MALFORMED(detail=str(error))) from error


def described(answer: Any, body: Any = None, *, writes: bool = False) -> dict[str, Any]:
    """What the description says of a route beside its path: msgspec types of answer and body, the key, the failures."""
    failures = (400, 401, 403, 404, 422, 503, *((409, 412, 413) if body or writes else ()))
    told = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    problems = {status: {"description": TITLES[status], "content": told} for status in sorted(failures)}
    done = {"description": "Done", "content": {"application/json": {"schema": _schema(answer)}}}
    found: dict[str, Any] = {"responses": {200: done, **problems}}
    if body:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": _schema(body)}}}
    if body or writes:
        found["parameters"] = [_IDEMPOTENCY_KEY]
    return found


def _schema(kind: Any) -> Any:
    """JSON Schema of a msgspec type, without references."""
    (schema,), components = msgspec.json.schema_components(
        [kind], schema_hook=lambda _: {"type": "string"}, ref_template="#/components/schemas/{name}"
    )
    return _inlined(schema, components)


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(components[schema["$ref"].rpartition("/")[2]], components)
        found = {key: _inlined(value, components) for key, value in schema.items()}
        if isinstance(text := found.get("description"), str):
            found["description"] = cleandoc(text)  # as Python itself does from 3.13 on
        return found
    return [_inlined(item, components) for item in schema] if isinstance(schema, list) else schema


_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same body gets the same answer, and is done once; with another body, 409.",
    "schema": {"type": "string", "pattern": f"^{_KEY.pattern}$"},
}


def reply(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(_encode(value), status=status, content_type="application/json")
