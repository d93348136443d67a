"""Keeps the catalogues of all packages complete: `python -m doorstep.site.translations extract|compile|check`.

English is the message id. Texts come from three places: gettext calls in Python, tags in templates, and what the
packages declare (reasons, scopes, roles, purposes, codes, indicators, systems), read from the registries at run time
and attributed to the package whose source holds the text. Needs Babel only, no gettext tools.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract as babel_extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import doorstep

ROOT = Path(doorstep.__file__).parent
LANGUAGES = {  # with gettext's own plural forms, which Django's catalogues use too; Babel numbers Arabic's differently
    "vi": (1, "0"),
    "de": (2, "(n != 1)"),
    "ar": (6, "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)"),
}
KEYWORDS: dict[str, Any] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "N_")),
    **dict.fromkeys(("ngettext", "ngettext_lazy", "NN_"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
NOT_FOR_PEOPLE = {"tests", "testing", "migrations", "__pycache__"}
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]")

Key = tuple[str | tuple[str, str], str | None]
"""A message id (or singular and plural) and its context."""


class Plain(Catalog):
    """A catalogue without dates, names and machine paths: the same texts always give the same file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        count, plural = LANGUAGES[str(self.locale)]
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", f"nplurals={count}; plural={plural};"),
        ]

    def __init__(self, language: str) -> None:
        super().__init__(locale=language, header_comment="#", fuzzy=False)


def packages() -> list[Path]:
    """The folders that keep a catalogue each: kernel, every system, every profile, site."""
    inner = [path.parent for floor in ("systems", "profiles") for path in sorted(ROOT.glob(f"{floor}/*/__init__.py"))]
    return [ROOT / "kernel", *inner, ROOT / "site"]


def texts(package: Path, declared: set[str]) -> dict[Key, list[str]]:
    """Every message of a package with the files (relative to it) that use it."""
    found: dict[Key, set[str]] = {}
    declared = set() if package.name == "site" else declared  # it declares nothing, but may hold the same words
    for path in _files(package, ".py"):
        source = path.read_text()
        literals = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
        keys: list[Key] = [(text, None) for text in declared & literals]
        for key in (*keys, *_calls(source)):
            found.setdefault(key, set()).add(path.relative_to(package).as_posix())
    for path in _files(package, ".html"):
        from django.utils.translation.template import templatize  # noqa: PLC0415  `compile` works without Django

        for key in _calls(templatize(path.read_text(), origin=str(path))):
            found.setdefault(key, set()).add(path.relative_to(package).as_posix())
    return {key: sorted(files) for key, files in found.items()}


def declared_texts() -> set[str]:
    """The texts of everything declared in the running installation; imports all its modules but the site's programs."""
    from doorstep.kernel.declare import codes, indicators, notices, scopes  # noqa: PLC0415  see `texts`
    from doorstep.kernel.system import systems  # noqa: PLC0415
    from doorstep.kernel.values.reasons import REASONS  # noqa: PLC0415

    running = {config.name for config in systems()}
    for package in packages():
        name = ".".join(("doorstep", *package.relative_to(ROOT).parts))
        if name in running or package.parent.name == "profiles" or package.name == "kernel":
            for module in walk_packages([str(package)], f"{name}."):
                if not NOT_FOR_PEOPLE & set(module.name.split(".")):
                    import_module(module.name)
    told: set[str] = {text for kind in REASONS.values() for text in (kind.text, kind.repair)}
    for registry in (scopes.SCOPES, scopes.ROLES, scopes.PURPOSES):
        told |= {entry.text for entry in registry.values()}
    told |= {member.text for code in codes.CODES.values() for member in code}
    told |= {text for kind in notices.NOTICES.values() for text in (kind.title, kind.text)}
    for one in indicators.INDICATORS.values():
        told |= {one.question, one.counts, one.excludes, one.measure_unit}
    for config in systems():
        told |= {config.title, config.retention, *(person["title"] for person in config.demo_people)}
        told |= {text for entry in getattr(config, "menu", ()) for text in (entry.text, entry.group)}
    return told - {""}


def catalogue(package: Path, language: str) -> Plain:
    """The catalogue as it is on disk; empty where there is none."""
    path = _path(package, language)
    kept = Plain(language)
    if path.exists():
        for message in read_po(BytesIO(path.read_bytes()), locale=language):
            if message.id:
                kept[message.id] = message
    return kept


def extract(package: Path, declared: set[str]) -> None:
    """Brings the package's catalogues to its texts: new ones empty, gone ones dropped, translations kept."""
    wanted = texts(package, declared)
    for language in LANGUAGES if wanted else ():
        old, new = catalogue(package, language), Plain(language)
        for (message_id, context), files in wanted.items():
            known = old.get(message_id, context)
            same = known is not None and known.id == message_id and not known.fuzzy
            new.add(
                message_id,
                known.string if same and known else None,
                locations=[(file, 1) for file in files],
                user_comments=known.user_comments if same and known else (),
                context=context,
            )
        path = _path(package, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, new, width=120, sort_output=True, include_lineno=False)


def compile_catalogues(package: Path) -> None:
    """Writes the `.mo` files that gettext reads."""
    for language in LANGUAGES:
        if (path := _path(package, language)).exists():
            with path.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalogue(package, language))


def faults(package: Path, declared: set[str]) -> Iterator[str]:
    """What is wrong with the package's catalogues, a sentence each."""
    wanted = texts(package, declared)
    for language in LANGUAGES if wanted else ():
        kept = catalogue(package, language)
        where = _path(package, language).relative_to(ROOT)
        for message_id, context in wanted:
            message = kept.get(message_id, context)
            if message is None or message.id != message_id:
                yield f"{where}: lacks {message_id!r}; run extract"
            elif message.fuzzy:
                yield f"{where}: marked fuzzy: {message_id!r}"
            else:
                yield from (f"{where}: {fault}" for fault in _message_faults(message, LANGUAGES[language][0]))
        for message in kept:
            if message.id and (message.id, message.context) not in wanted:
                yield f"{where}: nothing says {message.id!r} any more; run extract"


def check() -> list[str]:
    """What is wrong with the catalogues of all packages; Django is set up."""
    declared = declared_texts()
    return [fault for package in packages() for fault in faults(package, declared)]


def _message_faults(message: Message, plurals: int) -> Iterator[str]:
    ids = _tuple(message.id)
    strings = _tuple(message.string)
    if len(strings) != (plurals if len(ids) > 1 else 1) or not all(strings):
        yield f"not translated: {ids[0]!r}"
        return
    wanted = {name for text in ids for name in PLACEHOLDER.findall(text)}
    for number, string in enumerate(strings, 1):
        names = set(PLACEHOLDER.findall(string))
        # Forms for one and two may say the number in words; the last form, of all other numbers, must show it.
        if names != wanted and not (names < wanted and number < len(strings)):
            yield f"{ids[0]!r} has the values {sorted(wanted)}, its translation {sorted(names)}"


def _tuple(text: str | Sequence[str] | None) -> tuple[str, ...]:
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def _calls(source: str) -> Iterator[Key]:
    for _line, message, _comments, context in babel_extract("python", BytesIO(source.encode()), KEYWORDS):
        if isinstance(message, tuple):
            yield (str(message[0]), str(message[1])), context
        elif message:
            yield message, context


def _files(package: Path, suffix: str) -> list[Path]:
    return sorted(
        path for path in package.rglob(f"*{suffix}") if not NOT_FOR_PEOPLE & set(path.relative_to(package).parts)
    )


def _path(package: Path, language: str) -> Path:
    return package / "locale" / language / "LC_MESSAGES" / "django.po"


def main(arguments: list[str]) -> int:
    match arguments:
        case ["compile"]:
            for package in packages():
                compile_catalogues(package)
            return 0
        case ["extract" | "check" as verb]:
            import django  # noqa: PLC0415  see `texts`

            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "doorstep.site.settings")
            django.setup()
            if verb == "extract":
                declared = declared_texts()
                for package in packages():
                    extract(package, declared)
                return 0
            found = check()
            sys.stdout.write("".join(f"{fault}\n" for fault in found) or "Every text is translated.\n")
            return 1 if found else 0
    sys.stderr.write("usage: python -m doorstep.site.translations extract|compile|check\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
