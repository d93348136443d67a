"""Trust in states: certificates that were loaded, links from older to newer ones, and what cannot be used."""

from datetime import timedelta
from itertools import permutations

import pytest
from asn1crypto import core

from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.chip.passive import authenticate
from doorstep.systems.identity.rules.chip.signatures import Method, Policy, fits, read_key
from doorstep.systems.identity.rules.chip.trust import Anchor, build_trust
from doorstep.systems.identity.simulation.documents import AT, YEAR, State, chip, key_info, private_key, signed, trust
from doorstep.systems.identity.simulation.zones import DAY

OLD, NEW, NEWEST = (State(generation=n, begins=AT - (14 - n) * YEAR) for n in (11, 12, 13))


def verdict(state, trusted):
    return authenticate(chip(state.signer()), trusted, at=AT, day=DAY).verdict


def faults(trusted):
    return [(one.code.removeprefix("identity."), one.field, one.line) for one in trusted.faults]


def test_a_link_passes_trust_on():
    linked = trust(OLD, links=[OLD.link(NEW)])
    assert linked.faults == ()
    assert verdict(NEW, linked) is Verdict.AUTHENTIC
    assert verdict(NEW, trust(OLD)) is Verdict.UNKNOWN_SIGNER


@pytest.mark.parametrize("order", list(permutations((0, 1, 2))))
def test_links_come_in_any_order_with_the_newer_states_own_certificates(order):
    links = (OLD.link(NEW), NEW.link(NEWEST), NEWEST.encoded)
    linked = trust(OLD, links=[links[place] for place in order])
    assert linked.faults == ()
    assert verdict(NEWEST, linked) is Verdict.AUTHENTIC


def test_nobody_vouches_for_a_forgers_link():
    forger = State(generation=14)
    linked = trust(OLD, links=[forger.link(NEW), forger.encoded, OLD.link(NEW)])
    assert faults(linked) == [("link_unproven", "link", 1), ("link_unproven", "link", 2)]
    assert verdict(forger, linked) is Verdict.UNKNOWN_SIGNER
    assert verdict(NEW, linked) is Verdict.AUTHENTIC


def test_a_link_outlives_the_certificate_that_vouched_for_it():
    past = State(generation=15, begins=AT - 9 * YEAR, ends=AT - YEAR)
    assert verdict(NEW, trust(past, links=[past.link(NEW, begins=AT - 2 * YEAR)])) is Verdict.AUTHENTIC
    late = trust(past, links=[past.link(NEW, begins=AT - YEAR + timedelta(days=1))])
    assert faults(late) == [("link_unproven", "link", 1)]


def test_a_revoked_link_passes_nothing_on():
    linked = build_trust([OLD.anchor], links=[OLD.link(NEW)], lists=[OLD.revoke(99)])
    assert faults(linked) == [("link_unproven", "link", 1)]


def test_a_link_is_held_to_the_policy():
    link = OLD.link(NEW, hash_name="sha1")
    assert faults(build_trust([OLD.anchor], links=[link])) == [("link_unproven", "link", 1)]
    assert build_trust([OLD.anchor], links=[link], policy=Policy(sha1=True)).faults == ()


def test_a_link_gives_no_more_than_its_source_has():
    linked = build_trust([Anchor(OLD.encoded, frozenset({"XTO"}))], links=[OLD.link(NEW)])
    assert verdict(NEW, linked) is Verdict.INTEGRITY_ONLY


def test_the_newer_states_list_is_proven_by_the_linked_key():
    linked = build_trust([OLD.anchor], links=[OLD.link(NEW)], lists=[NEW.revoke(7)])
    assert linked.faults == ()
    assert verdict(NEW, linked) is Verdict.REVOKED


CRITICAL = {"extn_id": "1.2.3.4", "critical": True, "extn_value": core.ParsableOctetString(b"\x05\x00")}
PARTIAL = {"extn_id": "2.5.29.28", "critical": True, "extn_value": core.ParsableOctetString(b"\x30\x00")}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"authority": False}, "certificate_unfit"),
        ({"usage": frozenset({"crl_sign"})}, "certificate_unfit"),
        ({"usage": None}, "certificate_unfit"),
        ({"more": (CRITICAL,)}, "certificate_unfit"),
    ],
)
def test_a_certificate_that_may_not_sign_others(options, code):
    state = State(generation=16, **options)
    trusted = build_trust([OLD.anchor, state.anchor])
    assert faults(trusted) == [(code, "anchor", 2)]
    assert [one.states for one in trusted.authorities] == [{"UTO"}]


def test_files_that_cannot_be_read_are_named():
    junk = Anchor(b"junk", frozenset({"UTO"}))
    trusted = build_trust(
        [junk, OLD.anchor], links=[b""], signers=[OLD.signer().encoded, b"x"], lists=[OLD.revoke()[:-1]]
    )
    assert sorted(faults(trusted), key=str) == [
        ("chip_file_encoding", "anchor", 1),
        ("chip_file_encoding", "link", 1),
        ("chip_file_encoding", "list", 1),
        ("chip_file_encoding", "signer", 2),
    ]
    assert len(trusted.signers) == 1


def test_a_partial_list_is_not_taken():
    trusted = build_trust([OLD.anchor], lists=[OLD.revoke(more=(PARTIAL,))])
    assert faults(trusted) == [("chip_file_content", "list", 1)]


def test_a_key_verifies_only_what_it_is_for():
    rsa, curve = private_key("rsa2048", "methods"), private_key("secp256r1", "methods")
    sha256 = "2.16.840.1.101.3.4.2.1"
    pkcs1, pss, ecdsa = Method("pkcs1", sha256), Method("pss", sha256, sha256, 32), Method("ecdsa", sha256)
    keys = {"rsa": read_key(key_info(rsa), ""), "curve": read_key(key_info(curve), "")}
    restricted = key_info(rsa)
    restricted["algorithm"] = {"algorithm": "rsassa_pss"}
    keys["pss"] = read_key(restricted, "")
    made = {"pkcs1": signed(rsa, b"m"), "pss": signed(rsa, b"m", method="pss"), "ecdsa": signed(curve, b"m")}
    found = {
        (key, name)
        for key, public in keys.items()
        for name, method in (("pkcs1", pkcs1), ("pss", pss), ("ecdsa", ecdsa))
        if fits(method, public, made[name], b"m")
    }
    assert found == {("rsa", "pkcs1"), ("rsa", "pss"), ("pss", "pss"), ("curve", "ecdsa")}
    assert not fits(pkcs1, keys["rsa"], made["pkcs1"], b"n")
