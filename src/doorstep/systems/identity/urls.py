"""Addresses of identity's pages, one list for each field of work."""

from django.urls import URLPattern, path

from doorstep.systems.identity.pages import devices, offices, signin

app_name = "identity"

SIGN_IN = [
    path("sign-in/", signin.password, name="sign_in"),
    path("sign-in/passcode/", signin.passcode, name="passcode"),
    path("sign-in/code/", signin.code, name="code"),
    path("sign-in/passkey/", signin.passkey, name="passkey"),
]

DEVICES = [
    path("devices/", devices.shown, name="devices"),
    path("devices/add/", devices.add, name="add_passkey"),
    path("devices/remove/", devices.remove, name="remove_passkey"),
    path("devices/end/", devices.end, name="end_session"),
]

_OFFICE = "staff/<uuid:office>/"
OFFICES = [
    path("offices/", offices.own, name="offices"),
    path("offices/take-up/", offices.take_up, name="take_up"),
    path("offices/<uuid:office>/lend/", offices.lend, name="lend"),
    path("staff/", offices.staff, name="staff"),
    path("staff/lines/", offices.lines, name="staff_lines"),
    path("staff/waiting/", offices.waiting, name="offices_waiting"),
    path("staff/invitations/<uuid:invitation>/withdraw/", offices.withdraw, name="withdraw"),
    path(f"{_OFFICE}end/", offices.end, name="end_office"),
    path(f"{_OFFICE}transfer/", offices.transfer, name="transfer"),
    path(f"{_OFFICE}approve/", offices.approve, name="approve"),
    path(f"{_OFFICE}review/", offices.review, name="review"),
]

urlpatterns: list[URLPattern] = [*SIGN_IN, *DEVICES, *OFFICES]
