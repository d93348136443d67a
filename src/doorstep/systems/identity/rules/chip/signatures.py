"""Which signatures and hashes a chip may use (9303-12 section 4.1.6), and whether a signature fits.

RSA with PKCS #1 v1.5 or PSS padding, ECDSA on the curves of `curves`; SHA-1 where the policy takes it, SHA-2.
"""

from collections.abc import Iterable, Mapping
from hashlib import new
from typing import Literal

import msgspec
from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.curves import CURVES, NAMES, Parameters
from doorstep.systems.identity.rules.chip.findings import CURVE_UNKNOWN, HASH_WEAK, KEY_WEAK, METHOD_UNKNOWN

HASHES: Mapping[str, tuple[str, hashes.HashAlgorithm]] = {
    "1.3.14.3.2.26": ("SHA-1", hashes.SHA1()),  # noqa: S303  judged by the policy
    "2.16.840.1.101.3.4.2.4": ("SHA-224", hashes.SHA224()),
    "2.16.840.1.101.3.4.2.1": ("SHA-256", hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": ("SHA-384", hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": ("SHA-512", hashes.SHA512()),
}
"""Name and implementation by object identifier."""

_SHA1, _SHA224, _SHA256, _SHA384, _SHA512 = HASHES
_PKCS1, _PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"  # the first also names an RSA key
_METHODS: Mapping[str, tuple[Literal["pkcs1", "ecdsa"], str]] = {
    "1.2.840.113549.1.1.5": ("pkcs1", _SHA1),
    "1.2.840.113549.1.1.14": ("pkcs1", _SHA224),
    "1.2.840.113549.1.1.11": ("pkcs1", _SHA256),
    "1.2.840.113549.1.1.12": ("pkcs1", _SHA384),
    "1.2.840.113549.1.1.13": ("pkcs1", _SHA512),
    "1.2.840.10045.4.1": ("ecdsa", _SHA1),
    "1.2.840.10045.4.3.1": ("ecdsa", _SHA224),
    "1.2.840.10045.4.3.2": ("ecdsa", _SHA256),
    "1.2.840.10045.4.3.3": ("ecdsa", _SHA384),
    "1.2.840.10045.4.3.4": ("ecdsa", _SHA512),
}
_EC = "1.2.840.10045.2.1"
_LARGEST_RSA = 8192  # a larger key would only keep this process busy
_LARGEST_EXPONENT = 2**32

Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What is accepted: SHA-1 (with a note) or not, the shortest keys in bits, the data groups that must be there."""

    sha1: bool = False
    least_rsa: int = 2048
    least_ec: int = 224
    groups: frozenset[int] = frozenset({1})


class Method(msgspec.Struct, frozen=True):
    """How a signature was made; `mask` (hash of the mask) and `salt` (bytes) belong to PSS. Hashes by identifier."""

    kind: Literal["pkcs1", "pss", "ecdsa"]
    hash: str
    mask: str = ""
    salt: int = 0


class PublicKey(msgspec.Struct, frozen=True):
    """A key that verifies; `pss` says that it is for PSS only. `bits` is the length of its modulus or field."""

    key: Key
    bits: int
    pss: bool = False


def digest(name: str, data: bytes) -> bytes:
    """The hash of `data`; `name` is an identifier of `HASHES`."""
    return new(HASHES[name][1].name, data, usedforsecurity=False).digest()  # SHA-1 is the policy's to judge


def read_method(algorithm: algos.SignedDigestAlgorithm, hash_name: str, field: str) -> Method | Reason:
    """The method an algorithm identifier names; `hash_name` counts where it names padding only. Raises PARSER_ERRORS."""
    identifier = algorithm["algorithm"].dotted
    if identifier == _PKCS1:
        return Method("pkcs1", hash_name) if hash_name else METHOD_UNKNOWN(field)
    if identifier == _PSS:
        return _read_pss(algos.RSASSAPSSParams.load(algorithm["parameters"].dump(), strict=True), field)
    kind, hash_name = _METHODS.get(identifier, ("pkcs1", ""))
    return Method(kind, hash_name) if hash_name else METHOD_UNKNOWN(field)


def _read_pss(parameters: algos.RSASSAPSSParams, field: str) -> Method | Reason:
    name, mask = parameters["hash_algorithm"], parameters["mask_gen_algorithm"]
    of_mask = mask["parameters"]["algorithm"].dotted if mask["algorithm"].native == "mgf1" else ""
    method = Method("pss", name["algorithm"].dotted, of_mask, parameters["salt_length"].native)
    known = method.hash in HASHES and method.mask in HASHES and 0 <= method.salt <= 512
    return method if known and parameters["trailer_field"].native == "trailer_field_bc" else METHOD_UNKNOWN(field)


def read_key(info: keys.PublicKeyInfo, field: str) -> PublicKey | Reason:
    """The key in a certificate. Raises PARSER_ERRORS."""
    identifier = info["algorithm"]["algorithm"].dotted
    if identifier in (_PKCS1, _PSS):
        numbers = info["public_key"].parsed
        return _rsa_key(numbers["modulus"].native, numbers["public_exponent"].native, field, pss=identifier == _PSS)
    return _ec_key(info, field) if identifier == _EC else METHOD_UNKNOWN(field)


def _rsa_key(modulus: int, exponent: int, field: str, *, pss: bool) -> PublicKey | Reason:
    bits = modulus.bit_length()
    if not (modulus > 0 and 1024 <= bits <= _LARGEST_RSA and 3 <= exponent <= _LARGEST_EXPONENT):
        return KEY_WEAK(field, bits=bits)
    return PublicKey(rsa.RSAPublicNumbers(exponent, modulus).public_key(), bits, pss)


def _ec_key(info: keys.PublicKeyInfo, field: str) -> PublicKey | Reason:
    curve = _curve(info["algorithm"]["parameters"])
    if curve is None:
        return CURVE_UNKNOWN(field)
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve(), info["public_key"].native)
    return PublicKey(key, key.key_size)


def _curve(parameters: keys.ECDomainParameters) -> type[ec.EllipticCurve] | None:
    """The curve by name or by all its numbers; None for unknown ones and for parameters that are left out."""
    if not isinstance(parameters, keys.ECDomainParameters) or parameters.name == "implicit_ca":
        return None
    if parameters.name == "named":
        return CURVES[parameters.chosen.dotted][0] if parameters.chosen.dotted in CURVES else None
    numbers = _parameters(parameters.chosen)
    return NAMES.get(numbers) if numbers else None


def _parameters(written: keys.SpecifiedECDomain) -> Parameters | None:
    """All numbers of written-out parameters; None for another kind of field, another cofactor or point format."""
    base, cofactor = written["base"].native, written["cofactor"].native
    half = len(base) // 2
    if written["field_id"]["field_type"].native != "prime_field" or cofactor not in (None, 1) or base[:1] != b"\x04":
        return None
    return Parameters(
        written["field_id"]["parameters"].native,
        int.from_bytes(written["curve"]["a"].native),
        int.from_bytes(written["curve"]["b"].native),
        int.from_bytes(base[1 : half + 1]),
        int.from_bytes(base[half + 1 :]),
        written["order"].native,
    )


def judge(key: PublicKey, hash_names: Iterable[str], policy: Policy, field: str) -> tuple[list[Reason], list[Reason]]:
    """What the policy refuses of a key and of the hashes used with it, and what it takes but notes."""
    weak = [HASH_WEAK(field, name=HASHES[_SHA1][0])] if _SHA1 in hash_names else []
    least = policy.least_rsa if isinstance(key.key, rsa.RSAPublicKey) else policy.least_ec
    short = [KEY_WEAK(field, bits=key.bits)] if key.bits < least else []
    return (short, weak) if policy.sha1 else (weak + short, [])


def fits(method: Method, key: PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message was made with the key's other half by this method."""
    algorithm = HASHES[method.hash][1]
    try:
        if isinstance(key.key, ec.EllipticCurvePublicKey):
            if method.kind == "ecdsa":
                key.key.verify(signature, message, ec.ECDSA(algorithm))
                return True
        elif method.kind == "pss":
            mask = padding.MGF1(HASHES[method.mask][1])
            key.key.verify(signature, message, padding.PSS(mask, method.salt), algorithm)
            return True
        elif method.kind == "pkcs1" and not key.pss:
            key.key.verify(signature, message, padding.PKCS1v15(), algorithm)
            return True
    except InvalidSignature:
        return False
    return False
