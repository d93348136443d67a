"""Addresses of steering's pages."""

from django.urls import path

from doorstep.systems.steering.pages import desk, reports

app_name = "steering"
urlpatterns = [
    path("", reports.report_list, name="reports"),
    path("figures/", desk.figures, name="figures"),
    path("figures/enter", desk.enter_figures, name="enter_figures"),
    path("requests/", desk.requests, name="requests"),
    path("published/<str:digest>.<str:kind>", reports.published, name="published"),
    path("<str:period>/", reports.report, name="report"),
    path("<str:period>/report.<str:kind>", reports.file, name="file"),
    path("<str:period>/figures/<str:key>/", reports.figure, name="figure"),
    path("<str:period>/units/<str:unit>/", reports.report, name="report"),
    path("<str:period>/units/<str:unit>/report.<str:kind>", reports.file, name="file"),
    path("<str:period>/units/<str:unit>/figures/<str:key>/", reports.figure, name="figure"),
]
