"""How people are told: the way and the language that each chose, and where nothing was chosen the usual way."""

from collections.abc import Sequence

from django.conf import settings

from doorstep.kernel.declare.notices import Channel, Reach
from doorstep.kernel.notices import notify
from doorstep.kernel.store.writing import Act, action
from doorstep.kernel.values.reasons import refuse
from doorstep.systems.identity import notices
from doorstep.systems.identity.actions.signin import concerned, own_account
from doorstep.systems.identity.models import Account
from doorstep.systems.identity.permissions import FOR_EID, OWN
from doorstep.systems.identity.queries.telling import letter_to, opened_to
from doorstep.systems.identity.rules.telling import USUAL, channel_of, channels, check_choice


@action(OWN, FOR_EID)
def choose_channel(act: Act, channel: Channel, language: str) -> None:
    """The signed-in person is told this way and in this language from now on; the way before learns that it changed."""
    account = own_account(act)
    refuse(check_choice(channel, opened_to(account), language, dict(settings.LANGUAGES)))
    before = reach_of(account)
    Account.objects.filter(id=account.id).update(channel=channel.value, language=language)
    if channel is not before.channel:
        notify(act, before, notices.TOLD_OTHERWISE, channel=channel)
    act.journal(
        subjects=concerned(account), fields=["channel", "language"], detail=f"told by {channel.value} in {language}"
    )


def reach_of(account: Account, usual: Sequence[Channel] = USUAL) -> Reach:
    """How its holder is told: as chosen, as long as that is open; else the first of the usual ways that is."""
    letter = letter_to(account) if account.channel == Channel.LETTER else ((), "")
    channel = channel_of(account.channel, channels(account.phone, account.email, *letter), usual)
    return Reach(account.subject, account.language, account.phone, account.email, channel, *letter)


def reach_of_subject(subject: str) -> Reach | None:
    """As above, by the subject; None where there is no such account."""
    account = Account.objects.filter(subject=subject, closed=None).first()
    return reach_of(account) if account else None
