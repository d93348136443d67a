"""What the stand-in for a bank shows: the payer's page, and statements as camt.053.001.08."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from uuid import UUID

from doorstep.kernel.values.money import Currency
from doorstep.site.bank_book import Line
from doorstep.systems.payments.rules.bank_messages import StatementAsked
from doorstep.systems.payments.rules.camt053 import NAMESPACE

A_PAGE = 1000
"""Entries on one page of a statement."""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Bank stand-in</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>
<h1>Bank stand-in of Doorstep</h1><p>No money moves here: this is no bank, and its accounts are made up.</p>
{note}<form method="post" action="/pay">
<p><label>Payment code (QR text; with it the next four may stay empty)<br><input name="code" value="{code}"></label></p>
<p><label>Bank of the payee<br><input name="to_bank" value="{to_bank}"></label></p>
<p><label>Account of the payee<br><input name="to_account" value="{to_account}"></label></p>
<p><label>Amount, in smallest units<br><input name="amount" inputmode="numeric" value="{amount}"></label></p>
<p><label>Memo<br><input name="memo" value="{memo}"></label></p>
<p><label>Your account<br><input name="from_account" required value="{from_account}"></label></p>
<p><label>Your name<br><input name="from_name" value="{from_name}"></label></p>
<p><button>Pay</button></p></form></main></body></html>"""
FIELDS = ("code", "to_bank", "to_account", "amount", "memo", "from_account", "from_name")


def page(told: Mapping[str, str], note: str, bank: str) -> str:
    """The form, filled with what is `told`."""
    filled = {name: escape(str(told.get(name, ""))) for name in FIELDS}
    filled["to_bank"] = filled["to_bank"] or escape(bank)
    return PAGE.format(note=f'<p role="status">{escape(note)}</p>' if note else "", **filled)


def statement(asked: StatementAsked, lines: Sequence[Line], opening: int, currency: Currency, *, wrong: int) -> bytes:
    """All pages of a day in one document; `wrong` is added to the closing balance."""
    cut = [lines[start : start + A_PAGE] for start in range(0, max(len(lines), 1), A_PAGE)]
    closing = opening + sum(_signed(line, asked) for line in lines)
    made = []
    for number, entries in enumerate(cut, 1):
        balances = _balance("OPBD", opening, currency) if number == 1 else ""
        last = number == len(cut)
        if last:
            balances += _balance("CLBD", closing + wrong, currency)
        told = "".join(_entry(line, asked, currency) for line in entries)
        made.append(_page(asked, number, balances + told, last=last))
    head = f"<GrpHdr><MsgId>{_number(asked)}</MsgId><CreDtTm>{datetime.now(UTC).isoformat()}</CreDtTm></GrpHdr>"
    whole = f'<Document xmlns="{NAMESPACE}"><BkToCstmrStmt>{head}{"".join(made)}</BkToCstmrStmt></Document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}\n'.encode()


def _number(asked: StatementAsked) -> str:
    return escape(f"ST-{asked.account}-{asked.day:%Y%m%d}")


def _page(asked: StatementAsked, number: int, told: str, *, last: bool) -> str:
    paging = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{str(last).lower()}</LastPgInd></StmtPgntn>"
    span = f"<FrToDt><FrDtTm>{asked.day}T00:00:00</FrDtTm><ToDtTm>{asked.day}T23:59:59</ToDtTm></FrToDt>"
    account = f"<Id><Othr><Id>{escape(asked.account)}</Id></Othr></Id><Svcr>{_agent(asked.bank)}</Svcr>"
    return f"<Stmt><Id>{_number(asked)}</Id>{paging}{span}<Acct>{account}</Acct>{told}</Stmt>"


def _agent(bank: str) -> str:
    return f"<FinInstnId><ClrSysMmbId><MmbId>{escape(bank)}</MmbId></ClrSysMmbId></FinInstnId>"


def _signed(line: Line, asked: StatementAsked) -> int:
    came = (line.to_bank, line.to_account) == (asked.bank, asked.account)
    return line.amount if came else -line.amount


def _amount(minor: int, currency: Currency) -> str:
    """Amount and side, as both balances and entries have them."""
    told = f"{Decimal(abs(minor)).scaleb(-currency.decimals):.{currency.decimals}f}"
    side = "DBIT" if minor < 0 else "CRDT"
    return f'<Amt Ccy="{currency.code}">{told}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(kind: str, minor: int, currency: Currency) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_amount(minor, currency)}</Bal>"


def _entry(line: Line, asked: StatementAsked, currency: Currency) -> str:
    came = _signed(line, asked) > 0
    side = "Dbtr" if came else "Cdtr"
    name, account, bank = (
        (line.from_name, line.from_account, line.from_bank) if came else (line.to_name, line.to_account, line.to_bank)
    )
    party = f"<RltdPties><{side}><Pty><Nm>{escape(name)}</Nm></Pty></{side}><{side}Acct><Id><Othr><Id>"
    party += f"{escape(account)}</Id></Othr></Id></{side}Acct></RltdPties>"
    party += f"<RltdAgts><{side}Agt>{_agent(bank)}</{side}Agt></RltdAgts>"
    refs = f"<Refs><EndToEndId>{UUID(line.payout)}</EndToEndId></Refs>" if line.payout else ""
    memo = f"<RmtInf><Ustrd>{escape(line.memo)}</Ustrd></RmtInf>" if line.memo else ""
    back = f"<RtrInf><Rsn><Cd>{escape(line.returned)}</Cd></Rsn></RtrInf>" if line.returned else ""
    details = f"{refs}{party}{memo}{back}"
    return (
        f"<Ntry>{_amount(_signed(line, asked), currency)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>{line.at.isoformat()}</DtTm></BookgDt>"
        f"<AcctSvcrRef>{line.booking}</AcctSvcrRef><NtryDtls><TxDtls>{details}</TxDtls></NtryDtls></Ntry>"
    )
