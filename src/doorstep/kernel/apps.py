"""The kernel as a Django app: its tables and templates; at start it learns the profile's legal bases."""

from django.apps import AppConfig

from doorstep.kernel.country import profile
from doorstep.kernel.declare.scopes import BASES


class Kernel(AppConfig):
    name = "doorstep.kernel"
    label = "kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        BASES.update(profile().legal_bases)
