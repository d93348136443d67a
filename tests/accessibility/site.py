"""The whole site, with one page that shows every part and one form that refuses everything."""

from datetime import UTC, datetime

from django.shortcuts import render
from django.urls import path

from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.tests.site import form
from doorstep.site import urls


@page(PUBLIC)
def parts(request):
    at = datetime(2024, 6, 30, 16, 5, tzinfo=UTC)
    return render(request, "tryout/parts.html", {"count": 1928311, "change": -5, "at": at, "days": range(2, 7)})


urlpatterns = [*urls.urlpatterns, path("parts", parts), path("form", form)]

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
