"""The outbox goes out once: through gateways and mail servers that refuse, hang up, fall silent, or read along."""

import json
import ssl
import threading
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from doorstep.kernel import notices
from doorstep.kernel.declare.notices import EXPIRES, Channel, Reach, State, notice
from doorstep.kernel.expiry import Credential
from doorstep.kernel.notices import give_up, notify
from doorstep.kernel.store.models import Notice
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.concurrency import at_once
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Colour
from doorstep.site import delivery
from doorstep.site.delivery import deliver
from doorstep.site.tests.mail_server import MailServer

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
CODE = notice("tryout.code", title="Your code", text="{code} is your code.", secret=True, lasts=timedelta(minutes=10))
PLAIN = notice("tryout.plain", title="About {name}", text="Hello {name}, {colour}.", link="inbox")
SMS = Reach("somebody", "en", phone="0000123456", channel=Channel.SMS)
MAIL = Reach("somebody", "en", email="somebody@example.org", channel=Channel.EMAIL)

pytestmark = pytest.mark.django_db


@action(DO_IT, TRYING)
def tell(act: Act, reach: Reach, kind, values):
    act.journal()
    return notify(act, reach, kind, **values)


def written(reach: Reach, kind=CODE, at=AT, **values) -> Notice:
    return Notice.objects.get(id=tell(By(ACTOR, at), reach, kind, values or {"code": "123456"}))


def now(row: Notice) -> Notice:
    return Notice.objects.get(id=row.id)


class Gateway(ThreadingHTTPServer):
    """An SMS gateway of the tests: answers with `status` and `body`, and remembers each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.status, self.body, self.headers, self.got = 202, b"{}", {}, []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1/send?account=7"


class _Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        if self.server.status is None:
            return
        self.send_response(self.server.status)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_):
        pass


@pytest.fixture
def gateway(settings):
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.SMS_URL, settings.SMS_TOKEN = server.url, "t0ken"
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def mail(settings):
    with MailServer() as server:
        settings.SMTP_URL, settings.MAIL_FROM = f"smtp://127.0.0.1:{server.port}", "no-reply@example.org"
        yield server


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(delivery, "PATIENCE", 0.2)


class TestSms:
    def test_the_gateway_gets_number_text_token_and_the_id_as_key(self, gateway):
        row = written(SMS)
        assert deliver(Channel.SMS, AT)
        ((path, headers, body),) = gateway.got
        assert path == "/v1/send?account=7"
        assert (headers["Authorization"], headers["Idempotency-Key"]) == ("Bearer t0ken", str(row.id))
        assert body == {"id": str(row.id), "to": "0000123456", "text": "123456 is your code."}
        assert now(row).state == State.SENT
        assert not deliver(Channel.SMS, AT)

    def test_nothing_of_a_secret_stays_once_it_is_sent(self, gateway):
        row = written(SMS)
        deliver(Channel.SMS, AT)
        sent = now(row)
        assert (sent.given, sent.target, sent.sent, sent.due) == ({}, "456", AT, None)

    def test_what_is_no_secret_stays_readable_in_the_inbox(self, gateway):
        row = written(SMS, PLAIN, name="Hoà", colour=Colour.RED)
        deliver(Channel.SMS, AT)
        assert now(row).given == {"name": "Hoà", "colour": {"text": "Red"}}
        assert gateway.got[0][2]["text"] == "Hello Hoà, Red."

    @pytest.mark.parametrize("body", [b'{"state": "delivered"}', b'{"state":"delivered", "id": 1}'])
    def test_delivered_where_the_gateway_says_so(self, gateway, body):
        gateway.body = body
        row = written(SMS)
        deliver(Channel.SMS, AT)
        assert now(row).state == State.DELIVERED

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[1]", b'"delivered"', b'{"state": ["delivered"]}', b"\xff" * 50]
    )
    def test_taken_is_taken_whatever_the_answer_says(self, gateway, body):
        gateway.body = body
        row = written(SMS)
        deliver(Channel.SMS, AT)
        assert now(row).state == State.SENT

    @pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 408, 429, 500, 503])
    def test_what_may_go_later_is_tried_again_later_and_later(self, gateway, status):
        gateway.status, gateway.headers = status, {"Location": "http://127.0.0.1:1/"}
        row = written(SMS)
        pauses, at = [], AT
        while now(row).due:
            assert deliver(Channel.SMS, at)
            again = now(row)
            if again.due:
                assert (again.state, again.reason, again.given) == (
                    State.FAILED,
                    f"gateway {status}",
                    {"code": "123456"},
                )
                assert not deliver(Channel.SMS, again.due - timedelta(microseconds=1))
                pauses.append((again.due - at).seconds)
                at = again.due
        assert pauses == [4, 8, 16, 32, 64, 128, 256]
        ended = now(row)
        assert (ended.state, ended.attempts, ended.given) == (State.GIVEN_UP, 8, {})
        assert len({body["id"] for _, _, body in gateway.got}) == 1

    @pytest.mark.parametrize("status", [400, 422])
    def test_what_will_never_go_is_given_up_at_once(self, gateway, status):
        gateway.status = status
        row = written(SMS)
        deliver(Channel.SMS, AT)
        assert (now(row).state, now(row).reason, now(row).given) == (State.GIVEN_UP, f"gateway {status}", {})

    def test_a_gateway_that_hangs_up_or_is_not_there(self, gateway, settings):
        gateway.status = None
        row = written(SMS)
        deliver(Channel.SMS, AT)
        assert (now(row).state, now(row).reason) == (State.FAILED, "RemoteDisconnected")
        settings.SMS_URL = "http://127.0.0.1:1/"
        deliver(Channel.SMS, now(row).due)
        assert (now(row).state, now(row).reason) == (State.FAILED, "ConnectionRefusedError")

    def test_without_a_gateway_it_waits(self, settings):
        settings.SMS_URL = ""
        row = written(SMS)
        deliver(Channel.SMS, AT)
        assert (now(row).state, now(row).reason) == (State.FAILED, "no DOORSTEP_SMS_URL")

    @pytest.mark.parametrize(
        ("language", "told"),
        [
            ("en", ("Access key: Till.", "5 June 2024", "30 days")),
            ("de", ("Zugangsschlüssel: Till.", "5. Juni 2024", "30 Tage")),
            ("vi", ("Till.", "5 tháng 6, 2024", "30 ngày")),
            ("ar", ("\u2068Till\u2069", "5 يونيو 2024", "\u200e30")),
        ],
    )
    def test_it_is_told_in_the_language_of_the_person(self, gateway, language, told):
        reach = Reach("somebody", language, phone="0000123456", channel=Channel.SMS)
        written(reach, EXPIRES, credential=Credential.ACCESS_KEY, what="Till", day=date(2024, 6, 5), days=30)
        deliver(Channel.SMS, AT)
        text = gateway.got[0][2]["text"]
        assert all(part in text for part in told), text
        assert ("\u2068" in text) == (language == "ar")


class TestMail:
    def test_it_is_a_letter_that_programs_know_as_one_of_a_program(self, mail, settings):
        settings.SITE_URL = "https://services.example.org"
        row = written(MAIL, PLAIN, name="Hoà\r\nBcc: all@example.org", colour=Colour.BLUE)
        assert deliver(Channel.EMAIL, AT)
        ((recipient, text),) = mail.received
        assert "<somebody@example.org>" in recipient
        letter = message_from_bytes(text.encode(), policy=policy.default)
        assert letter["Subject"] == "About \u2068Hoà Bcc: all@example.org\u2069"
        assert (letter["To"], letter["From"]) == ("somebody@example.org", "no-reply@example.org")
        assert letter["Message-ID"] == f"<{row.id}@example.org>"
        assert letter["Date"].datetime == AT
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["Bcc"] is None
        body = letter.get_content()
        assert "Hello \u2068Hoà" in body
        assert body.rstrip().endswith("https://services.example.org/notices/")
        assert now(row).state == State.SENT

    @pytest.mark.parametrize("target", [
        "a@example.org\r\nRCPT TO:<b@example.org>", "a@example.org, b@example.org", "a b@example.org", "@example.org",
        "a@", "<a@example.org>", "a@example.org>", "ü@example.org", "", "a@exa mple.org",
    ])  # fmt: skip
    def test_what_is_no_single_address_is_never_sent(self, mail, target):
        row = written(MAIL)
        Notice.objects.filter(id=row.id).update(target=target)
        deliver(Channel.EMAIL, AT)
        assert (now(row).state, now(row).reason) == (State.GIVEN_UP, "address malformed")
        assert not mail.said

    @pytest.mark.parametrize(("verb", "answer", "state", "reason"), [
        ("RCPT", "550 somebody@example.org is unknown", State.GIVEN_UP, "recipient 550"),
        ("RCPT", "450 full", State.FAILED, "recipient 450"),
        ("MAIL", "451 later", State.FAILED, "SMTPSenderRefused"),
        (".", "554 spam", State.FAILED, "SMTPDataError"),
        ("EHLO", "", State.FAILED, "SMTPServerDisconnected"),
        ("DATA", "", State.FAILED, "SMTPServerDisconnected"),
        ("EHLO", "hang", State.FAILED, "TimeoutError"),
        ("DATA", "hang", State.FAILED, "TimeoutError"),
    ])  # fmt: skip
    def test_each_failure_has_its_end(self, mail, impatient, verb, answer, state, reason):
        mail.answers[verb] = answer
        row = written(MAIL)
        deliver(Channel.EMAIL, AT)
        assert now(row).state == state
        assert now(row).reason in {reason, "SMTPServerDisconnected"}
        assert not mail.received

    @pytest.mark.parametrize("answer", ["hang", "", "500 what"])
    def test_a_server_that_says_good_bye_badly_has_it_all_the_same(self, mail, impatient, answer):
        mail.answers["QUIT"] = answer
        row = written(MAIL)
        deliver(Channel.EMAIL, AT)
        assert now(row).state == State.SENT
        assert not deliver(Channel.EMAIL, AT + timedelta(hours=1))
        assert len(mail.received) == 1

    def test_a_server_elsewhere_that_cannot_encrypt_gets_nothing(self, mail, settings):
        settings.LOOPBACK = ()
        settings.SMTP_URL = f"smtp://user:secret@127.0.0.1:{mail.port}"
        row = written(MAIL)
        deliver(Channel.EMAIL, AT)
        assert (now(row).state, now(row).reason) == (State.FAILED, "SMTPNotSupportedError")
        assert {said.split()[0] for said in mail.said} == {"ehlo"}


class TestEncrypted:
    @pytest.fixture
    def authority(self, tmp_path, monkeypatch) -> tuple[ssl.SSLContext, Path]:
        """A server's context, and the certificate by which a client would trust it."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        begin = datetime.now(UTC) - timedelta(days=1)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=9))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        (tmp_path / "key").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain))
        (tmp_path / "certificate").write_bytes(made.public_bytes(encoding))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
        return context, tmp_path / "certificate"

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_a_trusted_server_gets_the_password_and_the_message(self, authority, settings, monkeypatch, scheme):
        context, certificate = authority
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        settings.LOOPBACK = ()
        with MailServer(tls=context, at_once=scheme == "smtps") as server:
            settings.SMTP_URL = f"{scheme}://us%40er:pa%2Fss@localhost:{server.port}"
            row = written(MAIL)
            deliver(Channel.EMAIL, AT)
            assert (now(row).state, now(row).reason) == (State.SENT, "")
            assert len(server.received) == 1
            assert any(said.startswith("AUTH PLAIN") for said in server.said)
            assert ("STARTTLS" in server.said) == (scheme == "smtp")

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_an_unknown_one_gets_neither(self, authority, settings, scheme):
        settings.LOOPBACK = ()
        with MailServer(tls=authority[0], at_once=scheme == "smtps") as server:
            settings.SMTP_URL = f"{scheme}://user:secret@localhost:{server.port}"
            row = written(MAIL)
            deliver(Channel.EMAIL, AT)
            assert (now(row).state, now(row).reason) == (State.FAILED, "SSLCertVerificationError")
            assert not any(said.startswith(("AUTH", "MAIL")) for said in server.said)


class TestClaims:
    def test_a_claim_that_ran_out_goes_again_under_the_same_id(self, gateway, monkeypatch):
        class Killed(BaseException):
            pass

        def killed(*_args, **_more):
            raise Killed

        row = written(SMS)
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "close", killed)
            with pytest.raises(Killed):
                deliver(Channel.SMS, AT)
        assert now(row).state == State.WAITING
        assert not deliver(Channel.SMS, AT + timedelta(seconds=44))
        assert deliver(Channel.SMS, AT + timedelta(seconds=45))
        assert [headers["Idempotency-Key"] for _, headers, _ in gateway.got] == [str(row.id)] * 2
        assert now(row).state == State.SENT

    @pytest.mark.django_db(transaction=True)
    def test_many_workers_send_each_notice_once(self, gateway):
        for number in range(40):
            written(SMS, at=AT + timedelta(milliseconds=number))

        def work():
            while deliver(Channel.SMS, AT + timedelta(seconds=1)):
                pass

        assert at_once(*[work] * 6) == [None] * 6
        assert len(gateway.got) == len({body["id"] for _, _, body in gateway.got}) == 40
        assert set(Notice.objects.values_list("state", flat=True)) == {State.SENT}

    def test_the_oldest_goes_first_and_each_by_its_own_way(self, gateway, mail):
        late, early = written(SMS, at=AT + timedelta(seconds=1)), written(SMS, at=AT)
        written(MAIL)
        assert deliver(Channel.SMS, AT + timedelta(seconds=1))
        assert (now(early).state, now(late).state) == (State.SENT, State.WAITING)
        assert not mail.received

    def test_what_expired_is_not_sent_but_forgotten(self, gateway):
        row = written(SMS)
        kept = written(SMS, PLAIN, name="x", colour=Colour.RED)
        assert not deliver(Channel.SMS, AT + timedelta(days=4))
        assert give_up(AT + timedelta(minutes=10)) == 1
        assert (now(row).state, now(row).reason, now(row).given, now(row).due) == (State.GIVEN_UP, "expired", {}, None)
        assert now(kept).state == State.WAITING
        assert not gateway.got

    def test_notices_of_a_system_that_does_not_run_wait_for_it(self, gateway, monkeypatch):
        row = written(SMS)
        with monkeypatch.context() as patched:
            patched.delitem(notices.NOTICES, "tryout.code")
            assert not deliver(Channel.SMS, AT)
        assert deliver(Channel.SMS, AT)
        assert now(row).state == State.SENT
