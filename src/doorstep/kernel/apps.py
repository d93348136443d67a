"""The kernel as a Django app: its tables and templates."""

from django.apps import AppConfig


class Kernel(AppConfig):
    name = "doorstep.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"
