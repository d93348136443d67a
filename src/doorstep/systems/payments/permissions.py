"""What people and programs may do in payments, as which role, and why they touch a record."""

from doorstep.kernel.declare.scopes import ISSUE_TOKEN, Purpose, Role, Scope
from doorstep.systems.identity.contract import ASK_REGISTER
from doorstep.systems.payments.contract import ASK_ORDER

# Orders

REQUEST = Scope("payments.order.request", "Ask people for payments, and hand in what was asked")
OWN = Scope("payments.own.read", "See and pay the own payments, and read the own receipts")
SETTLE = Scope("payments.order.settle", "Take what banks say, and let time pass for payments")
READ = Scope("payments.order.read", "Find and open the payments of one's area", level=2)
PRINT = Scope("payments.receipt.print", "Print the receipts that one may see")

# The counter

TILL = Scope("payments.till.keep", "Open and close a till, take cash and hand it over", level=2)
PROPOSE = Scope("payments.repair.propose", "Propose refunds and other repairs of payments", level=2)
APPROVE = Scope("payments.repair.approve", "Approve refunds and other repairs that somebody else proposed", level=2)

# The treasury

TREASURY = Scope("payments.treasury.read", "See accounts, days and discrepancies of one's area", level=2)
MANAGE_ACCOUNTS = Scope("payments.account.manage", "Say into which bank accounts a unit's payments go", level=2)
HAND_IN = Scope("payments.statement.hand_in", "Hand in a bank's statement that is missing", level=2)
RECONCILE = Scope("payments.day.reconcile", "Reconcile the days of one's area")

PAYER = Role("payments.payer", "Payer", (OWN, PRINT), for_everybody=True)
CASHIER = Role("payments.cashier", "Cashier", (TILL, READ, PRINT, PROPOSE))
TREASURER = Role(
    "payments.treasurer",
    "Treasurer",
    (TREASURY, READ, PRINT, PROPOSE, APPROVE, MANAGE_ACCOUNTS, HAND_IN, RECONCILE),
    powerful=True,
)
ASKER = Role("payments.asker", "System that asks for payments", (REQUEST, ASK_ORDER, ISSUE_TOKEN))
CLOCK = Role("payments.clock", "Does what is due by time or told by a bank", (SETTLE, RECONCILE))
RECEIPT_PRINTER = Role("payments.receipt_printer", "Puts payers' names on receipts", (ASK_REGISTER,))

FOR_PAYMENT = Purpose("payments.pay", "To take, settle and receipt what is owed")
FOR_REPAIR = Purpose("payments.repair", "To refund, move or otherwise repair a payment")
FOR_TREASURY = Purpose("payments.treasury", "To keep accounts and reconcile them")
