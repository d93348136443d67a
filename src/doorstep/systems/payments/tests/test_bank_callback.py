"""Messages to the callback address: one that the bank signed counts once; any other changes nothing and hears why."""

import json
from datetime import timedelta

import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from joserfc.jwk import OKPKey

from doorstep.kernel.store.partitions import ensure_months
from doorstep.systems.payments import models
from doorstep.systems.payments.rules.bank_messages import Told, written
from doorstep.systems.payments.rules.bank_place import BankPlace
from doorstep.systems.payments.rules.signatures import Key, Signed, read_keys, sign
from doorstep.systems.payments.tests.builders import balances, bank_account, credit, order, reread

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/payments/bank/callback"
URL = f"http://testserver{PATH}"


def made(kid: str) -> Key:
    key = {**OKPKey.generate_key("Ed25519", private=True).as_dict(private=True), "kid": kid}
    return read_keys(msgspec.json.encode({"keys": [key]}))[kid]


@pytest.fixture
def key(settings, tmp_path) -> Key:
    told = {**OKPKey.generate_key("Ed25519", private=True).as_dict(private=True), "kid": "bank-1"}
    public = {name: value for name, value in told.items() if name != "d"}
    (tmp_path / "bank.jwks").write_text(json.dumps({"keys": [public]}))
    settings.BANK = BankPlace("https://bank.example.org/", tmp_path / "ours.jwks", tmp_path / "bank.jwks")
    settings.ALLOWED_HOSTS = ["testserver"]
    today = timezone.now().date()
    ensure_months(today.replace(day=1), today)
    return read_keys(json.dumps({"keys": [told]}).encode())["bank-1"]


def message(key: Key, content: bytes, *, nonce: str = "n1", age: int = 0, url: str = URL) -> Signed:
    request = Signed("POST", url, {"Content-Type": "application/json"}, content)
    sign(request, key, timezone.now() - timedelta(minutes=age), nonce)
    return request


def send(request: Signed, body: bytes | None = None, path: str = PATH):
    headers = {name: value for name, value in request.headers.items() if name != "Content-Type"}
    content = request.body if body is None else body
    return Client().post(path, content, content_type="application/json", headers={**headers, "Accept-Language": "en"})


def about(account: models.BankAccount, *told: object) -> bytes:
    return written(Told(account.bank, account.number, credits=tuple(told)))  # type: ignore[arg-type]


def test_what_the_bank_signed_settles_once(key):
    account, owed = bank_account(), order()
    request = message(key, about(account, credit(owed.code)))
    assert send(request).json() == {"credits": ["recorded"]}
    again = send(request)
    assert (again.status_code, again.json()["reasons"][0]["code"]) == (409, "payments.replayed")
    assert send(message(key, request.body, nonce="n2")).json() == {"credits": ["repeated"]}
    assert reread(owed).state == "settled"
    assert balances() == {"bank": 750, "fees": 500, "charges": 250}


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("forged", 403, "payments.signature_wrong"),
        ("unknown", 403, "payments.key_unknown"),
        ("stale", 403, "payments.signature_stale"),
        ("future", 403, "payments.signature_stale"),
        ("unsigned", 403, "payments.signature_missing"),
        ("truncated", 422, "payments.digest_wrong"),
        ("changed", 422, "payments.digest_wrong"),
        ("elsewhere", 403, "payments.signature_wrong"),
    ],
)
def test_what_the_bank_did_not_sign_changes_nothing(key, how, status, code):
    account, owed = bank_account(), order()
    content = about(account, credit(owed.code))
    signer = {"forged": made("bank-1"), "unknown": made("bank-2")}.get(how, key)
    age = {"stale": 6, "future": -6}.get(how, 0)
    url = "http://testserver/payments/bank/other" if how == "elsewhere" else URL
    request = message(signer, content, age=age, url=url)
    if how == "unsigned":
        request.headers = {}
    body = {"truncated": content[:-1], "changed": content.replace(b"750", b"950")}.get(how)
    answer = send(request, body)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    (why,) = answer.json()["reasons"]
    assert (why["code"], bool(why["repair"])) == (code, True)
    assert reread(owed).state == "awaiting"
    assert not models.Credit.objects.exists()


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("-750", "payments.amount_wrong"),
        ("0", "payments.amount_wrong"),
        ("750.5", "kernel.malformed"),
        (str(2**64), "payments.amount_wrong"),
        ('"750"', "kernel.malformed"),
    ],
)
def test_amounts_that_no_book_can_hold(key, amount, code):
    account, owed = bank_account(), order()
    content = about(account, credit(owed.code)).replace(b'"amount":750', f'"amount":{amount}'.encode())
    answer = send(message(key, content))
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (422, code)
    assert not models.Credit.objects.exists()


def test_what_is_right_in_a_message_is_taken_beside_what_is_wrong(key):
    account, owed = bank_account(), order()
    answer = send(message(key, about(account, credit(owed.code, -1), credit(owed.code))))
    assert (answer.status_code, answer.json()["reasons"][0]["line"]) == (422, 1)
    assert reread(owed).state == "settled"


def test_an_account_that_is_not_ours(key):
    stranger = models.BankAccount(bank="TB09", number="9")
    assert send(message(key, about(stranger, credit("x")))).status_code == 404


def test_whoever_forges_is_stopped(key):
    request = message(made("bank-1"), about(bank_account()))
    told = [send(request).status_code for _ in range(61)]
    assert told == [403] * 60 + [429]


def test_without_a_bank_nothing_is_taken(key, settings):
    settings.BANK = None
    assert send(message(key, b"{}")).status_code == 503


def test_one_message_tells_no_more_than_can_wait_for_people(key):
    account = bank_account()
    content = about(account).replace(b'"credits":[]', b'"credits":[' + b"7," * 20_000 + b"7]")
    answer = send(message(key, content))
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (422, "kernel.malformed")
    assert not models.Discrepancy.objects.exists()


@pytest.mark.parametrize(
    ("accounts", "status"), [((), 200), (("{bank}",), 200), (("{bank}:{number}",), 200), (("other",), 403)]
)
def test_a_key_speaks_for_its_accounts(key, settings, accounts, status):
    account = bank_account()
    file = settings.BANK.theirs
    (told,) = json.loads(file.read_text())["keys"]
    bound = [one.format(bank=account.bank, number=account.number) for one in accounts]
    file.write_text(json.dumps({"keys": [{**told, **({"accounts": bound} if bound else {})}]}))
    answer = send(message(key, about(account, credit("x"))))
    assert answer.status_code == status
    assert models.Credit.objects.count() == (status == 200)
