"""What people fill in about who looked at their data, and data protection officers about questions and breaches."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.web.forms import Cell, Choice, Day, Form
from doorstep.systems.identity.rules.incidents import Incident


class Prose(Cell):
    """Text of several lines, whatever the browser ends them with."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


def _prose(label: Any, *, hint: Any = "", rows: int = 3, required: bool = True) -> Prose:
    return Prose(label=label, help_text=hint, required=required, widget=forms.Textarea(attrs={"rows": str(rows)}))


class Moment(forms.DateTimeField):
    """A day and a time in the country's zone, from the browser's own calendar and clock."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def clean(self, value: Any) -> datetime | None:
        told: datetime | None = super().clean(value)
        return told.astimezone(UTC) if told else None


class FilterForm(Form):
    """Which entries are shown."""

    filters = True
    ward = Choice(label=_("Whose data"), required=False)
    by = Choice(label=_("By whom"), required=False)
    month = Choice(label=_("Month"), required=False)

    def __init__(self, wards: Sequence[tuple[str, str]], months: Sequence[tuple[str, str]], *args: Any) -> None:
        super().__init__(*args)
        self.fields["by"].choices = [("", _("By others")), ("all", _("By others and by myself"))]  # type: ignore[attr-defined]
        self.fields["month"].choices = [("", _("All months")), *months]  # type: ignore[attr-defined]
        if wards:
            self.fields["ward"].choices = [("", _("My own")), *wards]  # type: ignore[attr-defined]
        else:
            del self.fields["ward"]


class ExportForm(Form):
    """The entries of some days as a file; empty days mean from the first, up to the last."""

    first = Day(label=_("First day"), required=False)
    last = Day(label=_("Last day"), required=False)


class QuestionForm(Form):
    text = _prose(_("Your question"), hint=_("Up to 1,000 characters."), rows=5)


class AnswerForm(Form):
    text = _prose(_("Answer"), hint=_("The person reads it at the entry. Name no official by a private name."), rows=6)


class IncidentForm(Form):
    """What the notice to the authority states."""

    happened = Moment(label=_("When it happened"), help_text=_("Where it is not known, the earliest that is possible."))
    found = Moment(label=_("When it was found"))
    place = _prose(_("Place or system"), rows=2)
    act = _prose(_("What was done"))
    organisation = _prose(_("Organisation or person who did it, as far as known"), rows=2)
    kinds = _prose(_("Kinds of data"), rows=2)
    amount = _prose(_("Amount of data"), rows=2)
    people = forms.IntegerField(
        label=_("How many people it concerns"),
        help_text=_("An estimate, as long as the number is not known."),
        min_value=0,
        max_value=2_000_000_000,
    )
    contact = _prose(_("Whom to contact about it"), hint=_("Office, phone and e-mail."), rows=2)
    consequences = _prose(_("Consequences, and what may follow"))
    measures = _prose(_("What was done and will be done against it"))

    def incident(self) -> Incident:
        """As the rules know it; only after `is_valid`."""
        return Incident(**{name: self.cleaned_data[name] for name in Incident.__struct_fields__})


class NoticeForm(Form):
    """The authority was told."""

    notified = Moment(label=_("When the authority was told"))
    notice_reference = Cell(label=_("Its reference for the notice"), max_length=200)
    late_reason = _prose(_("Why it is late"), hint=_("Only where the time was over."), rows=2, required=False)


class CloseForm(Form):
    why = _prose(
        _("Why it is closed"), hint=_("Needed where the authority was not told: why no notice is due."), required=False
    )


class TellForm(Form):
    """People whom the incident concerns."""

    numbers = _prose(
        _("Personal numbers, one a line"), hint=_("Those without an account come back; they need a letter."), rows=5
    )
    message = _prose(_("What they are told"), hint=_("What happened, what it means for them, and what they can do."))

    def told(self) -> list[Masked]:
        """The numbers, masked wherever they might be written."""
        return [Masked(line.strip()) for line in self.cleaned_data["numbers"].splitlines() if line.strip()]


def months_back(day: date, count: int) -> list[date]:
    """The first days of that many months up to the day's, newest first."""
    whole = day.year * 12 + day.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(whole, whole - count, -1)]
