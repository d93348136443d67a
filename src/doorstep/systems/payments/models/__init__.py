"""Payments' tables, one file for each field of work; no decisions here."""

from doorstep.systems.payments.models.bank import BankFeed, Statement, StatementLine
from doorstep.systems.payments.models.cash import ChangeOut, Deposit, Move, Shift, Taking, Till
from doorstep.systems.payments.models.evidence import Credit, Discrepancy, Refund
from doorstep.systems.payments.models.ledger import Account, ClosedTotals, Closing, OpenPending, Transfer
from doorstep.systems.payments.models.orders import BankAccount, Order, OrderMovement
from doorstep.systems.payments.models.receipts import Receipt, ReceiptPaper, ReceiptSeries
from doorstep.systems.payments.models.reconciliation import (
    DayChange,
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
    "ChangeOut",
    "ClosedTotals",
    "Closing",
    "Credit",
    "DayChange",
    "Deposit",
    "Discrepancy",
    "FeeLine",
    "FeePage",
    "FeeStatement",
    "Move",
    "OpenPending",
    "Order",
    "OrderMovement",
    "Receipt",
    "ReceiptPaper",
    "ReceiptSeries",
    "Reconciled",
    "ReconciledSum",
    "Reconciliation",
    "Refund",
    "Shift",
    "Statement",
    "StatementLine",
    "Taking",
    "Till",
    "Transfer",
]
