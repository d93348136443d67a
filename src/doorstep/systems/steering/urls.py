"""Addresses of steering's pages."""

from django.urls import path

from doorstep.systems.steering import pages

app_name = "steering"
urlpatterns = [
    path("", pages.report_list, name="reports"),
    path("<str:period>/", pages.report, name="report"),
    path("<str:period>/report.<str:kind>", pages.file, name="file"),
    path("<str:period>/figures/<str:key>/", pages.figure, name="figure"),
    path("<str:period>/units/<str:unit>/", pages.report, name="report"),
    path("<str:period>/units/<str:unit>/report.<str:kind>", pages.file, name="file"),
    path("<str:period>/units/<str:unit>/figures/<str:key>/", pages.figure, name="figure"),
]
