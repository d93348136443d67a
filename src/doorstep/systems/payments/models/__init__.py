"""Payments' tables, one file for each field of work; no decisions here."""

from doorstep.systems.payments.models.evidence import Credit, Discrepancy, Refund
from doorstep.systems.payments.models.ledger import Account, Transfer
from doorstep.systems.payments.models.orders import BankAccount, Order, OrderMovement
from doorstep.systems.payments.models.receipts import Receipt, ReceiptPaper, ReceiptSeries

__all__ = [
    "Account",
    "BankAccount",
    "Credit",
    "Discrepancy",
    "Order",
    "OrderMovement",
    "Receipt",
    "ReceiptPaper",
    "ReceiptSeries",
    "Refund",
    "Transfer",
]
