"""How the signed-in person is told: shown and chosen."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.values.reasons import NOT_FOUND, NotFound
from doorstep.kernel.web.actors import actor_of
from doorstep.kernel.web.routes import SeeOther, page
from doorstep.kernel.web.visits import REFUSED, enter, tried
from doorstep.systems.identity.actions import telling as actions
from doorstep.systems.identity.forms.telling import TellingForm
from doorstep.systems.identity.permissions import OWN
from doorstep.systems.identity.queries import telling as queries


@page(OWN)
@require_http_methods(["GET", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """The own phone and e-mail, masked, and the choice among the ways that are open."""
    now = queries.telling(cast("Actor", actor_of(request)))
    if now is None:
        raise NotFound(NOT_FOUND())
    form = TellingForm(now.opened, request.POST or None, initial={"channel": now.channel, "language": now.language})

    def choose() -> None:
        actions.choose_channel(enter(request), Channel(form.cleaned_data["channel"]), form.cleaned_data["language"])

    if request.method == "POST" and tried(form, choose):
        return SeeOther(f"{reverse('identity:telling')}?done=1")
    context = {"form": form, "telling": now, "done": "done" in request.GET}
    return render(request, "identity/telling.html", context, status=REFUSED if form.errors else 200)
