"""Addresses of identity's pages, one list for each field of work."""

from django.urls import URLPattern

app_name = "identity"
urlpatterns: list[URLPattern] = []
