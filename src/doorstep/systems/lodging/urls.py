"""Addresses of lodging's pages: the keeper's below a house, the police unit's below its area."""

from django.urls import path

from doorstep.systems.lodging.pages import area, bookings, houses, notices, papers, stays, uploads

app_name = "lodging"

_HOUSE = "houses/<str:code>/"
_STAY = f"{_HOUSE}stays/<uuid:stay_id>/"
_NOTICE = f"{_HOUSE}notices/<str:reference>/"
_FILE = f"{_HOUSE}upload/<str:digest>/"

urlpatterns = [
    path("houses/", houses.choose, name="houses"),
    path("houses/enrol/", houses.enrol, name="enrol"),
    path("programs/", houses.programs, name="programs"),
    path("programs/revoke/", houses.revoke, name="revoke"),
    path("area/", area.notices, name="area"),
    path("area/silent/", area.silent, name="silent"),
    path("area/<uuid:stay_id>/", area.notice, name="area_notice"),
    path(_HOUSE, houses.board, name="board"),
    path(f"{_HOUSE}no-guests/", houses.no_guests, name="no_guests"),
    path(f"{_HOUSE}notify/", notices.notify, name="notify"),
    path(f"{_HOUSE}check-out-due/", stays.check_out_due, name="check_out_due"),
    path(f"{_HOUSE}notices/", notices.notices, name="notices"),
    path(_NOTICE, notices.notice, name="notice"),
    path(f"{_NOTICE}acknowledgement.pdf", papers.acknowledgement, name="acknowledgement"),
    path(f"{_HOUSE}upload/", uploads.upload, name="upload"),
    path(f"{_HOUSE}upload/template.csv", uploads.template, name="template"),
    path(_FILE, uploads.uploaded, name="uploaded"),
    path(f"{_FILE}refused.csv", uploads.refused_lines, name="refused_lines"),
    path(_STAY, stays.stay, name="stay"),
    path(f"{_STAY}correct/", stays.correct, name="correct"),
    path(f"{_STAY}extend/", stays.extend, name="extend"),
    path(f"{_STAY}check-out/", stays.check_out, name="check_out"),
    path(f"{_STAY}cancel/", stays.cancel, name="cancel"),
    path(f"{_STAY}bill/", stays.bill, name="bill"),
    path(f"{_STAY}bill.pdf", papers.bill, name="bill_pdf"),
    path(f"{_HOUSE}calendar/", bookings.calendar, name="calendar"),
    path(f"{_HOUSE}bookings/", bookings.bookings, name="bookings"),
    path(f"{_HOUSE}bookings/cancel/", bookings.cancel_booking, name="cancel_booking"),
    path(f"{_HOUSE}register/", papers.register, name="register"),
    path(f"{_HOUSE}months/", papers.months, name="months"),
    path(f"{_HOUSE}rooms/", houses.rooms, name="rooms"),
    path(f"{_HOUSE}rooms/retire/", houses.retire_room, name="retire_room"),
    path(f"{_HOUSE}keepers/", houses.keepers, name="keepers"),
    path(f"{_HOUSE}keepers/end/", houses.end_keeper, name="end_keeper"),
    path(f"{_HOUSE}close/", houses.close, name="close"),
]
