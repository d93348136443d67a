"""Payments' tables, one file for each field of work; no decisions here."""

from doorstep.systems.payments.models.bank import BankFeed, Statement, StatementLine, StatementRefusal
from doorstep.systems.payments.models.ledger import Account, Transfer
from doorstep.systems.payments.models.orders import BankAccount, Order
from doorstep.systems.payments.models.receipts import Receipt, ReceiptSeries
from doorstep.systems.payments.models.reconciliation import (
    FeeLine,
    FeePage,
    FeeStatement,
    Reconciled,
    ReconciledSum,
    Reconciliation,
)

__all__ = [
    "Account",
    "BankAccount",
    "BankFeed",
    "FeeLine",
    "FeePage",
    "FeeStatement",
    "Order",
    "Receipt",
    "ReceiptSeries",
    "Reconciled",
    "ReconciledSum",
    "Reconciliation",
    "Statement",
    "StatementLine",
    "StatementRefusal",
    "Transfer",
]
