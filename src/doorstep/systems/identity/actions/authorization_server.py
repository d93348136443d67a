"""Authlib's authorization server on this house's tables: which client asks, which code or token it shows, what it gets.

Tokens are not kept: each is the mark of a grant, and the grant is a row. What locks or ends grants runs inside an action, which
client asks is known before it begins.
"""

import hashlib
import hmac
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from doorstep.kernel.keys import derived
from doorstep.kernel.store.prepared import Prepared, execute
from doorstep.kernel.store.spent import spend
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.reasons import NotFound
from doorstep.systems.identity.actions.signin import against
from doorstep.systems.identity.models import Grant, RelyingParty
from doorstep.systems.identity.queries.concerned import with_holder
from doorstep.systems.identity.queries.openid import allowed, claims_of, issuer, sub_of
from doorstep.systems.identity.rules import openid, signing_keys
from doorstep.systems.identity.rules.openid import ALGORITHMS, METHODS, Claim, Kind
from doorstep.systems.identity.rules.signing_keys import SignKey

Answer = tuple[int, Any, Sequence[tuple[str, str]]]
"""Status, body (a mapping for JSON, or text) and headers."""


UNREADABLE = (JoseError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What the libraries raise for headers and assertions that are nonsense; found by fuzzing."""

_PARTY = Prepared(lambda: RelyingParty.objects.filter(id=UUID(int=0), ended=None))


def _grants(*, skip_locked: bool) -> Prepared[Grant]:
    """Grants of these ids that hold at this instant, with their people, locked."""
    ids: Any = RawSQL("SELECT unnest(%s::uuid[])", [[UUID(int=0)]])
    locked = Grant.objects.select_for_update(of=("self",), skip_locked=skip_locked)
    return Prepared(
        lambda: with_holder(locked, "account__").filter(id__in=ids, ended=None).filter(expires__gt=timezone.now())
    )


_WAITED_FOR, _FREE = _grants(skip_locked=False), _grants(skip_locked=True)


class Request(OAuth2Request):  # type: ignore[misc]
    """What came in, as Authlib reads it, at an instant; `key` signs the ID token of the answer. `issued` is the grant, locked, of
    the code or refresh token that is shown, `used_twice` one that a code or token which was used before has ended.
    """

    def __init__(
        self,
        told: Mapping[str, str],
        at: datetime,
        *,
        lists: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str = "POST",
    ) -> None:
        super().__init__(method, "https://localhost/", headers=dict(headers or {}))  # TLS ends in front of us
        self.payload = BasicOAuth2Payload(dict(told))
        self.payload.datalist.update({name: [*texts] for name, texts in (lists or {}).items()})
        self.at = at
        self.key: SignKey | None = None
        self.issued: Issued | None = None
        self.used_twice: Grant | None = None

    @property
    def form(self) -> Mapping[str, str]:
        return self.payload.data  # type: ignore[no-any-return]


class Client(ClientMixin):  # type: ignore[misc]
    """A relying party as Authlib asks it."""

    def __init__(self, row: RelyingParty) -> None:
        self.row = row

    def get_client_id(self) -> str:
        return str(self.row.id)

    def get_default_redirect_uri(self) -> str:
        return ""  # Core 3.1.2.1: a request must name it

    def get_allowed_scope(self, scope: str | None) -> str | None:
        known = [one for one in (scope or "").split() if one in openid.SCOPES]
        return " ".join(known) if "openid" in known else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.row.redirects

    def check_client_secret(self, client_secret: str) -> bool:
        shown, now = openid.secret_digest(client_secret), timezone.now()
        lasting = ((self.row.secret, self.row.secret_expires), (self.row.old_secret, self.row.old_until))
        kept = [bytes(digest) for digest, until in lasting if digest and until and now < until]
        return any([hmac.compare_digest(shown, digest) for digest in kept])  # noqa: C419  each takes its time

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002  the same everywhere
        return bool(method == self.row.method)

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in openid.GRANTS


LONGEST_WAIT = "5s"
"""For a grant that another transaction holds."""
READ_EVERY, MOST_KNOWN = 3.0, 1_000
"""Seconds for which a relying party is kept in a process, and how many."""
_known: dict[UUID, tuple[float, Client]] = {}


class Issued:
    """A grant in force as Authlib reads it: code, token and user in one."""

    code_challenge_method = "S256"

    def __init__(self, grant: Grant, number: int, at: datetime) -> None:
        self.grant, self.number, self.at, self.code_challenge = grant, number, at, grant.challenge

    def get_redirect_uri(self) -> str:
        return self.grant.redirect

    def get_scope(self) -> str:
        return self.grant.scope

    def check_client(self, client: Client) -> bool:
        return bool(self.grant.party_id == client.row.id)


class Server(AuthorizationServer):  # type: ignore[misc]
    """One for all; it keeps nothing."""

    def query_client(self, client_id: str) -> Client | None:
        return client_of(client_id)

    def create_oauth2_request(self, request: Request) -> Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Sequence[tuple[str, str]]) -> Answer:
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody hears."""

    def save_token(self, token: Mapping[str, Any], request: Request) -> None:
        """The grant is kept, its tokens are not."""


class _Authenticated:
    """Grants whose client was authenticated before the action began."""

    def authenticate_token_endpoint_client(self) -> Client:
        return self.request.client  # type: ignore[attr-defined, no-any-return]


class Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """`private_key_jwt` (Core 9, RFC 7523): our algorithms only, for minutes only, each once."""

    CLIENT_AUTH_METHOD = "private_key_jwt"

    def get_audiences(self) -> list[str]:
        return [issuer(), *(f"{issuer()}/openid/{place}" for place in ("token", "par", "revoke", "introspect"))]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        if not client.row.keys:
            raise InvalidClientError(description="The client registered no keys.")
        return KeySet.import_key_set(client.row.keys)

    def process_assertion_claims(self, assertion: str, resolve_key: KeySet) -> Mapping[str, Any]:
        now = timezone.now()
        needed: dict[str, Any] = {name: {"essential": True} for name in ("iss", "sub", "jti", "exp", "aud")}
        needed["aud"]["values"] = self.get_audiences()
        rules = jwt.JWTClaimsRegistry(int(now.timestamp()), self.leeway, **needed)
        try:
            claims = jwt.decode(assertion, resolve_key, algorithms=list(ALGORITHMS)).claims
            rules.validate(claims)
            until = datetime.fromtimestamp(claims["exp"] + self.leeway, UTC)
            key = hashlib.sha256(f"{claims['sub']}\0{claims['jti']}".encode()).digest()
        except (JoseError, ValueError, TypeError, OverflowError) as error:
            raise InvalidClientError(description="The assertion cannot be verified.") from error
        if claims["iss"] != claims["sub"] or until > now + openid.ASSERTION_KEPT:
            raise InvalidClientError(description="The assertion is not for its bearer, or holds for too long.")
        with transaction.atomic():
            if not spend("assertion", key, until):
                raise InvalidClientError(description="The assertion was used before.")
        return claims


class Challenge(CodeChallenge):  # type: ignore[misc]
    """PKCE for everybody, by S256 alone (RFC 9700, 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        told = grant.request.payload.data
        if not told.get("code_challenge") or told.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is needed: send code_challenge with code_challenge_method=S256.")
        super().validate_code_challenge(grant, redirect_uri)


def add_id_token(grant: Any, answer: Answer) -> None:
    """Put the ID token (Core 2) beside the access token."""
    request: Request = grant.request
    issued: Issued = request.user
    row, now = issued.grant, int(request.at.timestamp())
    known, told = claims_of(row.account), allowed(row.in_id_token, request.client.row)
    claims = {
        **{claim.value: known[claim] for claim in Claim if claim in told and claim in known},
        "iss": issuer(),
        "sub": sub_of(row.account, request.client.row),
        "aud": str(row.party_id),
        "iat": now,
        "exp": now + int(openid.ID_TOKEN_KEPT.total_seconds()),
        "auth_time": int(row.signed.timestamp()),
        "acr": openid.acr(row.level, issuer()),
        "amr": row.methods,
        "at_hash": openid.half_hash(answer[1]["access_token"]),
        "sid": row.id.hex,
    }
    if row.nonce and grant.GRANT_TYPE == "authorization_code":
        claims["nonce"] = row.nonce
    if request.key is None:
        raise RuntimeError("no key signs yet")
    answer[1]["id_token"] = signing_keys.signed(request.key, claims)


class CodeGrant(_Authenticated, AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code (RFC 6749, 4.1). A code used twice ends the grant."""

    def query_authorization_code(self, code: str, client: Client) -> Issued | None:  # noqa: ARG002  it was read before
        issued: Issued | None = self.request.issued
        if issued is None or not issued.check_client(client):
            return None
        if issued.grant.exchanged:
            self.request.used_twice = issued.grant
            end(issued.grant, self.request.at)
            return None
        return issued

    def authenticate_user(self, authorization_code: Issued) -> Issued | None:
        return None if against(authorization_code.grant.account) else authorization_code

    def delete_authorization_code(self, authorization_code: Issued) -> None:
        authorization_code.grant.exchanged = self.request.at


class RefreshGrant(_Authenticated, RefreshTokenGrant):  # type: ignore[misc]
    """Refresh tokens (RFC 6749, 6), each used once: one used again ends the grant (RFC 9700, 4.14.2)."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Issued | None:  # noqa: ARG002  it was read before
        issued: Issued | None = self.request.issued
        if issued is None or not issued.check_client(self.request.client):
            return None
        if issued.number != issued.grant.generation:
            self.request.used_twice = issued.grant
            end(issued.grant, self.request.at)
            return None
        return issued

    def authenticate_user(self, refresh_token: Issued) -> Issued | None:
        if against(refresh_token.grant.account):
            return None
        refresh_token.grant.generation += 1  # before the next token is made
        return refresh_token

    def revoke_old_credential(self, refresh_token: Issued) -> None:
        """`authenticate_user` counted the generation up."""


def client_of(client_id: str) -> Client | None:
    """The relying party of that id, None for one that is unknown or ended; as it was a few seconds ago at most.

    An id is spelled as it was given: `UUID` would read it with any number of hyphens and braces, too.
    """
    try:
        party = read_uuid(client_id)
    except NotFound:
        return None
    if str(party) != client_id:
        return None
    now, (read, client) = time.monotonic(), _known.get(party, (-READ_EVERY, None))
    if now - read < READ_EVERY:
        return client
    row = _PARTY.first(party)
    if row is None:
        _known.pop(party, None)
        return None
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    client = Client(row)
    _known[party] = (now, client)
    return client


def forget_client(party: UUID) -> None:
    """Have it read again: it was changed. Other processes see the change within `READ_EVERY` seconds."""
    _known.pop(party, None)


_SHOWN = {"authorization_code": ("code", Kind.CODE), "refresh_token": ("refresh_token", Kind.REFRESH)}


def shown(request: Request) -> tuple[UUID, int] | None:
    """The grant and the number of the code or refresh token that a client shows; None for anything that holds no more."""
    field, kind = _SHOWN.get(str(request.payload.grant_type), ("", None))
    told = openid.read_token(derived("openid tokens"), request.form.get(field, ""))
    return told[1:] if told and told[0] is kind and not over(told, request.at) else None


def locked(grants: Collection[UUID], at: datetime, *, skip_locked: bool = False) -> dict[UUID, Grant]:
    """Those of the grants that hold at `at`, locked; `skip_locked` leaves out what somebody else holds just now.

    Otherwise OperationalError where somebody holds one longer than `LONGEST_WAIT`.
    """
    if grants and not skip_locked:
        execute("SELECT set_config('lock_timeout', %s, true)", [LONGEST_WAIT])
    rows = (_FREE if skip_locked else _WAITED_FOR).all([*grants], at) if grants else []
    return {row.id: row for row in rows}


def in_force(token: str, kind: Kind, at: datetime) -> Issued | None:
    """The grant, locked, of a token of that kind that holds at `at`; None for any other."""
    told = openid.read_token(derived("openid tokens"), token)
    if told is None or told[0] is not kind or over(told, at):
        return None
    grant = locked([told[1]], at).get(told[1])
    return Issued(grant, told[2], at) if grant else None


def over(told: tuple[Kind, UUID, int], at: datetime) -> bool:
    """Whether a code or access token has ended; a refresh token's number is no time."""
    return told[0] is not Kind.REFRESH and told[2] <= at.timestamp()


def end(grant: Grant, at: datetime) -> None:
    """Nothing of the grant holds any more."""
    Grant.objects.filter(id=grant.id, ended=None).update(ended=at)


def authenticate(request: Request) -> Client:
    """Who asks, by whichever way it registered; InvalidClientError otherwise."""
    try:
        request.client = SERVER.authenticate_client(request, METHODS)
    except UNREADABLE as error:
        status = 401 if request.headers.get("Authorization") else 400  # RFC 6749, 5.2
        raise InvalidClientError("What the client proves itself with cannot be read.", status_code=status) from error
    return request.client  # type: ignore[no-any-return]


def _tokens(*, user: Issued, **_: Any) -> dict[str, Any]:
    key, grant, seconds = derived("openid tokens"), user.grant, int(openid.ACCESS_KEPT.total_seconds())
    token = {
        "token_type": "Bearer",
        "access_token": openid.mint(key, Kind.ACCESS, grant.id, int(user.at.timestamp()) + seconds),
        "expires_in": seconds,
        "scope": grant.scope,
    }
    if "offline_access" in grant.scope.split():
        token["refresh_token"] = openid.mint(key, Kind.REFRESH, grant.id, grant.generation)
    return token


def _with_id_token(grant: Any) -> None:
    grant.register_hook("after_create_token_response", add_id_token)


def _server() -> Server:
    server = Server()
    server.register_token_generator("default", _tokens)
    server.register_client_auth_method("private_key_jwt", Assertion())
    server.register_grant(CodeGrant, [Challenge(), _with_id_token])
    server.register_grant(RefreshGrant, [_with_id_token])
    return server


SERVER = _server()
