"""`doorstep house`: who owns what, drawn from the declarations themselves."""

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from doorstep.site.cli import say, set_up

EXAMPLES = ["doorstep house"]


def add(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001  every verb takes them
    set_up()
    from doorstep.kernel.declare.facts import FACTS  # noqa: PLC0415  after Django's set-up
    from doorstep.kernel.declare.indicators import INDICATORS  # noqa: PLC0415
    from doorstep.kernel.declare.scopes import ROLES, SCOPES  # noqa: PLC0415
    from doorstep.kernel.store.writing import ACTIONS  # noqa: PLC0415
    from doorstep.kernel.system import ROOMS, systems  # noqa: PLC0415

    for config in systems():
        _load_actions(config)
        rooms = [r for r in ROOMS if any((Path(config.path) / name).exists() for name in (r, f"{r}.py"))]
        say(f"{config.label}: {config.title}\n  rooms       {' '.join(rooms)}")
        own = f"{config.label}."
        for name, fact in FACTS.items():
            if name.startswith(own):
                rollups = ", ".join(f"{r.name}({' × '.join(r.by)})" for r in fact.rollups)
                say(f"  fact        {name} v{fact.version} ({', '.join(fact.columns)}); rollups {rollups}")
        for key, indicator in INDICATORS.items():
            if indicator.owner == config.label:
                say(f"  indicator   {key} ({indicator.kind}, {indicator.measure_unit}) from {indicator.fact.name}")
        for name, (scope, purpose) in sorted(ACTIONS.items()):
            if name.startswith(own):
                say(f"  action      {name} needs {scope.code} for {purpose.code}")
        for code, scope in SCOPES.items():
            if code.startswith(own):
                holders = ", ".join(role.code for role in ROLES.values() if scope in role.scopes)
                say(f"  scope       {code}: {scope.text} ({holders})")
        _say_contract(config.label)
    _say_contracts_of_others({config.label for config in systems()})
    return 0


def _say_contracts_of_others(running: set[str]) -> None:
    """What this installation could hear of and ask systems that it does not run."""
    from doorstep.kernel.declare.messages import MESSAGES, QUESTIONS  # noqa: PLC0415  after Django's set-up

    for label in sorted({name.split(".")[0] for name in (*MESSAGES, *QUESTIONS)} - running):
        say(f"{label}: does not run here")
        _say_contract(label)


def _say_contract(label: str) -> None:
    """What a system tells and is asked, with those who hear and answer in this installation."""
    from django.conf import settings  # noqa: PLC0415  after Django's set-up

    from doorstep.kernel.declare.messages import ANSWERERS, HEARERS, MESSAGES, QUESTIONS  # noqa: PLC0415
    from doorstep.kernel.store.writing import home_of  # noqa: PLC0415

    for name, kind in MESSAGES.items():
        if name.startswith(f"{label}."):
            hearers = ", ".join(sorted(HEARERS.get(name, ()))) or "nobody"
            fields = ", ".join(kind.type.__struct_fields__)
            public = ", public" if kind.public else ""
            say(f"  message     {name} ({fields}){public}: told by {label}, heard by {hearers}")
    for name, asked in QUESTIONS.items():
        if asked.system == label:
            place = settings.ELSEWHERE.get(label)
            here = home_of(ANSWERERS[name]) if name in ANSWERERS else "nobody"
            say(f"  question    {name} needs {asked.scope.code}, answered by {place.url if place else here}")


def _load_actions(config: Any) -> None:
    """Actions are known once their modules are imported."""
    for module in sorted(Path(config.path).glob("actions/*.py")) or [Path("actions.py")]:
        import_module(f"{config.name}.actions" + (f".{module.stem}" if module.parent.name == "actions" else ""))
