"""Passive authentication of chips that made-up states issue: what is authentic, and what each forgery is called."""

from datetime import timedelta

import msgspec
import pytest
from asn1crypto import core, keys

from doorstep.kernel.values.reasons import REASONS
from doorstep.systems.identity.rules.chip.certificates import read_certificate
from doorstep.systems.identity.rules.chip.curves import CURVES, Parameters
from doorstep.systems.identity.rules.chip.findings import VERDICTS, Verdict
from doorstep.systems.identity.rules.chip.passive import LARGEST_GROUP, ChipFiles, authenticate
from doorstep.systems.identity.rules.chip.signatures import Policy
from doorstep.systems.identity.rules.chip.trust import Trust
from doorstep.systems.identity.simulation.documents import (
    AT,
    ISSUED,
    YEAR,
    Signer,
    State,
    certificate,
    chip,
    explicit,
    groups,
    hash_list,
    private_key,
    security_object,
    tlv,
    trust,
    written_out,
    zone_file,
)
from doorstep.systems.identity.simulation.zones import DAY, zone

STATE = State()
TRUST = trust(STATE)


def check(files, trusted=TRUST, **options):
    return authenticate(files, trusted, **{"at": AT, "day": DAY, **options})


def told(outcome):
    """The verdict and the last parts of the reasons' codes."""
    return outcome.verdict.value, [one.code.partition("_")[2] for one in outcome.reasons]


def notes(outcome):
    return [one.code.partition("_")[2] for one in outcome.notes]


def test_an_authentic_chip_says_what_was_read_and_by_whom_it_was_signed():
    signer = STATE.signer()
    outcome = check(chip(signer))
    assert (outcome.verdict, outcome.reasons, outcome.notes) == (Verdict.AUTHENTIC, (), ())
    assert (outcome.zone, outcome.groups, outcome.signed_at) == (zone(), {1, 2}, ISSUED)
    assert outcome.signer == read_certificate(signer.encoded, "").fingerprint
    assert outcome.state == read_certificate(STATE.encoded, "").fingerprint


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rsa2048", {}),
        ("rsa2048", {"plain": True}),
        ("rsa2048", {"method": "pss"}),
        ("rsa3072", {"method": "pss", "hash_name": "sha512", "salt": 64}),
        ("rsa2048", {"method": "pss", "salt": 0}),
        ("secp224r1", {"hash_name": "sha224"}),
        ("secp256r1", {"at": None}),
        ("secp384r1", {"hash_name": "sha384"}),
        ("secp521r1", {"hash_name": "sha512"}),
        ("brainpoolP256r1", {"by_key": True}),
        ("brainpoolP384r1", {"hash_name": "sha384"}),
        ("brainpoolP512r1", {"hash_name": "sha512"}),
    ],
)
def test_every_method_of_the_standard(version, kind, options):
    group_hash = options.get("hash_name", "sha256")
    assert told(check(chip(STATE.signer(kind), version=version, group_hash=group_hash, **options))) == ("authentic", [])


@pytest.mark.parametrize("kind", ["rsa3072", "brainpoolP384r1", "secp521r1"])
@pytest.mark.parametrize("method", [None, "pss"])
def test_every_method_of_a_state(kind, method):
    if method and not kind.startswith("rsa"):
        method = None
    state = State(kind, generation=3, method=method, hash_name="sha512")
    assert told(check(chip(state.signer(method=method, hash_name="sha384")), trust(state))) == ("authentic", [])


CURVES_BY_NAME = {curve.name: numbers for curve, numbers in CURVES.values()}


@pytest.mark.parametrize("name", CURVES_BY_NAME)
@pytest.mark.parametrize("cofactor", [1, None])
def test_a_curve_may_be_written_out(name, cofactor):
    signer = STATE.signer(name, written=written_out(CURVES_BY_NAME[name], cofactor=cofactor))
    assert told(check(chip(signer))) == ("authentic", [])


@pytest.mark.parametrize("number", Parameters._fields)
@pytest.mark.parametrize("name", ["secp256r1", "brainpoolP384r1"])
def test_a_curve_that_differs_in_one_number_is_not_trusted(name, number):
    numbers = CURVES_BY_NAME[name]
    other = numbers._replace(**{number: getattr(numbers, number) + 2})
    assert told(check(chip(STATE.signer(name, written=written_out(other))))) == ("weak", ["curve_unknown"])


def test_a_generator_that_fits_a_known_public_key_is_not_trusted():
    key = private_key("secp256r1", "signer of UTO")
    point = key.public_key().public_numbers()
    chosen = CURVES_BY_NAME["secp256r1"]._replace(x=point.x, y=point.y)  # the public key of the secret 1
    assert told(check(chip(STATE.signer(written=written_out(chosen))))) == ("weak", ["curve_unknown"])


@pytest.mark.parametrize("change", ["cofactor", "field", "point"])
def test_other_ways_to_write_a_curve_are_not_trusted(change):
    written = written_out(CURVES_BY_NAME["secp256r1"], cofactor=2 if change == "cofactor" else 1)
    if change == "field":
        written["field_id"] = keys.FieldID(
            {
                "field_type": "characteristic_two_field",
                "parameters": {"m": 5, "basis": "1.2.840.10045.1.2.3.1", "parameters": core.Null()},
            }
        )
    if change == "point":
        written["base"] = b"\x02" + written["base"].native[1:33]
    assert told(check(chip(STATE.signer(written=written)))) == ("weak", ["curve_unknown"])


def forged():
    """Groups of another person."""
    return groups(surname="FORGER", given_names="FELIX", number="X00000000")


def test_a_forger_who_signs_for_himself_is_unknown():
    key = private_key("secp256r1", "forger")
    encoded = certificate(key, key, subject="Document signer", issuer="Document signer")
    assert told(check(chip(Signer(key, encoded), forged()))) == ("unknown_signer", ["signer_unknown"])


def test_a_forger_who_names_the_state_is_unknown():
    """With the state's name and its key's identifier in a certificate that the forger's own key signed."""
    forger = State(generation=9)
    forger.name, key = STATE.name, forger.key
    signer = forger.signer()
    named = certificate(signer.key, key, subject="Document signer", issuer=STATE.name, keys_named=False)
    assert told(check(chip(Signer(signer.key, named), forged()))) == ("unknown_signer", ["signer_unknown"])
    aki = {"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": state_key_id()}}
    named = certificate(signer.key, key, subject="x", issuer=STATE.name, keys_named=False, more=(aki,))
    assert told(check(chip(Signer(signer.key, named), forged()))) == ("unknown_signer", ["signer_unknown"])


def state_key_id():
    return read_certificate(STATE.encoded, "").own_key


def test_the_states_signer_with_a_forgers_signature():
    signer, forger = STATE.signer(), private_key("secp256r1", "forger")
    stolen = Signer(forger, signer.encoded)
    assert told(check(chip(stolen, forged()))) == ("altered", ["signature_wrong"])


def test_a_list_that_the_signature_is_not_over():
    signer, good = STATE.signer(), hash_list(groups())
    other = security_object(hash_list(forged()), signer).replace(hash_list(forged()), good)
    outcome = check(ChipFiles(other, groups()))
    assert told(outcome) == ("altered", ["signature_wrong"])
    assert (outcome.groups, outcome.zone) == (frozenset(), None)


def test_a_swapped_group_is_named():
    good = chip(STATE.signer())
    outcome = check(ChipFiles(good.security_object, {**good.groups, 2: tlv(0x75, b"another face")}))
    assert told(outcome) == ("altered", ["group_altered"])
    assert (outcome.reasons[0].field, outcome.reasons[0].given, outcome.groups) == ("dg2", {"number": 2}, {1})
    both = check(ChipFiles(good.security_object, {1: forged()[1], 2: b""}))
    assert [one.given["number"] for one in both.reasons] == [1, 2]
    assert both.zone is None


def test_a_group_that_was_never_signed():
    good = chip(STATE.signer())
    outcome = check(ChipFiles(good.security_object, {**good.groups, 13: tlv(0x6D, b"")}))
    assert told(outcome) == ("altered", ["group_unlisted"])
    assert outcome.groups == {1, 2}


def test_groups_that_were_not_read():
    good = chip(STATE.signer())
    assert told(check(ChipFiles(good.security_object, {2: good.groups[2]}))) == ("incomplete", ["group_missing"])
    only = ChipFiles(good.security_object, {1: good.groups[1]})
    assert told(check(only)) == ("authentic", [])
    assert told(check(only, policy=Policy(groups=frozenset({1, 2})))) == ("incomplete", ["group_missing"])
    assert told(check(ChipFiles(good.security_object, {}), policy=Policy(groups=frozenset())))[0] == "incomplete"


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        ({"ends": AT - timedelta(seconds=1)}, ["signer_expired"]),
        ({"begins": AT + timedelta(seconds=1)}, ["signer_expired", "signed_outside"]),
        ({"begins": ISSUED + timedelta(seconds=1)}, ["signed_outside"]),
        ({"period": (None, ISSUED - timedelta(seconds=1))}, ["signed_outside"]),
        ({"period": (ISSUED + timedelta(seconds=1), None)}, ["signed_outside"]),
        ({"period": (ISSUED, ISSUED)}, []),
        ({"ends": AT, "begins": ISSUED}, []),
        ({"ends": AT + 40 * YEAR}, []),
    ],
)
def test_when_a_signer_is_valid(options, reasons):
    assert told(check(chip(STATE.signer(**options)))) == ("expired" if reasons else "authentic", reasons)


def test_nothing_is_signed_in_the_future():
    assert told(check(chip(STATE.signer(), at=AT + timedelta(seconds=1)))) == ("expired", ["signed_outside"])


def test_without_a_signing_time_only_today_counts():
    signer = STATE.signer(period=(None, AT - YEAR), begins=AT - YEAR)
    assert told(check(chip(signer, at=None))) == ("authentic", [])


def test_a_state_whose_certificate_has_expired():
    state = State(generation=4, ends=AT - timedelta(days=1))
    assert told(check(chip(state.signer()), trust(state))) == ("expired", ["state_expired"])


EXTENDED = {"extn_id": "extended_key_usage", "critical": True, "extn_value": ["2.23.136.1.1.3"]}
STRANGE = {"extn_id": "1.2.3.4", "critical": True, "extn_value": core.ParsableOctetString(b"\x05\x00")}
HARMLESS = {"extn_id": "1.2.3.4", "critical": False, "extn_value": core.ParsableOctetString(b"\x05\x00")}


@pytest.mark.parametrize(
    ("options", "fit"),
    [
        ({"usage": frozenset({"digital_signature", "non_repudiation"})}, True),
        ({"usage": frozenset({"key_encipherment"})}, False),
        ({"usage": None}, False),
        ({"authority": True, "usage": frozenset({"digital_signature", "key_cert_sign"})}, False),
        ({"more": (EXTENDED,)}, False),  # a signer of lists of states' certificates
        ({"more": (STRANGE,)}, False),
        ({"more": (HARMLESS,)}, True),
        ({"document_types": ("ID",)}, True),
        ({"document_types": ("P", "I")}, True),
        ({"document_types": ("P", "IP")}, False),
    ],
)
def test_what_a_signer_may_sign(options, fit):
    expected = ("authentic", []) if fit else ("unknown_signer", ["signer_purpose"])
    assert told(check(chip(STATE.signer(**options)))) == expected


def test_document_types_in_another_form_bound_nothing():
    for content in (b"P", b"\x30\x80", tlv(0x30, tlv(0x02, b"\x00"))):
        more = {"extn_id": "2.23.136.1.1.6.2", "extn_value": core.ParsableOctetString(content)}
        assert told(check(chip(STATE.signer(more=(more,))))) == ("authentic", [])


def test_a_signer_that_the_state_revoked():
    revoked = trust(STATE, lists=[STATE.revoke(), STATE.revoke(7)])
    assert told(check(chip(STATE.signer(serial=7)), revoked)) == ("revoked", ["signer_revoked"])
    assert told(check(chip(STATE.signer(serial=8)), revoked)) == ("authentic", [])


def test_a_list_of_revoked_signers_must_be_the_states_own():
    other = trust(STATE, lists=[STATE.revoke(7, by=private_key("secp256r1", "forger"))])
    outcome = check(chip(STATE.signer()), other)
    assert (told(outcome), notes(outcome)) == (("authentic", []), ["no_revocation_list"])
    assert [(one.code, one.line) for one in other.faults] == [("identity.revocation_list_unproven", 1)]


@pytest.mark.parametrize(
    ("at", "due", "revoked", "current"),
    [
        (AT - timedelta(days=90), AT - timedelta(days=1), True, False),
        (AT + timedelta(days=1), AT + timedelta(days=9), False, False),
        (AT, AT, True, True),
        (AT - timedelta(days=900), None, True, True),
    ],
)
def test_old_lists_still_revoke_and_future_ones_are_not_known(at, due, revoked, current):
    trusted = trust(STATE, lists=[STATE.revoke(7, at=at, due=due)])
    outcome = check(chip(STATE.signer()), trusted)
    assert outcome.verdict is (Verdict.REVOKED if revoked else Verdict.AUTHENTIC)
    assert notes(outcome) == ([] if current else ["no_revocation_list"])


def test_without_the_states_certificate_only_integrity_is_proven():
    outcome = check(chip(STATE.signer()), Trust())
    assert told(outcome) == ("integrity_only", ["state_unknown"])
    assert outcome.reasons[0].given == {"state": "UTO"}
    assert outcome.groups == {1, 2}


def test_a_trusted_state_cannot_issue_documents_of_another():
    other = State(code="XTO", generation=5)
    files = groups(issuer="XTO")
    assert told(check(chip(STATE.signer(), files))) == ("integrity_only", ["state_unknown"])
    assert told(check(chip(STATE.signer(), files), trust(STATE, other))) == ("unknown_signer", ["signer_unknown"])
    assert told(check(chip(other.signer(), files), trust(STATE, other))) == ("authentic", [])


@pytest.mark.parametrize("where", ["groups", "signature", "certificate"])
def test_sha_1_is_refused_or_noted(where):
    signer = STATE.signer(hash_name="sha1" if where == "certificate" else "sha256")
    options = {"hash_name": "sha1"} if where == "signature" else {}
    weak = chip(signer, group_hash="sha1" if where == "groups" else "sha256", **options)
    assert told(check(weak)) == ("weak", ["hash_weak"])
    taken = check(weak, policy=Policy(sha1=True))
    assert (told(taken), notes(taken)) == (("authentic", []), ["hash_weak"])


def test_short_keys_are_refused():
    assert told(check(chip(STATE.signer("rsa1024")))) == ("weak", ["key_weak"])
    assert told(check(chip(STATE.signer("rsa1024")), policy=Policy(least_rsa=1024))) == ("authentic", [])
    assert told(check(chip(STATE.signer("secp224r1")), policy=Policy(least_ec=256))) == ("weak", ["key_weak"])
    assert told(check(chip(STATE.signer("p192")))) == ("weak", ["curve_unknown"])
    state = State("rsa1024", generation=6)
    assert told(check(chip(state.signer()), trust(state))) == ("weak", ["key_weak"])


def test_a_signer_who_is_known_here_need_not_be_on_the_chip():
    signer = STATE.signer()
    bare = chip(signer, certificates=[])
    assert told(check(bare)) == ("unknown_signer", ["signer_missing"])
    assert told(check(bare, trust(STATE, signers=[signer.encoded]))) == ("authentic", [])
    other = STATE.signer("rsa2048", serial=8)
    assert told(check(chip(signer, certificates=[other.encoded, signer.encoded]))) == ("authentic", [])
    assert told(check(chip(signer, certificates=[other.encoded]))) == ("unknown_signer", ["signer_missing"])


CONTENT_TYPE = {"type": "content_type", "values": ["2.23.136.1.1.1"]}
DIGEST = {"type": "message_digest", "values": [bytes(32)]}
GOOD = groups()
LIST = hash_list(GOOD)
PAIRS = [(1, bytes(32)), (2, bytes(32))]


@pytest.mark.parametrize(
    "options",
    {
        "no attributes": {"attributes": []},
        "no content type": {"attributes": [DIGEST]},
        "no digest": {"attributes": [CONTENT_TYPE]},
        "an attribute twice": {"attributes": [CONTENT_TYPE, DIGEST, DIGEST]},
        "an attribute with two values": {"attributes": [CONTENT_TYPE, {**DIGEST, "values": [b"1", b"2"]}]},
        "an attribute of another content": {"attributes": [{**CONTENT_TYPE, "values": ["data"]}, DIGEST]},
        "another content": {"kind": "1.3.27.1.1.1"},
        "two signers": {"signers": 2},
        "no signer": {"signers": 0},
        "nine certificates": {"certificates": [STATE.encoded] * 9},
    }.values(),
)
def test_a_signature_in_another_form_is_malformed(options):
    assert told(check(ChipFiles(security_object(LIST, STATE.signer(), **options), GOOD))) == (
        "malformed",
        ["file_content"],
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    {
        "a group twice": (hash_list({}, pairs=[*PAIRS, (2, b"x" * 32)]), "group_twice"),
        "group 17": (hash_list({}, pairs=[*PAIRS, (17, bytes(32))]), "file_content"),
        "group 0": (hash_list({}, pairs=[*PAIRS, (0, bytes(32))]), "file_content"),
        "a negative group": (hash_list({}, pairs=[*PAIRS, (-1, bytes(32))]), "file_content"),
        "an endless number twice": (hash_list({}, pairs=[*PAIRS, *[(2**40_000, bytes(32))] * 2]), "file_content"),
        "a short hash": (hash_list({}, pairs=[(1, bytes(32)), (2, bytes(31))]), "file_content"),
        "hashes of another length": (hash_list({}, pairs=[(1, bytes(20)), (2, bytes(20))]), "file_content"),
        "version 2": (hash_list(GOOD, version=2), "file_content"),
        "no groups": (LIST[:2] + LIST[2:].replace(LIST[-72:], b""), "file_encoding"),
        "trailing bytes": (LIST + b"\x00", "file_encoding"),
        "another thing": (b"\x02\x01\x01", "file_content"),
        "nothing": (b"", "file_encoding"),
        "an unknown hash": (LIST.replace(bytes.fromhex("0402"), bytes.fromhex("0407"), 1), "method_unknown"),
    }.values(),
)
def test_a_signed_list_in_another_form_is_malformed(content, reason):
    outcome = check(ChipFiles(security_object(content, STATE.signer()), GOOD))
    assert told(outcome) == (VERDICTS[f"identity.chip_{reason}"], [reason])


def deep(depth):
    content = b"\x05\x00"
    for _ in range(depth):
        content = tlv(0x30, content)
    return tlv(0x77, content)


OBJECT = chip(STATE.signer()).security_object


@pytest.mark.parametrize(
    ("file", "reason"),
    {
        "nothing": (b"", "file_encoding"),
        "another file": (b"\x60" + OBJECT[1:], "file_content"),
        "no signed data": (tlv(0x77, tlv(0x30, b"")), "file_content"),
        "a null": (tlv(0x77, b"\x05\x00"), "file_content"),
        "two objects": (tlv(0x77, OBJECT[4:] * 2), "file_content"),
        "trailing bytes": (OBJECT + b"\x00", "file_encoding"),
        "padding of the file": (OBJECT + b"\xff" * 100, "file_encoding"),
        "cut off": (OBJECT[:-1], "file_encoding"),
        "indefinite lengths": (b"\x77\x80" + OBJECT[4:] + b"\x00\x00", "file_encoding"),
        "indefinite inside": (tlv(0x77, b"\x30\x80" + OBJECT[8:] + b"\x00\x00"), "file_encoding"),
        "huge lengths": (b"\x77\x84\xff\xff\xff\xff" + OBJECT[4:], "file_encoding"),
        "deep nesting": (deep(30), "file_encoding"),
        "deepest nesting": (deep(5000), "file_encoding"),
        "too large": (tlv(0x77, bytes(70_000)), "file_too_large"),
    }.values(),
)
def test_a_security_object_in_another_form_is_malformed(file, reason):
    outcome = check(ChipFiles(file, GOOD))
    assert told(outcome) == ("malformed", [reason])
    assert (outcome.zone, outcome.groups, outcome.signer) == (None, frozenset(), "")


def test_deep_nesting_inside_an_extension_is_malformed():
    content = core.ParsableOctetString(deep(3000))
    signer = STATE.signer(
        more=({"extn_id": "2.5.29.99", "extn_value": content},),
        edit=lambda body: body.replace(b"\x55\x1d\x63", b"\x55\x1d\x13"),  # basic constraints
    )
    assert told(check(chip(signer))) == ("malformed", ["file_content"])


@pytest.mark.parametrize("number", [0, 17, -1])
def test_there_are_sixteen_groups(number):
    assert told(check(ChipFiles(OBJECT, {**GOOD, number: b""}))) == ("malformed", ["file_content"])


def test_a_group_has_a_largest_size():
    outcome = check(ChipFiles(OBJECT, {**GOOD, 2: bytes(LARGEST_GROUP + 1)}))
    assert told(outcome) == ("malformed", ["file_too_large"])


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (zone_file("<" * 90), "identity.mrz_check_digit"),
        (zone_file("A" * 72), "identity.mrz_shape"),
        (GOOD[1].replace(b"ERIKSSON", b"ER1KSSON"), "identity.mrz_characters"),
        (GOOD[1].replace(b"D231", b"D232"), "identity.mrz_check_digit"),
        (tlv(0x61, tlv(0x5F1F, b"\xc4" * 90)), "identity.chip_file_content"),
        (tlv(0x75, GOOD[1][2:]), "identity.chip_file_content"),
        (tlv(0x61, b""), "identity.chip_file_content"),
        (GOOD[1] + b"\x00", "identity.chip_file_encoding"),
        (tlv(0x61, tlv(0x5F1F, bytes(300))), "identity.chip_file_too_large"),
    ],
)
def test_a_signed_zone_that_is_none(file, code):
    outcome = check(chip(STATE.signer(), {**GOOD, 1: file}))
    assert (outcome.verdict, outcome.reasons[0].code) == (Verdict.MALFORMED, code)
    assert outcome.zone is None


def test_the_worst_finding_is_the_verdict():
    signer = STATE.signer(ends=AT - timedelta(days=1), usage=None)
    bad = ChipFiles(chip(signer, group_hash="sha1").security_object, {**GOOD, 2: b""})
    assert told(check(bad)) == ("altered", ["group_altered", "hash_weak", "signer_expired", "signer_purpose"])


def test_every_finding_leads_somewhere():
    findings = {code for code in REASONS if code.startswith("identity.chip_")} - {"identity.chip_no_revocation_list"}
    assert findings == set(VERDICTS)
    assert set(VERDICTS.values()) == set(Verdict) - {Verdict.AUTHENTIC}


def test_an_explicit_state_as_the_standard_asks():
    """9303-12 section 4.1.6: curves are written out."""
    key = private_key("brainpoolP256r1", "CSCA of UTO 8")
    state = State("brainpoolP256r1", generation=8, written=explicit(key))
    signer = state.signer(written=explicit(private_key("secp256r1", "signer of UTO")))
    assert told(check(chip(signer), trust(state))) == ("authentic", [])


def test_reasons_name_nobody():
    bad = check(ChipFiles(OBJECT, {1: GOOD[1], 2: b""}))
    assert "ERIKSSON" not in msgspec.json.encode([*bad.reasons, *bad.notes]).decode()
