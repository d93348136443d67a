"""What payments tell people."""

from doorstep.kernel.declare.notices import notice

BANK_SILENT = notice(
    "payments.bank_silent",
    title="A bank does not answer",
    text="Account {number} at {bank} could not be read {failures} times in a row. `doorstep doctor` says more.",
)
