"""What a person chooses about messages."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from doorstep.kernel.declare.notices import Channel
from doorstep.kernel.web.forms import Form, codes
from doorstep.systems.identity.forms.eid import languages


class TellingForm(Form):
    """The ways that are open, and the languages."""

    channel = forms.ChoiceField(label=_("How you are told"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language of messages"), choices=languages)

    def __init__(self, opened: Collection[Channel], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channel"].choices = codes(opened)  # type: ignore[attr-defined]
