"""Addresses that every page links to."""

from django.urls import path

from doorstep.kernel.web import evidence, notices, visitor

urlpatterns = [
    path("language/<str:choice>", visitor.language, name="language"),
    path("theme/<str:choice>", visitor.theme, name="theme"),
    path("log/auditors/<path:path>", evidence.auditors_ring, name="auditors_ring"),
    path("log/<path:path>", evidence.public_ring, name="public_ring"),
    path("notices/", notices.inbox, name="inbox"),
    path("notices/<uuid:before>", notices.inbox, name="inbox"),
    path("notices/read", notices.read, name="inbox_read"),
    path("notices/read/<uuid:only>", notices.read, name="inbox_read"),
    path("notices/letters", notices.letters, name="letters"),
    path("notices/letters.pdf", notices.letters_pdf, name="letters_pdf"),
    path("sign-out", visitor.sign_out, name="sign_out"),
]
