"""Addresses of payments' pages: own and public ones, and those of an official's area."""

from django.urls import path

from doorstep.systems.payments.pages import receipts

app_name = "payments"

_RECEIPT = "receipts/<str:code>/"

urlpatterns = [
    path("receipts/", receipts.own_receipts, name="own_receipts"),
    path(_RECEIPT, receipts.receipt, name="receipt"),
    path(f"{_RECEIPT}receipt.pdf", receipts.own_paper, name="own_paper"),
    path("area/receipts/", receipts.area_receipts, name="area_receipts"),
    path("area/receipts/print.pdf", receipts.area_print, name="area_print"),
    path("area/receipts/export.csv", receipts.area_export, name="area_export"),
    path(f"area/{_RECEIPT}receipt.pdf", receipts.area_paper, name="area_paper"),
]
