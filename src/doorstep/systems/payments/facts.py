"""What payments counts; no field could name a person."""

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.declare.facts import Fact, Minor, Rollup, fact


class Channel(Code):
    """How the money came."""

    TRANSFER = "transfer", "Bank transfer"
    CASH = "cash", "Cash at the counter"


@fact("payments.payment_settled", rollups=(Rollup("top_month_channel", ("top", "month", "channel")),))
class PaymentSettled(Fact, frozen=True):
    """A payment to `unit` was settled on `day`. A refund in full takes it back on the day when it is paid out: n = -1
    and the amount negative; a refund in part takes nothing back.
    """

    channel: Channel
    amount: Minor
