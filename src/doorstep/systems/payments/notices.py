"""What payments tell people. Amounts stand before the currency's code; `code` is the order's."""

from datetime import timedelta

from doorstep.kernel.declare.notices import notice

PAID = notice(
    "payments.paid",
    title="Your payment has arrived",
    text="{amount} {currency} for {code}. Receipt {number}: {address}",
    link="payments:own_receipts",
    lasts=timedelta(days=14),
)
DIFFERS = notice(
    "payments.differs",
    title="Your payment has another amount than the one due",
    text="{amount} {currency} came for {code}. That is not the amount that is due; the office that is paid is looking into it.",
    link="payments:own",
    lasts=timedelta(days=14),
)
REFUNDED = notice(
    "payments.refunded",
    title="A payment was refunded to you",
    text="{amount} {currency} of what was paid for {code} went back by bank transfer.",
    link="payments:own",
    lasts=timedelta(days=14),
)
GOES_BACK = notice(
    "payments.goes_back",
    title="Money goes back to you",
    text="{amount} {currency} came for {code} and do not pay it. They go back to the account that they came from.",
    link="payments:own",
    lasts=timedelta(days=14),
)
MOVED = notice(
    "payments.moved",
    title="A payment was moved to another order",
    text="{amount} {currency} that were paid for {code} were meant for {other} and count for that now.",
    link="payments:own",
    lasts=timedelta(days=14),
)
BANK_SILENT = notice(
    "payments.bank_silent",
    title="A bank does not answer",
    text="Account {number} at {bank} could not be read {failures} times in a row. `doorstep doctor` says more.",
)
