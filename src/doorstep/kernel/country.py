"""The country's law for a system: the chosen profile fills each system's socket, and the site says which profile."""

from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings

T = TypeVar("T")


def profile() -> Any:
    """The profile: name, zone, currency, calendar, units, legal bases, and a socket for each system.

    Made-up people are refused in production. The kernel must not know its type, which names systems.
    """
    return _profile(settings.PROFILE, settings.MODE != "production")


@cache
def _profile(name: str, fictitious: bool) -> Any:  # noqa: FBT001  a cache key
    return import_module(f"doorstep.profiles.{name}").profile(fictitious=fictitious)


def law(kind: type[T], system: str) -> T:
    """The profile's filling of a system's socket, of the type that the system's `country.py` describes."""
    filled = getattr(profile(), system)
    if not isinstance(filled, kind):
        raise TypeError(f"the profile {settings.PROFILE} fills {system} with {type(filled).__name__}")
    return filled
