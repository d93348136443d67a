"""A registrar's day through the pages: search, enter, change, correct by two, move, note a death, name a guardian."""

from datetime import date

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.kernel.web.actors import sign_in
from doorstep.systems.identity.actions import register
from doorstep.systems.identity.contract import Relation, Sex
from doorstep.systems.identity.models import Correction, Guardian, Organisation, Person, Residence
from doorstep.systems.identity.tests.people import (
    BY,
    DAY,
    ELSEWHERE,
    HERE,
    SOURCE,
    THERE,
    body,
    enter,
    key,
    places,
    record,
    registrar,
    tax_code,
)

pytestmark = pytest.mark.usefixtures("clock")


def browser(actor: Actor | None = None, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    request = RequestFactory().get("/")
    request.session = client.session
    sign_in(request, actor or registrar(), name="Lan")
    request.session.save()
    client.cookies["session"] = request.session.session_key
    return client


@pytest.fixture
def desk() -> Client:
    places()
    return browser()


def at(name: str, *args: object) -> str:
    return reverse(f"identity:{name}", args=args)


def errors(page) -> dict[str, list[str]]:
    found = page.context["form"].errors.as_data()
    return {field: [error.code for error in told] for field, told in found.items()}


ENTRY = {
    "cause": "birth",
    "number": record().number,
    "full_name": "Nguyễn Văn Ví Dụ",
    "birth": "1990-05-21",
    "sex": "male",
    "nationality": "VN",
    "unit": HERE,
    "address": "12 Đường Ví Dụ",
    "valid_from": "2020-01-01",
    "source": SOURCE,
}


def test_a_person_is_searched_masked_and_opened_whole(desk):
    person = enter(full_name="Đặng Thị Ánh", sex=Sex.FEMALE)
    JournalEntry.objects.all().delete()
    page = desk.get(at("register"), {"text": "anh dang"})
    shown = page.content.decode()
    assert "Đặng Thị Ánh" in shown
    assert person.number not in shown
    assert person.number[-3:] in shown
    assert "Place H38.901" in shown
    whole = desk.get(at("person", person.id)).content.decode()
    assert person.number in whole
    assert "First entry in the register" in whole
    opened = JournalEntry.objects.get(action="identity.look.person")
    assert (
        JournalEntry.objects.get(action="identity.look.persons").detail == "2024-03-01 text of 8 characters None None"
    )
    assert JournalSubject.objects.get(id=opened.id).subject == key(person.number)
    assert "Nobody in your area fits." in desk.get(at("register"), {"text": "quoc"}).content.decode()
    assert errors(desk.get(at("register"), {"text": "anh", "birth": "31/02/1990"})).keys() == {"birth"}


def test_nobody_looks_outside_the_area_or_without_the_role(desk):
    person = enter(unit=ELSEWHERE)
    for name in ("person", "person_change", "person_correct", "person_move", "person_leave", "person_death"):
        assert desk.get(at(name, person.id)).status_code == 404
    stranger = browser(Actor("person", roles=("identity.person",), level=2))
    officer = browser(Actor("officer", "H26", ("identity.officer",), level=2))
    assert stranger.get(at("register")).status_code == 403
    assert officer.get(at("person", person.id)).status_code == 200
    assert officer.get(at("person_change", person.id)).status_code == 403
    assert "Change the record" not in officer.get(at("person", person.id)).content.decode()
    weak = browser(Actor("registrar", "H38", ("identity.registrar",), level=1))
    assert weak.get(at("register")).headers["Location"].startswith("/sign-in"), "to sign in more surely"


def test_a_person_is_entered(desk):
    page = desk.get(at("person_new"))
    assert dict(page.context["form"].fields["unit"].widget.choices) == {HERE: f"Place {HERE}", THERE: f"Place {THERE}"}
    done = desk.post(at("person_new"), ENTRY)
    person = Person.objects.get()
    assert (done.status_code, done.headers["Location"]) == (303, at("person", person.id))
    assert (person.full_name, person.unit) == ("Nguyễn Văn Ví Dụ", HERE)


def test_what_is_wrong_stands_at_its_field(desk):
    told = {**ENTRY, "full_name": "Minh 7", "sex": "female", "address": "", "source": " ", "valid_from": "2030-01-01"}
    page = desk.post(at("person_new"), told)
    assert page.status_code == 422
    assert errors(page) == {
        "full_name": ["kernel.name_character"],
        "number": ["vietnam.personal_number_sex"],
        "address": ["kernel.text_missing"],
        "source": ["kernel.text_missing"],
        "valid_from": ["identity.day_in_future"],
    }
    empty = desk.post(at("person_new"), {})
    assert {"birth", "sex", "cause", "valid_from"} <= errors(empty).keys()
    assert not Person.objects.exists()


def test_a_likely_duplicate_is_shown_and_confirmed(desk):
    enter(7, unit=ELSEWHERE, full_name="VÍ DỤ văn Nguyễn")
    page = desk.post(at("person_new"), ENTRY)
    shown = page.content.decode()
    assert errors(page) == {"confirmed": ["identity.likely_same"]}
    assert "VÍ DỤ văn Nguyễn" in shown
    assert 'type="checkbox" name="confirmed"' in shown
    assert record(7).number not in shown
    assert desk.post(at("person_new"), {**ENTRY, "confirmed": "on"}).status_code == 303


def test_a_change_keeps_the_history_and_notices_another_hand(desk):
    person = enter()
    form = desk.get(at("person_change", person.id)).context["form"]
    assert "died" not in form.fields
    told = {**form.initial, "birth": "1990-05-21", "nationality": "VN", "full_name": "Nguyễn Văn Mới"}
    told |= {"cause": "marriage", "valid_from": "2024-02-01", "source": "Certificate 7"}
    told.pop("died")
    assert desk.post(at("person_change", person.id), told).status_code == 303
    whole = desk.get(at("person", person.id)).content.decode()
    for text in ("Marriage or divorce", "Certificate 7", "Nguyễn Văn Ví Dụ", "Nguyễn Văn Mới", "1 February 2024"):
        assert text in whole
    again = desk.post(at("person_change", person.id), {**told, "full_name": "Lan"})
    assert errors(again) == {"__all__": ["kernel.changed"]}
    assert Person.objects.get().full_name == "Nguyễn Văn Mới"


def test_a_typing_error_is_proposed_by_one_and_approved_by_another(desk):
    person = enter()
    told = {"number": person.number, "full_name": "Nguyễn Văn Ví", "birth": "1990-05-21", "sex": "male"}
    told |= {"nationality": "VN", "source": "Birth certificate", "version": "1"}
    assert desk.post(at("person_correct", person.id), told).status_code == 303
    one = Correction.objects.get()
    assert "A correction waits for a second person" in desk.get(at("person", person.id)).content.decode()
    own = desk.get(at("correction", one.id)).content.decode()
    assert "Another registrar decides" in own
    assert "Approve the correction" not in own
    assert desk.post(at("correction", one.id), {"decision": "approve"}).status_code == 422

    second = browser(registrar(subject="second"))
    queue = second.get(at("corrections")).content.decode()
    assert "Nguyễn Văn Ví Dụ" in queue
    assert person.number not in queue
    assert errors(second.post(at("correction", one.id), {"decision": "refuse"})) == {"why": ["kernel.text_missing"]}
    assert second.post(at("correction", one.id), {"decision": "approve"}).status_code == 303
    assert Person.objects.get().full_name == "Nguyễn Văn Ví"
    assert second.get(at("correction", one.id)).status_code == 404
    assert "No correction waits here." in second.get(at("corrections")).content.decode()


def test_moves_here_there_and_away(desk):
    person = enter(unit=ELSEWHERE)
    told = {"number": person.number, "birth": "1990-05-21", "kind": "permanent", "unit": HERE}
    told |= {"address": "7 Ngõ Mẫu", "valid_from": "2024-02-01", "source": SOURCE}
    assert errors(desk.post(at("arrive"), {**told, "birth": "1990-05-22"})) == {"number": ["kernel.not_found"]}
    assert desk.post(at("arrive"), told).status_code == 303
    assert Person.objects.get().unit == HERE
    move = {"kind": "temporary", "unit": THERE, "address": "1 Mẫu", "valid_from": "2024-02-10", "source": SOURCE}
    assert desk.post(at("person_move", person.id), {**move, "version": "2"}).status_code == 303
    leave = {"kind": "temporary", "valid_to": "2024-02-20", "source": SOURCE, "version": "3"}
    assert desk.post(at("person_leave", person.id), leave).status_code == 303
    shown = desk.get(at("person", person.id)).content.decode()
    assert shown.count("Temporary residence") == 1
    assert Residence.objects.filter(valid_to=None).get().unit == HERE


def test_a_death_is_noted(desk):
    person = enter()
    told = {"died": "2024-02-20", "source": "Death certificate", "version": "1"}
    assert errors(desk.post(at("person_death", person.id), {**told, "died": "2025-01-01"})) == {
        "died": ["identity.died_in_future"]
    }
    assert desk.post(at("person_death", person.id), told).status_code == 303
    shown = desk.get(at("person", person.id)).content.decode()
    assert "Dead" in shown
    assert "Note a death" not in shown
    assert "died" in desk.get(at("person_correct", person.id)).context["form"].fields


def test_a_guardian_is_named_and_ends(desk):
    parent, child = enter(1, unit=ELSEWHERE), enter(2, birth=date(2015, 1, 1), full_name="Nguyễn Thị Bé")
    told = {"guardian": parent.number, "relation": "parent", "valid_from": "2024-01-01", "source": SOURCE}
    assert errors(desk.post(at("person_guardian", child.id), {**told, "guardian": "1"})) == {
        "guardian": ["kernel.not_found"]
    }
    assert desk.post(at("person_guardian", child.id), told).status_code == 303
    one = Guardian.objects.get()
    shown = desk.get(at("person", child.id)).content.decode()
    assert parent.full_name in shown
    assert parent.number not in shown
    end = {"valid_to": "2024-02-01", "source": SOURCE}
    assert desk.post(at("guardian_end", parent.id, one.id), end).status_code == 404
    assert desk.post(at("guardian_end", child.id, one.id), end).status_code == 303
    assert Guardian.objects.get().valid_to == date(2024, 2, 1)


def test_an_organisation_is_entered_found_and_changed(desk):
    enter()
    told = {"tax_code": tax_code(1), "kind": "household_business", "name": "Hộ kinh doanh Ví Dụ", "unit": HERE}
    told |= {"representative": record().number, "address": "12 Đường Ví Dụ", "active_from": "2021-01-01"}
    told |= {"active_to": "", "source": SOURCE}
    assert errors(desk.post(at("organisation_new"), {**told, "tax_code": "1"})) == {
        "tax_code": ["vietnam.tax_code_malformed"]
    }
    assert desk.post(at("organisation_new"), told).status_code == 303
    one = Organisation.objects.get()
    assert "Hộ kinh doanh Ví Dụ" in desk.get(at("organisations"), {"text": "vi du ho"}).content.decode()
    change = {**told, "name": "Cửa hàng Mới", "valid_from": "2024-02-01", "version": "1"}
    assert desk.post(at("organisation_change", one.id), change).status_code == 303
    shown = desk.get(at("organisation", one.id)).content.decode()
    for text in ("Cửa hàng Mới", "Hộ kinh doanh Ví Dụ", "Household business", tax_code(1)):
        assert text in shown
    looks = JournalEntry.objects.filter(action="identity.look.organisation")
    assert JournalSubject.objects.filter(id__in=looks.values("id"), subject=key(record().number)).exists()
    assert "No organisation in your area fits." in desk.get(at("organisations"), {"text": "zzz"}).content.decode()


@pytest.mark.parametrize("language", ["vi", "de", "ar"])
def test_pages_speak_the_readers_language(desk, language):
    person, child = enter(), enter(2, birth=date(2015, 1, 1), full_name="Bé")
    register.set_guardian(BY, child.id, person.number, Relation.PARENT, DAY, SOURCE)
    organisation = register.register_organisation(BY, body(), SOURCE)
    reader = browser(language=language)
    for address in (
        at("register"),
        at("person", child.id),
        at("person_change", person.id),
        at("organisation", organisation.id),
        at("corrections"),
    ):
        page = reader.get(address)
        assert page.status_code == 200
        assert f'lang="{language}"' in page.content.decode()
