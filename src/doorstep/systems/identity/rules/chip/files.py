"""The files of a chip: the security object with its signature (EF.SOD), and the zone in data group 1.

ICAO Doc 9303-10 sections 4.6.2 (version 1) and appendix D (version 0), 4.7.1; CMS: RFC 5652. EF.COM is not read: it is
not signed, and the security object says which data groups there are.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

import msgspec
from asn1crypto import algos, cms, core

from doorstep.kernel.values.reasons import Reason
from doorstep.systems.identity.rules.chip.certificates import Certificate, instant, read_certificate
from doorstep.systems.identity.rules.chip.der import PARSER_ERRORS, check_der, elements
from doorstep.systems.identity.rules.chip.findings import CONTENT, GROUP_TWICE, METHOD_UNKNOWN
from doorstep.systems.identity.rules.chip.signatures import HASHES, Method, digest, read_method
from doorstep.systems.identity.rules.mrz import Mrz, read_mrz

LARGEST_OBJECT = 64 * 1024
LARGEST_ZONE = 256
MOST_CERTIFICATES = 8
GROUPS = frozenset(range(1, 17))
"""The numbers that data groups have."""

_OBJECT_TAG, _ZONE_TAGS = 0x77, (0x61, 0x5F1F)
_SECURITY_OBJECT = "2.23.136.1.1.1"  # id-icao-mrtd-security-ldsSecurityObject
_CERTIFICATE = 0x30
_SIGNED_DATA, _CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (
    "1.2.840.113549.1.7.2",
    "1.2.840.113549.1.9.3",
    "1.2.840.113549.1.9.4",
    "1.2.840.113549.1.9.5",
)


class _GroupHash(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields: ClassVar = [("number", core.Integer), ("hash", core.OctetString)]


class _GroupHashes(core.SequenceOf):  # type: ignore[misc]
    _child_spec = _GroupHash


class _VersionInfo(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [("lds_version", core.PrintableString), ("unicode_version", core.PrintableString)]


class _SecurityObject(core.Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("hashes", _GroupHashes),
        ("version_info", _VersionInfo, {"optional": True}),
    ]


class SignedHashes(msgspec.Struct, frozen=True):
    """The hash (an identifier) and what it made of each data group, by number."""

    hash: str
    groups: Mapping[int, bytes]


class SignerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """How the list was signed: `attributes` as they were signed say that `digest` is the list's hash.

    The signer is named by serial number, or by its key's identifier.
    """

    hash: str
    digest: bytes
    attributes: bytes
    method: Method
    signature: bytes
    signed_at: datetime | None
    serial: int | None
    key: bytes


class SecurityObject(msgspec.Struct, frozen=True):
    """What EF.SOD says; `content` is the list of hashes as bytes, which the signature is over."""

    content: bytes
    hashes: SignedHashes
    signer: SignerInfo
    certificates: tuple[Certificate, ...]

    @property
    def unaltered(self) -> bool:
        """Whether the signed attributes speak of this list."""
        return digest(self.signer.hash, self.content) == self.signer.digest

    def names(self, certificate: Certificate) -> bool:
        """Whether this is the signer's certificate. Nothing rests on the answer: its key must fit the signature."""
        if self.signer.serial is None:
            return certificate.own_key == self.signer.key
        return certificate.serial == self.signer.serial


def read_security_object(file: bytes) -> SecurityObject | Reason:
    """EF.SOD, or the first thing that is wrong with it."""
    if fault := check_der(file, "sod", LARGEST_OBJECT):
        return fault
    (outer,) = elements(file)
    if outer.tag != _OBJECT_TAG:
        return CONTENT("sod")
    try:
        return _signed_data(cms.ContentInfo.load(outer.content, strict=True))
    except PARSER_ERRORS:
        return CONTENT("sod")


def _signed_data(read: cms.ContentInfo) -> SecurityObject | Reason:
    if read["content_type"].dotted != _SIGNED_DATA:
        return CONTENT("sod")
    data = read["content"]
    inner, signers, bag = data["encap_content_info"], data["signer_infos"], data["certificates"]
    content = inner["content"].contents
    if inner["content_type"].dotted != _SECURITY_OBJECT or len(signers) != 1 or len(bag) > MOST_CERTIFICATES:
        return CONTENT("sod")
    certificates = []
    for one in bag:
        certificate = _certificate(one)
        if isinstance(certificate, Reason):
            return certificate
        certificates.append(certificate)
    hashes = _hashes(content)
    if isinstance(hashes, Reason):
        return hashes
    signer = _signer(signers[0])
    return signer if isinstance(signer, Reason) else SecurityObject(content, hashes, signer, tuple(certificates))


def _certificate(choice: Any) -> Certificate | Reason:
    encoded = choice.chosen.dump()
    return read_certificate(encoded, "sod") if encoded[0] == _CERTIFICATE else CONTENT("sod")


def _hashes(content: bytes) -> SignedHashes | Reason:
    """The signed list of hashes, LDSSecurityObject; both versions are alike but for the versions that 1 adds."""
    if fault := check_der(content, "sod", LARGEST_OBJECT):
        return fault
    read = _SecurityObject.load(content, strict=True)
    name = read["hash_algorithm"]["algorithm"].dotted
    if name not in HASHES:
        return METHOD_UNKNOWN("sod")
    pairs = [(entry["number"].native, entry["hash"].native) for entry in read["hashes"]]
    numbers, sizes = [number for number, _ in pairs], {len(value) for _, value in pairs}
    if read["version"].native not in (0, 1) or sizes != {HASHES[name][1].digest_size} or not GROUPS.issuperset(numbers):
        return CONTENT("sod")
    for number in numbers:
        if numbers.count(number) > 1:
            return GROUP_TWICE("sod", number=number)
    return SignedHashes(name, dict(pairs))


def _signer(info: cms.SignerInfo) -> SignerInfo | Reason:
    name = info["digest_algorithm"]["algorithm"].dotted
    if name not in HASHES:
        return METHOD_UNKNOWN("sod")
    method = read_method(info["signature_algorithm"], name, "sod")
    if isinstance(method, Reason):
        return method
    attributes = {entry["type"].dotted: entry["values"] for entry in info["signed_attrs"]}
    single = all(len(values) == 1 for values in attributes.values())
    if len(attributes) != len(info["signed_attrs"]) or not single:
        return CONTENT("sod")
    if attributes[_CONTENT_TYPE][0].dotted != _SECURITY_OBJECT:
        return CONTENT("sod")
    by_key = info["sid"].name == "subject_key_identifier"
    chosen = info["sid"].chosen
    return SignerInfo(
        hash=name,
        digest=attributes[_MESSAGE_DIGEST][0].native,
        attributes=b"\x31" + info["signed_attrs"].dump()[1:],  # signed as SET OF, not as [0] (RFC 5652 section 5.4)
        method=method,
        signature=info["signature"].native,
        signed_at=instant(attributes[_SIGNING_TIME][0].native) if _SIGNING_TIME in attributes else None,
        serial=None if by_key else chosen["serial_number"].native,
        key=chosen.native if by_key else b"",
    )


def read_zone(file: bytes, day: date) -> Mrz | list[Reason]:
    """The zone in EF.DG1, or everything against it."""
    if fault := check_der(file, "dg1", LARGEST_ZONE):
        return [fault]
    (outer,) = elements(file)
    inner = elements(outer.content) if outer.tag == _ZONE_TAGS[0] else []
    if len(inner) != 1 or inner[0].tag != _ZONE_TAGS[1] or not inner[0].content.isascii():
        return [CONTENT("dg1")]
    return read_mrz(inner[0].content.decode("ascii"), day)
