"""A small site for the tests of the web floor: each view fails or answers in its own way."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.testing.tryout import DO_IT
from doorstep.kernel.values.reasons import Conflict, NotFound, Refused, reason
from doorstep.kernel.web.actors import sign_in
from doorstep.kernel.web.forms import DayInput, add_reasons
from doorstep.kernel.web.routes import PUBLIC, endpoint, page

STRANGE = reason("tryout.strange", "The name {name} occurs {count} times.", repair="Leave {name} out.")


class Sample(forms.Form):
    name = forms.CharField(
        label="Name", help_text="As on the card", widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    day = forms.DateField(label="Day", widget=DayInput, required=False)
    kind = forms.ChoiceField(label="Kind", choices=[("a", "One"), ("b", "Two")], widget=forms.RadioSelect)
    sure = forms.BooleanField(label="Sure")
    place = forms.ChoiceField(label="Place", choices=[("x", "Here"), ("y", "There")])
    remark = forms.CharField(label="Remark", widget=forms.Textarea, required=False)
    file = forms.FileField(label="File", required=False)


@page(PUBLIC)
def home(request):
    return render(request, "kernel/base.html")


@page(PUBLIC)
def enter(request):
    sign_in(
        request,
        Actor("tester", roles=tuple(request.POST.getlist("roles")), level=int(request.POST["level"])),
        name=request.POST["name"],
    )
    return HttpResponse()


@page(DO_IT)
def guarded(request):
    return HttpResponse(f"done by {request.actor.subject}")


@endpoint(DO_IT)
def guarded_endpoint(request):
    return HttpResponse("done")


@page(PUBLIC)
def form(request):
    form = Sample(request.POST or None)
    if form.is_valid():
        add_reasons(form, [STRANGE("name", name="<b>", count=1200), STRANGE("other", line=3, name="x", count=1)])
    return render(request, "tryout/form.html", {"form": form})


def failing(failure):
    @page(PUBLIC)
    def view(request):
        raise failure

    return view


FAILURES = {
    "refused": Refused([STRANGE("name", line=7, name="<i>Hoà</i>", count=1200)], accepted=2),
    "missing": NotFound(STRANGE(name="x", count=1)),
    "conflict": Conflict(STRANGE(name="x", count=1)),
    "database": OperationalError("connection to server failed: secret-host"),
    "forbidden": PermissionDenied(),
    "broken": ValueError("900090000123 is in the message"),
}

urlpatterns = [
    path("", home, name="home"),
    path("sign-in", home, name="sign_in"),
    path("enter", enter),
    path("guarded", guarded, name="guarded"),
    path("api/guarded", guarded_endpoint),
    path("form", form),
    *(path(f"{prefix}{name}", failing(failure)) for name, failure in FAILURES.items() for prefix in ("", "api/")),
    path("", include("doorstep.kernel.web.urls")),
]

handler400 = "doorstep.kernel.web.problems.bad_request"
handler403 = "doorstep.kernel.web.problems.permission_denied"
handler404 = "doorstep.kernel.web.problems.not_found"
handler500 = "doorstep.kernel.web.problems.server_error"
