"""The stand-in for an SMS gateway: takes made-up numbers once an id, misbehaves when asked, and is for demos only."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from urllib.parse import quote

import httpx
import pytest
from django.db import connection

from doorstep.kernel.declare.notices import EXPIRES, Channel, Reach, State
from doorstep.kernel.expiry import Credential
from doorstep.kernel.notices import notify
from doorstep.kernel.store.models import Notice
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING
from doorstep.site import delivery
from doorstep.site.delivery import deliver
from doorstep.site.processes import free_port
from doorstep.site.sms_stand_in import StandIn

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
NUMBER = "0000 123 456"
GIVEN = {"credential": Credential.KEY, "what": "Till", "day": date(2024, 3, 20), "days": 30}


@pytest.fixture
def stand_in(settings) -> Iterator[StandIn]:
    with StandIn(0, lambda number: number.startswith("0000"), "t0ken") as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        settings.SMS_URL, settings.SMS_TOKEN, settings.SMS_STAND_IN = server.url, "t0ken", True
        yield server
        server.shutdown()
        thread.join()


def call(stand_in: StandIn, path: str, body: object = None, **headers: str) -> tuple[int, str]:
    url = stand_in.url.replace("/stand-in/messages", path)
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    answer = httpx.request("GET" if data is None else "POST", url, content=data, headers=headers)
    return answer.status_code, answer.text


def post(stand_in: StandIn, id_: str = "1", to: str = NUMBER, text: str = "Hello", bearer: str = "t0ken") -> int:
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": id_}
    return call(stand_in, "/stand-in/messages", {"id": id_, "to": to, "text": text}, **headers)[0]


@action(DO_IT, TRYING)
def tell(act: Act, number: str):
    act.journal()
    return notify(act, Reach("hoa", "en", phone=number, channel=Channel.SMS), EXPIRES, **GIVEN)


class TestStandIn:
    def test_what_comes_is_shown_by_number(self, stand_in):
        assert [post(stand_in, "1"), post(stand_in, "2", to="0000999999", text="<b>")] == [202, 202]
        messages = json.loads(call(stand_in, "/messages")[1])
        assert [(one["id"], one["text"]) for one in messages] == [("2", "<b>"), ("1", "Hello")]
        only = json.loads(call(stand_in, f"/messages?to={quote('0000-123-456')}")[1])
        assert [one["id"] for one in only] == ["1"]
        page = call(stand_in, "/")[1]
        assert "SMS stand-in" in page
        assert "&lt;b&gt;" in page

    def test_an_id_is_one_message(self, stand_in):
        assert [post(stand_in), post(stand_in)] == [202, 202]
        ((message),) = stand_in.shown("")
        assert message["tries"] == 2

    def test_real_numbers_wrong_tokens_and_nonsense_are_refused(self, stand_in):
        assert post(stand_in, to="0912345678") == 422
        assert post(stand_in, bearer="wrong") == 401
        assert (
            call(stand_in, "/stand-in/messages", {"id": "1", "to": NUMBER, "text": "x"}, Authorization="Bearer t0ken")[
                0
            ]
            == 422
        )
        for body in (b"", b"{", b"[]", b'{"id": 1}', b"\xff"):
            assert call(stand_in, "/stand-in/messages", body, Authorization="Bearer t0ken")[0] == 400
        assert call(stand_in, "/misbehave", {"how": "explode"})[0] == 400
        assert call(stand_in, "/elsewhere")[0] == call(stand_in, "/elsewhere", {})[0] == 404
        assert not stand_in.shown("")

    def test_it_keeps_so_many(self, stand_in, monkeypatch):
        monkeypatch.setattr(stand_in, "messages", type(stand_in.messages)(maxlen=3))
        assert all(post(stand_in, str(number)) == 202 for number in range(5))
        assert [one["id"] for one in stand_in.shown("")] == ["4", "3", "2"]


@pytest.mark.django_db
class TestMisbehaving:
    @pytest.mark.parametrize(
        ("how", "state", "came"),
        [
            ("delay", State.DELIVERED, 1),
            ("error", State.FAILED, 0),
            ("duplicate", State.DELIVERED, 2),
            ("drop", State.SENT, 0),
            ("hang", State.FAILED, 1),
        ],
    )
    def test_the_outbox_meets_each_way(self, stand_in, monkeypatch, how, state, came):
        monkeypatch.setattr(delivery, "PATIENCE", 0.5)
        seconds = 0.1 if how == "delay" else 3
        assert call(stand_in, "/misbehave", {"how": how, "seconds": seconds})[0] == 200
        id_ = tell(By(ACTOR, AT), NUMBER)
        assert deliver(Channel.SMS, AT)
        row = Notice.objects.get(id=id_)
        assert (row.state, len(stand_in.shown(NUMBER))) == (state, came)
        if state == State.FAILED:
            assert deliver(Channel.SMS, row.due)
            assert Notice.objects.get(id=id_).state == State.DELIVERED
            assert [one["id"] for one in stand_in.shown(NUMBER)] == [str(id_)]

    def test_a_real_number_is_given_up(self, stand_in):
        id_ = tell(By(ACTOR, AT), "0912345678")
        deliver(Channel.SMS, AT)
        assert Notice.objects.get(id=id_).state == State.GIVEN_UP


SEND = """
import sys, django
django.setup()
from datetime import datetime
from doorstep.kernel.declare.notices import Channel
from doorstep.site.delivery import deliver
deliver(Channel.SMS, datetime.fromisoformat(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_kill_between_sending_and_writing_sends_under_the_same_id(stand_in, tmp_path):
    database = connection.settings_dict
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={quote(database['HOST'], safe='')}&port={database['PORT']}"
    environment = os.environ | {
        "DOORSTEP_DATABASE_URL": url,
        "DOORSTEP_SMS_URL": stand_in.url,
        "DOORSTEP_SMS_TOKEN": "t0ken",
        "DJANGO_SETTINGS_MODULE": "doorstep.site.settings",
    }
    id_ = tell(By(ACTOR, AT), NUMBER)
    call(stand_in, "/misbehave", {"how": "hang", "seconds": 9})
    with subprocess.Popen([sys.executable, "-c", SEND, AT.isoformat()], env=environment) as process:
        deadline = time.monotonic() + 60
        while not stand_in.shown(NUMBER) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    row = Notice.objects.get(id=id_)
    assert (row.state, row.due) == (State.WAITING, AT + timedelta(seconds=45))
    assert not deliver(Channel.SMS, row.due - timedelta(seconds=1))
    assert deliver(Channel.SMS, row.due)
    ((message),) = stand_in.shown(NUMBER)
    assert (message["id"], message["tries"]) == (str(id_), 2)
    assert Notice.objects.get(id=id_).state == State.DELIVERED


@pytest.mark.django_db
class TestPhone:
    def test_the_demo_shows_what_came(self, stand_in, client):
        post(stand_in, "1", text="<b>123456</b> is your code.")
        post(stand_in, "2", to="0000999999", text="Another")
        page = client.get("/phone/", headers={"Accept-Language": "en"}).content.decode()
        assert "&lt;b&gt;123456&lt;/b&gt; is your code." in page
        assert '<a href="/phone/">' in page
        only = client.get("/phone/", {"number": NUMBER}).content.decode()
        assert "123456" in only
        assert "Another" not in only

    def test_it_says_so_when_the_phone_is_off(self, client, settings):
        settings.SMS_URL, settings.SMS_STAND_IN = "http://127.0.0.1:1/stand-in/messages", True
        page = client.get("/phone/", headers={"Accept-Language": "en"}).content.decode()
        assert "The phone does not answer just now." in page

    @pytest.mark.parametrize(("stands_in", "production"), [(False, False), (True, True)])
    def test_elsewhere_there_is_no_such_page(self, client, settings, stands_in, production):
        settings.SMS_STAND_IN, settings.PRODUCTION = stands_in, production
        assert client.get("/phone/").status_code == 404
        if not stands_in:
            assert "/phone/" not in client.get("/").content.decode()


class TestCommand:
    RUN = "import sys; from doorstep.site.cli import main; sys.exit(main(['sms', *sys.argv[1:]]))"

    def environment(self, home, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("DOORSTEP_", "DJANGO_"))}
        return kept | {"DOORSTEP_HOME": str(home)} | more

    def test_it_serves_a_demo_with_made_up_numbers_of_its_country(self, tmp_path):
        port = free_port()
        command = [sys.executable, "-c", self.RUN, "--port", str(port)]
        with subprocess.Popen(command, env=self.environment(tmp_path), stdout=subprocess.PIPE, text=True) as process:
            said = process.stdout.readline()
            assert said.startswith(f"SMS stand-in: post to http://127.0.0.1:{port}/stand-in/messages")
            url = f"http://127.0.0.1:{port}/stand-in/messages"
            for number, status in (("0000123456", 202), ("0912345678", 422)):
                body = {"id": "1", "to": number, "text": "x"}
                assert httpx.post(url, json=body, headers={"Idempotency-Key": "1"}).status_code == status
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=10) == 0

    def test_production_has_no_stand_in(self, tmp_path):
        secure = {"DOORSTEP_MODE": "production", "DOORSTEP_SECRET_KEY": "k" * 50, "DOORSTEP_HOSTS": "a.example.org"}
        done = subprocess.run(
            [sys.executable, "-c", self.RUN],
            env=self.environment(tmp_path, **secure),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "production needs a gateway" in done.stderr
        assert "Traceback" not in done.stderr
