"""The address to which banks send messages: signed by RFC 9421, each taken once, and refused with its reason."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.store.limits import Limit, spend
from doorstep.kernel.store.writing import By
from doorstep.kernel.values.reasons import NotAllowed, Refused, Unavailable
from doorstep.kernel.web.addresses import address_of
from doorstep.kernel.web.api import reply
from doorstep.kernel.web.routes import PUBLIC, endpoint
from doorstep.systems.payments.actions.bank import take_message
from doorstep.systems.payments.actions.bank_line import NO_BANK, key_file
from doorstep.systems.payments.queries.bank import account_of
from doorstep.systems.payments.rules import bank_messages
from doorstep.systems.payments.rules.settlement import check_payout
from doorstep.systems.payments.rules.signatures import NOT_ITS_ACCOUNT, Proof, Signed, check

FORGED = Limit("payments.forged_messages", 60, per=timedelta(minutes=10))


@csrf_exempt
@endpoint(PUBLIC)
@require_POST
def callback(request: HttpRequest) -> HttpResponse:
    """A bank's `Told`: its credits and payouts take effect once, and the answer says what became of each credit.

    What no book could hold is refused with its line (of a credit, it waits for a person, too), and the rest of the
    message is recorded all the same.
    """
    at = timezone.now()
    proof = _proof(request)
    told = bank_messages.read_told(request.body)
    if not proof.key.speaks_for(told.bank, told.account):
        raise NotAllowed(NOT_ITS_ACCOUNT())
    account = account_of(told.bank, told.account)
    by = By(Actor(f"bank:{proof.key.keyid}", roles=("payments.clock",), via="callback"), at)
    outcomes = take_message(by, proof, account, told)
    wrong = [one for outcome in outcomes for one in outcome.reasons]
    wrong += [one.at_line(place) for place, payout in enumerate(told.payouts, 1) for one in check_payout(payout)]
    if wrong:
        raise Refused(wrong)
    return reply({"credits": [one.told for one in outcomes]})


def _proof(request: HttpRequest) -> Proof:
    """Who signed the message. Those that nobody signed are counted by address, and their sender is stopped in the end."""
    place = settings.BANK
    if place is None:
        raise Unavailable(NO_BANK())
    signed = Signed("POST", request.build_absolute_uri(), dict(request.headers.items()), request.body)
    try:
        return check(signed, key_file(place.theirs), timezone.now())
    except Refused:
        spend(FORGED, address_of(request), timezone.now())
        raise
