"""All addresses: the site's own, the kernel's, and one folder for each running system that has pages or an API."""

from django.urls import include, path

from doorstep.kernel.system import systems
from doorstep.site import asked, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("sign-in", pages.sign_in, name="sign_in"),
    path("sign-in/demo", pages.demo_sign_in, name="demo_sign_in"),
    path("phone/", pages.phone, name="phone"),
    path("health", pages.health, name="health"),
    path("", include("doorstep.kernel.web.urls")),
    path("api/kernel/v1/", asked.api.urls),
    *(path(f"{config.label}/", include(f"{config.name}.urls")) for config in systems() if config.room("urls")),
    *(path(f"api/{config.label}/v1/", room.api.urls) for config in systems() if (room := config.room("api"))),
]

handler400 = "doorstep.kernel.web.problems.bad_request"
handler403 = "doorstep.kernel.web.problems.permission_denied"
handler404 = "doorstep.kernel.web.problems.not_found"
handler500 = "doorstep.kernel.web.problems.server_error"
