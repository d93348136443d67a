"""The kernel's API: another installation asks, with its access key, what a system here answers."""

import msgspec
from django.http import HttpRequest, HttpResponse

from doorstep.kernel import contracts
from doorstep.kernel.declare.messages import QUESTIONS, revived
from doorstep.kernel.declare.scopes import ASK, PURPOSES
from doorstep.kernel.values.reasons import MALFORMED, NOT_FOUND, NotFound, Refused
from doorstep.kernel.web.api import Bearer, body, by, described, reply, system_api
from doorstep.kernel.wire import Asked

MOST = 1_000_000
"""Bytes of a question."""

api = system_api("kernel", "Questions between installations")


DESCRIBED = {name: told for name, told in described(msgspec.Raw, Asked).items() if name != "parameters"}
"""An ask changes nothing: it may be repeated without a key."""


@api.post("/ask/{question}", auth=Bearer(ASK), summary="Ask a question", openapi_extra=DESCRIBED)
def asked(request: HttpRequest, question: str) -> HttpResponse:
    """Needs the question's own scope too. Journalled for those whom it is about, with who asks on the other side."""
    kind = QUESTIONS.get(question)
    if kind is None:
        raise NotFound(NOT_FOUND())
    told = body(request, Asked, limit=MOST)
    if told.purpose not in PURPOSES:
        raise Refused(MALFORMED("purpose", detail="a purpose that is unknown here"))
    try:
        whole = msgspec.json.decode(told.question, type=kind.type, dec_hook=revived)
    except (ValueError, RecursionError) as failure:
        raise Refused(MALFORMED("question", detail=str(failure))) from failure
    detail = f"for {told.actor} in {told.unit}"
    return reply(contracts.answer(by(request), PURPOSES[told.purpose], whole, detail=detail).value)
