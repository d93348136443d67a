"""A notice is written with the action or not at all, read by its person only, and printed once by the mail room."""

import io
from datetime import UTC, date, datetime, timedelta

import msgspec
import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone, translation

from doorstep.kernel import notices
from doorstep.kernel.access import look
from doorstep.kernel.declare.notices import EXPIRES, LONGEST, NOTICES, Channel, Reach, State, notice
from doorstep.kernel.declare.scopes import LETTERS, Actor
from doorstep.kernel.notices import give_up, inbox, letters, letters_sent, mark_read, notify, told_since, unread
from doorstep.kernel.store.models import JournalSubject, Notice, Unit
from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.store.writing import Act, By, action
from doorstep.kernel.testing.tryout import ACTOR, DO_IT, TRYING, Colour
from doorstep.kernel.values.ids import uuid7
from doorstep.kernel.values.reasons import TOO_LARGE, NotAllowed, Refused
from doorstep.kernel.web import wording

AT = datetime(2024, 3, 1, 10, tzinfo=UTC)
HELLO = notice("tryout.hello", title="For {name}", text="{name} has {count}, {colour}, until {day}, since {at}.")
SECRET = notice("tryout.secret", title="Your code", text="{code}", secret=True, lasts=timedelta(minutes=5))
GIVEN = {"name": "Hoà", "count": 1200, "colour": Colour.RED, "day": date(2024, 6, 5), "at": AT}

HOA = Actor("hoa")
MAIL_ROOM = Actor("clerk", "H38", ("kernel.mail_room",), level=2)
ADDRESS = ("Nguyễn Thị Hoà", "12 Ngõ Ví Dụ", "Phường Mẫu")

pytestmark = pytest.mark.django_db


@action(DO_IT, TRYING)
def tell(act: Act, reach: Reach, kind, values, *, fails=False):
    told = notify(act, reach, kind, **values)
    act.journal()
    if fails:
        raise Refused(TOO_LARGE(limit="1"))
    return told


def told(reach: Reach, kind=HELLO, values=GIVEN, at=AT):
    return tell(By(ACTOR, at), reach, kind, values)


def letter(unit: str, kind=HELLO, values=GIVEN, at=AT, language="en"):
    return told(Reach("hoa", language, channel=Channel.LETTER, address=ADDRESS, unit=unit), kind, values, at)


class TestWritten:
    def test_with_the_action_or_not_at_all(self):
        with pytest.raises(Refused):
            tell(By(ACTOR, AT), Reach("hoa"), HELLO, GIVEN, fails=True)
        assert not Notice.objects.exists()

    @pytest.mark.parametrize("values", [{}, {**GIVEN, "more": 1}, {"name": "x"}])
    def test_values_are_those_of_the_text(self, values):
        with pytest.raises(TypeError):
            told(Reach("hoa"), HELLO, values)

    @pytest.mark.parametrize("channel", Channel)
    def test_a_secret_needs_somewhere_to_go(self, channel):
        with pytest.raises(ValueError):
            told(Reach("hoa", channel=channel), SECRET, {"code": "1"})

    @pytest.mark.parametrize("channel", Channel)
    def test_whoever_cannot_be_reached_has_the_inbox(self, channel):
        told(Reach("hoa", channel=channel))
        (row,) = Notice.objects.all()
        assert (row.channel, row.state, row.due) == (Channel.INBOX, State.DELIVERED, None)
        assert len(inbox(HOA)) == 1

    def test_the_language_is_the_persons_else_the_countrys(self, settings):
        told(Reach("hoa", "ar"))
        told(Reach("hoa"))
        assert {row.language for row in Notice.objects.all()} == {"ar", settings.LANGUAGE_CODE}

    def test_values_are_written_as_the_reader_writes_them(self):
        told(Reach("hoa"))
        (row,) = inbox(HOA)
        with translation.override("en"):
            title, text = wording.told(row.kind, row.given, around="{}")
        assert title == "For Hoà"
        assert text.startswith("Hoà has 1,200, Red, until 5 June 2024, since 1 March 2024")

    def test_one_of_an_older_version_is_still_shown(self):
        Notice.objects.filter(id=told(Reach("hoa"))).update(given={"name": "Hoà"})
        (row,) = inbox(HOA)
        assert wording.told(row.kind, row.given, around="{}")[1].startswith("Hoà has …, …")

    @pytest.mark.parametrize("lasts", [timedelta(0), -timedelta(1), LONGEST + timedelta(seconds=1)])
    def test_a_notice_lasts_some_time_and_is_declared_once(self, lasts):
        with pytest.raises(ValueError):
            notice("tryout.wrong", title="x", text="x", lasts=lasts)
        with pytest.raises(ValueError):
            notice("tryout.hello", title="x", text="x")

    def test_what_was_told_is_known(self):
        told(Reach("hoa"))
        assert told_since(AT, "hoa", HELLO, **GIVEN)
        assert not told_since(AT + timedelta(milliseconds=1), "hoa", HELLO, **GIVEN)
        assert not told_since(AT, "hoa", HELLO, **{**GIVEN, "count": 1})
        assert not told_since(AT, "minh", HELLO, **GIVEN)


class TestInbox:
    def test_each_reads_the_own_and_no_secrets(self):
        told(Reach("hoa", channel=Channel.SMS, phone="0000123456"))
        told(Reach("hoa", channel=Channel.SMS, phone="0000123456"), SECRET, {"code": "123456"})
        told(Reach("minh"))
        assert [row.kind for row in inbox(HOA)] == ["tryout.hello"]
        assert (unread(HOA), unread(Actor("minh")), unread(Actor("lan"))) == (1, 1, 0)

    def test_newest_first_and_page_by_page(self):
        for number in range(notices.PAGE + 3):
            told(Reach("hoa"), at=AT + timedelta(seconds=number))
        first = inbox(HOA)
        assert len(first) == notices.PAGE + 1
        assert first[0].at == AT + timedelta(seconds=notices.PAGE + 2)
        assert [row.at for row in inbox(HOA, first[notices.PAGE - 1].id)] == [
            AT + timedelta(seconds=n) for n in (2, 1, 0)
        ]

    def test_reading_is_marked_for_one_or_all_of_the_own(self):
        one, _, other = told(Reach("hoa")), told(Reach("hoa")), told(Reach("minh"))
        mark_read(HOA, AT, one)
        mark_read(HOA, AT, other)
        assert (unread(HOA), unread(Actor("minh"))) == (1, 1)
        mark_read(HOA, AT + timedelta(hours=1))
        assert unread(HOA) == 0
        assert Notice.objects.get(id=one).read == AT

    def test_of_a_system_that_does_not_run_nothing_is_shown(self, monkeypatch):
        told(Reach("hoa"))
        monkeypatch.delitem(NOTICES, "tryout.hello")
        assert (inbox(HOA), unread(HOA)) == ([], 0)

    def test_it_is_found_by_its_index(self):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            query = str(Notice.objects.filter(subject="x").order_by("-id")[:50].query).replace("= x", "= 'x'")
            cursor.execute(f"EXPLAIN {query}")
            assert any("Index" in line and "subject" in line for (line,) in cursor.fetchall())


class TestLetters:
    def test_the_mail_room_prints_those_of_its_area(self):
        mine, below, elsewhere = letter("H38"), letter("H38.901", at=AT + timedelta(seconds=1)), letter("H380")
        rows = look(MAIL_ROOM, LETTERS, AT, letters, AT.date())
        assert [row.id for row in rows] == [mine, below]
        assert rows[0].address == list(ADDRESS)
        nation = msgspec.structs.replace(MAIL_ROOM, unit="")
        assert {row.id for row in look(nation, LETTERS, AT, letters, AT.date())} == {mine, below, elsewhere}

    def test_the_letters_of_a_unit_that_merged_are_the_successors(self):
        days = {"valid_from": date(2020, 1, 1), "valid_to": AT.date(), "successor": "H38"}
        Unit.objects.create(code="H39", kind="province", names={}, source="x", certainty="invented", **days)
        one = letter("H39")
        before = AT.date() - timedelta(days=1)
        assert look(MAIL_ROOM, LETTERS, AT, letters, before) == []
        assert [row.id for row in look(MAIL_ROOM, LETTERS, AT, letters, AT.date())] == [one]
        assert letters_sent(By(MAIL_ROOM, AT), [one]) == 1

    def test_only_a_mail_room_and_only_by_a_look(self):
        with pytest.raises(NotAllowed):
            look(HOA, LETTERS, AT, letters, AT.date())
        with pytest.raises(RuntimeError, match="look"):
            letters(MAIL_ROOM, AT.date())

    def test_what_went_to_the_post_is_gone_with_its_secret_and_address(self):
        one, secret = letter("H38"), letter("H38", SECRET, {"code": "123456"})
        elsewhere = letter("H01")
        assert letters_sent(By(MAIL_ROOM, AT), [one, secret, elsewhere, uuid7(AT)]) == 2
        assert letters_sent(By(MAIL_ROOM, AT), [one, secret]) == 0
        rows = {row.id: row for row in Notice.objects.all()}
        assert (rows[one].state, rows[secret].state, rows[elsewhere].state) == (State.SENT, State.SENT, State.WAITING)
        assert (rows[secret].given, rows[one].target) == ({}, "Mẫu"[-3:])
        assert JournalSubject.objects.filter(subject="hoa").count() == 1
        assert look(MAIL_ROOM, LETTERS, AT, letters, AT.date()) == []
        assert [row.id for row in inbox(HOA)] == sorted([one, elsewhere], reverse=True)

    def test_a_letter_waits_and_a_secret_one_ends(self):
        letter("H38")
        letter("H38", SECRET, {"code": "123456"})
        assert give_up(AT + timedelta(days=300)) == 1
        (row,) = look(MAIL_ROOM, LETTERS, AT, letters, AT.date())
        assert row.kind == "tryout.hello"
        assert Notice.objects.get(kind="tryout.secret").given == {}


@pytest.mark.usefixtures("home")
class TestPages:
    @pytest.fixture
    def reader(self, settings):
        """A browser in which an actor is signed in, today."""
        ensure_months(timezone.now().date(), timezone.now().date())
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

        def sign_in(actor: Actor, language: str = "en") -> Client:
            client = Client(headers={"Accept-Language": language})
            session = client.session
            session["actor"] = msgspec.to_builtins(actor)
            session.save()
            client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
            return client

        return sign_in

    def test_the_inbox_is_for_whoever_is_signed_in(self, reader):
        assert Client().get("/notices/").status_code == 303
        assert "No notice has come yet." in reader(HOA).get("/notices/").content.decode()

    @pytest.mark.parametrize("language", ["vi", "en", "de", "ar"])
    def test_the_inbox_shows_and_marks(self, reader, language):
        from doorstep.kernel.expiry import Credential

        values = {"credential": Credential.KEY, "what": "<b>Till", "day": date(2024, 6, 5), "days": 30}
        one = told(Reach("hoa"), EXPIRES, values)
        told(Reach("hoa"), EXPIRES, values)
        client = reader(HOA, language)
        page = client.get("/notices/").content.decode()
        assert page.count("<article") == page.count("data-unread") == 2
        assert "\u2068&lt;b&gt;Till\u2069" in page
        assert client.post(f"/notices/read/{one}").status_code == 303
        assert client.get("/notices/").content.decode().count("data-unread") == 1
        client.post("/notices/read")
        assert "data-unread" not in client.get("/notices/").content.decode()

    def test_every_page_says_how_many_are_unread(self, reader):
        told(Reach("hoa"))
        assert "Inbox, unread: <bdi>1</bdi>" in reader(HOA).get("/no-such-page").content.decode()

    def test_the_list_goes_on(self, reader):
        for number in range(notices.PAGE + 1):
            told(Reach("hoa"), at=AT + timedelta(seconds=number))
        page = reader(HOA).get("/notices/").content.decode()
        (older,) = [part.split('"')[0] for part in page.split('rel="next" href="')[1:]]
        assert reader(HOA).get(older).content.decode().count("<article") == 1

    def test_the_mail_room_lists_prints_and_posts(self, reader):
        names = {"en": "Example Province", "vi": "Tỉnh Ví Dụ"}
        Unit.objects.create(
            code="H38", kind="province", names=names, valid_from=date(2020, 1, 1), source="x", certainty="invented"
        )
        one = letter("H38", language="en")
        letter("H38", at=AT + timedelta(seconds=1), language="ar")
        client = reader(MAIL_ROOM)
        page = client.get("/notices/letters").content.decode()
        assert "Nguyễn Thị Hoà" in page
        document = pypdf.PdfReader(io.BytesIO(client.get("/notices/letters.pdf").content))
        assert len(document.pages) == 2
        text = document.pages[0].extract_text()
        assert all(line in text for line in (*ADDRESS, "For", "Example Province"))
        assert client.post("/notices/letters", {"id": ["nonsense"]}).status_code == 400
        assert client.post("/notices/letters", {"id": [str(one)]}).status_code == 303
        assert client.get("/notices/letters").content.decode().count('scope="row"') == 1

    def test_nobody_else_sees_letters(self, reader):
        assert reader(HOA).get("/notices/letters").status_code == 403
        assert reader(HOA).get("/notices/letters.pdf").status_code == 403

    @pytest.mark.parametrize("language", ["en", "ar"])
    def test_a_long_letter_is_one_page_with_the_address_in_the_window(self, reader, language):
        sentence = (
            "نرجو منكم مراجعة مكتب البلدية. " if language == "ar" else "Please come to the office of your commune. "
        )
        letter("H38", SECRET, {"code": sentence * 30}, language=language)
        document = pypdf.PdfReader(io.BytesIO(reader(MAIL_ROOM).get("/notices/letters.pdf").content))
        (page,) = document.pages
        places = []

        def visit(text, page, line, _font, _size):
            if "Mẫu" in text or "Ngõ" in text:
                x, y = (line[4] * page[n] + line[5] * page[n + 2] + page[n + 4] for n in (0, 1))
                places.append((x * 25.4 / 72, 297 - y * 25.4 / 72))

        page.extract_text(visitor_text=visit)
        assert places
        assert all(19.9 <= x <= 105 and 45 + 17.7 <= y <= 90 for x, y in places)
