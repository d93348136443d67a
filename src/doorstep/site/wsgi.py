"""The WSGI application that Granian serves; an insecure production configuration ends the process here."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.site.settings")

from doorstep.site.settings import refuse_insecure

refuse_insecure()
application = get_wsgi_application()


def _read_ahead() -> None:
    """The pages, their addresses and texts in each language, and their frame: the first visitor does not wait for them."""
    from django.conf import settings  # noqa: PLC0415  after Django's set-up
    from django.template.loader import get_template  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415
    from django.utils import translation  # noqa: PLC0415

    get_template("kernel/base.html")
    for code, _ in settings.LANGUAGES:
        with translation.override(code):
            reverse("home")
    gc.collect()
    gc.freeze()  # all this stays as long as the process: the collector need not look through it again and again


_read_ahead()
