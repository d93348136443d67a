"""Which file of a trust store a file is: a state's certificate, a link to a newer one, a signer's, or a list of revoked ones."""

from datetime import datetime
from hashlib import sha256

import msgspec
from asn1crypto import x509

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import Reason, reason
from doorstep.systems.identity.rules.chip.certificates import (
    Certificate,
    RevocationList,
    read_certificate,
    read_list,
    vouches,
)
from doorstep.systems.identity.rules.chip.der import PARSER_ERRORS, elements
from doorstep.systems.identity.rules.chip.findings import CONTENT, NOT_DER, TOO_LARGE

STATES_NEEDED = reason(
    "identity.trust_states",
    "For a state's own certificate say for which issuers it is trusted.",
    repair="Write the codes of the machine-readable lines, such as UTO: one to three capital letters each.",
)
STATES_OTHERS = reason(
    "identity.trust_states_others",
    "Only a state's own certificate is trusted for issuers of its own.",
    repair="Leave the issuers out: they are those of the certificate that vouches for this file.",
)
NO_TRUST_FILE = reason(
    "identity.trust_file_unreadable",
    "This is neither a certificate nor a list of revoked certificates.",
    repair="Choose a file in DER or PEM as the state publishes it.",
)


class FileKind(Code):
    """What a file of the trust store is."""

    STATE = "state", "Certificate of a state"
    LINK = "link", "Certificate that links to a newer one"
    SIGNER = "signer", "Certificate of a signer"
    REVOKED = "revoked", "List of revoked certificates"


class TrustedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read; `issuer` is a digest of the issuer's name.

    It is valid from `begins`, or a list is of that instant, up to `expires`, or when the next list is due.
    """

    kind: FileKind
    name: str
    content: bytes
    fingerprint: str
    issuer: str
    begins: datetime
    expires: datetime | None


def read_file(content: bytes) -> TrustedFile | Reason:
    """The file in DER, told apart by its content; why it is none of them."""
    certificate = read_certificate(content, "file")
    if isinstance(certificate, Certificate):
        term = certificate.not_before, certificate.not_after
        return _told(content, _kind(certificate), certificate.subject, certificate.issuer, term)
    listed = read_list(content, "file")
    if isinstance(listed, RevocationList):
        return _told(content, FileKind.REVOKED, listed.issuer, listed.issuer, (listed.updated, listed.next_update))
    unreadable = {CONTENT.code, NOT_DER.code, TOO_LARGE.code}
    return NO_TRUST_FILE("file") if certificate.code in unreadable else certificate


def _kind(certificate: Certificate) -> FileKind:
    if not certificate.authority:
        return FileKind.SIGNER
    own = certificate.subject == certificate.issuer and vouches(certificate, certificate)
    return FileKind.STATE if own else FileKind.LINK


def _told(
    content: bytes, kind: FileKind, name: bytes, issuer: bytes, term: tuple[datetime, datetime | None]
) -> TrustedFile:
    return TrustedFile(
        kind=kind,
        name=_readable(name),
        content=content,
        fingerprint=sha256(content).hexdigest(),
        issuer=sha256(issuer).hexdigest(),
        begins=term[0],
        expires=term[1],
    )


def _readable(name: bytes) -> str:
    """A name as people read it; the number of its parts where it cannot be spelled."""
    try:
        return str(x509.Name.load(name, strict=True).human_friendly)
    except PARSER_ERRORS:
        return f"{len(elements(elements(name)[0].content))} parts"


def check_states(file: TrustedFile, states: tuple[str, ...]) -> list[Reason]:
    """Whether issuers were named where, and only where, they are needed."""
    if file.kind is not FileKind.STATE:
        return [STATES_OTHERS("states")] if states else []
    fit = states and all(1 <= len(one) <= 3 and one.isascii() and one.isalpha() and one.isupper() for one in states)
    return [] if fit else [STATES_NEEDED("states")]
