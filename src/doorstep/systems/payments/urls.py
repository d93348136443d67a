"""Addresses of payments' pages, one list for each field of work."""

from django.urls import URLPattern, path

from doorstep.systems.payments.pages import bank

BANK = [path("bank/callback", bank.callback, name="bank_callback")]

app_name = "payments"
urlpatterns: list[URLPattern] = [*BANK]
