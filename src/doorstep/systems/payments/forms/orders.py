"""What officials fill in about orders, refunds and bank accounts."""

from typing import Any

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.country import law
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.text import N_
from doorstep.kernel.web.forms import Cell, Form, codes, message, private
from doorstep.systems.payments.contract import FeeKind
from doorstep.systems.payments.country import Country
from doorstep.systems.payments.forms.cash import Amount
from doorstep.systems.payments.queries.shown import Which
from doorstep.systems.payments.rules.discrepancies import Repair
from doorstep.systems.payments.rules.refunds import Destination
from doorstep.systems.payments.rules.statements import FILE_MISSING


class OwnForm(Form):
    """Which of the own payments are shown."""

    filters = True
    which = forms.ChoiceField(label=_("Which payments"), required=False, choices=codes(Which, empty=N_("All")))


class FindForm(Form):
    """Which orders are shown."""

    filters = True
    text = forms.CharField(label=_("Code of the payment, or case reference"), required=False, max_length=200)


class BankField(forms.ChoiceField):
    """One of the country's banks."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_banks, **options)

    def validate(self, value: Any) -> None:
        """The rules judge it."""


def _banks() -> list[tuple[str, str]]:
    return [("", "—"), *((row.number, row.name) for row in law(Country, "payments").banks)]


class DestinationForm(Form):
    """Where money goes back to, if not to the account that paid."""

    bank = BankField(
        label=_("Bank"), required=False, help_text=_("Only if it should not go back to the account that paid")
    )
    number = Cell(label=_("Account number"), required=False, max_length=40, widget=private())
    name = Cell(label=_("Holder of the account"), required=False, max_length=100, widget=private())

    @property
    def destination(self) -> Destination | None:
        told = self.cleaned_data
        if told.get("bank") or told.get("number"):
            return Destination(told["bank"], Masked(told["number"]), told["name"])
        return None


class RefundForm(DestinationForm):
    """How much of each kind goes back, why, and to which account if not to the one that paid."""

    why = Cell(label=_("Why it goes back"), max_length=300)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for kind, label in codes(FeeKind)():
            self.fields[kind] = Amount(label=label, required=False)
        self.order_fields([*(kind.value for kind in FeeKind), "why"])

    @property
    def wanted(self) -> dict[FeeKind, int]:
        """Minor units by kind."""
        told = {kind: self.cleaned_data.get(kind.value) for kind in FeeKind}
        return {kind: amount for kind, amount in told.items() if amount}


class BankAccountForm(Form):
    """A bank account of a unit."""

    unit = forms.CharField(label=_("Unit"), required=False, max_length=30)
    bank = BankField(label=_("Bank"))
    number = Cell(label=_("Account number"), max_length=40)
    holder = Cell(label=_("Holder of the account"), max_length=200)


class StatementForm(Form):
    """A bank's statement of a day."""

    file = forms.FileField(
        label=_("Statement of the bank"),
        help_text=_("An XML file (camt.053.001.08) with all its pages, up to 50 MB"),
        widget=forms.FileInput(attrs={"accept": ".xml"}),
        error_messages={"required": lazy(lambda: message(FILE_MISSING()), str)()},
        allow_empty_file=True,
    )


class RepairForm(DestinationForm):
    """What is done about a discrepancy; it asks for no more than the repairs that fit need."""

    repair = forms.ChoiceField(label=_("Repair"))
    code = Cell(label=_("Code of the payment, if the money is assigned to one"), required=False, max_length=40)
    note = Cell(label=_("Why"), max_length=300)

    def __init__(self, fitting: list[Repair], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.order_fields(["repair", "code", "note"])
        unused = ["code"] if Repair.ASSIGN not in fitting else []
        unused += ["bank", "number", "name"] if not {Repair.ASSIGN, Repair.REFUND} & {*fitting} else []
        for name in unused:
            del self.fields[name]
        self.fields["repair"].choices = codes(fitting)()  # type: ignore[attr-defined]
