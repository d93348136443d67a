"""What the import rules cannot see: each room in its place, each route guarded, each word in every language."""

import ast
import re
import subprocess
import sys
import typing
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import msgspec
import pytest
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver, reverse

import doorstep
from doorstep.kernel.declare.facts import FACTS, Code, Minor
from doorstep.kernel.declare.messages import ANSWERERS, HEARERS, MESSAGES, QUESTIONS
from doorstep.kernel.declare.notices import NOTICES
from doorstep.kernel.declare.scopes import PURPOSES, ROLES, SCOPES, Service
from doorstep.kernel.system import ROOMS, SystemConfig, systems
from doorstep.kernel.testing import tryout
from doorstep.kernel.values.ids import Masked
from doorstep.site import translations

PACKAGE = Path(doorstep.__file__).parent
FOLDERS = sorted(path.parent for path in PACKAGE.glob("systems/*/apps.py"))
FONT = re.compile("be.vietnam.pro", re.IGNORECASE)
REQUIRED = ("README.md", "apps", "facts", "models", "actions", "queries", "tests", "simulation")


def sources(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if not {"tests", "migrations"} & set(path.parts)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_only_rooms(folder):
    present = {path.name.removesuffix(".py") for path in folder.iterdir() if not path.name.startswith("__")}
    assert present <= set(ROOMS), f"{folder.name} has files that are no rooms"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_required_rooms(folder):
    missing = [room for room in REQUIRED if not any((folder / name).exists() for name in (room, f"{room}.py"))]
    if folder.name == "steering":  # it reads facts and has none of its own
        missing.remove("facts")
    assert not missing


def test_every_systems_config_is_ours():
    for folder in FOLDERS:
        assert isinstance(apps.get_app_config(folder.name), SystemConfig)


def routes(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, prefix + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield prefix + str(pattern.pattern), pattern.callback


def test_every_route_has_auth_and_a_scope():
    open_routes = []
    for address, view in routes(get_resolver().url_patterns):
        if address.startswith("api/"):
            owner = getattr(view, "__self__", None)
            operations = getattr(owner, "operations", [])
            if operations:
                open_routes += [address for one in operations if not one.auth_callbacks]
                assert all(hasattr(auth, "doorstep_access") for one in operations for auth in one.auth_callbacks)
        elif not hasattr(view, "doorstep_access"):
            open_routes.append(address)
    described = {f"api/{name}/v1/{page}" for name in ("kernel", "lodging", "payments") for page in ("", "openapi.json")}
    assert not set(open_routes) - described


def test_no_relation_crosses_systems():
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, models.ForeignKey | models.ManyToManyField):
                assert field.related_model._meta.app_label == model._meta.app_label, f"{model}.{field.name}"


def test_no_signals_and_no_contrib_auth():
    assert not {"django.contrib.auth", "django.contrib.admin"} & set(settings.INSTALLED_APPS)
    for path in sources(PACKAGE / "systems"):
        assert "django.db.models.signals" not in path.read_text(), path


def test_facts_hold_only_allowed_types():
    for kind in FACTS.values():
        for annotation in kind.columns.values():
            assert annotation.__name__ in {"date", "UnitCode", "int", "bool", "CaseKey", Minor.__name__} or issubclass(
                annotation, Code
            )


def test_every_message_has_a_hearer_or_is_public():
    """The one of the tests is neither, which shows that this can fail."""
    unheard = [name for name, kind in MESSAGES.items() if not HEARERS.get(name) and not kind.public]
    assert unheard == [tryout.Tried.KIND.name]


def test_every_question_is_answered():
    assert [name for name in QUESTIONS if name not in ANSWERERS] == [tryout.Weigh.KIND.name]


PURE = re.compile(r"(collections\.abc|datetime|decimal|msgspec|typing|uuid|doorstep\.kernel\.(declare|values))(\..*)?")


def impure(source: str) -> list[str]:
    """What a contract imports beyond declarations and values."""
    names = []
    for node in ast.walk(ast.parse(source)):
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
    return [name for name in names if not PURE.fullmatch(name)]


def without_journal(source: str) -> list[str]:
    """Handlers that neither journal nor hand their act to a function that does."""
    found = []
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef) or "hears(" not in "".join(
            map(ast.unparse, function.decorator_list)
        ):
            continue
        act = function.args.args[0].arg
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        if not any(ast.unparse(call.func) == f"{act}.journal" or act in map(ast.unparse, call.args) for call in calls):
            found.append(function.name)
    return found


def test_contracts_are_pure_and_handlers_journal():
    for folder in FOLDERS:
        for file in folder.glob("contract.py"):
            assert not impure(file.read_text()), file
        for file in folder.glob("handlers.py"):
            assert not without_journal(file.read_text()), file


def test_the_guards_of_contracts_see_what_is_wrong():
    contract = (
        "import msgspec\nfrom doorstep.kernel.declare.messages import Key\nfrom django.db import models\nimport socket"
    )
    assert impure(contract) == ["django.db", "socket"]
    handlers = "@hears(Tried, TRYING)\ndef {name}(act, told):\n    {body}\n"
    bodies = {"a": "act.journal()", "b": "store(act, told)", "c": "act.tell(told)", "d": "audit.journal(told)"}
    source = "".join(handlers.format(name=name, body=body) for name, body in bodies.items())
    assert without_journal(source) == ["c", "d"]


def journalled(source: str) -> list[str]:
    """The actions and looks of a module, as the journal and the keys of repetition tell them apart."""
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    marks = {(ast.unparse(mark).partition("(")[0], one.name) for one in functions for mark in one.decorator_list}
    return [f"{mark} {name}" for mark, name in sorted(marks) if mark in {"action", "joint", "personal"}]


@pytest.mark.parametrize("folders", [*([one] for one in FOLDERS), [PACKAGE / "kernel", PACKAGE / "site"]])
def test_no_two_actions_or_looks_of_a_system_have_one_name(folders):
    found = Counter(name for folder in folders for file in sources(folder) for name in journalled(file.read_text()))
    assert {name for name, times in found.items() if times > 1} == set()


def test_every_purpose_has_a_legal_basis_in_every_profile():
    for name in ("vietnam", "testland"):
        bases = import_module(f"doorstep.profiles.{name}").LEGAL_BASES
        missing = {p for p in PURPOSES if not p.startswith(("tryout.", "kernel.", "steering."))} - set(bases)
        assert not missing, name


def test_every_notice_leads_somewhere():
    for kind in NOTICES.values():
        assert not kind.link or reverse(kind.link), kind.code


NO_SECRETS = ("simulation.py", "benches", "systems/lodging/pages/notices.py")
"""Where short or foretellable draws are nothing to be guessed at: made-up people, load, guests of one form."""


def test_public_codes_carry_80_random_bits():
    for path in sources(PACKAGE):
        place, text = path.relative_to(PACKAGE).as_posix(), path.read_text()
        if any(allowed in place for allowed in NO_SECRETS):
            continue
        assert all(int(size) >= 10 for size in re.findall(r"token_(?:bytes|hex|urlsafe)\((\d+)", text)), path
        assert "import random" not in text, path
        assert not re.search(r"(?<!def )(?<!>>> )(?<![\w.])reference\([^)]", text), (
            f"{path} chooses a public code itself"
        )


def test_every_scope_is_held_by_a_role():
    held = {scope.code for role in ROLES.values() for scope in role.scopes}
    assert set(SCOPES) <= held


def test_no_service_lets_an_agent_go_on_after_the_mandate():
    """Access keys have no mandate, and nobody manages the principal's own identity."""
    for role in ROLES.values():
        if isinstance(role, Service):
            assert not role.for_everybody, role.code
            for scope in role.scopes:
                assert scope.code.partition(".")[0] not in {"kernel", "identity"}, f"{role.code} holds {scope.code}"


def test_texts_are_complete_in_four_languages():
    faults = translations.check()
    assert not faults, "\n".join(faults[:40])


def test_no_country_outside_the_profiles():
    words = re.compile(r"viet ?nam(?!ese)|vnd\b|vneid|H38|Lao Cai|Ho_Chi_Minh", re.IGNORECASE)
    allowed = {"simulation.py", "indicators.py", "figures.py", "sentences.py", "catalogue.py", "formats.py"}
    for floor in ("kernel", "systems"):
        for path in sources(PACKAGE / floor):
            if path.name in allowed or "testing" in path.parts:
                continue
            tree = ast.parse(path.read_text())
            documented = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
                    assert not words.search(FONT.sub("", node.value)), f"{path}: {node.value[:80]!r}"


def personal(annotation: object, seen: set[object] | None = None) -> bool:
    """Whether a query's answer holds a person's fields: names, numbers, or a struct that does."""
    seen = set() if seen is None else seen
    if annotation in seen:
        return False
    seen.add(annotation)
    if annotation is Masked or (isinstance(annotation, type) and issubclass(annotation, models.Model)):
        return True  # a row holds whatever its table does: queries return types of their own
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        hints = typing.get_type_hints(annotation)
        return bool({"full_name", "document", "guest_name"} & hints.keys()) or any(
            personal(one, seen) for one in hints.values()
        )
    return any(personal(argument, seen) for argument in typing.get_args(annotation))


def modules(room):
    """The room itself and, where it is a folder, every module in it."""
    return [
        room,
        *(import_module(one.name) for one in walk_packages(getattr(room, "__path__", ()), f"{room.__name__}.")),
    ]


def converts_a_row(hints):
    """It takes a row of our tables, which no query hands out: who calls it has asked for the row already."""
    taken = [one for hint in hints.values() for one in (hint, *typing.get_args(hint))]
    return any(isinstance(one, type) and issubclass(one, models.Model) for one in taken)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_queries_that_return_people_are_marked(folder):
    for module in modules(apps.get_app_config(folder.name).room("queries")):
        for name, query in vars(module).items():
            if name.startswith("_") or not callable(query) or getattr(query, "__module__", "") != module.__name__:
                continue
            if isinstance(query, type):
                continue
            hints = typing.get_type_hints(query)
            if personal(hints.pop("return", None)) and not converts_a_row(hints):
                assert getattr(query, "personal", False), (
                    f"{module.__name__}.{name} returns people and is not @personal"
                )


def test_a_folder_of_queries_is_looked_into():
    seen = {module.__name__.rpartition(".")[2] for module in modules(apps.get_app_config("lodging").room("queries"))}
    assert {"keeper", "police", "rooms"} <= seen


def test_a_look_is_the_only_way():
    from doorstep.systems.lodging.queries import police

    with pytest.raises(RuntimeError, match="look"):
        police.notice_in_area(None, None)


def test_no_engine_in_a_web_process():
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'doorstep.site.settings';"
        "import doorstep.site.wsgi; from django.urls import get_resolver; get_resolver().url_patterns;"
        "print([m for m in ('duckdb', 'ibis', 'pyarrow', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_kernel_knows_no_system():
    names = [folder.name for folder in FOLDERS]
    for path in sources(PACKAGE / "kernel"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "doorstep.systems." in node.value:
                assert not any(name in node.value for name in names), path


def test_no_statement_needs_more_than_the_oldest_postgresql():
    """uuidv7 came with PostgreSQL 18."""
    assert not [path for path in sources(PACKAGE) if "uuidv7" + "(" in path.read_text("utf-8")]


def test_kernel_stays_small():
    files = (path for path in sources(PACKAGE / "kernel") if "testing" not in path.parts)
    lines = sum(len(path.read_text().splitlines()) for path in files)
    assert lines < 6500, "the kernel is to be read in a day"


def test_the_systems_of_this_run():
    assert [config.label for config in systems()] == sorted(settings.SYSTEMS)


def test_one_text_has_one_translation():
    """Django merges the catalogues of all packages: a text that two of them translate differently would depend on order."""
    seen = {}
    for file in sorted(PACKAGE.rglob("*.po")):
        language = file.parts[-3]
        with file.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id:
                    place = (language, message.context, str(message.id))
                    assert seen.setdefault(place, message.string) == message.string, (file, message.id)
