"""Whatever a chip, a zone or a card's code holds, the answer is a verdict or reasons: no error, no waiting, no trust.

Files are changed blindly and in their structure (`mutations`), before and after they were signed, so that the changes
reach what stands behind the signature.
"""

from functools import cache
from hashlib import sha256
from random import Random

from doorstep.kernel.values.reasons import REASONS, Reason
from doorstep.systems.identity.rules.chip.certificates import read_certificate
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import ChipFiles, Outcome, authenticate
from doorstep.systems.identity.rules.chip.trust import build_trust
from doorstep.systems.identity.rules.mrz import Mrz, read_mrz, write_mrz
from doorstep.systems.identity.simulation.documents import (
    AT,
    YEAR,
    State,
    chip,
    explicit,
    groups,
    hash_list,
    private_key,
    signed,
    tlv,
    trust,
)
from doorstep.systems.identity.simulation.zones import DAY, zone
from doorstep.systems.identity.tests.mutations import LENGTHS, misread, mutated, run

KIND = tlv(0x06, bytes.fromhex("678108010101"))
SHA_256 = tlv(0x30, tlv(0x06, bytes.fromhex("608648016503040201")))
ALGORITHM = tlv(0x30, tlv(0x06, bytes.fromhex("2a8648ce3d040302")))


@cache
def scene() -> dict[str, object]:
    """A state, its signers and their chips, made once."""
    state = State()
    curve = private_key("brainpoolP256r1", "signer of UTO")
    signers = [
        state.signer(),
        state.signer("brainpoolP256r1", written=explicit(curve), period=(AT - 3 * YEAR, AT), document_types=("ID",)),
        state.signer("rsa2048"),
    ]
    chips = [
        chip(signers[0]),
        chip(signers[1], version=1),
        chip(signers[2], method="pss"),
        chip(signers[2], plain=True),
    ]
    lists = [state.revoke(7, 9), state.revoke()]
    return {"state": state, "trust": trust(state), "signers": signers, "chips": chips, "lists": lists}


def checked(files: ChipFiles) -> Outcome:
    outcome = authenticate(files, scene()["trust"], at=AT, day=DAY)
    assert isinstance(outcome.verdict, Verdict)
    assert (outcome.verdict is Verdict.AUTHENTIC) == (outcome.reasons == ())
    assert all(REASONS[one.code].text.format(**one.given) for one in (*outcome.reasons, *outcome.notes))
    return outcome


def changed_object(chance: Random) -> str:
    """A security object that was changed after signing is never authentic, unless what is not signed was changed."""
    good = chance.choice(scene()["chips"])
    outcome = checked(ChipFiles(mutated(good.security_object, chance), good.groups))
    if outcome.verdict is Verdict.AUTHENTIC:
        assert outcome.zone == zone()
        assert outcome.groups == {1, 2}
    return outcome.verdict.value


def changed_group(chance: Random) -> str:
    """A data group that was changed after signing is never authentic."""
    good = chance.choice(scene()["chips"])
    number = chance.choice((1, 2))
    file = mutated(good.groups[number], chance)
    outcome = checked(ChipFiles(good.security_object, {**good.groups, number: file}))
    assert outcome.verdict is (Verdict.AUTHENTIC if file == good.groups[number] else Verdict.ALTERED)
    return outcome.verdict.value


def resealed(content: bytes) -> bytes:
    """EF.SOD over any content with a good signature, without asn1crypto, whose encoder is slow."""
    signer = scene()["signers"][0]
    attribute = {
        "content_type": tlv(0x06, bytes.fromhex("2a864886f70d010903")) + tlv(0x31, KIND),
        "digest": tlv(0x06, bytes.fromhex("2a864886f70d010904")) + tlv(0x31, tlv(0x04, sha256(content).digest())),
    }
    attributes = b"".join(tlv(0x30, one) for one in attribute.values())
    signature = signed(signer.key, tlv(0x31, attributes))
    read = signer.certificate
    sid = tlv(0x30, read.issuer.dump() + read["tbs_certificate"]["serial_number"].dump())
    parts = (b"\x02\x01\x01", sid, SHA_256, tlv(0xA0, attributes), ALGORITHM, tlv(0x04, signature))
    inner = tlv(0x30, KIND + tlv(0xA0, tlv(0x04, content)))
    bag = tlv(0xA0, signer.encoded)
    data = b"\x02\x01\x03" + tlv(0x31, SHA_256) + inner + bag + tlv(0x31, tlv(0x30, b"".join(parts)))
    return tlv(0x77, tlv(0x30, tlv(0x06, bytes.fromhex("2a864886f70d010702")) + tlv(0xA0, tlv(0x30, data))))


def signed_list(chance: Random) -> str:
    """A list of hashes that is wrong but signed."""
    files = groups()
    return checked(
        ChipFiles(resealed(mutated(hash_list(files, version=chance.choice((0, 1))), chance)), files)
    ).verdict.value


def signed_zone(chance: Random) -> str:
    """A zone that is wrong but signed."""
    files = groups()
    files[1] = mutated(files[1], chance)
    return checked(ChipFiles(resealed(hash_list(files)), files)).verdict.value


def signed_certificate(chance: Random) -> str:
    """A signer's certificate that is wrong but signed by the state."""
    state, signer = scene()["state"], chance.choice(scene()["signers"])
    body = mutated(signer.certificate["tbs_certificate"].dump(), chance)
    encoded = tlv(0x30, body + ALGORITHM + tlv(0x03, b"\x00" + signed(state.key, body)))
    read = read_certificate(encoded, "signer")
    return read.code if isinstance(read, Reason) else "read"


def changed_trust(chance: Random) -> str:
    """Certificates and lists of a state as somebody might load them."""
    state = scene()["state"]
    listed = mutated(chance.choice(scene()["lists"]), chance)
    made = build_trust([state.anchor], links=[mutated(state.encoded, chance)], lists=[listed])
    return "taken" if not made.faults else made.faults[0].code


def any_zone(chance: Random) -> str:
    good = write_mrz(zone(size=chance.choice(("TD1", "TD3"))))
    read = read_mrz(misread(good, "ABO019<", chance), DAY)
    assert isinstance(read, Mrz) or read
    return "read" if isinstance(read, Mrz) else read[0].code


@LENGTHS
def test_any_chip_has_a_verdict(count):
    told = run((changed_object, changed_group, signed_list, signed_zone), count)
    assert told["changed_object: malformed"]
    assert told["changed_object: altered"]


@LENGTHS
def test_any_certificate_and_zone_is_read_or_has_reasons(count):
    told = run((signed_certificate, changed_trust, any_zone), count)
    assert told["signed_certificate: read"]
    assert told["any_zone: identity.mrz_check_digit"]
