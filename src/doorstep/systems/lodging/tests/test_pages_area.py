"""The police unit sees its own area, masked; each look is journalled, an opened notice for the person."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from doorstep.kernel.store.models import JournalEntry, JournalSubject
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.models import Stay
from doorstep.systems.lodging.tests.desks import AT, a_house, number, police
from doorstep.systems.lodging.tests.test_pages_notify import guest, party

pytestmark = pytest.mark.django_db


def test_the_list_is_masked_filtered_by_commune_and_day_and_journalled(desk: Client) -> None:
    one, two = a_house(desk), a_house(desk, "H38.902", "Nhà nghỉ Hai")
    desk.post(reverse("lodging:notify", args=[one]), party(guest(1), send="1"))
    desk.post(reverse("lodging:notify", args=[two]), party(guest(2, full_name="Lê Văn Hai"), send="1"))
    JournalEntry.objects.all().delete()
    officer, url = police("H38"), reverse("lodging:area")

    page = officer.get(url)

    assert {row.name for row, *_ in page.context["rows"]} == {"Lê Văn Hai", "Nguyễn Văn Ví Dụ"}
    assert number(1) not in page.content.decode()
    assert number(1)[-3:] in page.content.decode()
    entry = JournalEntry.objects.get()
    assert (entry.actor, entry.action, entry.purpose) == ("police", "lodging.look.notices_in_area", "lodging.supervise")
    assert len(bytes(entry.digest)) == 32
    assert not JournalSubject.objects.filter(id=entry.id).exists()

    def names(client: Client, **asked: str) -> list[str]:
        return sorted(row.name for row, *_ in client.get(url, asked).context["rows"])

    assert names(officer, unit="H38.902") == ["Lê Văn Hai"]
    assert names(officer, day="2024-05-21") == ["Lê Văn Hai", "Nguyễn Văn Ví Dụ"]
    assert names(officer, day="2024-05-20") == []
    assert names(officer, day="1800-01-01") == []
    assert officer.get(url, {"day": "31/02/2024"}).context["form"].errors.keys() == {"day"}
    assert names(officer, late="on") == []
    assert names(police("H38.901")) == ["Nguyễn Văn Ví Dụ"]
    assert names(police("H38.901"), unit="H38.902") == []
    assert names(police("H39")) == []
    assert JournalEntry.objects.filter(detail__contains="H38.902").count() == 2


def test_the_nation_s_police_gets_down_to_a_commune_without_script(desk: Client) -> None:
    a_house(desk)
    officer = police("")

    def offered(page: str, **asked: str) -> list[str]:
        return [code for code, _ in officer.get(reverse(page), asked).context["form"].fields["unit"].choices]

    for page in ("lodging:area", "lodging:silent"):
        assert offered(page) == ["", "H38"]
        assert offered(page, unit="H38") == offered(page, unit="H38.902") == ["", "H38", "H38.902", "H38.901"]
        assert offered(page, unit="X." * 500) == offered(page, unit="x") == ["", "H38"]
    silent = officer.get(reverse("lodging:silent"), {"unit": "H38.902"})
    assert silent.context["form"].is_valid()
    assert silent.context["houses"] == []


def test_a_person_with_two_open_stays_is_marked_for_the_police_unit_alone(desk: Client) -> None:
    one, two = a_house(desk), a_house(desk, "H38.902", "Nhà nghỉ Hai")
    for code in (one, two):
        assert desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1")).status_code == 303
    mark, first = "Has another open stay", Stay.objects.get(establishment__code=one)
    officer, opened = police("H38.901"), reverse("lodging:area_notice", args=[first.id])

    assert mark in officer.get(reverse("lodging:area")).content.decode()
    assert mark in officer.get(opened).content.decode()
    for name, more in (("board", ()), ("stay", (first.id,))):
        assert mark not in desk.get(reverse(f"lodging:{name}", args=[one, *more])).content.decode()

    left = {"version": "1", "left_date": "2024-05-21", "left_time": "20:45"}
    desk.post(reverse("lodging:check_out", args=[one, first.id]), left)
    assert mark not in officer.get(opened).content.decode(), "whoever left may stay wherever"


def test_an_opened_notice_is_whole_and_journalled_for_its_person(desk: Client) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(guest(1), send="1"))
    stay = Stay.objects.get()
    url = reverse("lodging:area_notice", args=[stay.id])

    page = police("H38").get(url)

    assert number(1) in page.content.decode()
    entry = JournalEntry.objects.get(action="lodging.look.notice_in_area")
    assert JournalSubject.objects.get(id=entry.id).subject == stay.person
    assert police("H39").get(url).status_code == 404
    assert police("H38.902").get(url).status_code == 404


def test_the_list_goes_on_where_the_page_ended(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    code = a_house(desk)
    desk.post(reverse("lodging:notify", args=[code]), party(*(guest(n) for n in range(5)), send="1"))
    monkeypatch.setattr(queries.rows, "PAGE", 2)
    officer, url, seen = police("H38"), reverse("lodging:area"), []

    while url:
        page = officer.get(url)
        seen += [row.id for row, *_ in page.context["rows"]]
        url = page.context["older"] and reverse("lodging:area") + page.context["older"]

    assert seen == list(Stay.objects.order_by("-id").values_list("id", flat=True))


def test_houses_that_neither_notified_nor_said_that_nobody_stays(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet, notified, empty, closed = (a_house(desk, name=f"Nhà {n}") for n in range(4))
    desk.post(reverse("lodging:notify", args=[notified]), party(guest(1), send="1"))
    desk.post(reverse("lodging:no_guests", args=[empty]))
    desk.post(reverse("lodging:close", args=[closed]))
    url = reverse("lodging:silent")

    assert [house.code for house in police("H38").get(url).context["houses"]] == [quiet]
    assert police("H38").get(url, {"unit": "H38.902"}).context["houses"] == []
    assert police("H39").get(url).context["houses"] == []
    monkeypatch.setattr(timezone, "now", lambda: AT + timedelta(days=1))
    tomorrow = police("H38").get(url)
    assert {house.code for house in tomorrow.context["houses"]} == {quiet, notified, empty}
