"""Notifying guests by form, in one go for a party, prefilled from a card, an earlier stay or a booking; and the answer."""

from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel.access import Sought, look
from doorstep.kernel.store.writing import By, Once
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.reasons import NotFound, Reason
from doorstep.kernel.web import wording
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, tried
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions.houses import mark_arrived
from doorstep.systems.lodging.actions.stays import Line, Notified, Refusal, notify_stays
from doorstep.systems.lodging.facts import Channel, GuestKind
from doorstep.systems.lodging.forms.guests import MOST_GUESTS, ArrivalForm, GuestForm, Party, guest_cells, nationalities
from doorstep.systems.lodging.pages.outcomes import outcome
from doorstep.systems.lodging.pages.visits import country, due_now, enter_house, in_house
from doorstep.systems.lodging.permissions import FOR_HOUSE, FOR_NOTICE, NOTIFY
from doorstep.systems.lodging.queries.rows import House
from doorstep.systems.lodging.rules.deadlines import family_once
from doorstep.systems.lodging.rules.records import guest_from_card

NEW_GUEST = {"kind": GuestKind.DOMESTIC.value}
Cells = dict[str, str]


@page(NOTIFY)
@require_http_methods(["GET", "POST"])
def notify(request: HttpRequest, code: str) -> HttpResponse:
    """One form for all steps: each button sends the whole of it, so that nothing typed is lost and no script is needed."""
    by, house = enter_house(request, code)
    if request.method == "GET":
        shared, guests = _begun(by, house, request.GET.get("booking", ""))
        return _form(request, by, house, shared, guests)
    posted = request.POST
    shared, guests = _posted(posted)
    asked = posted.get("card") or posted.get("sought")
    if "send" in posted or ("enter" in posted and not asked):
        return _sent(request, by, house, shared, guests)
    context: dict[str, Any] = {}
    if "add" in posted:
        guests.append(dict(NEW_GUEST))
    elif "remove" in posted:
        guests = [cells for number, cells in enumerate(guests) if str(number) != posted["remove"]]
    elif "read_card" in posted or ("enter" in posted and posted.get("card")):  # scanners end with Enter
        context = _read_card(by, posted, guests)
    elif "again" in posted:
        record = look(by.actor, FOR_NOTICE, by.at, queries.keeper.stay, house, read_uuid(posted["again"]))
        _fill(guests, guest_cells(record.stay.guest))
    elif "find" in posted or "enter" in posted:
        sought = Sought(posted.get("sought", ""))
        found = look(by.actor, FOR_HOUSE, by.at, queries.keeper.repeat_guests, house, sought)
        context = {"sought": sought.text, "searched": True, "found": found}
    return _form(request, by, house, shared, guests, **context)


@page(NOTIFY)
@require_GET
def notice(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """What became of a submission."""
    by, house = enter_house(request, code)
    told, guests = look(by.actor, FOR_NOTICE, by.at, queries.keeper.acknowledged, house, reference)
    return in_house(request, "notice", house, {"notice": told, "guests": [(row, outcome(row)) for row in guests]})


@page(NOTIFY)
@require_GET
def notices(request: HttpRequest, code: str) -> HttpResponse:
    """All submissions of the house, newest first."""
    by, house = enter_house(request, code)
    rows = queries.keeper.notices(by.actor, house, request.GET.get("after", ""))
    older = f"?after={rows[-1].reference}" if len(rows) == queries.rows.PAGE else ""
    told = [(row, Channel(row.channel)) for row in rows]
    return in_house(request, "notices", house, {"notices": told, "older": older, "paged": "after" in request.GET})


def _begun(by: By, house: House, booking: str) -> tuple[Cells, list[Cells]]:
    """A new form: arrival now, or as a booking says."""
    now = by.at.astimezone(country().zone)
    shared = {"arrival_date": now.date().isoformat(), "arrival_time": f"{now:%H:%M}", "reason": "tourism"}
    if not booking:
        return shared, [dict(NEW_GUEST)]
    promised = look(by.actor, FOR_HOUSE, by.at, queries.rooms.booking, house, read_uuid(booking))
    shared |= {
        "booking": booking,
        "room": promised.room,
        "expected_departure": promised.departure.isoformat(),
    }
    guests = [dict(NEW_GUEST) for _ in range(min(promised.guests, MOST_GUESTS))]
    guests[0]["full_name"] = promised.guest_name
    return shared, guests


def _posted(posted: QueryDict) -> tuple[Cells, list[Cells]]:
    """What was typed so far, whatever it is."""
    shared = {name: posted.get(name, "") for name in ArrivalForm.base_fields}
    told = posted.get("guests", "")
    count = min(int(told), MOST_GUESTS) if told.isdecimal() and len(told) < 4 else 1
    return shared, [
        {name: posted.get(f"g{number}-{name}", "") for name in GuestForm.base_fields} for number in range(count)
    ]


def _fill(guests: list[Cells], cells: Cells) -> None:
    """Into the first form without a name or number, or one more."""
    for guest in guests:
        if not guest.get("full_name") and not guest.get("document_number"):
            guest.update(cells)
            return
    if len(guests) < MOST_GUESTS:
        guests.append(cells)


def _read_card(by: By, posted: QueryDict, guests: list[Cells]) -> dict[str, Any]:
    read = country().read_card(posted.get("card", ""), by.day)
    if isinstance(read, list):
        return {"card": posted.get("card", ""), "card_reasons": _told(read)}
    _fill(guests, {**guest_cells(guest_from_card(read, country().nationality)), "scanned": "1"})
    return {"card_read": True}


def _told(reasons: list[Reason]) -> list[tuple[str, str]]:
    return [(wording.html_text(each), wording.html_repair(each)) for each in reasons]


def _form(
    request: HttpRequest, by: By, house: House, shared: Cells, guests: list[Cells], **context: Any
) -> HttpResponse:
    rooms = queries.rooms.rooms(by.actor, house)
    party = Party(rooms, {**shared, "once": token_hex(16)}, guests or [dict(NEW_GUEST)])
    return _shown(request, by, house, party, context)


def _shown(
    request: HttpRequest, by: By, house: House, party: Party, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    more = {
        "form": party,
        "nationalities": nationalities(),
        "full": len(party.guests) >= MOST_GUESTS,
        "family_once": family_once(house.facility_type, country()),
    }
    return in_house(request, "notify", house, {**more, "due": due_now(by, house), **context}, status=status)


def _sent(request: HttpRequest, by: By, house: House, shared: Cells, guests: list[Cells]) -> HttpResponse:
    """Good guests are notified; the others stay in the form with the reasons."""
    rooms = queries.rooms.rooms(by.actor, house)
    if len(guests) > 1 and not shared["party"]:
        shared["party"] = shared["once"][:8] or token_hex(4)  # the same form makes the same party
    party = Party(rooms, shared, guests)
    lines = party.lines(country(), by.at)
    sent: list[Notified | None] = []
    if not tried(party.shared, lambda: sent.append(_notified(by, house, shared, guests, lines))):
        return _shown(request, by, house, party, {}, status=REFUSED)
    done = sent[0]
    refused = done.refused if done else _all_refused(lines)
    if done and not refused:
        return SeeOther(reverse("lodging:notice", args=[house.code, done.reference]))
    rest = Party(rooms, {**shared, "once": token_hex(16)}, [guests[each.line - 1] for each in refused])
    for number, each in enumerate(refused):
        rest.refuse(number, each.reasons)
    return _shown(request, by, house, rest, {"done": done if done and done.accepted else None}, status=REFUSED)


def _notified(
    by: By, house: House, shared: Cells, guests: list[Cells], lines: list[Line | list[Reason]]
) -> Notified | None:
    """None where no line could even be read. The same form sent twice gives the same answer; changed, it is another."""
    if not any(isinstance(line, Line) for line in lines):
        return None
    channel = Channel.SCAN if all(cells.get("scanned") for cells in guests) else Channel.PAGE
    digest = sha256(msgspec.json.encode([shared, guests]))
    once = Once(f"form:{house.code}:{digest.hexdigest()}", digest.digest())
    done = notify_stays(By(by.actor, by.at, once if shared["once"] else None), house.code, lines, channel)
    if done.accepted and shared["booking"]:
        with suppress(NotFound):  # cancelled meanwhile: nothing is left to mark, and the guests are notified
            mark_arrived(By(by.actor, by.at), house.code, read_uuid(shared["booking"]))
    return done


def _all_refused(lines: list[Line | list[Reason]]) -> tuple[Refusal, ...]:
    return tuple(Refusal(number, tuple(line)) for number, line in enumerate(lines, 1) if isinstance(line, list))
