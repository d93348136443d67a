"""What somebody at home fills in for an e-ID, what officers answer, and what they check of a document."""

from typing import Any

from django import forms
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.web.forms import Day, Form, codes
from doorstep.systems.identity.forms.eid import NumberForm
from doorstep.systems.identity.rules.home import Refusal

_PRIVATE = {"autocomplete": "off", "spellcheck": "false"}


class SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class ChipField(forms.FileField):
    """The files of a chip in one field; what it gives is their content, an empty list without any."""

    widget = SeveralFiles(attrs={"multiple": True})

    def clean(self, value: Any, initial: Any = None) -> list[bytes]:
        return [super(ChipField, self).clean(one, initial).read() for one in value or ()]


class CardCodeForm(Form):
    code = forms.CharField(
        label=_("Text of the card's QR code"),
        help_text=_("Scan the code on the card with your phone, and paste its text here. It fills in the form below."),
        max_length=3000,
        widget=forms.TextInput(attrs=_PRIVATE),
    )


class ApplyForm(NumberForm):
    full_name = forms.CharField(
        label=_("Name"),
        help_text=_("As on the card"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    birth = Day(label=_("Birth date"))
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("A code goes there at once, and the answer later"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    email = forms.EmailField(
        label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    language = forms.ChoiceField(label=_("Language of messages"), required=False)
    portrait = forms.FileField(
        label=_("Photograph of your face"),
        help_text=_("JPEG or PNG. It is compared with the picture that the state has of you, and not kept."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png"}),
    )
    chip = ChipField(
        label=_("Files of the card's chip"),
        help_text=_("Only if an app of yours has read them: EF.SOD and the data groups, or a ZIP file of them"),
        required=False,
    )
    code = forms.CharField(required=False, max_length=3000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        languages = [(code, get_language_info(code)["name_local"]) for code in ("vi", "en", "de", "ar")]
        self.fields["language"].choices = languages  # type: ignore[attr-defined]


class RefusalForm(Form):
    cause = forms.ChoiceField(label=_("Why it is refused"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["cause"].choices = codes(Refusal)  # type: ignore[attr-defined]


class DocumentForm(Form):
    number = forms.CharField(
        label=_("Personal number"),
        help_text=_("Only where the document itself does not name it, such as a passport"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=_PRIVATE),
    )
    chip = ChipField(
        label=_("Files of the chip"),
        help_text=_("EF.SOD and the data groups as the reader wrote them, or a ZIP file of them"),
        required=False,
    )
    lines = forms.CharField(
        label=_("Machine-readable lines"),
        help_text=_("Three lines of 30 signs, or two of 44, as on the document"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={**_PRIVATE, "rows": 3, "dir": "ltr"}),
    )
    code = forms.CharField(
        label=_("Text of the card's QR code"), max_length=3000, required=False, widget=forms.TextInput(attrs=_PRIVATE)
    )


class OrganisationEidForm(Form):
    tax_code = forms.CharField(label=_("Tax code"), max_length=20, widget=forms.TextInput(attrs=_PRIVATE))
    unit = forms.CharField(label=_("Commune"), max_length=30)
    phone = forms.CharField(
        label=_("Phone number"),
        help_text=_("Empty: the representative's"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={**_PRIVATE, "inputmode": "tel"}),
    )
    email = forms.EmailField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs=_PRIVATE))
    complete = forms.BooleanField(
        label=_("The organisation's particulars are in the national databases"), required=False, initial=True
    )
