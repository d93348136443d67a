"""Addresses of payments' pages: the payer's, those of the unit that is paid, and the one to which banks send messages."""

from django.urls import path

from doorstep.systems.payments.pages import accounts, bank, discrepancies, orders, payer

app_name = "payments"

urlpatterns = [
    path("bank/callback", bank.callback, name="bank_callback"),
    path("pay/<str:code>/", payer.order, name="pay"),
    path("own/", payer.own, name="own"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("refunds/", orders.refunds, name="refunds"),
    path("refunds/<uuid:refund_id>/decide/", orders.decide, name="refund_decide"),
    path("discrepancies/", discrepancies.discrepancies, name="discrepancies"),
    path("discrepancies/<uuid:discrepancy_id>/", discrepancies.discrepancy, name="discrepancy"),
    path("discrepancies/<uuid:discrepancy_id>/decide/", discrepancies.decide, name="discrepancy_decide"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<uuid:account_id>/decide/", accounts.decide, name="account_decide"),
    path("accounts/<uuid:account_id>/end/", accounts.end, name="account_end"),
]
