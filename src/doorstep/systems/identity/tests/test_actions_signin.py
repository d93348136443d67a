"""Signing in on PostgreSQL: who is let in, at which level, and what a refusal leaves behind."""

from datetime import timedelta

import pytest
from django.db import connection

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.keys import derived
from doorstep.kernel.store.models import FactBatch, JournalEntry, JournalSubject, Notice
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, NotFound, Refused
from doorstep.systems.identity.actions import signin
from doorstep.systems.identity.actions.signin import VISITOR
from doorstep.systems.identity.models import OneTimeCode, Passkey, RefusedSignIn
from doorstep.systems.identity.rules import passkeys
from doorstep.systems.identity.rules.causes import Cause
from doorstep.systems.identity.simulation.passkeys import challenge_of
from doorstep.systems.identity.tests.builders import (
    AT,
    NUMBER,
    PARTY,
    PASSCODE,
    PASSWORD,
    account,
    device,
    eid,
    person,
    person_actor,
)

pytestmark = pytest.mark.django_db
BY = By(VISITOR, AT)


def cause_of(attempt) -> str:
    assert attempt.actor is None
    return RefusedSignIn.objects.get(reference=attempt.reference).cause


def begun():
    """The passcode was right: the account's subject, and the code that was sent."""
    subject = signin.begin_with_passcode(BY, NUMBER, PASSCODE)
    return subject, Notice.objects.latest("id").given["code"]


def passkey_answer(made, at=AT, origin=PARTY.origins[0]):
    return made.use(passkeys.request_options(PARTY, passkeys.new_challenge(derived("passkeys"), at)), origin)


def test_a_password_lets_in_at_level_one():
    account()
    attempt = signin.sign_in_with_password(BY, f" {NUMBER[:6]} {NUMBER[6:]} ", PASSWORD)
    assert (attempt.actor.subject, attempt.actor.level, attempt.methods) == ("account:lan", 1, ("pwd",))
    assert "identity.person" in attempt.actor.roles
    assert JournalSubject.objects.get().subject == f"national_id:VN:{NUMBER}"


def test_the_first_sign_in_counts_once():
    account()
    for _ in range(3):
        signin.sign_in_with_password(BY, NUMBER, PASSWORD)
    assert [batch.kind for batch in FactBatch.objects.all()] == ["identity.portal_entered"]


@pytest.mark.parametrize(
    ("changes", "secret", "cause"),
    [
        ({}, "Wrong-Horse7", Cause.SECRET),
        ({"password": ""}, "", Cause.SECRET),
        ({"locked": AT}, PASSWORD, Cause.LOCKED),
    ],
)
def test_who_is_refused_gets_a_reference_and_the_help_desk_the_cause(changes, secret, cause):
    account(**changes)
    attempt = signin.sign_in_with_password(BY, NUMBER, secret)
    assert cause_of(attempt) == cause
    assert attempt.reference in JournalEntry.objects.get().detail


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"locked": AT}, Cause.LOCKED),
        ({"revoked": AT}, Cause.NOT_ACTIVE),
        ({"activated": None}, Cause.NOT_ACTIVE),
    ],
)
def test_the_state_of_the_eid_decides(changes, cause):
    account(eid(**changes))
    assert cause_of(signin.sign_in_with_password(BY, NUMBER, PASSWORD)) == cause


def test_a_dead_person_does_not_sign_in():
    account(eid(person(died=AT.date())))
    assert cause_of(signin.sign_in_with_password(BY, NUMBER, PASSWORD)) == Cause.DEAD
    signin.begin_with_passcode(BY, NUMBER, PASSCODE)
    assert not OneTimeCode.objects.exists()


def test_an_unknown_account_looks_like_a_wrong_secret():
    account()
    wrong = signin.sign_in_with_password(BY, NUMBER, "Wrong-Horse7")
    unknown = signin.sign_in_with_password(BY, "900090000999", PASSWORD)
    assert (wrong.actor, wrong.name, wrong.methods) == (unknown.actor, unknown.name, unknown.methods)
    begun = [signin.begin_with_passcode(BY, number, "999111") for number in (NUMBER, "900090000999")]
    assert [one.partition(":")[0] for one in begun] == ["account", "account"]
    assert not Notice.objects.exists()


def test_a_passcode_and_its_code_let_in_at_the_level_of_the_eid():
    account()
    subject, code = begun()
    attempt = signin.finish_with_code(BY, subject, code)
    assert (attempt.actor.level, attempt.methods) == (2, ("pin", "otp", "mfa"))
    assert not OneTimeCode.objects.exists()


def test_a_code_works_once_for_minutes_and_a_few_attempts():
    account()
    subject, code = begun()
    late = By(VISITOR, AT + signin.CODE_KEPT)
    assert cause_of(signin.finish_with_code(late, subject, code)) == Cause.CODE_OVER
    assert signin.finish_with_code(BY, subject, code).actor
    assert cause_of(signin.finish_with_code(BY, subject, code)) == Cause.CODE_OVER
    subject, code = begun()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    causes = [cause_of(signin.finish_with_code(BY, subject, wrong)) for _ in range(signin.CODE_ATTEMPTS)]
    assert set(causes) == {Cause.CODE}
    assert cause_of(signin.finish_with_code(BY, subject, code)) == Cause.CODE_OVER


def test_a_passkey_lets_in_and_its_answer_holds_once():
    made = device(account())
    answer = passkey_answer(made)
    assert signin.sign_in_with_passkey(BY, answer, PARTY).actor.level == 2
    assert Passkey.objects.get().sign_count == 1
    Passkey.objects.update(sign_count=0)
    assert cause_of(signin.sign_in_with_passkey(BY, answer, PARTY)) == Cause.REPLAYED


def test_passkeys_that_do_not_fit_are_refused():
    made = device(account())
    stale = passkey_answer(made, AT - timedelta(minutes=6))
    foreign = passkey_answer(made, origin="https://evil.example")
    unknown = passkey_answer(device(account(eid(person("900090000777")), "account:other"), b"credential-2"))
    Passkey.objects.filter(credential=b"credential-2").update(removed=AT)
    for answer in (stale, foreign, unknown, "{}", ""):
        assert cause_of(signin.sign_in_with_passkey(BY, answer, PARTY)) == Cause.PASSKEY


def test_an_eid_of_level_one_stays_there():
    made = device(account(eid(level="one")))
    assert signin.sign_in_with_passkey(BY, passkey_answer(made), PARTY).actor.level == 1


def test_a_person_adds_and_removes_devices():
    owner = account()
    made = device(owner)
    by = By(person_actor(owner), AT)
    challenge = passkeys.new_challenge(derived("passkeys"), AT)
    options = passkeys.creation_options(PARTY, "Doorstep", owner.id.bytes, "lan", challenge, [])
    made.credential = b"credential-3"
    answer = made.make(options, PARTY.origins[0])
    signin.add_passkey(by, answer, challenge_of(options), "Tablet", PARTY)
    with pytest.raises(Refused, match="passkey_refused"):
        signin.add_passkey(by, answer, challenge_of(options), "Tablet", PARTY)
    signin.remove_passkey(by, Passkey.objects.get(label="Tablet").id)
    with pytest.raises(NotFound):
        signin.remove_passkey(by, Passkey.objects.get(label="Tablet").id)
    with pytest.raises(NotFound):
        signin.remove_passkey(
            By(Actor("account:other", roles=("identity.person",)), AT), Passkey.objects.get(label="Phone").id
        )


def test_who_lacks_the_scope_may_not():
    with pytest.raises(NotAllowed):
        signin.sign_in_with_password(By(Actor("somebody"), AT), NUMBER, PASSWORD)


def test_secrets_stay_out_of_the_journal():
    account()
    _, code = begun()
    signin.sign_in_with_password(BY, NUMBER, "Wrong-Horse7")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(e)::text, ' ') FROM kernel_journalentry e")
        told = cursor.fetchone()[0]
    assert not any(secret in told for secret in (code, PASSCODE, "Wrong-Horse7", NUMBER))
