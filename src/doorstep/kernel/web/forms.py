"""Forms as people fill them in: label, hint and error belong together, and a summary at the top leads to each error."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html
from django.utils.translation import gettext

from doorstep.kernel.values.reasons import Reason
from doorstep.kernel.web import numbers, wording


class Renderer(TemplatesSetting):
    """Django's form renderer with this house's templates; the widgets' stand in `templates/django/forms/widgets`."""

    form_template_name = "kernel/forms/form.html"
    formset_template_name = "kernel/forms/formset.html"
    field_template_name = "kernel/forms/field.html"


def add_reasons(form: BaseForm, reasons: Iterable[Reason]) -> None:
    """Puts the reasons of a refusal at the fields that they name, the others above the form."""
    for reason in reasons:
        message = format_html("{} {}", wording.html_text(reason), wording.html_repair(reason))
        if reason.line is not None:
            place = format_html(gettext("Line {line}:"), line=numbers.isolated(numbers.number(reason.line)))
            message = format_html("{} {}", place, message)
        form.add_error(reason.field if reason.field in form.fields else None, ValidationError(message, reason.code))
