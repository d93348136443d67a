"""What payments do when another system tells them something."""

from doorstep.kernel.contracts import hears
from doorstep.kernel.store.writing import Act
from doorstep.systems.payments.actions import reconciliation
from doorstep.systems.payments.contract import FeesStated
from doorstep.systems.payments.permissions import FOR_TREASURY


@hears(FeesStated, FOR_TREASURY)
def take_fees(act: Act, stated: FeesStated) -> None:
    """A page that cannot be taken waits for the operator, and with it the rest of that asking system's day."""
    taken = reconciliation.record_fees(act, stated)
    act.journal(detail=f"{stated.asker} {stated.day}, page {stated.page} of {stated.pages}: {taken.lines}")
