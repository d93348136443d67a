"""What registrars fill in about persons and organisations. The rules judge, so these forms only ask and give back."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.nationalities import read_nationality
from doorstep.kernel.web.forms import Cell, Day, Form, codes, private
from doorstep.systems.identity.contract import OrganisationKind, Relation, Sex
from doorstep.systems.identity.rules.register import Body, Cause, Home, Record, ResidenceKind

Communes = Sequence[tuple[str, str]]
"""Codes and names to choose from; none where there are too many, and the code is typed."""


class SearchForm(Form):
    """Whom to look for."""

    text = Cell(label=_("Personal number, or words of the name"), widget=private(size="30"))
    birth = Day(label=_("Birth date"), required=False)


class WordsForm(Form):
    """Which organisation to look for."""

    text = Cell(label=_("Tax code, or words of the name"), widget=private(size="30"))


class _Sourced(Form):
    """Each change rests on a paper."""

    source = Cell(
        label=_("Paper that says so"),
        help_text=_("Kind, number and date, such as a decision or a certificate"),
        widget=private(),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class RecordForm(_Sourced):
    """A person's particulars."""

    number = Cell(label=_("Personal number"), widget=private(autocapitalize="characters"))
    full_name = Cell(label=_("Name as on the document"), widget=private(autocapitalize="words"))
    birth = Day(label=_("Birth date"))
    sex = forms.ChoiceField(label=_("Sex"), choices=codes(Sex), widget=forms.RadioSelect)
    nationality = Cell(
        label=_("Nationality"),
        help_text=_("Two letters of the country; empty for a stateless person"),
        required=False,
        widget=private(autocapitalize="characters", size="4"),
    )
    died = Day(label=_("Day of death"), required=False)

    def record(self) -> Record:
        told = self.cleaned_data
        return Record(
            number=Masked("".join(told["number"].split()).upper()),
            full_name=unicodedata.normalize("NFC", told["full_name"]),
            birth=told["birth"],
            sex=Sex(told["sex"]),
            nationality=read_nationality(told["nationality"]),
            died=told.get("died"),
        )


class _Placed(Form):
    """A place in the registrar's area."""

    kind = forms.ChoiceField(label=_("Kind of residence"), choices=codes(ResidenceKind), widget=forms.RadioSelect)
    unit = Cell(label=_("Commune"), widget=private())
    address = Cell(label=_("Address"), help_text=_("House number, street, neighbourhood"), widget=private())
    valid_from = Day(label=_("Since"))

    def __init__(self, communes: Communes, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer(self, communes)

    def home(self) -> Home:
        told = self.cleaned_data
        return Home(
            kind=ResidenceKind(told["kind"]),
            unit=told["unit"],
            address=unicodedata.normalize("NFC", told["address"]),
            valid_from=told["valid_from"],
        )


class EntryForm(_Placed, RecordForm):
    """A person who is new in the register, with the permanent residence."""

    cause = forms.ChoiceField(
        label=_("Why the person enters"), choices=codes((Cause.BIRTH, Cause.ENTRY)), widget=forms.RadioSelect
    )
    confirmed = forms.BooleanField(
        label=_("I compared them: this is another person"), required=False, widget=forms.HiddenInput
    )
    died = None  # type: ignore[assignment]  # a death is noted afterwards
    field_order = (
        *("cause", "number", "full_name", "birth", "sex", "nationality", "unit", "address", "valid_from"),
        *("source", "confirmed"),
    )

    def __init__(self, communes: Communes, *args: Any, **options: Any) -> None:
        super().__init__(communes, *args, **options)
        self.fields["kind"].required = False
        self.fields["kind"].widget = forms.HiddenInput()
        self.fields["kind"].initial = ResidenceKind.PERMANENT.value

    def clean(self) -> None:
        self.cleaned_data["kind"] = ResidenceKind.PERMANENT.value

    def ask_to_confirm(self) -> None:
        """Show the question whether it is another person."""
        self.fields["confirmed"].widget = forms.CheckboxInput()


class ChangeForm(RecordForm):
    """The record as it is from a day on, and why."""

    cause = forms.ChoiceField(
        label=_("Why it changes"),
        choices=codes((Cause.MARRIAGE, Cause.NATURALISATION, Cause.COURT)),
        widget=forms.RadioSelect,
    )
    valid_from = Day(label=_("Since"))
    field_order = (*("cause", "valid_from", "number", "full_name", "birth", "sex", "nationality", "died", "source"),)


class CorrectionForm(RecordForm):
    """The record as it should have been typed."""

    field_order = ("number", "full_name", "birth", "sex", "nationality", "died", "source")


class MoveForm(_Placed, _Sourced):
    """Where somebody lives from now on."""

    field_order = ("kind", "unit", "address", "valid_from", "source")


class ArrivalForm(_Placed, _Sourced):
    """Somebody from another area who moves here and shows the card."""

    number = Cell(label=_("Personal number"), widget=private(autocapitalize="characters"))
    birth = Day(label=_("Birth date"))
    field_order = ("number", "birth", "kind", "unit", "address", "valid_from", "source")


class EndForm(_Sourced):
    """A residence that ends without another: somebody went back, or left the country."""

    kind = forms.ChoiceField(label=_("Kind of residence"), choices=codes(ResidenceKind), widget=forms.RadioSelect)
    valid_to = Day(label=_("First day on which it is over"))
    field_order = ("kind", "valid_to", "source")


class DeathForm(_Sourced):
    died = Day(label=_("Day of death"))
    field_order = ("died", "source")


class GuardianForm(_Sourced):
    """Who answers for the minor."""

    guardian = Cell(label=_("Personal number of the guardian"), widget=private(autocapitalize="characters"))
    relation = forms.ChoiceField(label=_("The guardian is"), choices=codes(Relation), widget=forms.RadioSelect)
    valid_from = Day(label=_("Since"))
    field_order = ("guardian", "relation", "valid_from", "source")


class EndGuardianForm(_Sourced):
    valid_to = Day(label=_("First day on which it is over"))
    field_order = ("valid_to", "source")


class DecisionForm(Form):
    """Whether a correction is made."""

    why = Cell(label=_("Why not, if you refuse"), required=False, widget=private())


class BodyForm(_Sourced):
    """An organisation or household business."""

    tax_code = Cell(label=_("Tax code"), widget=private(inputmode="numeric"))
    kind = forms.ChoiceField(label=_("Kind"), choices=codes(OrganisationKind))
    name = Cell(label=_("Name"), widget=private())
    representative = Cell(
        label=_("Personal number of the legal representative"),
        required=False,
        widget=private(autocapitalize="characters"),
    )
    unit = Cell(label=_("Commune"), widget=private())
    address = Cell(label=_("Address"), help_text=_("House number, street, neighbourhood"), widget=private())
    active_from = Day(label=_("Active since"))
    active_to = Day(label=_("First day on which it is closed"), required=False)
    valid_from = Day(label=_("The change holds since"))
    field_order = (
        *("tax_code", "kind", "name", "representative", "unit", "address", "active_from", "active_to"),
        *("valid_from", "source"),
    )

    def __init__(self, communes: Communes, *args: Any, new: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        _offer(self, communes)
        del self.fields["valid_from" if new else "tax_code"]

    def body(self, tax_code: str = "") -> Body:
        told = self.cleaned_data
        return Body(
            tax_code="".join(told.get("tax_code", tax_code).split()),
            kind=OrganisationKind(told["kind"]),
            name=unicodedata.normalize("NFC", told["name"]),
            representative=Masked("".join(told["representative"].split()).upper()),
            unit=told["unit"],
            address=unicodedata.normalize("NFC", told["address"]),
            active_from=told["active_from"],
            active_to=told["active_to"],
        )


def shown(value: Any, fields: Iterable[str]) -> dict[str, Any]:
    """A record or an organisation as its form shows it."""
    return {name: str(told) if isinstance(told := getattr(value, name), Masked) else told for name in fields}


def _offer(form: Form, communes: Communes) -> None:
    if communes:
        form.fields["unit"].widget = forms.Select(choices=communes)


def unshown(form: Form, died: date | None) -> None:
    """Nobody is asked for a day of death who lives: deaths are noted on a page of their own."""
    if died is None:
        del form.fields["died"]
