"""What the check of a chip can find, and the verdict that each finding leads to."""

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.reasons import ReasonKind, reason

READ_AGAIN = "Read the chip again; if it stays so, do not rely on the document and have it examined."
EXAMINE = "Do not rely on the document, and have it examined."
LOAD = "Ask those who look after the list of trusted states to load the state's newest certificates."
OTHER_FILE = "Ask the issuing state for the file again."


class Verdict(Code):
    """The answer about a chip, the worst first."""

    MALFORMED = "malformed", "Unreadable: the chip's files are not built as the standard demands"
    ALTERED = "altered", "Altered: the data are not those that were signed"
    INCOMPLETE = "incomplete", "Incomplete: a data group that is needed was not read"
    WEAK = "weak", "Not proven: the cryptography is too weak or not known"
    UNKNOWN_SIGNER = "unknown_signer", "Not proven: whoever signed is not known to the issuing state"
    REVOKED = "revoked", "Not proven: the signer's certificate was revoked"
    EXPIRED = "expired", "Not proven: a certificate is not valid on this day"
    INTEGRITY_ONLY = "integrity_only", "Unaltered, but not proven who issued it"
    AUTHENTIC = "authentic", "Authentic: issued by the state and unaltered"


TOO_LARGE = reason("identity.chip_file_too_large", "A file of the chip is larger than {most} bytes.", repair=READ_AGAIN)
NOT_DER = reason(
    "identity.chip_file_encoding", "A file of the chip is not encoded as the standard demands.", repair=READ_AGAIN
)
CONTENT = reason(
    "identity.chip_file_content", "A file of the chip does not hold what the standard demands.", repair=READ_AGAIN
)
GROUP_TWICE = reason(
    "identity.chip_group_twice", "The chip's signed list names data group {number} twice.", repair=EXAMINE
)
SIGNATURE_WRONG = reason(
    "identity.chip_signature_wrong", "The signature does not fit the chip's list of data groups.", repair=EXAMINE
)
GROUP_ALTERED = reason(
    "identity.chip_group_altered", "Data group {number} is not the one that was signed.", repair=READ_AGAIN
)
GROUP_UNLISTED = reason(
    "identity.chip_group_unlisted", "Data group {number} is not among those that were signed.", repair=EXAMINE
)
GROUP_MISSING = reason(
    "identity.chip_group_missing", "Data group {number} was not read.", repair="Read the chip again."
)
HASH_WEAK = reason(
    "identity.chip_hash_weak",
    "The chip's data are secured with {name}, which can be forged.",
    repair="Ask for another document, or check this one by its printed features.",
)
KEY_WEAK = reason(
    "identity.chip_key_weak",
    "The chip's data are secured with a key of {bits} bits, which is not accepted here.",
    repair="Ask for another document, or check this one by its printed features.",
)
METHOD_UNKNOWN = reason(
    "identity.chip_method_unknown",
    "The chip's data are secured by a method that the standard does not have.",
    repair=EXAMINE,
)
CURVE_UNKNOWN = reason(
    "identity.chip_curve_unknown",
    "The chip's data are secured with an elliptic curve that is not accepted here.",
    repair=EXAMINE,
)
SIGNER_MISSING = reason(
    "identity.chip_signer_missing", "The signer's certificate is neither on the chip nor known here.", repair=LOAD
)
SIGNER_UNKNOWN = reason(
    "identity.chip_signer_unknown",
    "None of the certificates of {state} that are known here vouches for the signer.",
    repair=LOAD,
)
SIGNER_PURPOSE = reason(
    "identity.chip_signer_purpose", "The signer's certificate is not one for signing such documents.", repair=EXAMINE
)
SIGNER_REVOKED = reason(
    "identity.chip_signer_revoked", "The issuing state has revoked the signer's certificate.", repair=EXAMINE
)
SIGNER_EXPIRED = reason(
    "identity.chip_signer_expired",
    "The signer's certificate is not valid on this day.",
    repair="Ask for a document that is valid today.",
)
SIGNED_OUTSIDE = reason(
    "identity.chip_signed_outside",
    "The chip's data were signed at a time when the signer's certificate did not allow it.",
    repair=EXAMINE,
)
STATE_EXPIRED = reason(
    "identity.chip_state_expired", "The certificate of {state} is not valid on this day.", repair=LOAD
)
STATE_UNKNOWN = reason(
    "identity.chip_state_unknown",
    "No certificate of {state} is known here, so that it stays open who issued the document.",
    repair=LOAD,
)
NO_REVOCATION_LIST = reason(
    "identity.chip_no_revocation_list",
    "It stays open whether {state} has revoked the signer's certificate: there is no list that is valid today.",
    repair="Ask those who look after the list of trusted states to load the state's newest list of revoked certificates.",
)
CERTIFICATE_UNFIT = reason(
    "identity.certificate_unfit",
    "This is no certificate of a state that signs for document signers.",
    repair=OTHER_FILE,
)
LINK_UNPROVEN = reason(
    "identity.link_unproven",
    "No trusted certificate vouches for this one.",
    repair="Load the state's older certificate first.",
)
LIST_UNPROVEN = reason(
    "identity.revocation_list_unproven",
    "No trusted certificate vouches for this list of revoked certificates.",
    repair=OTHER_FILE,
)

_LEADS_TO: dict[Verdict, tuple[ReasonKind, ...]] = {
    Verdict.MALFORMED: (TOO_LARGE, NOT_DER, CONTENT, GROUP_TWICE),
    Verdict.ALTERED: (SIGNATURE_WRONG, GROUP_ALTERED, GROUP_UNLISTED),
    Verdict.INCOMPLETE: (GROUP_MISSING,),
    Verdict.WEAK: (HASH_WEAK, KEY_WEAK, METHOD_UNKNOWN, CURVE_UNKNOWN),
    Verdict.UNKNOWN_SIGNER: (SIGNER_MISSING, SIGNER_UNKNOWN, SIGNER_PURPOSE),
    Verdict.REVOKED: (SIGNER_REVOKED,),
    Verdict.EXPIRED: (SIGNER_EXPIRED, SIGNED_OUTSIDE, STATE_EXPIRED),
    Verdict.INTEGRITY_ONLY: (STATE_UNKNOWN,),
}
VERDICTS: dict[str, Verdict] = {kind.code: verdict for verdict, kinds in _LEADS_TO.items() for kind in kinds}
"""The verdict by a reason's code; reasons against the content of a signed group are not here."""
