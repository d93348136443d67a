"""Made-up states, signers and chips, for the demo and the tests: what passive authentication meets, good and bad.

Keys are made once for each kind and role of a test run. Nothing here is taken from a real document.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import new, sha1
from typing import Any

from asn1crypto import algos, cms, core, crl, keys, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from doorstep.systems.identity.rules.chip.curves import CURVES, Parameters
from doorstep.systems.identity.rules.chip.passive import ChipFiles
from doorstep.systems.identity.rules.chip.trust import Anchor, Trust, build_trust
from doorstep.systems.identity.rules.mrz import write_mrz
from doorstep.systems.identity.simulation.zones import zone

AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
ISSUED = datetime(2023, 2, 1, 9, tzinfo=UTC)
"""When the chips here were signed."""

YEAR = timedelta(days=365)
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303  what is weak must be made, too
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
CURVE_NAMES: dict[str, ec.EllipticCurve] = {
    "p192": ec.SECP192R1(),
    **{str(curve.name): curve() for curve, _ in CURVES.values()},
}
IDENTIFIERS: dict[str, str] = {str(curve.name): identifier for identifier, (curve, _) in CURVES.items()}

Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def private_key(kind: str, role: str) -> Private:  # noqa: ARG001  keys are told apart by it
    """A key of a kind (`rsa2048`, `secp256r1`) for a role; the same for the whole run."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    return ec.generate_private_key(CURVE_NAMES[kind])


def method_of(key: Private, method: str | None) -> str:
    return method or ("pkcs1" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa")


def signed(key: Private, message: bytes, hash_name: str = "sha256", method: str | None = None, salt: int = 32) -> bytes:
    algorithm = HASHES[hash_name]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(message, ec.ECDSA(algorithm))
    pss = padding.PSS(padding.MGF1(algorithm), salt)
    return key.sign(message, pss if method_of(key, method) == "pss" else padding.PKCS1v15(), algorithm)


def algorithm_of(key: Private, hash_name: str = "sha256", method: str | None = None, salt: int = 32) -> Any:
    kind = method_of(key, method)
    if kind == "pss":
        parameters = {
            "hash_algorithm": {"algorithm": hash_name},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": hash_name}},
            "salt_length": salt,
        }
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": algos.RSASSAPSSParams(parameters)})
    return algos.SignedDigestAlgorithm({"algorithm": f"{hash_name}_{'rsa' if kind == 'pkcs1' else 'ecdsa'}"})


def written_out(parameters: Parameters, *, cofactor: int | None = 1) -> keys.SpecifiedECDomain:
    """A curve's parameters in full, as 9303-12 section 4.1.6 asks."""
    size = (parameters.p.bit_length() + 7) // 8
    point = b"\x04" + parameters.x.to_bytes(size) + parameters.y.to_bytes(size)
    written = {
        "version": "ecdpVer1",
        "field_id": {"field_type": "prime_field", "parameters": core.Integer(parameters.p)},
        "curve": {"a": parameters.a.to_bytes(size), "b": parameters.b.to_bytes(size)},
        "base": point,
        "order": parameters.n,
    }
    return keys.SpecifiedECDomain({**written, **({} if cofactor is None else {"cofactor": cofactor})})


def key_info(key: Private, written: keys.SpecifiedECDomain | None = None) -> keys.PublicKeyInfo:
    """A public key as certificates hold it; `written` stands in place of the curve's name."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return keys.PublicKeyInfo.wrap(keys.RSAPublicKey({"modulus": numbers.n, "public_exponent": numbers.e}), "rsa")
    point_of = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    point = b"\x04" + point_of.x.to_bytes(size) + point_of.y.to_bytes(size)
    name = IDENTIFIERS.get(key.curve.name, "1.2.840.10045.3.1.1")
    domain = keys.ECDomainParameters(*(("specified", written) if written else ("named", name)))
    return keys.PublicKeyInfo({"algorithm": {"algorithm": "ec", "parameters": domain}, "public_key": point})


def key_id(key: Private) -> bytes:
    return sha1(key_info(key)["public_key"].contents, usedforsecurity=False).digest()


def explicit(key: Private) -> keys.SpecifiedECDomain:
    """The parameters of the key's own curve."""
    if isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("RSA has no curve")
    return written_out(CURVES[IDENTIFIERS[key.curve.name]][1])


def certificate(
    key: Private,
    by: Private,
    *,
    subject: str,
    issuer: str,
    serial: int = 7,
    begins: datetime = AT - 2 * YEAR,
    ends: datetime = AT + 10 * YEAR,
    hash_name: str = "sha256",
    method: str | None = None,
    written: keys.SpecifiedECDomain | None = None,
    authority: bool = False,
    usage: frozenset[str] | None = frozenset({"digital_signature"}),
    keys_named: bool = True,
    period: tuple[datetime | None, datetime | None] | None = None,
    document_types: tuple[str, ...] = (),
    more: tuple[dict[str, Any], ...] = (),
    edit: Callable[[bytes], bytes] = bytes,
) -> bytes:
    """A certificate in DER; `more` are further extensions, and `edit` may change what is signed."""
    extensions: list[dict[str, Any]] = list(more)
    if usage is not None:
        extensions.append({"extn_id": "key_usage", "critical": True, "extn_value": set(usage)})
    if authority:
        basic = {"ca": True, "path_len_constraint": 0}
        extensions.append({"extn_id": "basic_constraints", "critical": True, "extn_value": basic})
    if keys_named:
        extensions.append({"extn_id": "key_identifier", "extn_value": key_id(key)})
        extensions.append({"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": key_id(by)}})
    if period:
        bounds = {name: at for name, at in zip(("not_before", "not_after"), period, strict=True) if at}
        extensions.append({"extn_id": "private_key_usage_period", "extn_value": bounds})
    if document_types:
        extensions.append({"extn_id": "2.23.136.1.1.6.2", "extn_value": types_extension(document_types)})
    algorithm = algorithm_of(by, hash_name, method)
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": algorithm,
            "issuer": name_of(issuer),
            "validity": {
                "not_before": x509.Time("utc_time", begins),
                "not_after": x509.Time("utc_time" if ends.year < 2050 else "general_time", ends),
            },
            "subject": name_of(subject),
            "subject_public_key_info": key_info(key, written),
            "extensions": extensions,
        }
    )
    final = edit(body.dump())
    return tlv(0x30, final + algorithm.dump() + tlv(0x03, b"\x00" + signed(by, final, hash_name, method)))


def name_of(common: str) -> x509.Name:
    return x509.Name.build({"country_name": "UT", "common_name": common})


def types_extension(kinds: tuple[str, ...]) -> core.ParsableOctetString:
    strings = b"".join(tlv(0x13, kind.encode()) for kind in kinds)
    return core.ParsableOctetString(tlv(0x30, tlv(0x02, b"\x00") + tlv(0x31, strings)))


def tlv(tag: int, content: bytes) -> bytes:
    """One element with the shortest length."""
    size = len(content)
    length = (
        bytes([size]) if size < 128 else bytes([0x80 | (count := (size.bit_length() + 7) // 8)]) + size.to_bytes(count)
    )
    return tag.to_bytes((tag.bit_length() + 7) // 8) + length + content


class Signer:
    """Somebody who signs chips: a key and a certificate in DER."""

    def __init__(self, key: Private, encoded: bytes) -> None:
        self.key, self.encoded = key, encoded
        self.certificate = x509.Certificate.load(encoded)


class State:
    """A made-up state with a certificate that signs itself; `generation` tells its keys apart."""

    def __init__(self, kind: str = "secp256r1", code: str = "UTO", *, generation: int = 1, **options: Any) -> None:
        self.code, self.name = code, f"CSCA of {code} {generation}"
        self.key = private_key(kind, self.name)
        self.options = {
            "authority": True,
            "usage": frozenset({"key_cert_sign", "crl_sign"}),
            "begins": AT - 4 * YEAR,
            "ends": AT + 12 * YEAR,
            "serial": generation,
            **options,
        }
        self.encoded = certificate(self.key, self.key, subject=self.name, issuer=self.name, **self.options)

    def signer(self, kind: str = "secp256r1", **options: Any) -> Signer:
        """A document signer of this state."""
        key = private_key(kind, f"signer of {self.code}")
        names = {"subject": "Document signer", "issuer": self.name}
        return Signer(key, certificate(key, self.key, **{**names, **options}))

    def link(self, newer: "State", **options: Any) -> bytes:
        """A link certificate: this state's key vouches for the newer one's."""
        names = {"subject": newer.name, "issuer": self.name, "serial": 99}
        return certificate(newer.key, self.key, **{**newer.options, **names, **options})

    def revoke(
        self,
        *serials: int,
        at: datetime = AT - timedelta(days=9),
        due: datetime | None = AT + timedelta(days=90),
        by: Private | None = None,
        more: tuple[dict[str, Any], ...] = (),
    ) -> bytes:
        """A list of revoked certificates in DER."""
        by = by or self.key
        algorithm = algorithm_of(by)
        entries = [{"user_certificate": n, "revocation_date": x509.Time("utc_time", at)} for n in serials]
        body = {
            "version": "v2",
            "signature": algorithm,
            "issuer": name_of(self.name),
            "this_update": x509.Time("utc_time", at),
            "crl_extensions": [
                {"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": key_id(self.key)}},
                {"extn_id": "crl_number", "extn_value": 1},
                *more,
            ],
        }
        body |= {"revoked_certificates": entries} if entries else {}
        body |= {"next_update": x509.Time("utc_time", due)} if due else {}
        listed = crl.TbsCertList(body)
        parts = {"tbs_cert_list": listed, "signature_algorithm": algorithm, "signature": signed(by, listed.dump())}
        return bytes(crl.CertificateList(parts).dump())

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.encoded, frozenset({self.code}))


def trust(*states: State, current: bool = True, **options: Any) -> Trust:
    """Trust in the states, each with an empty list of revoked certificates unless `current` is False."""
    lists = [state.revoke() for state in states] if current else []
    return build_trust([state.anchor for state in states], **{"lists": lists, **options})


def hash_list(
    groups: dict[int, bytes], hash_name: str = "sha256", version: int = 0, pairs: list[tuple[int, bytes]] | None = None
) -> bytes:
    """The list of hashes that is signed; `pairs` stands in place of those of the groups."""
    pairs = pairs or [(number, new(hash_name, file).digest()) for number, file in sorted(groups.items())]
    entries = b"".join(
        tlv(0x30, core.Integer(number).dump() + core.OctetString(value).dump()) for number, value in pairs
    )
    content = core.Integer(version).dump() + algos.DigestAlgorithm({"algorithm": hash_name}).dump() + tlv(0x30, entries)
    if version == 1:
        content += tlv(0x30, tlv(0x13, b"0108") + tlv(0x13, b"040000"))
    return tlv(0x30, content)


def security_object(
    content: bytes,
    signer: Signer,
    *,
    hash_name: str = "sha256",
    method: str | None = None,
    salt: int = 32,
    at: datetime | None = ISSUED,
    by_key: bool = False,
    certificates: list[bytes] | None = None,
    kind: str = "2.23.136.1.1.1",
    attributes: list[dict[str, Any]] | None = None,
    signature: bytes | None = None,
    signers: int = 1,
    plain: bool = False,
) -> bytes:
    """EF.SOD over a list of hashes. `plain` names padding only, as older signers do; the rest makes it wrong."""
    standard: list[dict[str, Any]] = [
        {"type": "content_type", "values": ["2.23.136.1.1.1"]},
        {"type": "message_digest", "values": [new(hash_name, content).digest()]},
    ]
    if at:
        standard.append({"type": "signing_time", "values": [core.UTCTime(at)]})
    signed_attributes = cms.CMSAttributes(standard if attributes is None else attributes)
    read = signer.certificate
    by = {"issuer": read.issuer, "serial_number": read.serial_number}
    sid = (
        cms.SignerIdentifier("subject_key_identifier", key_id(signer.key))
        if by_key
        else cms.SignerIdentifier("issuer_and_serial_number", cms.IssuerAndSerialNumber(by))
    )
    algorithm = algorithm_of(signer.key, hash_name, method, salt)
    info = {
        "version": "v3" if by_key else "v1",
        "sid": sid,
        "digest_algorithm": {"algorithm": hash_name},
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"} if plain else algorithm,
        "signed_attrs": signed_attributes,
        "signature": signature or signed(signer.key, signed_attributes.dump(), hash_name, method, salt),
    }
    bag = [signer.encoded] if certificates is None else certificates
    data = {
        "version": "v3",
        "digest_algorithms": [{"algorithm": hash_name}],
        "encap_content_info": {"content_type": kind, "content": core.ParsableOctetString(content)},
        "certificates": [x509.Certificate.load(one) for one in bag],
        "signer_infos": [info] * signers,
    }
    return tlv(0x77, cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(data)}).dump())


def zone_file(lines: str) -> bytes:
    """EF.DG1 with these lines."""
    return tlv(0x61, tlv(0x5F1F, lines.replace("\n", "").encode()))


def groups(**changes: Any) -> dict[int, bytes]:
    """Data groups 1 (the zone) and 2 (made-up bytes in place of a picture)."""
    return {1: zone_file(write_mrz(zone(**changes))), 2: tlv(0x75, b"picture" * 40)}


def chip(
    signer: Signer,
    files: dict[int, bytes] | None = None,
    *,
    group_hash: str = "sha256",
    version: int = 0,
    **options: Any,
) -> ChipFiles:
    """A chip whose groups are signed; `options` go to `security_object`."""
    files = files or groups()
    return ChipFiles(security_object(hash_list(files, group_hash, version), signer, **options), files)
