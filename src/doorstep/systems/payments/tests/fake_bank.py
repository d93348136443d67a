"""A bank in the test's own process, which says whatever a test has it say."""

import io
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO
from uuid import UUID

from doorstep.kernel.country import profile
from doorstep.kernel.values.reasons import NO_ANSWER, Unavailable
from doorstep.systems.payments.models import BankAccount
from doorstep.systems.payments.rules.bank_messages import CreditsTold
from doorstep.systems.payments.rules.camt053 import NAMESPACE
from doorstep.systems.payments.rules.evidence import Credit, Payout, PayoutResult, PayoutState, Unreadable


class FakeBank:
    """`came` by account number in the order of booking; `papers` by day; `silent`: numbers and ids it does not answer for."""

    def __init__(self) -> None:
        self.came: dict[str, list[Credit | Unreadable]] = defaultdict(list)
        self.papers: dict[date, bytes] = {}
        self.silent: set[Any] = set()
        self.asked: list[Any] = []
        self.page = 500
        self.waits: Callable[[], None] = lambda: None

    def _hear(self, what: Any) -> None:
        self.asked.append(what)
        self.waits()
        if what in self.silent:
            raise Unavailable(NO_ANSWER())

    def credits(self, bank: str, account: str, after: str) -> CreditsTold:
        self._hear(account)
        begin = int(after or 0)
        told = self.came[account][begin : begin + self.page]
        end = begin + len(told)
        return CreditsTold(tuple(told), str(end or ""), 0, more=end < len(self.came[account]))

    def pay_out(self, payout: Payout) -> PayoutResult:
        self._hear(payout.id)
        return PayoutResult(payout=payout.id, state=PayoutState.TAKEN)

    def payout(self, number: UUID) -> PayoutResult | None:
        self._hear(number)
        return None

    def statement(self, bank: str, account: str, day: date) -> BinaryIO | None:
        self._hear((account, day))
        paper = self.papers.get(day)
        return io.BytesIO(paper) if paper is not None else None


def entry(booking: str, minor: int, memo: str = "", reference: str = "") -> tuple[str, int]:
    """A booking on a statement with its signed amount: what came in is positive."""
    refs = f"<Refs><EndToEndId>{reference}</EndToEndId></Refs>" if reference else ""
    told = (
        f"<Ntry>{_amount(minor)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2024-03-01</Dt></BookgDt>"
        f"<AcctSvcrRef>{booking}</AcctSvcrRef><NtryDtls><TxDtls>{refs}<RmtInf><Ustrd>{memo}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
    return told, minor


def _amount(minor: int) -> str:
    currency = profile().currency
    text = f"{Decimal(abs(minor)).scaleb(-currency.decimals):.{currency.decimals}f}"
    side = "DBIT" if minor < 0 else "CRDT"
    return f'<Amt Ccy="{currency.code}">{text}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def paper(account: BankAccount, day: date, *entries: tuple[str, int], number: str = "", wrong: int = 0) -> bytes:
    """A statement of the account's day, which begins with nothing; `wrong` is what is missing in its closing balance."""
    ends = {"OPBD": 0, "CLBD": sum(minor for _, minor in entries) - wrong}
    balances = "".join(
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(minor)}</Bal>" for kind, minor in ends.items()
    )
    return (
        f'<Document xmlns="{NAMESPACE}"><BkToCstmrStmt><Stmt><Id>{number or f"S{day}"}</Id><FrToDt><FrDtTm>{day}T00:00:00</FrDtTm></FrToDt>'
        f"<Acct><Id><Othr><Id>{account.number}</Id></Othr></Id><Svcr><FinInstnId><ClrSysMmbId><MmbId>{account.bank}</MmbId></ClrSysMmbId>"
        f"</FinInstnId></Svcr></Acct>{balances}{''.join(told for told, _ in entries)}</Stmt></BkToCstmrStmt></Document>"
    ).encode()
