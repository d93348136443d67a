"""Lodging's API: the keeper's own software notifies in batches and checks guests out."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse

from doorstep.kernel.web.api import Bearer, body, by, described, reply, system_api
from doorstep.kernel.web.problems import described as reason_described
from doorstep.systems.lodging import queries
from doorstep.systems.lodging.actions import stays
from doorstep.systems.lodging.facts import Channel
from doorstep.systems.lodging.permissions import NOTIFY
from doorstep.systems.lodging.queries.rows import House
from doorstep.systems.lodging.schemas import (
    LARGEST_BATCH,
    Answer,
    Batch,
    CheckedOut,
    CheckOut,
    DescribedBatch,
    RefusedLine,
    read_lines,
)

api = system_api("lodging", "Lodging notices")


@api.get("/houses", auth=Bearer(NOTIFY), summary="The houses that you keep", openapi_extra=described(list[House]))
def houses(request: HttpRequest) -> HttpResponse:
    return reply(queries.keeper.houses(by(request).actor))


@api.post(
    "/houses/{code}/stays",
    auth=Bearer(NOTIFY),
    summary="Notify stays: good lines are taken, bad ones come back with their reasons",
    openapi_extra=described(Answer, DescribedBatch),
)
def notify(request: HttpRequest, code: str) -> HttpResponse:
    lines = read_lines(body(request, Batch, limit=LARGEST_BATCH))
    done = stays.notify_stays(by(request), code, lines, Channel.API)
    refused = [RefusedLine(one.line, [reason_described(why) for why in one.reasons]) for one in done.refused]
    return reply(Answer(done.reference, done.at, done.accepted, done.late, done.stays, refused))


@api.post(
    "/houses/{code}/stays/{stay}/checkout",
    auth=Bearer(NOTIFY),
    summary="The guest left",
    openapi_extra=described(CheckedOut, CheckOut),
)
def check_out(request: HttpRequest, code: str, stay: UUID) -> HttpResponse:
    told = body(request, CheckOut, limit=10_000)
    stays.check_out(by(request), code, stay, told.version, told.left)
    return reply(CheckedOut(stay))
