"""A system is a folder with rooms; SystemConfig finds them by file name at start, so that nothing is registered by hand."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

from django.apps import AppConfig, apps

AT_START = ("facts", "permissions", "indicators", "notices", "contract", "handlers")
"""Rooms that are read when the program starts: what they declare must be known from the first action on."""
ROOMS = (
    *(
        "README.md",
        "apps",
        "rules",
        "country",
        "facts",
        "indicators",
        "permissions",
        "notices",
        "contract",
        "models",
        "actions",
    ),
    *("queries", "handlers", "schemas", "api", "forms", "pages", "urls", "tasks", "simulation", "tests", "migrations"),
    *("templates", "locale", "static", "docs"),
)


class SystemConfig(AppConfig):
    """Base of each system's declaration in `apps.py`.

    `default` is False here and set on subclasses: with two candidates in a module Django would silently fall back to a
    bare AppConfig whose `ready()` never runs.
    """

    default = False
    title: ClassVar[str]
    retention: ClassVar[str]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.default = True
        cls.name = cls.__module__.rpartition(".")[0]

    def room(self, name: str) -> Any | None:
        """The room's module, or None where this system has no such room."""
        dotted = f"{self.name}.{name}"
        return import_module(dotted) if find_spec(dotted) else None

    @property
    def demo_people(self) -> Sequence[dict[str, str]]:
        """Whom a demo lets in with one tap: subject, name, role, unit, title; `people()` of the room `simulation`."""
        room = self.room("simulation")
        return room.people() if room else ()

    def ready(self) -> None:
        for room in AT_START:
            self.room(room)


def systems() -> list[SystemConfig]:
    """The systems that this installation runs, in order of name."""
    return sorted((c for c in apps.get_app_configs() if isinstance(c, SystemConfig)), key=lambda c: c.label)
