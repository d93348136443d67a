"""Addresses that every page links to."""

from django.urls import path

from doorstep.kernel.web import visitor

urlpatterns = [
    path("language/<str:choice>", visitor.language, name="language"),
    path("theme/<str:choice>", visitor.theme, name="theme"),
    path("sign-out", visitor.sign_out, name="sign_out"),
]
