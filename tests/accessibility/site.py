"""The whole site, with one page that shows every part and one form that refuses everything."""

from datetime import UTC, date, datetime
from uuid import UUID

from django.shortcuts import render
from django.urls import path

from doorstep.kernel.notices import NoticeRow
from doorstep.kernel.web import wording
from doorstep.kernel.web.routes import PUBLIC, page
from doorstep.kernel.web.tests.site import form
from doorstep.site import urls
from doorstep.site.pages import Message


@page(PUBLIC)
def parts(request):
    at = datetime(2024, 6, 30, 16, 5, tzinfo=UTC)
    return render(request, "tryout/parts.html", {"count": 1928311, "change": -5, "at": at, "days": range(2, 7)})


AT = datetime(2024, 6, 5, 9, tzinfo=UTC)
GIVEN = {"credential": {"text": "Access key"}, "what": "Máy tính tiền", "day": date(2024, 9, 1).isoformat(), "days": 30}
READ, NEW = (
    NoticeRow(UUID(int=number), AT, "kernel.expires", GIVEN, read, "en", ["Nguyễn Thị Hoà", "12 Ngõ Ví Dụ"], "")
    for number, read in ((1, AT), (2, None))
)


@page(PUBLIC)
def inbox(request):
    told = [(row, "inbox", *wording.told(row.kind, row.given)) for row in (NEW, READ)]
    return render(request, "kernel/inbox.html", {"told": told, "unread": 1, "older": "/older", "before": NEW.id})


@page(PUBLIC)
def letters(request):
    return render(request, "kernel/letters.html", {"letters": [(NEW, "Something of yours will expire")]})


@page(PUBLIC)
def phone(request):
    messages = [Message("0000 123 456", "123456 là mã của bạn.", AT)]
    return render(request, "site/phone.html", {"messages": messages, "number": "0000"})


urlpatterns = [
    *urls.urlpatterns,
    path("parts", parts),
    path("form", form),
    path("inbox", inbox),
    path("letters", letters),
    path("phone", phone),
]

handler400 = urls.handler400
handler403 = urls.handler403
handler404 = urls.handler404
handler500 = urls.handler500
