"""Addresses that every page links to."""

from django.urls import path

from doorstep.kernel.web import evidence, visitor

urlpatterns = [
    path("language/<str:choice>", visitor.language, name="language"),
    path("theme/<str:choice>", visitor.theme, name="theme"),
    path("log/auditors/<path:path>", evidence.auditors_ring, name="auditors_ring"),
    path("log/<path:path>", evidence.public_ring, name="public_ring"),
    path("sign-out", visitor.sign_out, name="sign_out"),
]
