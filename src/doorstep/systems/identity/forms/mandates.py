"""What is filled in about mandates, by the principal and by an officer with the paper."""

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Cell, Choice, Day, Form, codes, private
from doorstep.systems.identity.actions.mandates import Wish
from doorstep.systems.identity.rules.mandates import Kind, Paper, services
from doorstep.systems.identity.rules.offices import Term


def _services() -> list[tuple[str, str]]:
    return [(one.code, gettext(one.text)) for one in services()]


class WishForm(Form):
    """Who is to act, as what, in what, and when."""

    number = Cell(label=_("Personal number of whoever is to act"), widget=private())
    full_name = Cell(label=_("Name of whoever is to act"), help_text=_("As it stands on the card"), widget=private())
    kind = forms.ChoiceField(
        label=_("As what"), choices=codes((Kind.EMPLOYEE, Kind.RELATIVE, Kind.TAX_AGENT)), widget=forms.RadioSelect
    )
    services = forms.MultipleChoiceField(
        label=_("In which services"), choices=_services, widget=forms.CheckboxSelectMultiple
    )
    valid_from = Day(label=_("From"))
    valid_to = Day(
        label=_("Until, without this day"),
        help_text=_("Leave it empty for a mandate until it is ended"),
        required=False,
    )

    @property
    def wish(self) -> Wish:
        told = self.cleaned_data
        return Wish(
            number=told["number"],
            full_name=told["full_name"],
            kind=Kind(told["kind"]),
            services=told["services"],
            term=Term(told["valid_from"], told["valid_to"]),
        )


class GiveForm(WishForm):
    """For oneself, or for an organisation that one represents."""

    organisation = Choice(label=_("For whom"))
    field_order = ("organisation",)

    def __init__(self, principals: list[tuple[str, str]], *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        chosen = self.fields["organisation"]
        chosen.choices = principals  # type: ignore[attr-defined]
        if len(principals) == 1:
            chosen.widget, chosen.initial = forms.HiddenInput(), principals[0][0]


class PaperForm(WishForm):
    """The paper that somebody brought."""

    principal = Cell(label=_("Personal number or tax code of whoever is acted for"), widget=private())
    paper_kind = forms.ChoiceField(label=_("Kind of paper"), choices=codes(Paper), widget=forms.RadioSelect)
    paper_day = Day(label=_("Day of the paper"))
    paper = Cell(label=_("Reference of the paper"), help_text=_("Number, and who certified it"), widget=private())
    field_order = ("principal",)


class WhoseForm(Form):
    """Whose mandates an officer looks for."""

    number = Cell(label=_("Personal number or tax code"), widget=private())
