"""Messages carry no field that fits a name, and questions say whom they ask about."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from doorstep.kernel.declare import messages
from doorstep.kernel.declare.messages import Key, Message, Question, message, question, revived
from doorstep.kernel.testing.tryout import READ_IT, Colour, Tried, Weigh, Weight
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.money import Money
from doorstep.kernel.values.units import UnitCode


@pytest.fixture(autouse=True)
def registries(monkeypatch):
    for name in ("MESSAGES", "QUESTIONS"):
        monkeypatch.setattr(messages, name, {})


def test_ids_codes_numbers_and_dates_pass_whole():
    @message("tryout.all_kinds", public=True)
    class AllKinds(Message, frozen=True):
        id: UUID
        reference: Key
        unit: UnitCode
        colour: Colour
        day: date
        at: datetime
        rate: Decimal
        count: int
        late: bool
        others: tuple[UUID, ...]
        maybe: Key | None = None

    told = AllKinds(
        subject="thing:1",
        id=UUID(int=1),
        reference="7K3Q-2M9X",
        unit=UnitCode("A1.B2"),
        colour=Colour.BLUE,
        day=date(2024, 1, 2),
        at=datetime.fromisoformat("2024-01-02T03:04:05.000006Z"),
        rate=Decimal("0.10"),
        count=-3,
        late=True,
        others=(UUID(int=2), UUID(int=3)),
    )
    sent = msgspec.msgpack.encode(told, enc_hook=str)
    heard = msgspec.msgpack.decode(sent, type=AllKinds, dec_hook=revived)
    assert heard == told
    assert isinstance(heard.unit, UnitCode)
    assert AllKinds.KIND.public
    assert not Tried.KIND.public


@pytest.mark.parametrize("kind", [str, str | None, Masked, list[int], dict[str, int], tuple[str, ...], bytes, Money])
def test_a_field_that_could_hold_a_name_is_refused(kind):
    with pytest.raises(TypeError, match=r"tryout\.named\.what"):
        message("tryout.named")(msgspec.defstruct("Named", [("what", kind)], bases=(Message,), frozen=True))
    assert not messages.MESSAGES


@pytest.mark.parametrize("key", ["Nguyễn", "Hoa Ban", "", "x" * 201])
def test_a_key_is_visible_ascii_without_blanks(key):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(key, Key)


def test_a_message_that_lacks_new_fields_is_understood():
    old = msgspec.msgpack.encode({"subject": "thing:1", "number": 3, "since_retired": 1})
    assert msgspec.msgpack.decode(old, type=Tried, dec_hook=revived) == Tried("thing:1", 3, Colour.RED)


@pytest.mark.parametrize("name", ["tried", "tryout.Tried", "tryout.", "a.b.c", "try_out.x"])
def test_names_are_a_system_and_a_word(name):
    with pytest.raises(ValueError, match="named system"):
        message(name)(Tried)
    with pytest.raises(ValueError, match="named system"):
        question(name, scope=READ_IT, answer=int)(Weigh)


def test_a_name_is_given_once():
    message("tryout.once")(msgspec.defstruct("One", [("number", int)], bases=(Message,), frozen=True))
    with pytest.raises(ValueError, match="once"):
        message("tryout.once")(msgspec.defstruct("Two", [("number", int)], bases=(Message,), frozen=True))


def test_a_question_says_whom_it_asks_about():
    with pytest.raises(TypeError, match="subject"):
        question("tryout.about_nobody", scope=READ_IT, answer=bool)(
            msgspec.defstruct("AboutNobody", [("name", str)], bases=(Question,), frozen=True)
        )

    @question("tryout.about_one", scope=READ_IT, answer=bool)
    class AboutOne(Question, frozen=True):
        subject: str
        name: str

    assert AboutOne("pin:1", "Hoà").subjects() == ["pin:1"]
    assert Weigh(["a", "b"]).subjects() == ["thing:a", "thing:b"]


@pytest.mark.parametrize(
    ("answer", "fields"),
    [
        (bool, ()),
        (Weight, ("grams", "unit")),
        (list[Weight | None], ("grams", "unit")),
        (dict[str, Weight], ("grams", "unit")),
    ],
)
def test_the_journal_learns_which_fields_an_answer_tells(answer, fields):
    kind = messages.QuestionKind("tryout.any", Weigh, READ_IT, answer)
    assert tuple(kind.fields) == fields


def test_only_strings_of_our_own_are_revived():
    assert revived(UnitCode, "A1") == UnitCode("A1")
    for kind, value in ((UnitCode, 5), (UnitCode, "no code"), (bytes, "x")):
        with pytest.raises(ValueError, match=r"is no"):
            revived(kind, value)
