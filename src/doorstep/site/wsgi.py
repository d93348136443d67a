"""The WSGI application that Granian serves; an insecure production configuration ends the process here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.site.settings")

from doorstep.site.settings import refuse_insecure  # noqa: E402  the module's name is set first

refuse_insecure()
application = get_wsgi_application()
