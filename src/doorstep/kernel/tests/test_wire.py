"""Asking another installation: the same ask over HTTP, journalled on both sides, and plain refusal of whatever is wrong."""

import json
import socket
import ssl
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.urls import reverse
from django.utils import timezone

from doorstep.kernel import contracts, wire
from doorstep.kernel.contracts import ask
from doorstep.kernel.declare.scopes import Actor, Purpose
from doorstep.kernel.store import tokens
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import By
from doorstep.kernel.testing.tryout import ACTOR, TRYING, Weigh, Weight
from doorstep.kernel.values.reasons import Unavailable
from doorstep.kernel.values.units import UnitCode
from doorstep.kernel.wire import Place, places

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
BY = By(msgspec.structs.replace(ACTOR, unit="H38"), AT)
QUESTION = Weigh(["a", "bb"])
KEY = "ds_x"
ADDRESS = "/api/kernel/v1/ask/tryout.weight"


@pytest.fixture
def answered(monkeypatch):
    monkeypatch.setattr(contracts, "ANSWERERS", {})

    @contracts.answers(Weigh)
    def weigh(by: By, purpose: Purpose, question: Weigh) -> list[Weight | None]:
        return [Weight(len(thing), UnitCode("A1")) for thing in question.things]


def token_of(*roles: str) -> str:
    now = timezone.now()
    ensure_months(now.date(), now.date())
    return str(tokens.issue_token(By(Actor("installation:north", "A1", roles), now), "north").secret)


@pytest.fixture
def elsewhere(settings, tmp_path):
    """Makes an address the place of the system `tryout`."""

    def make(url: str, secret: str = KEY) -> Path:
        (tmp_path / "token").write_text(f"{secret}\n")
        settings.ELSEWHERE = {"tryout": Place(url, tmp_path / "token")}
        return tmp_path / "token"

    return make


# The whole way: a second server on a loopback address answers


@pytest.mark.django_db(transaction=True)
def test_the_same_ask_goes_over_the_wire_and_is_journalled_on_both_sides(live_server, answered, elsewhere):
    here = ask(BY, TRYING, QUESTION)
    elsewhere(f"{live_server.url}/", token_of("kernel.installation", "tryout.trier"))
    there = ask(BY, TRYING, QUESTION)
    assert (there.value, there.digest, there.at) == (here.value, here.digest, AT)
    assert isinstance(there.value[0].unit, UnitCode)
    assert (here.source, there.source) == ("", f"{live_server.url}/")
    _, asking, answering = sorted(
        JournalEntry.objects.filter(action="tryout.ask.weight"), key=lambda one: (one.actor != "trier", one.detail)
    )
    assert (asking.actor, asking.unit, asking.detail) == ("trier", "H38", f"{live_server.url}/")
    assert (answering.actor, answering.unit, answering.detail) == ("installation:north", "A1", "for trier in H38")
    assert answering.via.startswith("token:")
    assert bytes(asking.digest) == bytes(answering.digest) == there.digest
    for entry in (asking, answering):
        subjects = JournalSubject.objects.filter(id=entry.id).values_list("subject", flat=True)
        assert sorted(subjects) == ["thing:a", "thing:bb"]
        assert entry.purpose == TRYING.code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("roles", [("kernel.installation",), ("tryout.trier", "kernel.auditor")])
def test_who_may_not_ask_there_gets_no_answer_here(live_server, answered, elsewhere, roles):
    secret = token_of("kernel.installation")
    tokens.AccessToken.objects.update(roles=list(roles))
    elsewhere(f"{live_server.url}/", secret)
    with pytest.raises(Unavailable):
        ask(BY, TRYING, QUESTION)
    assert not JournalEntry.objects.filter(action="tryout.ask.weight").exists()


@pytest.mark.django_db
def test_the_route_says_what_is_wrong(client, answered):
    headers = {"Authorization": f"Bearer {token_of('kernel.installation', 'tryout.trier')}", "Accept-Language": "en"}

    def post(address: str = ADDRESS, **changes: object):
        body = {"purpose": TRYING.code, "actor": "trier", "unit": "", "question": {"things": ["a"]}, **changes}
        return client.post(address, json.dumps(body), content_type="application/json", headers=headers)

    assert post().json() == [{"grams": 1, "unit": "A1"}]
    for answer, status, said in (
        (post("/api/kernel/v1/ask/tryout.nothing"), 404, "kernel.not_found"),
        (post(purpose="tryout.unknown"), 422, "a purpose that is unknown here"),
        (post(question={"things": 3}), 422, "Expected `array`"),
        (post(question=None), 422, "Expected `object`"),
        (post(actor="Nguyễn Văn Ví Dụ"), 422, "matching regex"),
        (post(unit="the whole country"), 422, "matching regex"),
        (post(question={"things": ["x" * 1_000_000]}), 413, "1000 kB"),
    ):
        assert answer.status_code == status, answer.content
        assert answer["Content-Type"] == "application/problem+json"
        assert said in answer.content.decode()
    del headers["Authorization"]
    assert post().status_code == 401


@pytest.mark.django_db
def test_a_question_that_nobody_answers_is_503(client, monkeypatch):
    monkeypatch.setattr(contracts, "ANSWERERS", {})
    headers = {"Authorization": f"Bearer {token_of('kernel.installation', 'tryout.trier')}"}
    body = {"purpose": TRYING.code, "actor": "trier", "unit": "", "question": {"things": []}}
    answer = client.post(ADDRESS, json.dumps(body), content_type="application/json", headers=headers)
    assert answer.status_code == 503
    assert reverse("kernel-api:asked", args=["tryout.weight"]) == ADDRESS


# Whatever is wrong on the way


@contextmanager
def server(*pieces: bytes, pause: float = 0, tls: ssl.SSLContext | None = None):
    """Answers one request with these pieces of bytes, with a pause before each, and ends."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        received = []

        def serve() -> None:
            with suppress(OSError):  # the asker hangs up, as it should
                line, _ = listening.accept()
                with tls.wrap_socket(line, server_side=True) if tls else line as line:
                    while b"}}" not in b"".join(received[-1:]):  # the end of the body
                        received.append(line.recv(65536))
                    for piece in pieces:
                        time.sleep(pause)
                        line.sendall(piece)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http{'s' if tls else ''}://localhost:{listening.getsockname()[1]}/", received
        thread.join(20)
        assert not thread.is_alive()


def answer(body: bytes, *, status: str = "200 OK", kind: str = "application/json", length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n".encode() + body


GOOD = b'[{"grams":1,"unit":"A1"},null]'
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.django_db
@pytest.mark.parametrize("pieces", [(answer(GOOD),), (CHUNKED, b"1e\r\n" + GOOD + b"\r\n", b"0\r\n\r\n")])
def test_a_good_answer_is_taken(elsewhere, pieces):
    with server(*pieces) as (url, received):
        token = elsewhere(f"{url}north/", "ds_secret")
        assert ask(BY, TRYING, QUESTION).value == [Weight(1, UnitCode("A1")), None]
    head, _, body = b"".join(received).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /north/api/kernel/v1/ask/tryout.weight HTTP/1.1\r\n")
    assert b"\r\nAuthorization: Bearer ds_secret\r\n" in head
    assert token.exists()
    assert json.loads(body) == {
        "purpose": TRYING.code,
        "actor": "trier",
        "unit": "H38",
        "question": {"things": ["a", "bb"]},
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "piece",
    [
        answer(GOOD, status="500 Internal Server Error"),
        answer(GOOD, status="204 No Content"),
        answer(b"", status="302 Found"),
        answer(GOOD, kind="text/html"),
        answer(b"{}"),
        answer(b"[3]"),
        answer(b'[{"grams":1,"unit":"no unit"}]'),
        answer(b"[" * 100_000),
        answer(b"\xff\xfe"),
        answer(b'[{"grams":1,"unit":"A1"}]', length=1000),
        answer(b"[]", length=1),
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[]",
        CHUNKED + b"2\r\n[]\r\n",
        CHUNKED + b"zz\r\n",
        answer(b"[" + b" " * wire.MOST + b"]"),
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200,
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
    ids=[
        *("500", "204", "redirect", "html", "object", "number", "no-unit", "deep", "no-text", "cut", "half", "endless"),
        *("chunks-cut", "chunk-broken", "too-long", "headers", "no-http", "nothing"),
    ],
)
def test_a_bad_answer_is_no_answer(elsewhere, caplog, piece):
    with server(piece) as (url, _):
        elsewhere(url)
        with pytest.raises(Unavailable, match="no_answer"):
            ask(BY, TRYING, QUESTION)
    assert "does not answer as it should" in caplog.text
    assert KEY not in caplog.text
    assert not JournalEntry.objects.exists(), "nothing was seen"


@pytest.mark.django_db
@pytest.mark.parametrize("late", [answer(GOOD)[:20], answer(GOOD)[:-4]], ids=["in the head", "in the body"])
def test_an_answer_that_drips_is_cut_when_its_time_is_over(elsewhere, monkeypatch, late):
    monkeypatch.setattr(wire, "WHOLE", 0.6)
    rest = answer(GOOD)[len(late) :] + b" " * 100
    drops = [late, *(rest[place : place + 1] for place in range(len(rest)))]
    began = time.monotonic()
    with server(*drops, pause=0.2) as (url, _):
        elsewhere(url)
        with pytest.raises(Unavailable):
            ask(BY, TRYING, QUESTION)
        assert time.monotonic() - began < 2


@pytest.mark.django_db
def test_nobody_there_and_no_key(elsewhere, caplog):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        elsewhere(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        with pytest.raises(Unavailable):
            ask(BY, TRYING, QUESTION)
    assert "ConnectionRefusedError" in caplog.text
    elsewhere("http://127.0.0.1:1/").unlink()
    with pytest.raises(Unavailable):
        ask(BY, TRYING, QUESTION)
    assert "FileNotFoundError" in caplog.text


@pytest.fixture
def certificate(tmp_path):
    """A file with a key and a certificate of `localhost` that nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2024, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2124, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "tls.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.django_db
def test_a_key_is_shown_only_to_whom_a_trusted_certificate_names(elsewhere, caplog, certificate, monkeypatch):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    with server(answer(GOOD), tls=tls) as (url, received):
        elsewhere(url)
        with pytest.raises(Unavailable):
            ask(BY, TRYING, QUESTION)
    assert not received
    assert "SSLCertVerificationError" in caplog.text
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with server(answer(GOOD), tls=tls) as (url, received):
        elsewhere(url)
        assert ask(BY, TRYING, QUESTION).value == [Weight(1, UnitCode("A1")), None]
    with server(answer(GOOD), tls=tls) as (url, received):
        elsewhere(url.replace("localhost", "127.0.0.1"))
        with pytest.raises(Unavailable):
            ask(BY, TRYING, QUESTION)
    assert not received


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("identity", "write system="),
        ("identity=https://a.example.org/", "write system="),
        ("identity=http://a.example.org/ f", "plain http"),
        ("identity=http://10.0.0.1/ f", "plain http"),
        ("identity=ftp://a.example.org/ f", "write https"),
        ("identity=https://a.example.org f", "slash"),
        ("identity=https://me:secret@a.example.org/ f", "no name or password"),
        ("identity=https://a.example.org/?x=/ f", "slash"),
        ("identity=https:/// f", "host"),
    ],
)
def test_what_is_said_wrongly_is_explained(said, why):
    with pytest.raises(ValueError, match=why):
        places(said)


def test_places_by_system():
    said = "identity=https://a.example.org/north/ /etc/a token, health=http://[::1]:8000/ b,lodging=http://localhost/ c"
    assert places(said) == {
        "identity": Place("https://a.example.org/north/", Path("/etc/a token")),
        "health": Place("http://[::1]:8000/", Path("b")),
        "lodging": Place("http://localhost/", Path("c")),
    }
    assert places("") == {}
