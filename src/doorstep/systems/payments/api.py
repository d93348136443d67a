"""Payments' API: asking systems put orders under ids of their own, withdraw them, read what moved, and state their fees."""

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from doorstep.kernel.web.api import Bearer, body, by, described, reply, system_api
from doorstep.systems.payments.actions import fee_statements, orders
from doorstep.systems.payments.actions.fee_statements import FeesTaken
from doorstep.systems.payments.contract import OrderStanding
from doorstep.systems.payments.permissions import REQUEST
from doorstep.systems.payments.queries.orders import Movements, asked_for, movements
from doorstep.systems.payments.schemas import LARGEST_ORDER, LARGEST_PAGE, AskedOrder, FeesPage

api = system_api("payments", "Payments")


@api.put(
    "/orders/{order}",
    auth=Bearer(REQUEST),
    summary="Ask for a payment under an id of your own; the same id with the same content is the same order",
    openapi_extra=described(OrderStanding, AskedOrder),
)
def request(request: HttpRequest, order: UUID) -> HttpResponse:
    who = by(request)
    asked = body(request, AskedOrder, limit=LARGEST_ORDER).asked(who.actor.subject, order)
    return reply(orders.request_order(who, asked))


@api.get(
    "/orders/{order}",
    auth=Bearer(REQUEST),
    summary="How far a payment is that you asked for",
    openapi_extra=described(OrderStanding),
)
def order(request: HttpRequest, order: UUID) -> HttpResponse:
    return reply(asked_for(by(request).actor, order))


@api.post(
    "/orders/{order}/withdraw",
    auth=Bearer(REQUEST),
    summary="It is not to be paid any more; 409 where it is paid already",
    openapi_extra=described(OrderStanding, writes=True),
)
def withdraw(request: HttpRequest, order: UUID) -> HttpResponse:
    return reply(orders.withdraw_order(by(request), order))


@api.get(
    "/movements",
    auth=Bearer(REQUEST),
    summary="What moved among the orders that you asked for, after a cursor (0 at first), a thousand at most",
    openapi_extra=described(Movements),
)
def moved(request: HttpRequest, after: int = 0) -> HttpResponse:
    return reply(movements(by(request).actor, after))


@api.put(
    "/fees/{day}/{page}",
    auth=Bearer(REQUEST),
    summary="One page of what you hold for paid on a day; the same page again changes nothing",
    openapi_extra=described(FeesTaken, FeesPage),
)
def state_fees(request: HttpRequest, day: date, page: int) -> HttpResponse:
    who = by(request)
    stated = body(request, FeesPage, limit=LARGEST_PAGE).stated(who.actor.subject, day, page)
    return reply(fee_statements.state_fees(who, stated))
