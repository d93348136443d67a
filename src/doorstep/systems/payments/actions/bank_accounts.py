"""Into which bank accounts a unit's payments go: one person proposes, another one approves, and either ends it."""

from uuid import UUID

import msgspec
from django.db import connection

from doorstep.kernel.country import law, profile
from doorstep.kernel.store import units
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import Conflict, Refused, refuse
from doorstep.systems.payments.actions import rows
from doorstep.systems.payments.actions.orders import ACCOUNTS, open_orders
from doorstep.systems.payments.actions.rows import Proposed
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.models import BankAccount
from doorstep.systems.payments.permissions import FOR_TREASURY, MANAGE_ACCOUNTS
from doorstep.systems.payments.rules.bank_accounts import BANK_ACCOUNT_KNOWN, check_holder
from doorstep.systems.payments.rules.orders import UNIT_UNKNOWN
from doorstep.systems.payments.rules.refunds import DECIDED_ALREADY, SAME_PERSON


class Decided(msgspec.Struct, frozen=True):
    """How many orders had waited for the account and can be paid now."""

    opened: int


@action(MANAGE_ACCOUNTS, FOR_TREASURY)
def propose_bank_account(act: Act, unit: str, bank: str, number: str, holder: str) -> Proposed:
    """Name a bank account for a unit of the actor's area, "" the nation; Refused where it was named before."""
    reasons = [*law(Country, "payments").check_account(bank, number), *check_holder(holder)]
    if not _mine(act, unit):
        reasons.append(UNIT_UNKNOWN("unit", unit=unit))
    refuse(reasons)
    row, new = BankAccount.objects.get_or_create(
        bank=bank,
        number=number,
        defaults={
            "id": act.id,
            "unit": unit,
            "holder": holder.strip(),
            "currency": profile().currency.code,
            "proposed_by": act.actor.subject,
            "proposed": act.at,
        },
    )
    if not new:
        raise Refused(BANK_ACCOUNT_KNOWN("number"))
    act.journal(detail=f"bank account {row.id} of {unit}")
    return Proposed(row.id)


@action(MANAGE_ACCOUNTS, FOR_TREASURY)
def decide_bank_account(act: Act, account_id: UUID, *, approve: bool) -> Decided:
    """Approve or reject what somebody else named. An approved one takes the place of the unit's former one, whose late
    payments still count; what was rejected may be named again. Raises Conflict once it is decided, Refused for one's own.
    """
    with connection.cursor() as cursor:  # no order may begin without an account meanwhile
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ACCOUNTS])
    row = rows.mine(act, BankAccount.objects.all(), id=account_id)
    if row.approved or row.ended:
        raise Conflict(DECIDED_ALREADY())
    if row.proposed_by == act.actor.subject:
        raise Refused(SAME_PERSON())
    opened = 0
    if approve:
        former = BankAccount.objects.filter(unit=row.unit, currency=row.currency, approved__isnull=False, ended=None)
        former.update(ended=act.at)
        row.approved_by, row.approved = act.actor.subject, act.at
        row.save(update_fields=["approved_by", "approved"])
        opened = open_orders(act, row.unit, row.currency)
    else:
        row.delete()
    act.journal(detail=f"bank account {account_id} {'approved' if approve else 'rejected'}, {opened} orders opened")
    return Decided(opened)


@action(MANAGE_ACCOUNTS, FOR_TREASURY)
def end_bank_account(act: Act, account_id: UUID) -> None:
    """From now on no order names the account; money that still comes there counts. Raises Conflict unless it collects."""
    row = rows.mine(act, BankAccount.objects.all(), id=account_id)
    if row.approved is None or row.ended:
        raise Conflict(DECIDED_ALREADY())
    row.ended = act.at
    row.save(update_fields=["ended"])
    act.journal(detail=f"bank account {row.id}")


def _mine(act: Act, unit: str) -> bool:
    """Is the unit one of the actor's area today?"""
    if not unit:
        return not act.actor.unit
    return units.in_force(act.day).filter(units.within(act.actor.unit, act.day, "code"), code=unit).exists()
