"""Signing in elsewhere: what an outside OpenID Provider says of itself and of a person, and what of it is believed.

OpenID Connect Core 1.0 (3.1) and Discovery 1.0; RFC 9207 (`iss` in the answer); RFC 7636 (PKCE). VNeID's interfaces are not
public: claims and levels of a provider are data, dated and with their source.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import date, datetime
from math import isfinite
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import msgspec
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.names import search_words
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.rules.openid import is_address

ISSUER_INVALID = reason(
    "identity.outside_issuer",
    "This cannot be an issuer.",
    repair="Copy the issuer from the provider's description: a whole https address without ? and #.",
)
DISCOVERY_UNREADABLE = reason(
    "identity.outside_discovery",
    "The issuer does not describe itself as OpenID Connect asks.",
    repair="Check the issuer letter by letter, and that its /.well-known/openid-configuration can be reached from here.",
)
CLIENT_INCOMPLETE = reason(
    "identity.outside_client",
    "Name, client_id or secret is missing, or there is a secret too many.",
    repair="Copy client_id and secret from where this installation is registered; a key of ours needs no secret.",
)
MAPPING_LINE = reason(
    "identity.outside_line",
    "This line cannot be read: {text}",
    repair="Write one pair a line with an equals sign between them, as the hint at the field shows.",
)
CLAIM_NEEDED = reason(
    "identity.outside_claim",
    "The mapping does not say which claim is {claim}.",
    repair="Add its line, as the hint at the field shows.",
)
SOURCE_MISSING = reason(
    "identity.outside_source",
    "The source of this mapping is missing.",
    repair="Say from which document or letter you have it.",
)
DAYS_REVERSED = reason(
    "identity.outside_days", "It would end before it begins.", repair="Exchange or correct the two days."
)
SAME_MANAGER = reason(
    "identity.outside_same_person",
    "Who entered a mapping cannot confirm it.",
    repair="Ask another person of your unit who may do this.",
)
NO_ACCOUNT = reason(
    "identity.outside_no_account",
    "The outside e-ID was accepted, but you have no account here, and it may not open one.",
    repair="Have your e-ID collected at the police of any commune and activate it; then both ways are open to you.",
)
UNLINKED = reason(
    "identity.outside_unlinked",
    "The directory knows you, but nobody here has been linked with your name there.",
    repair="Sign in here in another way and link it under “My offices”, or enter the code of an invitation below.",
)
SCOPE_OPENID = reason(
    "identity.outside_scope", "The scope lacks openid.", repair="Write openid first, then what the provider asks for."
)
LINKED_ALREADY = reason(
    "identity.outside_linked",
    "This name of the directory belongs to another account here.",
    repair="Sign in with that account, or ask your administrator.",
)

ALGORITHMS = ("ES256", "RS256", "PS256")
METHODS = ("client_secret_basic", "private_key_jwt")
LEEWAY = 60
"""Seconds that the clocks of two machines may differ."""
MOST_KEYS = 50
MOST_LINES = 20
RSA_BITS = 2048
LONGEST = 300
"""Characters of a claim that is believed."""
SURE = 2
"""The level at which an e-ID may open an account."""
_REFERENCES = frozenset({"pwd", "pin", "otp", "mfa", "hwk", "swk", "user", "fpt", "face", "iris", "sms", "sc", "kba"})
"""Authentication methods that RFC 8176 names and that are passed on."""


class Kind(Code):
    """Whom an outside provider knows."""

    EID = "eid", "An e-ID: people by their personal number"
    STAFF = "staff", "A unit's directory: its staff by their staff name"


class Meaning(Code):
    """What a claim is here."""

    NUMBER = "number", "Personal number"
    LOGIN = "login", "Staff name"
    NAME = "name", "Name"
    BIRTH = "birth", "Birth date"


NEEDED = {Kind.EID: Meaning.NUMBER, Kind.STAFF: Meaning.LOGIN}
"""Without this claim nobody is found."""


class Discovery(msgspec.Struct, frozen=True):
    """What is used of an issuer's description of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    claims_parameter_supported: bool = False
    authorization_response_iss_parameter_supported: bool = False


class Reading(msgspec.Struct, frozen=True):
    """How a provider is read: which claim means what, which `acr` is which level, and the request's `scope`."""

    claims: Mapping[str, str]
    levels: Mapping[str, int]
    scope: str = "openid profile"


class Proof(msgspec.Struct, frozen=True):
    """What an outside provider proved of somebody: its identifier there, the mapped claims, level 0 where none is known."""

    sub: str
    told: Mapping[str, str]
    level: int
    methods: tuple[str, ...] = ()


def description(issuer: str) -> str:
    """Where an issuer describes itself (Discovery 4)."""
    return f"{issuer.removesuffix('/')}/.well-known/openid-configuration"


def check_issuer(issuer: str, *, public: bool) -> list[Reason]:
    """Against an issuer; `public` allows https alone, also for this machine."""
    fits = is_address(issuer) and not urlsplit(issuer).query and (issuer.startswith("https:") or not public)
    return [] if fits else [ISSUER_INVALID("issuer")]


def read_discovery(content: bytes, issuer: str, *, public: bool) -> Discovery | None:
    """The description of exactly this issuer; None where it is none, or leads to addresses that are none."""
    try:
        found = msgspec.json.decode(content, type=Discovery)
    except (msgspec.DecodeError, RecursionError):
        return None
    places = [found.authorization_endpoint, found.token_endpoint, found.jwks_uri]
    places += [found.userinfo_endpoint] if found.userinfo_endpoint else []
    fits = all(is_address(one) and (one.startswith("https:") or not public) for one in places)
    return found if fits and found.issuer == issuer else None


def read_keys(content: bytes) -> KeySet | None:
    """The keys of a set that could have signed: EC and RSA of 2048 bits and more; None where it is no set."""
    try:
        told = msgspec.json.decode(content, type=dict[str, Any]).get("keys", [])
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(told, list) or len(told) > MOST_KEYS:
        return None
    return KeySet([key for one in told if (key := _read_key(one))])


def _read_key(told: Any) -> ECKey | RSAKey | None:
    if not isinstance(told, dict) or told.get("use", "sig") != "sig" or (told.get("kty") == "RSA" and _is_weak(told)):
        return None
    try:
        if told.get("kty") == "EC":
            return ECKey.import_key(told)
        return RSAKey.import_key(told) if told.get("kty") == "RSA" else None
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def _is_weak(told: dict[str, Any]) -> bool:
    modulus = told.get("n")
    size = len(modulus.lstrip("A")) * 6 if isinstance(modulus, str) else 0
    return not RSA_BITS <= size <= 8 * RSA_BITS


def derived_nonce(key: bytes, state: str) -> str:
    """The nonce that belongs to a state: only this installation can tell, so nothing is kept of it."""
    return _mark(key, "nonce", state)


def derived_verifier(key: bytes, state: str) -> str:
    """The PKCE verifier that belongs to a state; 43 characters."""
    return _mark(key, "verifier", state)


def _mark(key: bytes, purpose: str, state: str) -> str:
    raw = hmac.digest(key, f"{purpose}\0{state}".encode(), hashlib.sha256)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def authorization_address(
    there: Discovery, mapping: Reading, client: str, redirect: str, key: bytes, state: str
) -> str:
    """Where the browser is sent (Core 3.1.2.1), asking for the mapped claims and the highest levels first."""
    more = {
        "nonce": derived_nonce(key, state),
        "code_challenge": create_s256_code_challenge(derived_verifier(key, state)),
        "code_challenge_method": "S256",
    }
    if there.claims_parameter_supported:
        asked = {claim: {"essential": True} for claim in mapping.claims.values() if claim != "sub"}
        more["claims"] = msgspec.json.encode({"id_token": asked}).decode()
    if mapping.levels:
        more["acr_values"] = " ".join(sorted(mapping.levels, key=lambda acr: -mapping.levels[acr]))
    address: str = prepare_grant_uri(
        there.authorization_endpoint, client, "code", redirect_uri=redirect, scope=mapping.scope, state=state, **more
    )
    return address


def check_answer(told: Mapping[str, str], there: Discovery, state: str) -> Cause | None:
    """Against what the browser brought back: the state of this browser, the issuer where it says so (RFC 9207)."""
    if not _same(told.get("state"), state):
        return Cause.OUTSIDE_STATE
    if told.get("iss", "" if there.authorization_response_iss_parameter_supported else there.issuer) != there.issuer:
        return Cause.OUTSIDE_ISSUER
    return Cause.OUTSIDE_NO if told.get("error") or not told.get("code") else None


def names_unknown_key(token: str, keys: KeySet) -> bool:
    """Whether the token names a key that the set does not hold: the provider may have turned its keys."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError):
        return False
    return kid is not None and all(key.kid != kid for key in keys.keys)


def read_id_token(
    token: str, keys: KeySet, *, issuer: str, client: str, nonce: str, at: datetime
) -> dict[str, Any] | Cause:
    """The claims of an ID token after all checks of Core 3.1.3.7, or what is wrong with it."""
    try:
        claims = dict(jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims)
    except (JoseError, ValueError, TypeError, UnicodeError, RecursionError):
        return Cause.OUTSIDE_SIGNATURE
    if claims.get("iss") != issuer:
        return Cause.OUTSIDE_ISSUER
    if not _is_for(client, claims):
        return Cause.OUTSIDE_AUDIENCE
    if not _same(claims.get("nonce"), nonce):
        return Cause.OUTSIDE_NONCE
    if not _is_now(claims, at.timestamp()):
        return Cause.OUTSIDE_TIME
    return claims if _text(claims.get("sub")) else Cause.OUTSIDE_CLAIM


def _is_for(client: str, claims: Mapping[str, Any]) -> bool:
    """We are its audience, alone or as the one for whom it was made."""
    audience: Any = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1 and client in audience
    alone = audience in (client, [client])
    return claims.get("azp", client if alone else None) == client and (alone or several)


def _is_now(claims: Mapping[str, Any], now: float) -> bool:
    ends, made, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not (_is_time(ends) and _is_time(made) and _is_time(begins)):
        return False
    return now - LEEWAY < ends and max(made, begins) <= now + LEEWAY


def proof(claims: Mapping[str, Any], more: Mapping[str, Any], mapping: Reading, kind: Kind) -> Proof | Cause:
    """What is proved by an ID token's claims and, where it lacks some, by `more` from the userinfo endpoint (Core 5.3.2)."""
    if more and more.get("sub") != claims["sub"]:
        return Cause.OUTSIDE_CLAIM
    told = {meaning: _text(claims.get(claim, more.get(claim))) for meaning, claim in mapping.claims.items()}
    if not all(told.values()):
        return Cause.OUTSIDE_CLAIM
    acr, amr = claims.get("acr"), claims.get("amr")
    level = mapping.levels.get(acr, 0) if isinstance(acr, str) else 0
    if kind is Kind.EID and not level:
        return Cause.OUTSIDE_LEVEL
    methods = tuple(
        one for one in (amr if isinstance(amr, list) else ()) if isinstance(one, str) and one in _REFERENCES
    )
    return Proof(str(claims["sub"]), told, level or 1, methods)


def lacks(claims: Mapping[str, Any], mapping: Reading) -> bool:
    """Whether a mapped claim does not stand in the ID token."""
    return any(not _text(claims.get(claim)) for claim in mapping.claims.values())


def agrees(told: Mapping[str, str], full_name: str, birth: date) -> bool:
    """Whether name and birth date, where the provider states them, are the register's (names by word, in any order)."""
    name, born = told.get(Meaning.NAME), told.get(Meaning.BIRTH)
    same = name is None or search_words(name) == search_words(full_name)
    return same and (born is None or read_date(born) == birth)


def staff_login(name: str, issuer: str) -> str:
    """The name under which somebody whom a directory brings is found here; nobody else's, since it ends with the directory."""
    return f"{''.join(name.split())}@{urlsplit(issuer).hostname}".casefold()


def read_pairs(text: str, field: str) -> tuple[dict[str, str], list[Reason]]:
    """Lines such as `number=personal_administrative_number`, and the reasons against those that are none."""
    found, reasons = dict[str, str](), list[Reason]()
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines()[:MOST_LINES])), 1):
        left, _, right = (part.strip() for part in line.rpartition("="))
        if not left or not right or left in found or len(line) > LONGEST:
            reasons.append(MAPPING_LINE(field, line=number, text=line[:80]))
        found[left] = right
    return found, reasons


def check_reading(
    kind: Kind, claims: Mapping[str, str], levels: Mapping[str, str], source: str, scope: str
) -> list[Reason]:
    """Against a reading: it finds somebody, each meaning is one of ours, each level is 1 or 2, and it says whence."""
    needed = NEEDED[kind]
    found = [] if needed in claims else [CLAIM_NEEDED("claims", claim=needed)]
    found += [MAPPING_LINE("claims", text=one[:80]) for one in claims if one not in set(Meaning)]
    found += [MAPPING_LINE("levels", text=one[:80]) for one, level in levels.items() if level not in {"1", "2"}]
    if kind is Kind.EID and not levels:
        found.append(MAPPING_LINE("levels", text="-"))
    if "openid" not in scope.split():
        found.append(SCOPE_OPENID("scope"))
    return found if source.strip() else [*found, SOURCE_MISSING("source")]


def check_client(name: str, client: str, method: str, secret: str) -> list[Reason]:
    """Against a registration: who it is, and how we prove who we are, unless the provider is yet to tell us both."""
    proved = bool(secret) == (method == METHODS[0]) if client.strip() else not secret
    return [] if name.strip() and method in METHODS and proved else [CLIENT_INCOMPLETE("client")]


def check_days(first: date, last: date | None) -> list[Reason]:
    return [DAYS_REVERSED("enabled_to")] if last and last <= first else []


def pairs(told: Mapping[str, object]) -> str:
    """The lines that `read_pairs` reads."""
    return "\n".join(f"{left}={right}" for left, right in told.items())


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _same(shown: object, kept: str) -> bool:
    return isinstance(shown, str) and hmac.compare_digest(shown.encode(errors="replace"), kept.encode())


def _text(value: object) -> str:
    """A claim that may be believed as text, as long as it is printable and not too long; numbers are text too."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    fits = isinstance(value, str) and len(value) <= LONGEST and value.isprintable()
    return str(value).strip() if fits else ""
