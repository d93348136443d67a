"""The country's law for a system: the chosen profile fills each system's socket, and the site says which profile."""

from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings

T = TypeVar("T")


def profile() -> Any:
    """The profile's description: name, zone, currency, calendar, units, legal bases, and a socket for each system."""
    return import_module(f"doorstep.profiles.{settings.PROFILE}").PROFILE


def law(kind: type[T], system: str) -> T:
    """The profile's filling of a system's socket, of the type that the system's `country.py` describes."""
    filled = getattr(profile(), system)
    if not isinstance(filled, kind):
        raise TypeError(f"the profile {settings.PROFILE} fills {system} with {type(filled).__name__}")
    return filled
