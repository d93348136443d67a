"""The WSGI application that Granian serves; an insecure production configuration ends the process here."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.site.settings")

from doorstep.site.settings import refuse_insecure

refuse_insecure()
application = get_wsgi_application()
