"""A keeper's houses: choosing one, enrolling one, today's board, and what belongs to the house."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from doorstep.kernel.access import look
from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import ISSUE_TOKEN
from doorstep.kernel.store import tokens
from doorstep.kernel.values.dates import in_force
from doorstep.kernel.values.ids import read_uuid
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, language, tried
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import houses
from doorstep.systems.lodging.facts import FacilityType
from doorstep.systems.lodging.forms.houses import HouseForm, KeeperForm, RoomForm, TokenForm, price_text
from doorstep.systems.lodging.pages.outcomes import outcome
from doorstep.systems.lodging.pages.visits import country, due_now, enter_house, in_house, money
from doorstep.systems.lodging.permissions import APPOINT, ENROL, FOR_HOUSE, MANAGE, NOTIFY

REMIND_BEFORE = timedelta(hours=3)
"""How long before the deadline the board begins to urge."""


@page(NOTIFY)
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    kept = queries.keeper.houses(enter(request).actor)
    if len(kept) == 1 and "all" not in request.GET:
        return SeeOther(reverse("lodging:board", args=[kept[0].code]))
    return render(request, "lodging/houses.html", {"houses": kept})


@page(ENROL)
@require_http_methods(["GET", "POST"])
def enrol(request: HttpRequest) -> HttpResponse:
    """Choosing from the first level down to the communes, then the house."""
    by = enter(request)
    day, within = by.day, request.GET.get("within", "")
    areas = queries.areas.areas(within, day, language())
    if not areas or any(area.further for area in areas):
        return render(request, "lodging/enrol_area.html", {"areas": areas, "within": within})
    kinds = [row.type for row in in_force(country().facilities, day)]
    form = HouseForm(areas, kinds, request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return render(request, "lodging/enrol.html", {"form": form, "within": within})
    codes: list[str] = []

    def act() -> None:
        told = form.cleaned_data
        kind = FacilityType(told["facility_type"])
        done = houses.enrol_establishment(by, told["name"], kind, told["unit"], told["address"], remote=told["remote"])
        codes.append(done.code)

    if tried(form, act):
        return SeeOther(reverse("lodging:board", args=codes))
    return render(request, "lodging/enrol.html", {"form": form, "within": within}, status=REFUSED)


@page(NOTIFY)
@require_GET
def board(request: HttpRequest, code: str) -> HttpResponse:
    """Who came, who leaves, who is missing, and until when a guest who comes now must be notified."""
    by, house = enter_house(request, code)
    today = by.day
    guests = look(by.actor, FOR_HOUSE, by.at, queries.keeper.guests, house, today)
    here = [row for row in guests if row.departed is None]
    missing = look(by.actor, FOR_HOUSE, by.at, queries.rooms.missing_tonight, house, by.at)
    due = due_now(by, house)
    context = {
        "today": today,
        "due": due,
        "due_today": country().day(due) == today,
        "missing": missing,
        "urgent": bool(missing) and by.at >= due - REMIND_BEFORE,
        "arrived": [(row, outcome(row)) for row in guests if country().day(row.arrival) == today],
        "leaving": [row for row in here if row.expected_departure <= today],
        "staying": [row for row in here if row.expected_departure > today],
        "nobody": not here,
        "said_no_guests": queries.keeper.said_no_guests(by.actor, house, today),
        "several": len(queries.keeper.houses(by.actor)) > 1,
    }
    return in_house(request, "board", house, context)


@page(NOTIFY)
@require_POST
def no_guests(request: HttpRequest, code: str) -> HttpResponse:
    houses.say_no_guests(enter(request), code)
    return SeeOther(reverse("lodging:board", args=[code]))


@page(MANAGE)
@require_http_methods(["GET", "POST"])
def rooms(request: HttpRequest, code: str) -> HttpResponse:
    """Rooms and prices; the form adds a room or changes the one with its number."""
    by, house = enter_house(request, code)
    currency, kept = profile().currency, queries.rooms.rooms(by.actor, house)
    chosen = next((room for room in kept if room.number == request.GET.get("room")), None)
    initial = (
        {"number": chosen.number, "beds": chosen.beds, "price": price_text(chosen.price, currency)} if chosen else {}
    )
    form = RoomForm(currency, request.POST if request.method == "POST" else None, initial=initial or None)
    if request.method == "POST" and tried(form, lambda: houses.put_room(by, code, **form.cleaned_data)):
        return SeeOther(reverse("lodging:rooms", args=[code]))
    priced = [(room, money(room.price)) for room in kept]
    status = REFUSED if form.errors else 200
    return in_house(request, "rooms", house, {"rooms": priced, "form": form, "chosen": chosen}, status=status)


@page(MANAGE)
@require_POST
def retire_room(request: HttpRequest, code: str) -> HttpResponse:
    houses.retire_room(enter(request), code, request.POST.get("number", ""))
    return SeeOther(reverse("lodging:rooms", args=[code]))


@page(APPOINT)
@require_http_methods(["GET", "POST"])
def keepers(request: HttpRequest, code: str) -> HttpResponse:
    """Who keeps the house; another keeper has the same rights."""
    by, house = enter_house(request, code)
    form = KeeperForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and tried(form, lambda: houses.add_keeper(by, code, form.cleaned_data["subject"])):
        return SeeOther(reverse("lodging:keepers", args=[code]))
    context = {"keepers": queries.keeper.keepers(by.actor, house), "form": form}
    return in_house(request, "keepers", house, context, status=REFUSED if form.errors else 200)


@page(APPOINT)
@require_POST
def end_keeper(request: HttpRequest, code: str) -> HttpResponse:
    """Whoever ends the own keeping has no more business in the house."""
    by = enter(request)
    subject = request.POST.get("subject", "")
    houses.end_keeper(by, code, subject)
    own = subject == by.actor.owner
    return SeeOther(reverse("lodging:houses") if own else reverse("lodging:keepers", args=[code]))


@page(MANAGE)
@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    houses.close_house(enter(request), code)
    return SeeOther(reverse("lodging:board", args=[code]))


@page(ISSUE_TOKEN)
@require_http_methods(["GET", "POST"])
def programs(request: HttpRequest) -> HttpResponse:
    """Access for the keeper's own software; a new token is shown in this one answer and never again."""
    by = enter(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    issued: list[tokens.Issued] = []
    if request.method == "POST":
        tried(form, lambda: issued.append(tokens.issue_token(by, form.cleaned_data["label"])))
    context = {"form": TokenForm() if issued else form, "issued": issued, "tokens": tokens.tokens_of(by.actor)}
    return render(request, "lodging/programs.html", context, status=REFUSED if form.errors else 200)


@page(ISSUE_TOKEN)
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    token = request.POST.get("token", "")
    if not token:
        raise NotFound(NOT_FOUND())
    tokens.revoke_token(enter(request), str(read_uuid(token)))
    return SeeOther(reverse("lodging:programs"))
