"""Addresses of identity's pages, one list for each field of work."""

from django.urls import URLPattern, path

from doorstep.systems.identity.pages import signin

app_name = "identity"

SIGN_IN = [
    path("sign-in/", signin.password, name="sign_in"),
    path("sign-in/passcode/", signin.passcode, name="passcode"),
    path("sign-in/code/", signin.code, name="code"),
    path("sign-in/passkey/", signin.passkey, name="passkey"),
]

urlpatterns: list[URLPattern] = [*SIGN_IN]
