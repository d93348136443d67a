"""Bookings, and the calendar of rooms over a fortnight."""

from datetime import date, timedelta

import msgspec
from babel import dates
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.values.dates import read_date
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, language, tried
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import houses
from doorstep.systems.lodging.forms.houses import BookingForm
from doorstep.systems.lodging.pages.visits import enter_house, in_house
from doorstep.systems.lodging.permissions import FOR_HOUSE, MANAGE, NOTIFY
from doorstep.systems.lodging.queries.rooms import Taken

FORTNIGHT = timedelta(days=14)
AHEAD = timedelta(days=366)


class Night(msgspec.Struct, frozen=True):
    """A room's night in the calendar: its state, the words for it, and what stands behind."""

    day: date
    state: str
    text: str
    taken: Taken | None = None


@page(MANAGE)
@require_http_methods(["GET", "POST"])
def bookings(request: HttpRequest, code: str) -> HttpResponse:
    by, house = enter_house(request, code)
    rooms, today = queries.rooms.rooms(by.actor, house), by.day
    asked = {name: request.GET[name] for name in ("room", "arrival") if name in request.GET}
    form = BookingForm(rooms, request.POST if request.method == "POST" else None, initial=asked or None)

    def act() -> None:
        told = form.cleaned_data
        days = (told["arrival"], told["departure"])
        houses.book(by, code, told["room"], told["guest_name"], told["guests"], *days)

    if request.method == "POST" and tried(form, act):
        return SeeOther(reverse("lodging:bookings", args=[code]))
    context = {
        "form": form,
        "rooms": rooms,
        "bookings": look(by.actor, FOR_HOUSE, by.at, queries.rooms.bookings, house, today, today + AHEAD),
        "today": today,
    }
    return in_house(request, "bookings", house, context, status=REFUSED if form.errors else 200)


@page(MANAGE)
@require_POST
def cancel_booking(request: HttpRequest, code: str) -> HttpResponse:
    houses.cancel_booking(enter(request), code, read_uuid(request.POST.get("booking", "")))
    return SeeOther(reverse("lodging:bookings", args=[code]))


@page(NOTIFY)
@require_GET
def calendar(request: HttpRequest, code: str) -> HttpResponse:
    """Rooms by days, from the day that the address says."""
    by, house = enter_house(request, code)
    today = by.day
    first = read_date(request.GET.get("from", "")) or today
    days = [first + timedelta(days=number) for number in range(FORTNIGHT.days)]
    taken = queries.rooms.taken_rooms(by.actor, house, days[0], days[-1], today)
    grid = [
        (room, [_night(day, [one for one in taken if one.room == room.number]) for day in days])
        for room in queries.rooms.rooms(by.actor, house)
    ]
    context = {
        "days": [(day, weekday(day)) for day in days],
        "grid": grid,
        "today": today,
        "before": (first - FORTNIGHT).isoformat(),
        "after": (first + FORTNIGHT).isoformat(),
    }
    return in_house(request, "calendar", house, context)


def weekday(day: date) -> str:
    """A day without its year, as narrow as the head of a column."""
    return dates.format_skeleton("MEd", day, locale="en_GB" if language() == "en" else language())


def _night(day: date, taken: list[Taken]) -> Night:
    """What a room is in the night after `day`. A guest who is there goes before a booking."""
    over = sorted((one for one in taken if one.first <= day < one.end), key=lambda one: one.stay is None)
    if not over:
        left = next((one for one in taken if one.end == day), None)
        return Night(day, "departure", N_("Leaves"), left) if left else Night(day, "free", N_("Free"))
    one = over[0]
    if one.first == day:
        return Night(day, "arrival", N_("Arrives") if one.booking else N_("Arrived"), one)
    return Night(day, "booked", N_("Booked"), one) if one.booking else Night(day, "occupied", N_("Stays"), one)
