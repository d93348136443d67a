"""Bank accounts of units: what speaks against one that is proposed."""

from doorstep.kernel.values.reasons import Reason, reason
from doorstep.kernel.values.text import TEXT_MISSING

LONGEST_HOLDER = 200

BANK_ACCOUNT_KNOWN = reason(
    "payments.bank_account_known",
    "This bank account was named before.",
    repair="Look for it in the list; one that has ended cannot come back.",
)
HOLDER_TOO_LONG = reason(
    "payments.holder_too_long", "The holder has at most {most} characters.", repair="Shorten it as the bank does."
)


def check_holder(holder: str) -> list[Reason]:
    """Against the holder of an account as it is written."""
    if not holder.strip():
        return [TEXT_MISSING("holder")]
    return [HOLDER_TOO_LONG("holder", most=LONGEST_HOLDER)] if len(holder) > LONGEST_HOLDER else []
