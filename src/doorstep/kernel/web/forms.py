"""Forms as people fill them in: label, hint and error belong together, and a summary at the top leads to each error."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import wraps
from typing import Any, ParamSpec, cast

from django import forms
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.core.files.uploadhandler import FileUploadHandler, MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.forms import BaseForm, DateInput
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from doorstep.kernel.declare.codes import Code
from doorstep.kernel.values.dates import DATE_UNREADABLE, read_date
from doorstep.kernel.values.reasons import Reason, refuse
from doorstep.kernel.values.text import TEXT_MISSING
from doorstep.kernel.web import wording
from doorstep.kernel.web.routes import View

P = ParamSpec("P")

AROUND_A_FILE = 10_000
"""Bytes of the form that a file comes in."""


class Renderer(TemplatesSetting):
    """Django's form renderer with this house's templates; the widgets' stand in `templates/django/forms/widgets`."""

    form_template_name = "kernel/forms/form.html"
    formset_template_name = "kernel/forms/formset.html"
    field_template_name = "kernel/forms/field.html"


class NoFiles(FileUploadHandler):
    """For all forms but those that set handlers of their own: drops files, and refuses a body no form needs, unread.

    The CSRF check reads the body of whoever sends one, signed in or not; without this, files would fill the disk.
    """

    def handle_raw_input(self, _input: Any, _meta: Any, content_length: int, *_rest: Any) -> None:
        if content_length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig

    def receive_data_chunk(self, _data: bytes, _start: int) -> None:
        """Nothing is kept."""

    def file_complete(self, _size: int) -> None:
        """No file."""


def takes_file(check: Callable[[int], Sequence[Reason]]) -> Callable[[View[P]], View[P]]:
    """For a page whose form brings a file: by its size the body is refused before any of it is read, also by the CSRF
    check. `check` says what speaks against a file of so many bytes.
    """

    def declare(view: View[P]) -> View[P]:
        guarded: View[P] = csrf_protect(view)

        @csrf_exempt  # until then
        @wraps(view)
        def sized(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            refuse(check(int(request.META.get("CONTENT_LENGTH") or 0) - AROUND_A_FILE))
            request.upload_handlers = [MemoryFileUploadHandler(request), TemporaryFileUploadHandler(request)]
            return guarded(request, *args, **kwargs)

        return cast("View[P]", sized)

    return declare


class DayInput(DateInput):
    """A legal day with the browser's own calendar, which speaks ISO 8601 whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class Cell(forms.CharField):
    """Text that the rules judge; `required` only says so beside its label."""

    def validate(self, value: Any) -> None:
        pass


class Choice(forms.ChoiceField):
    """One of a list; whatever else was sent, the rules judge."""

    def validate(self, value: Any) -> None:
        pass


class Day(forms.Field):
    """A legal day, from the browser's calendar or typed."""

    widget = DayInput

    def to_python(self, value: Any) -> date | None:
        if not value:
            return None
        day = read_date(value.strip())
        if day is None:
            raise ValidationError(message(DATE_UNREADABLE()))
        return day

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(message(TEXT_MISSING()))


class Form(forms.Form):
    """The browser does not stop a form that the rules would judge with a reason and its repair."""

    use_required_attribute = False
    filters = False  # what a list shows: that each field may stay empty goes without saying


def codes(kind: Iterable[Code], *, empty: str = "") -> Callable[[], list[tuple[str, str]]]:
    """Choices of a closed list in the reader's language; `empty` is the text of an empty choice, a message id."""
    return lambda: [*([("", gettext(empty))] if empty else []), *((one.value, gettext(one.text)) for one in kind)]


def private(**attributes: str) -> forms.TextInput:
    """For another person's particulars: the browser should not offer the own ones of whoever types them."""
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", **attributes})


def message(one: Reason) -> str:
    """What is wrong and the repair, as a field says it."""
    return f"{wording.text(one)} {wording.repair(one)}"


def add_reasons(form: BaseForm, reasons: Iterable[Reason]) -> None:
    """Puts the reasons of a refusal at the fields that they name, the others above the form."""
    for reason in reasons:
        parts = (wording.html_place(reason), wording.html_text(reason), wording.html_repair(reason))
        message = format_html_join(" ", "{}", ((part,) for part in parts if part))
        form.add_error(reason.field if reason.field in form.fields else None, ValidationError(message, reason.code))
