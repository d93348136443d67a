"""Certificates and lists of revoked ones, read into plain values once, strictly: ICAO Doc 9303-12 section 7, RFC 5280."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeVar

import msgspec
from asn1crypto import crl, x509

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.der import PARSER_ERRORS, check_der, elements
from doorstep.systems.identity.rules.chip.findings import CONTENT
from doorstep.systems.identity.rules.chip.signatures import Method, PublicKey, fits, read_key, read_method

LARGEST_CERTIFICATE = 16 * 1024
LARGEST_LIST = 4 * 1024 * 1024

_KEY_USAGE, _BASIC, _EXTENDED_USAGE = "2.5.29.15", "2.5.29.19", "2.5.29.37"
_OWN_KEY, _ISSUER_KEY, _USAGE_PERIOD = "2.5.29.14", "2.5.29.35", "2.5.29.16"
_DOCUMENT_TYPES = "2.23.136.1.1.6.2"
_PROFILE = {_KEY_USAGE, _BASIC, _EXTENDED_USAGE, _OWN_KEY, _ISSUER_KEY, _USAGE_PERIOD, _DOCUMENT_TYPES} | {
    "2.5.29.17",  # alternative names of subject and issuer, policies and where the list of revoked ones is
    "2.5.29.18",
    "2.5.29.32",
    "2.5.29.31",
}

T = TypeVar("T")


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What a certificate says; names as encoded, times aware.

    `usage` is None without the extension; `purposes` tells that extended purposes are named, `critical` that something
    critical is in it that nobody here knows. `signs_from` and `signs_until` bound the use of the private key, and
    `document_types` the documents (empty: any).
    """

    fingerprint: str
    signed: bytes
    method: Method
    signature: bytes
    issuer: bytes
    subject: bytes
    serial: int
    not_before: datetime
    not_after: datetime
    key: PublicKey
    key_info: bytes
    own_key: bytes
    issuer_key: bytes
    usage: frozenset[str] | None
    authority: bool
    purposes: bool
    critical: bool
    signs_from: datetime | None
    signs_until: datetime | None
    document_types: frozenset[str]

    def valid(self, at: datetime) -> bool:
        return self.not_before <= at <= self.not_after


class RevocationList(msgspec.Struct, frozen=True, kw_only=True):
    """Serial numbers that an issuer has revoked, as known at `updated`, with the next list due by `next_update`."""

    signed: bytes
    method: Method
    signature: bytes
    issuer: bytes
    issuer_key: bytes
    updated: datetime
    next_update: datetime | None
    serials: frozenset[int]


@lru_cache(maxsize=512)  # one signer signs a hundred thousand chips
def read_certificate(encoded: bytes, field: str) -> Certificate | Reason:
    """A certificate in DER, or why it is none; `field` names it in the reason."""
    return _read(
        lambda: _certificate(x509.Certificate.load(encoded, strict=True), field), encoded, field, LARGEST_CERTIFICATE
    )


def read_list(encoded: bytes, field: str) -> RevocationList | Reason:
    """A list of revoked certificates in DER, whole and of its issuer alone, or why it is none."""
    return _read(lambda: _list(crl.CertificateList.load(encoded, strict=True), field), encoded, field, LARGEST_LIST)


def _read(read: Callable[[], T | Reason], encoded: bytes, field: str, most: int) -> T | Reason:
    if fault := check_der(encoded, field, most):
        return fault
    try:
        return read()
    except PARSER_ERRORS:
        return CONTENT(field)


def vouches(issuer: Certificate, signed: Certificate | RevocationList) -> bool:
    """Whether `issuer` is the one that `signed` names, by the key's identifier or else by name, and its signature fits.

    States have changed the encoding of their name, so that the name counts only where an identifier is missing.
    """
    if issuer.own_key and signed.issuer_key:
        named = issuer.own_key == signed.issuer_key
    else:
        named = issuer.subject == signed.issuer
    return named and fits(signed.method, issuer.key, signed.signature, signed.signed)


def instant(value: Any) -> datetime:
    """A point in time out of asn1crypto; ValueError for one without zone or out of the calendar."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("no instant")
    return value


def _certificate(read: x509.Certificate, field: str) -> Certificate | Reason:
    body = read["tbs_certificate"]
    if body["signature"].dump() != read["signature_algorithm"].dump():
        return CONTENT(field)
    key = read_key(body["subject_public_key_info"], field)
    method = read_method(read["signature_algorithm"], "", field)
    if isinstance(key, Reason):
        return key
    if isinstance(method, Reason):
        return method
    extensions = _extensions(body["extensions"])
    usage, basic = _parsed(extensions, _KEY_USAGE), _parsed(extensions, _BASIC)
    period, own_key = _parsed(extensions, _USAGE_PERIOD), _parsed(extensions, _OWN_KEY)
    return Certificate(
        fingerprint=sha256(read.dump()).hexdigest(),
        signed=body.dump(),
        method=method,
        signature=read["signature_value"].native,
        issuer=body["issuer"].dump(),
        subject=body["subject"].dump(),
        serial=body["serial_number"].native,
        not_before=instant(body["validity"]["not_before"].native),
        not_after=instant(body["validity"]["not_after"].native),
        key=key,
        key_info=body["subject_public_key_info"].dump(),
        own_key=b"" if own_key is None else own_key.native,
        issuer_key=_issuer_key(extensions),
        usage=None if usage is None else frozenset(usage.native),
        authority=basic is not None and basic["ca"].native,
        purposes=_EXTENDED_USAGE in extensions,
        critical=any(entry["critical"].native for name, entry in extensions.items() if name not in _PROFILE),
        signs_from=None if period is None else _bound(period["not_before"].native),
        signs_until=None if period is None else _bound(period["not_after"].native),
        document_types=_document_types(extensions),
    )


def _bound(value: Any) -> datetime | None:
    return None if value is None else instant(value)


def _extensions(read: Any) -> dict[str, Any]:
    """By identifier. ValueError where one comes twice (RFC 5280, section 4.2)."""
    found = {entry["extn_id"].dotted: entry for entry in read}
    if len(found) != len(read):
        raise ValueError("an extension comes twice")
    return found


def _parsed(extensions: dict[str, Any], name: str) -> Any:
    """The value of an extension; None where there is none. ValueError where it is not well encoded."""
    if name not in extensions:
        return None
    value = extensions[name]["extn_value"]
    if check_der(value.contents, name, LARGEST_CERTIFICATE):
        raise ValueError("an extension is not well encoded")
    return value.parsed


def _issuer_key(extensions: dict[str, Any]) -> bytes:
    read = _parsed(extensions, _ISSUER_KEY)
    return b"" if read is None else read["key_identifier"].native or b""


def _document_types(extensions: dict[str, Any]) -> frozenset[str]:
    """The kinds of documents (`P`, `ID`) that may be signed; empty for any.

    The extension is never critical, and some states write it in another form than 9303-12 section 7.1.1.6: what is not
    a set of strings bounds nothing.
    """
    if _DOCUMENT_TYPES not in extensions:
        return frozenset()
    encoded = extensions[_DOCUMENT_TYPES]["extn_value"].contents
    if check_der(encoded, _DOCUMENT_TYPES, LARGEST_CERTIFICATE):
        return frozenset()
    sets = [inner for inner in elements(elements(encoded)[0].content) if inner.tag == 0x31]
    return frozenset(text.content.decode("latin-1") for inner in sets for text in elements(inner.content))


def _list(read: crl.CertificateList, field: str) -> RevocationList | Reason:
    body = read["tbs_cert_list"]
    if body["signature"].dump() != read["signature_algorithm"].dump():
        return CONTENT(field)
    method = read_method(read["signature_algorithm"], "", field)
    if isinstance(method, Reason):
        return method
    extensions = _extensions(body["crl_extensions"])
    entries = body["revoked_certificates"]
    inner = [extension for entry in entries for extension in entry["crl_entry_extensions"]]
    if any(extension["critical"].native for extension in (*extensions.values(), *inner)):
        return CONTENT(field)  # in part, a difference, or for others' certificates: 9303-12 has none of these
    return RevocationList(
        signed=body.dump(),
        method=method,
        signature=read["signature"].native,
        issuer=body["issuer"].dump(),
        issuer_key=_issuer_key(extensions),
        updated=instant(body["this_update"].native),
        next_update=_bound(body["next_update"].native),
        serials=frozenset(entry["user_certificate"].native for entry in entries),
    )
