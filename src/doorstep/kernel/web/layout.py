"""What every page shows around its own content: who is signed in, the menu, languages, theme, the simulation notice."""

import time
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, gettext

from doorstep.kernel import notices, simulation
from doorstep.kernel.declare.scopes import PRINT_LETTERS, ROLES, Actor
from doorstep.kernel.system import systems
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.actors import acting_of, actor_of, name_of
from doorstep.kernel.web.routes import Entry, may_enter

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
SECONDS_KEPT = 30
FEW = 8  # entries of a menu that is read at a glance: those of a person, and of who keeps a house besides
FEW_ON_A_PHONE = 4  # entries that leave room for the page below them
LETTERS = Entry(PRINT_LETTERS, "letters", N_("Letters"))

_scale: tuple[float, str] = (0.0, "")
"""Until when the scale below holds (monotonic seconds), and the scale: every page of a simulation needs it."""


def layout(request: HttpRequest) -> dict[str, Any]:
    """The context processor of all pages."""
    actor = actor_of(request)
    theme = request.COOKIES.get(THEME_COOKIE)
    groups = menu(actor, request.path)
    return {
        "actor": actor,
        "actor_name": name_of(request),
        "acting": acting_of(request),
        "actor_roles": [gettext(ROLES[role].text) for role in actor.roles if role in ROLES] if actor else [],
        "unread": unread(actor) if actor else 0,
        "menu": groups,
        "menu_long": sum(len(group["entries"]) for group in groups) > FEW_ON_A_PHONE,
        "languages": [
            {"code": code, "name": name, "current": code == get_language(), "url": _back(request, "language", code)}
            for code, name in settings.LANGUAGES
        ],
        "theme": theme if theme in THEMES else "auto",
        "theme_urls": {name: _back(request, "theme", name) for name in THEMES},
        "simulated_scale": simulated_scale(),
    }


def menu(actor: Actor | None, path: str) -> list[dict[str, Any]]:
    """What this actor may follow in all running systems, in groups; the nearest entry above the path is current.

    A short menu, and a group of one entry, has no title: its entries stand for themselves.
    """
    own = ((entry, entry.group or config.title) for config in systems() for entry in getattr(config, "menu", ()))
    entries: list[tuple[Entry, str]] = [(LETTERS, LETTERS.text), *own]
    shown = {reverse(entry.url): (entry, group) for entry, group in entries if may_enter(actor, entry.access)}
    here = max((url for url in shown if path == url or (url != "/" and path.startswith(url))), key=len, default="")
    groups: dict[str, list[dict[str, Any]]] = {}
    for url, (entry, group) in shown.items():
        told = {"url": url, "text": gettext(entry.text), "current": url == here}
        groups.setdefault(gettext(group) if len(shown) > FEW else "", []).append(told)
    return [
        {
            "title": title if len(entries) > 1 else "",
            "current": any(one["current"] for one in entries),
            "entries": entries,
        }
        for title, entries in groups.items()
    ]


def unread(actor: Actor) -> int:
    """How many notices wait in the actor's inbox."""
    try:
        return notices.unread(actor)
    except Error:  # the page that says so is just being made
        return 0


def simulated_scale() -> Decimal | None:
    """As `simulation.simulated_scale`, asked of the database once in a while."""
    global _scale  # noqa: PLW0603  one value a process, asked on every page
    until, scale = _scale
    if time.monotonic() > until:
        try:
            found = simulation.simulated_scale()
        except Error:  # the page that says so is just being made
            return Decimal(scale) if scale else None
        scale = str(found) if found else ""
        _scale = (time.monotonic() + SECONDS_KEPT, scale)
    return Decimal(scale) if scale else None


def _back(request: HttpRequest, view: str, choice: str) -> str:
    """A link that keeps the choice and returns to this page."""
    here = request.get_full_path() if request.method == "GET" else request.path
    return f"{reverse(view, args=[choice])}?{urlencode({'next': here})}"
