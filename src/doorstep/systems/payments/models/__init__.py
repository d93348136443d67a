"""Payments' tables, one file for each field of work; no decisions here."""

from doorstep.systems.payments.models.ledger import Account, Transfer
from doorstep.systems.payments.models.orders import BankAccount, Order
from doorstep.systems.payments.models.receipts import Receipt, ReceiptSeries

__all__ = ["Account", "BankAccount", "Order", "Receipt", "ReceiptSeries", "Transfer"]
