"""The keeper's software: who may call, what is answered line by line and in which language, and the same answer twice."""

import json
from datetime import date, timedelta
from uuid import UUID, uuid4

import jsonschema_rs
import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from doorstep.kernel.declare.scopes import ISSUE_TOKEN, Actor, Role
from doorstep.kernel.store import tokens
from doorstep.kernel.store.models import FactBatch, JournalEntry
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.ids import read_reference
from doorstep.systems.lodging.actions import houses
from doorstep.systems.lodging.models import Notice, OpenStay, Stay
from doorstep.systems.lodging.permissions import ENROL
from doorstep.systems.lodging.schemas import LARGEST_BATCH, MOST_LINES
from doorstep.systems.lodging.tests.builders import AT, foreigner
from doorstep.systems.lodging.tests.scene import facts, house, keeper, key, line, notify

pytestmark = pytest.mark.django_db

BASE = "/api/lodging/v1"
DAY = timedelta(days=1)
NEWCOMER = Role("tryout.newcomer", "Newcomer", (ISSUE_TOKEN, ENROL))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Sets the time of the requests."""

    def stand(at):
        monkeypatch.setattr(timezone, "now", lambda: at)

    stand(AT)
    return stand


def token(subject="keeper", at=AT - DAY):
    return tokens.issue_token(By(keeper(subject), at), "the house's software")


class Software:
    """A keeper's program with its token."""

    def __init__(self, subject="keeper", language="en", secret=None):
        headers = {"Accept-Language": language, "Authorization": f"Bearer {secret or token(subject).secret}"}
        self.client = Client(headers=headers, raise_request_exception=False)

    def notify(self, code, *lines, key=None, raw=None):
        body = json.dumps({"stays": list(lines)}) if raw is None else raw
        return self.post(f"houses/{code}/stays", body, key)

    def check_out(self, code, stay, key=None, **told):
        return self.post(f"houses/{code}/stays/{stay}/checkout", json.dumps(told), key)

    def post(self, path, body, key=None):
        headers = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(f"{BASE}/{path}", body, content_type="application/json", headers=headers)


def told(serial=1, **changes):
    """A line as a program writes it; a change of guest.<field> goes into the guest."""
    found = msgspec.json.decode(msgspec.json.encode(line(serial), enc_hook=str))
    for name, value in changes.items():
        where, field = (found["guest"], name.removeprefix("guest_")) if name.startswith("guest_") else (found, name)
        where[field] = value
    return found


def problem(answer, status):
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert (body["type"], body["status"]) == ("about:blank", status)
    assert body["title"]
    assert all(one["text"] and one["repair"] for one in body["reasons"])
    return [(one["code"], one["field"]) for one in body["reasons"]]


def refused(answer):
    assert answer.status_code == 200, answer.content
    return {one["line"]: [(why["code"], why["field"]) for why in one["reasons"]] for one in answer.json()["refused"]}


# Who may call

ROUTES = [
    ("get", "houses"),
    ("post", "houses/{code}/stays"),
    ("post", "houses/{code}/stays/018dfb10-d1c0-7488-b224-88ab5e800c98/checkout"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer ds_wrong", "Basic a2VlcGVyOng=", "Bearer a b", "Bearer ÿ\x00"]
)
def test_without_a_token_that_is_known_nothing_is_told(method, path, header):
    code = house()
    headers = {} if header is None else {"Authorization": header}
    answer = getattr(Client(), method)(f"{BASE}/{path.format(code=code)}", headers=headers)
    assert problem(answer, 401) == [("kernel.not_signed_in", "")]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_session_is_no_token(method, path, client):
    session = client.session
    session["actor"] = msgspec.to_builtins(keeper())
    session.save()
    assert problem(getattr(client, method)(f"{BASE}/{path.format(code=house())}"), 401)


def test_a_token_ends_when_it_is_revoked():
    code = house()
    issued = token()
    software = Software(secret=issued.secret)
    assert software.notify(code, told(1)).status_code == 200
    tokens.revoke_token(By(keeper(), AT), issued.id)
    assert problem(software.notify(code, told(2)), 401) == [("kernel.not_signed_in", "")]
    assert Stay.objects.count() == 1


def test_a_token_ends_with_its_year(clock):
    software = Software(secret=token(at=AT).secret)
    clock(AT + tokens.LIFETIME - timedelta(seconds=1))
    assert software.client.get(f"{BASE}/houses").status_code == 200
    clock(AT + tokens.LIFETIME)
    assert problem(software.client.get(f"{BASE}/houses"), 401)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_token_without_the_scope_is_refused(method, path):
    newcomer = Actor("keeper", roles=(NEWCOMER.code,))
    secret = tokens.issue_token(By(newcomer, AT - DAY), "x").secret
    code = house()
    client = Software(secret=secret).client
    answer = getattr(client, method)(f"{BASE}/{path.format(code=code)}", content_type="application/json")
    assert problem(answer, 403) == [("kernel.not_allowed", "")]


def test_a_token_acts_in_its_owners_name_and_says_so_in_the_journal():
    code = house()
    issued = token()
    assert Software(secret=issued.secret).notify(code, told(1)).status_code == 200
    entry = JournalEntry.objects.get(action="lodging.notify_stays")
    assert (entry.actor, entry.via) == ("keeper", f"token:{issued.id}")


@pytest.mark.parametrize("language", ["vi", "en", "de", "ar"])
def test_a_refusal_speaks_the_callers_language(language):
    said = {}
    for one in ("en", language):
        answer = Client(headers={"Accept-Language": f"{one}, fr;q=0.5"}).get(f"{BASE}/houses")
        assert answer.headers["Content-Language"] == one
        body = answer.json()
        said[one] = (body["title"], body["reasons"][0]["text"], body["reasons"][0]["repair"])
    assert said["en"] == ("Please sign in", "You are not signed in.", "Sign in and try again.")
    assert language == "en" or not set(said[language]) & set(said["en"])


def test_the_lines_of_a_batch_speak_the_callers_language():
    code = house()
    words = {
        language: Software(language=language).notify(code, {}).json()["refused"][0]["reasons"][0]["repair"]
        for language in ("vi", "en", "de", "ar")
    }
    assert words["en"] == "Compare it with the description of the API."
    assert len(set(words.values())) == 4


# Houses


def test_the_houses_are_the_own_ones():
    code = house()
    house("neighbour")
    answer = Software().client.get(f"{BASE}/houses")
    assert answer.headers["Content-Type"] == "application/json"
    (found,) = answer.json()
    assert (found["code"], found["unit"], found["closed"], found["facility_type"]) == (
        *(code, "H38.901", False),
        "tourist",
    )


@pytest.mark.parametrize("code", ["0000-0000-0000-0001-G", "nonsense", "%25", "ă"])
def test_a_house_of_others_is_not_there(code):
    theirs = house("neighbour")
    software = Software()
    for one in (theirs, code):
        assert problem(software.notify(one, told(1)), 404) == [("kernel.not_found", "house")]
        assert problem(software.check_out(one, uuid4(), version=1, left=AT.isoformat()), 404) == [
            ("kernel.not_found", "house")
        ]
    assert not Stay.objects.exists()


@pytest.mark.parametrize("path", ["houses/a%00b/stays", "houses/%00/stays", "nothing/here%00", "houses?x=%00"])
def test_a_nul_in_the_address_is_a_bad_request(path):
    assert problem(Software().post(path, "{}"), 400) == [("kernel.unreadable", "")]


def test_a_closed_house_takes_no_notices():
    code = house()
    houses.close_house(By(keeper(), AT), code)
    assert problem(Software().notify(code, told(1)), 422) == [("lodging.house_closed", "house")]


# Batches


def test_a_batch_is_answered_line_by_line():
    code = house()
    foreign = msgspec.json.decode(msgspec.json.encode(line(guest=foreigner()), enc_hook=str))
    late = told(3, arrival=(AT - 2 * DAY).isoformat())
    answer = Software().notify(code, told(1), told(2, guest_full_name="4711", room="=1"), foreign, late, told(1))
    body = answer.json()
    assert refused(answer) == {
        2: [("kernel.name_character", "full_name"), ("kernel.text_formula", "room")],
        5: [("lodging.stay_still_open", "document_number")],
    }
    assert (body["accepted"], body["late"], body["at"]) == (3, 1, AT.isoformat().replace("+00:00", "Z"))
    assert read_reference(body["reference"]) == body["reference"] == Notice.objects.get().reference
    assert [bool(stay) for stay in body["stays"]] == [True, False, True, True, False]
    assert {str(stay) for stay in Stay.objects.values_list("id", flat=True)} == set(filter(None, body["stays"]))
    assert set(Stay.objects.values_list("channel", flat=True)) == {"api"}
    assert facts().total() == 3


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"arrival": 1716300000}, "arrival"),
        ({"guest_birth": None}, "birth"),
        ({"guest_sex": "m"}, "sex"),
        ({"guest_kind": "alien"}, "kind"),
        ({"guest_full_name": 4711}, "full_name"),
        ({"guest_document_number": 900090000123}, "document_number"),
        ({"reason": "fun"}, "reason"),
        ({"room": 101}, "room"),
        ({"two_stays": "because"}, "two_stays"),
        ({"guest": None}, "guest"),
        ({"guest": []}, "guest"),
    ],
)
def test_what_cannot_be_read_is_a_reason_of_its_line_and_field(change, field):
    code = house()
    answer = Software().notify(code, told(1), told(2, **change), told(3))
    assert refused(answer) == {2: [("kernel.malformed", field)]}
    assert answer.json()["accepted"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expected_departure": "2024-02-30"}, "expected_departure"),
        ({"arrival": "2024-02-30T10:00:00Z"}, "arrival"),
        ({"arrival": "2024-05-21T25:00:00Z"}, "arrival"),
        ({"arrival": "2024-05-21T10:00:00"}, "arrival"),  # no zone
        ({"arrival": "21/05/2024 10:00"}, "arrival"),
        ({"guest_birth": "1990-13-01"}, "birth"),
        ({"guest_birth": "0000-00-00"}, "birth"),
        ({"guest_birth": "21/05/1990"}, "birth"),
        ({"guest_entry_date": "2023-02-29"}, "entry_date"),
    ],
)
def test_a_day_or_time_that_is_none_is_a_reason_in_plain_words(change, field):
    answer = Software().notify(house(), told(1), told(2, **change))
    assert refused(answer) == {2: [("lodging.not_iso_8601", field)]}
    assert answer.json()["accepted"] == 1


@pytest.mark.parametrize("missing", ["guest", "arrival", "expected_departure", "reason"])
def test_a_missing_field_is_named(missing):
    answer = Software().notify(house(), {name: value for name, value in told(1).items() if name != missing})
    assert refused(answer) == {1: [("kernel.malformed", "")]}
    assert f"`{missing}`" in answer.json()["refused"][0]["reasons"][0]["text"]


def test_dates_outside_all_reason_are_reasons_too():
    days = ["0001-01-01", "9999-12-31"]
    instants = [
        f"{day}T{time}{zone}" for day in days for time in ("00:00:00", "23:59:59") for zone in ("+14:00", "-12:00")
    ]
    lines = [told(n, arrival=at) for n, at in enumerate(instants)]
    lines += [told(20 + n, expected_departure=day) for n, day in enumerate(days)]
    lines += [told(30 + n, guest_birth=day) for n, day in enumerate(days)]
    answer = Software().notify(house(), *lines)
    assert sorted(refused(answer)) == list(range(1, len(lines) + 1))
    assert {field for found in refused(answer).values() for _, field in found} <= {
        *("arrival", "expected_departure", "birth", "document_number"),
    }


@pytest.mark.parametrize("odd", [1, "x", None, [], {}, [[]]])
def test_a_line_that_is_no_stay_loses_itself_only(odd):
    answer = Software().notify(house(), told(1), odd, told(2))
    assert list(refused(answer)) == [2]
    assert answer.json()["accepted"] == 2


@pytest.mark.parametrize(
    "raw",
    [
        *("", "{", "[]", "null", '"x"', "{}", '{"stays": 1}', '{"stays": {}}', '{"stays": [1,]}', "{'stays': []}"),
        *(
            b"\xff\xfe",
            b'{"stays": ["\xff"]}',
            '{"stays": ["\\ud800"]}',
            '{"stays": []} x',
            '{"stays": [' + "[" * 5000 + "]" * 5000 + "]}",
        ),
    ],
)
def test_what_is_no_batch_is_refused_as_a_whole(raw):
    answer = Software().notify(house(), raw=raw)
    if answer.status_code == 200:  # a deep line that the decoder can skip is one bad line
        assert list(refused(answer)) == [1]
    else:
        assert problem(answer, 422) == [("kernel.malformed", "")]
    assert not Stay.objects.exists()


def test_an_empty_batch_is_no_notice():
    answer = Software().notify(house())
    taken = {"reference": "", "at": AT.isoformat().replace("+00:00", "Z"), "accepted": 0, "late": 0, "stays": []}
    assert answer.json() == {**taken, "refused": []}


def test_fields_that_nobody_knows_are_ignored():
    assert Software().notify(house(), told(1, colour="red", guest_hair="grey")).json()["accepted"] == 1


def test_a_batch_has_a_thousand_lines_at_most():
    code, software = house(), Software()
    assert problem(software.notify(code, *[{}] * (MOST_LINES + 1)), 422) == [("lodging.batch_too_long", "stays")]
    assert len(refused(software.notify(code, *[{}] * MOST_LINES))) == MOST_LINES


@pytest.mark.parametrize("size", [LARGEST_BATCH + 1, 2_500_001, 5_000_000])
def test_too_large_a_body_is_refused_with_the_limit(size):
    answer = Software().notify(house(), raw=" " * size)
    ((code, _),) = problem(answer, 413)
    assert code in {"kernel.too_large", "kernel.too_much"}
    if code == "kernel.too_large":
        assert "2000 kB" in answer.json()["reasons"][0]["text"]


def test_a_check_out_is_small():
    answer = Software().post(f"houses/{house()}/stays/{uuid4()}/checkout", " " * 10_001)
    assert problem(answer, 413) == [("kernel.too_large", "")]
    assert "10 kB" in answer.json()["reasons"][0]["text"]


# The same answer to a repetition


def test_the_same_batch_under_the_same_key_gets_the_same_bytes(clock):
    code, software = house(), Software()
    lines = [told(1), told(2, guest_full_name="4"), {}, told(1)]
    first = software.notify(code, *lines, key="batch-1")
    clock(AT + timedelta(hours=3, microseconds=123456))
    again = software.notify(code, *lines, key="batch-1")
    assert (again.status_code, again.content) == (200, first.content)
    assert sorted(refused(first)) == [2, 3, 4]
    assert Stay.objects.count() == Notice.objects.count() == 1
    assert JournalEntry.objects.filter(action="lodging.notify_stays").count() == 1


def test_the_same_key_with_other_content_is_a_conflict():
    code, software = house(), Software()
    other = house("keeper", "H38.902")
    assert software.notify(code, told(1), key="k").status_code == 200
    for answer in (
        software.notify(code, told(2), key="k"),
        software.notify(code, raw=json.dumps({"stays": [told(1)]}, indent=1), key="k"),
        software.notify(other, told(1), key="k"),
    ):
        assert problem(answer, 409) == [("kernel.key_reused", "")]
    assert Stay.objects.count() == 1
    assert software.notify(code, told(2), key="l").json()["accepted"] == 1


def test_keys_of_another_keeper_and_of_another_action_are_others():
    code, software = house(), Software()
    theirs = house("neighbour")
    stay = software.notify(code, told(1), key="k").json()["stays"][0]
    assert Software("neighbour").notify(theirs, told(2), key="k").json()["accepted"] == 1
    assert software.check_out(code, stay, version=1, left=AT.isoformat(), key="k").status_code == 200
    assert Software().notify(code, told(1), key="k").json()["stays"] == [stay], "another token of the same keeper"


@pytest.mark.parametrize("key", ["", " ", "a b", "ă", "x" * 201, "a\tb", "a\0"])
def test_a_key_is_1_to_200_visible_characters(key):
    assert problem(Software().notify(house(), told(1), key=key), 422) == [("kernel.malformed", "Idempotency-Key")]
    assert not Stay.objects.exists()


def test_the_longest_key_is_taken():
    assert Software().notify(house(), told(1), key="~" * 200).status_code == 200


def test_a_refused_batch_spends_no_key():
    code, software = house(), Software()
    houses.close_house(By(keeper(), AT), code)
    assert software.notify(code, told(1), key="k").status_code == 422
    other = house()
    assert software.notify(other, told(2), key="k").json()["accepted"] == 1


# Check-out


def test_a_guest_is_checked_out():
    code, software = house(), Software()
    stay = software.notify(code, told(1)).json()["stays"][0]
    left = (AT - timedelta(minutes=5)).astimezone(None)
    answer = software.check_out(code, stay, version=1, left=left.isoformat())
    assert answer.status_code == 200
    assert UUID(answer.json()["stay"]) == UUID(stay)
    assert Stay.objects.get().departed == AT - timedelta(minutes=5)
    assert not OpenStay.objects.exists()
    assert problem(software.check_out(code, stay, version=1, left=AT.isoformat()), 412) == [("kernel.changed", "")]
    assert problem(software.check_out(code, stay, version=2, left=AT.isoformat()), 422) == [("lodging.stay_ended", "")]
    assert FactBatch.objects.count() == 2


def test_a_repeated_check_out_under_its_key_gets_the_same_bytes():
    code, software = house(), Software()
    stay = software.notify(code, told(1)).json()["stays"][0]
    first = software.check_out(code, stay, version=1, left=AT.isoformat(), key="out")
    again = software.check_out(code, stay, version=1, left=AT.isoformat(), key="out")
    assert (first.status_code, first.content) == (again.status_code, again.content) == (200, first.content)
    assert Stay.objects.get().version == 2


def test_stays_that_are_not_in_the_house_are_not_there():
    code, theirs = house(), house("neighbour")
    stay = notify(theirs, line(1), subject="neighbour").stays[0]
    for one in (stay, uuid4()):
        answer = Software().check_out(code, one, version=1, left=AT.isoformat())
        assert problem(answer, 404) == [("kernel.not_found", "stay")]
    assert OpenStay.objects.get().person == key(1)


@pytest.mark.parametrize("stay", ["x", "1", "00000000-0000-0000-0000-00000000000g", "%20"])
def test_a_stay_that_is_no_id_is_a_problem_too(stay):
    answer = Software().check_out(house(), stay, version=1, left=AT.isoformat())
    assert problem(answer, 422) == [("kernel.malformed", "stay")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"version": 1}, "kernel.malformed"),
        ({"left": AT.isoformat()}, "kernel.malformed"),
        ({"version": "1", "left": AT.isoformat()}, "kernel.malformed"),
        ({"version": 1, "left": "2024-02-30T10:00:00Z"}, "kernel.malformed"),
        ({"version": 1, "left": "2024-05-21T10:00:00"}, "kernel.malformed"),
        ({"version": 1, "left": (AT + DAY).isoformat()}, "lodging.checkout_in_future"),
        ({"version": 1, "left": "9999-12-31T23:59:59-12:00"}, "lodging.checkout_in_future"),
        ({"version": 1, "left": "0001-01-01T00:00:00+14:00"}, "lodging.checkout_before_arrival"),
    ],
)
def test_a_check_out_that_cannot_be(body, code):
    where = house()
    stay = notify(where, line(1)).stays[0]
    ((found, _),) = problem(Software().check_out(where, stay, **body), 422)
    assert found == code
    assert Stay.objects.get().departed is None


def test_a_version_beyond_all_numbers_is_stale():
    where = house()
    stay = notify(where, line(1)).stays[0]
    for version in (2**63, -1, 2**200):
        assert Software().check_out(where, stay, version=version, left=AT.isoformat()).status_code in {412, 422}


# What the API says of itself


def described(client):
    return client.get(f"{BASE}/openapi.json").json()


def test_the_description_is_valid(client):
    found = described(client)
    assert not list(OPENAPI_31_VALIDATOR.iter_errors(found))
    assert set(found["paths"]) == {
        f"{BASE}/houses",
        f"{BASE}/houses/{{code}}/stays",
        f"{BASE}/houses/{{code}}/stays/{{stay}}/checkout",
    }


def test_the_description_says_what_is_answered_and_what_a_batch_holds(client):
    found = described(client)
    post = found["paths"][f"{BASE}/houses/{{code}}/stays"]["post"]
    assert "Idempotency-Key" in {one["name"] for one in post["parameters"] if one["in"] == "header"}
    stays = post["requestBody"]["content"]["application/json"]["schema"]["properties"]["stays"]
    assert stays["maxItems"] == MOST_LINES
    answers = {
        status: jsonschema_rs.Draft202012Validator({**content["schema"], "components": found["components"]})
        for status, one in post["responses"].items()
        for content in one["content"].values()
    }
    code, software = house(), Software()
    sample = software.notify(code, told(1), told(2, guest_full_name="4"), {}).json()
    assert answers["200"].is_valid(sample)
    assert not answers["200"].is_valid({**sample, "accepted": "1"})
    refusal = software.notify("nonsense", told(1)).json()
    assert answers["404"].is_valid(refusal)
    assert not answers["404"].is_valid({**refusal, "reasons": [{}]})
    for method, path in (("get", "/houses"), ("post", "/houses/{code}/stays/{stay}/checkout")):
        assert {"200", "401", "403"} <= set(found["paths"][f"{BASE}{path}"][method]["responses"])


def test_a_documented_example_of_every_field_can_be_sent(client):
    """Whatever the description calls required is enough, and whatever it lists is taken."""
    post = described(client)["paths"][f"{BASE}/houses/{{code}}/stays"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    validator = jsonschema_rs.Draft202012Validator(schema)
    whole = {"stays": [told(1, expected_departure=date(2024, 5, 23).isoformat())]}
    assert validator.is_valid(whole)
    stay = schema["properties"]["stays"]["items"]
    assert set(stay["properties"]) == set(whole["stays"][0])
    guest = stay["properties"]["guest"]
    least = {name: whole["stays"][0][name] for name in stay["required"]}
    least["guest"] = {name: least["guest"][name] for name in guest["required"]}
    assert validator.is_valid({"stays": [least]})
    assert Software().notify(house(), least).json()["accepted"] == 1
