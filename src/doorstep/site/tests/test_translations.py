"""Catalogues are complete or the check says what lacks; the same texts give the same files."""

import gettext
from pathlib import Path

import pytest

from doorstep.site import translations

PYTHON = """
from doorstep.kernel.values.text import N_
TITLE = N_("A title")
def say(n): return ngettext("{n} house", "{n} houses", n), gettext("Hello {name}"), _("Plain")
DECLARED = strange("x.y", "Declared text", repair="Not asked")
"""
TEMPLATE = """{% translate "In a template" %}{% blocktranslate trimmed with a=b %}
  Two {{ a }}
  lines{% endblocktranslate %}"""


@pytest.fixture
def package(tmp_path, monkeypatch) -> Path:
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    package = tmp_path / "systems" / "sample"
    (package / "templates").mkdir(parents=True)
    (package / "tests").mkdir()
    (package / "rules.py").write_text(PYTHON)
    (package / "templates" / "page.html").write_text(TEMPLATE)
    (package / "tests" / "test_x.py").write_text('N_("Not for people")')
    return package


def fill(package: Path, language: str, words: dict[str, str | tuple[str, ...]]) -> None:
    path = package / "locale" / language / "LC_MESSAGES" / "django.po"
    catalogue = translations.catalogue(package, language)
    for message in catalogue:
        key = message.id[0] if isinstance(message.id, tuple) else message.id
        if key in words:
            message.string = words[key]
    from babel.messages.pofile import write_po

    with path.open("wb") as file:
        write_po(file, catalogue, width=120, sort_output=True, include_lineno=False)


COMPLETE = {
    "A title": "1",
    "Hello {name}": "2 {name}",
    "Plain": "3",
    "Declared text": "4",
    "In a template": "5",
    "Two %(a)s lines": "6 %(a)s",
    "{n} house": ("7 {n}",),
}
PLURALS = {"vi": 1, "de": 2, "ar": 6}


def complete(package: Path) -> None:
    translations.extract(package, {"Declared text"})
    for language, forms in PLURALS.items():
        fill(package, language, {**COMPLETE, "{n} house": ("7 {n}",) * forms})


def faults(package: Path) -> str:
    return "\n".join(translations.faults(package, {"Declared text"}))


def test_texts_come_from_calls_templates_and_declarations(package):
    found = translations.texts(package, {"Declared text", "Declared elsewhere"})
    ids = {key[0][0] if isinstance(key[0], tuple) else key[0] for key in found}
    assert ids == set(COMPLETE)


def test_new_texts_are_faults_until_they_are_translated(package):
    translations.extract(package, {"Declared text"})
    assert faults(package).count("not translated") == 3 * len(COMPLETE)
    complete(package)
    assert faults(package) == ""


def test_extracting_twice_changes_nothing_and_names_no_machine(package, tmp_path):
    complete(package)
    before = {path: path.read_bytes() for path in package.rglob("*.po")}
    translations.extract(package, {"Declared text"})
    assert {path: path.read_bytes() for path in package.rglob("*.po")} == before
    for content in before.values():
        assert b"Date" not in content
        assert str(tmp_path).encode() not in content


def test_a_changed_text_is_a_fault_both_ways(package):
    complete(package)
    (package / "rules.py").write_text(PYTHON.replace("A title", "Another title"))
    found = faults(package)
    assert "lacks 'Another title'" in found
    assert "nothing says 'A title' any more" in found
    translations.extract(package, {"Declared text"})
    assert "A title" not in faults(package)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [("Hello {name}", "Hallo"), ("Hello {name}", "Hallo {nom}"), ("Two %(a)s lines", "Zwei %(b)s"), ("Plain", "{x}")],
)
def test_a_lost_or_invented_value_is_a_fault(package, key, wrong):
    complete(package)
    fill(package, "de", {key: wrong})
    assert f"{key!r} has the values" in faults(package)


def test_only_the_last_plural_form_must_show_the_number(package):
    complete(package)
    fill(package, "ar", {"{n} house": ("none", "one", "two", "{n} a", "{n} b", "{n} c")})
    assert faults(package) == ""
    fill(package, "ar", {"{n} house": ("none", "one", "two", "{n} a", "{n} b", "many")})
    assert "'{n} house' has the values" in faults(package)


def test_a_fuzzy_text_is_a_fault(package):
    complete(package)
    path = package / "locale" / "de" / "LC_MESSAGES" / "django.po"
    path.write_text(path.read_text().replace('msgid "Plain"', '#, fuzzy\nmsgid "Plain"'))
    assert "marked fuzzy: 'Plain'" in faults(package)


def test_compiled_catalogues_are_what_gettext_reads(package):
    complete(package)
    fill(package, "ar", {"{n} house": ("f0", "f1", "f2", "f3 {n}", "f4 {n}", "f5 {n}")})
    translations.compile_catalogues(package)
    with (package / "locale" / "ar" / "LC_MESSAGES" / "django.mo").open("rb") as file:
        arabic = gettext.GNUTranslations(file)
    said = [arabic.ngettext("{n} house", "{n} houses", n)[:2] for n in (0, 1, 2, 3, 10, 11, 99, 100, 102, 103)]
    assert said == ["f0", "f1", "f2", "f3", "f3", "f4", "f4", "f5", "f5", "f3"]
    assert arabic.gettext("Plain") == "3"
