"""Addresses of payments' pages: the payer's, those of the unit that is paid, and the one to which banks send messages."""

from datetime import date

from django.urls import path, register_converter

from doorstep.systems.payments.pages import (
    accounts,
    bank,
    cashier,
    discrepancies,
    ledger,
    orders,
    payer,
    receipts,
    treasury,
    waiting,
)


class Day:
    """A day as 2024-03-01; another one is no address."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(Day, "payments_day")
app_name = "payments"

_RECEIPT = "receipts/<str:code>/"

urlpatterns = [
    path("bank/callback", bank.callback, name="bank_callback"),
    path("pay/<str:code>/", payer.order, name="pay"),
    path("own/", payer.own, name="own"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("waiting/", waiting.waiting, name="waiting"),
    path("refunds/", orders.refunds, name="refunds"),
    path("refunds/<uuid:refund_id>/decide/", orders.decide, name="refund_decide"),
    path("discrepancies/", discrepancies.discrepancies, name="discrepancies"),
    path("discrepancies/<uuid:discrepancy_id>/", discrepancies.discrepancy, name="discrepancy"),
    path("discrepancies/<uuid:discrepancy_id>/statement/", discrepancies.hand_in, name="hand_in"),
    path("discrepancies/<uuid:discrepancy_id>/decide/", discrepancies.decide, name="discrepancy_decide"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<uuid:account_id>/decide/", accounts.decide, name="account_decide"),
    path("accounts/<uuid:account_id>/end/", accounts.end, name="account_end"),
    path("till/", cashier.till, name="till"),
    path("till/open/", cashier.open_till, name="open_till"),
    path("till/take/", cashier.take, name="take"),
    path("till/close/", cashier.close_till, name="close_till"),
    path("till/hand-over/", cashier.hand_over, name="hand_over"),
    path("till/take-over/<uuid:shift_id>/", cashier.take_over, name="take_over"),
    path("till/take-back/", cashier.take_back, name="take_back"),
    path("till/deposit/", cashier.deposit, name="deposit"),
    path("till/change/", cashier.change_out, name="change_out"),
    path("change/<uuid:change_id>/decide/", cashier.decide_change, name="decide_change"),
    path("moves/", cashier.moves, name="moves"),
    path("moves/<uuid:move_id>/decide/", cashier.decide_move, name="decide_move"),
    path("ledger/", ledger.trial, name="trial"),
    path("ledger/accounts.csv", ledger.trial_file, name="trial_file"),
    path("ledger/accounts/<uuid:account_id>/", ledger.account, name="account"),
    path("ledger/accounts/<uuid:account_id>/lines.csv", ledger.account_file, name="account_file"),
    path("days/", treasury.days, name="days"),
    path("days/<payments_day:day>/", treasury.day, name="day"),
    path("days/<payments_day:day>/pieces.csv", treasury.day_file, name="day_file"),
    path("days/<payments_day:day>/reconcile/", treasury.reconcile, name="reconcile"),
    path("receipts/", receipts.own_receipts, name="own_receipts"),
    path(_RECEIPT, receipts.receipt, name="receipt"),
    path(f"{_RECEIPT}receipt.pdf", receipts.own_paper, name="own_paper"),
    path("area/receipts/", receipts.area_receipts, name="area_receipts"),
    path("area/receipts/print.pdf", receipts.area_print, name="area_print"),
    path("area/receipts/export.csv", receipts.area_export, name="area_export"),
    path(f"area/{_RECEIPT}receipt.pdf", receipts.area_paper, name="area_paper"),
]
